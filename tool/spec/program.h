/* Programs that are topologies. */
#ifndef SPEC_PROGRAM_H
#define SPEC_PROGRAM_H

#include "base/bytes.h"
#include "spec/problems.h"

/*
 * Run a program with --describe, in a folder (NULL: here), and append what it prints: 0, or a negative
 * errno with the problem said.
 */
int program_describe(
	const char *path, const char *folder, struct buffer *text, struct problems *problems);

#endif
