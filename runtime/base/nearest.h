/* Finds what was probably meant by a misspelled name. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/* The name that is most like the word; NULL where none is alike. */
const char *nearest_name(const char *word, const char *const *names, size_t count);

#endif
