#ifndef BASE_SIZE_H
#define BASE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* A number of bytes, or one with K, M, G or T behind it, which are powers of 1024: whether a text is one. */
bool size_parse(const char *text, uint64_t *size);

#endif
