/*
 * Files for what reads topologies: those of the input, and no others.
 *
 * A topology names files (includes, properties, programs), so a generated one would read any file of
 * the machine. The calls that could are linked with --wrap (see meson.build), and between files_begin
 * and files_end they see the files that are here: in the folder FILES_FOLDER, which is nowhere. To
 * start a program fails.
 */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

#include "base/bytes.h"

#define FILES_FOLDER "/cstorm-fuzz"

void files_begin(void);

/* Put a file into the folder, or another text into one that is there. The text is borrowed. */
void files_put(struct span name, struct span text);

/* How many files have been opened since files_begin. */
size_t files_opened(void);

void files_end(void);

#endif
