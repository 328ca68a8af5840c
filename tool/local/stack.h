/* The stacks of crashed components, for people. */
#ifndef LOCAL_STACK_H
#define LOCAL_STACK_H

#include "base/bytes.h"

/*
 * Append a crash report (see protocol/message.h), with the functions and lines behind those of its frames
 * that have no name yet, as far as addr2line is here and knows them. The files are seen from a folder; NULL:
 * from here.
 */
void stack_append_named(struct buffer *text, struct span report, const char *folder);

#endif
