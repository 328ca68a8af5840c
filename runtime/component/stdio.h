/*
 * The process's standard input and output belong to the protocol. They are moved out of the way
 * of the component's own code: what it reads from descriptor 0 is empty, and what it (or a child
 * of it) writes to descriptor 1 is collected, to become log messages.
 */
#ifndef COMPONENT_STDIO_H
#define COMPONENT_STDIO_H

#include <sys/types.h>

#include "base/bytes.h"

struct stdio {
	int input; /* the protocol's */
	int output; /* the protocol's */
	int collected; /* the file behind descriptor 1 */
	off_t read; /* of the collected bytes */
	struct buffer line; /* the beginning of a line whose end has not come */
};

#define STDIO_INIT ((struct stdio){ .input = -1, .output = -1, .collected = -1 })

/* Take the two descriptors: 0 or a negative errno. */
int stdio_take(struct stdio *stdio);

/*
 * Hand over each line that was written to descriptor 1 since the last call, without its end.
 * `last` hands over an unfinished line too.
 */
void stdio_collect(struct stdio *stdio, bool last,
	void (*handle_line)(void *context, struct span line), void *context);

/* Close what was taken. */
void stdio_close(struct stdio *stdio);

#endif
