/* Small files, read whole. */
#ifndef SPEC_FILE_H
#define SPEC_FILE_H

#include "base/bytes.h"
#include "spec/problems.h"

/* Append a file's contents: 0, or a negative errno with the problem said. */
int file_read(const char *path, struct buffer *text, struct problems *problems);

#endif
