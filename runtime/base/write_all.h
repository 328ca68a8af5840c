#ifndef BASE_WRITE_ALL_H
#define BASE_WRITE_ALL_H

#include "base/bytes.h"

/* Write all bytes, waiting where a descriptor does not take them at once: 0 or a negative errno. */
int write_all(int fd, struct span bytes);

#endif
