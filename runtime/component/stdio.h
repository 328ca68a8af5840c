/*
 * The process's standard descriptors. The input and output belong to the protocol, and a parent may
 * never read the standard error; so they are moved out of the way of the component's own code: what
 * it reads from descriptor 0 is empty, and what it (or a child of it) writes to descriptors 1 and 2
 * is collected, to become log messages.
 */
#ifndef COMPONENT_STDIO_H
#define COMPONENT_STDIO_H

#include <sys/types.h>

#include "base/bytes.h"

/* What is written to a descriptor. */
struct collector {
	int file; /* behind the descriptor */
	off_t read; /* of its bytes */
	struct buffer line; /* the beginning of a line whose end has not come */
};

struct stdio {
	int input; /* the protocol's */
	int output; /* the protocol's */
	int errors; /* the standard error as it was: for what must not be lost */
	struct collector printed; /* on descriptor 1 */
	struct collector complained; /* on descriptor 2 */
};

#define COLLECTOR_INIT     \
	{                  \
		.file = -1 \
	}
#define STDIO_INIT                         \
	((struct stdio){ .input = -1,      \
		.output = -1,              \
		.errors = -1,              \
		.printed = COLLECTOR_INIT, \
		.complained = COLLECTOR_INIT })

/* Take the descriptors: 0 or a negative errno. */
int stdio_take(struct stdio *stdio);

/*
 * Hand over each line that was written since the last call, without its end. `last` hands over an
 * unfinished line too.
 */
void stdio_collect(struct collector *collector, bool last,
	void (*handle_line)(void *context, struct span line), void *context);

/* The last bytes of what was written and not collected yet; safe in a signal handler. */
size_t stdio_tail(const struct collector *collector, char *bytes, size_t size);

/* Give the standard error back, and close what was taken. */
void stdio_close(struct stdio *stdio);

#endif
