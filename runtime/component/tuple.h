/* A tuple that a bolt has received. */
#ifndef COMPONENT_TUPLE_H
#define COMPONENT_TUPLE_H

#include "component/context.h"
#include "protocol/message.h"

#include <cstorm/tuple.h>

/* One of a list. */
struct json_text {
	struct json_text *next;
	struct buffer text;
};

struct storm_tuple {
	struct storm_task *task;
	struct message *message;
	const struct source *source; /* NULL: the handshake does not name it */
	bool settled; /* acked or failed */
	bool kept; /* one that the class has kept */

	/* Component and stream, each with a zero byte; then both as they stand on the wire. */
	struct buffer origin;
	const char *component;
	const char *stream;
	size_t component_text; /* where it begins */
	size_t stream_text;

	/*
	 * Decoded strings. One that stands at some offset of the tuple's text is decoded to the
	 * same offset here: it is never longer than its text, so there is room for all at once
	 * and decoding a value again is harmless.
	 */
	struct buffer decoded;
	struct buffer binary; /* the same for binary data: a value may be read as both */
	struct json_text *json; /* MessagePack: the JSON texts of the values that were asked for */
};

/* Set the tuple to a message, which it borrows. The tuple is used again for one after the other.
 * 0 or -ENOMEM. */
int tuple_set(struct storm_tuple *tuple, struct storm_task *task, struct message *message);

/* A copy of a tuple that lives until it is released, and can be settled; NULL when memory ended. */
struct storm_tuple *tuple_keep(const struct storm_tuple *tuple);

void tuple_free(struct storm_tuple *tuple);

#endif
