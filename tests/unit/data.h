/* The files of tests/data. */
#ifndef UNIT_DATA_H
#define UNIT_DATA_H

#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

/* Append a whole file to the buffer. The test fails where that cannot be done. */
static inline void data_read(const char *path, struct buffer *buffer)
{
	FILE *file = fopen(path, "rb");
	char block[4096];
	size_t count;

	cr_assert_not_null(file, "%s: %s", path, strerror(errno));
	while ((count = fread(block, 1, sizeof(block), file)) > 0)
		buffer_append(buffer, block, count);
	fclose(file);
}

/* The files below tests/data that a pattern names; free them with globfree(). */
static inline void data_find(const char *pattern, glob_t *files)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", DATA_DIRECTORY, pattern);
	cr_assert_eq(glob(path, 0, NULL, files), 0, "there is no %s", path);
}

#endif
