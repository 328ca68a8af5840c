/* A tuple that a bolt has received. */
#ifndef COMPONENT_TUPLE_H
#define COMPONENT_TUPLE_H

#include "component/context.h"
#include "protocol/message.h"

#include <cstorm/tuple.h>

struct storm_tuple {
	struct storm_task *task;
	struct message *message;
	const struct source *source; /* NULL: the handshake does not name it */
	bool settled; /* acked or failed */

	/* Component and stream, each with a zero byte. */
	struct buffer origin;
	const char *component;
	const char *stream;

	/*
	 * Decoded strings. One that stands at some offset of the tuple's text is decoded to the
	 * same offset here: it is never longer than its text, so there is room for all at once
	 * and decoding a value again is harmless.
	 */
	struct buffer decoded;
};

/* Set the tuple to a message, which it borrows. The tuple is used again for one after the other.
 * 0 or -ENOMEM. */
int tuple_set(struct storm_tuple *tuple, struct storm_task *task, struct message *message);

void tuple_free(struct storm_tuple *tuple);

#endif
