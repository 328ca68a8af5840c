/*
 * Messages of the multi-lang protocol, in both directions: the envelope is taken apart, the
 * values stay as they stand in the text.
 *
 *   to a bolt         {"id", "comp", "stream", "task", "tuple"}, or a list of task ids
 *   to a spout        {"command": next | ack | fail | activate | deactivate, "id"}
 *   from a component  {"pid"}, then {"command": emit | ack | fail | log | error | metrics | sync}
 *
 * cstorm adds one key that Storm does not look at: a spout that has nothing more to emit says
 * "finished": true with its sync.
 */
#ifndef PROTOCOL_MESSAGE_H
#define PROTOCOL_MESSAGE_H

#include "protocol/encoded.h"

#define STREAM_DEFAULT "default"
#define STREAM_HEARTBEAT "__heartbeat"
#define STREAM_TICK "__tick"
#define COMPONENT_SYSTEM "__system"
#define TASK_SYSTEM (-1)

/*
 * What libcstorm reports with an `error` when it crashes, or ends itself in a call that lasts too long:
 * the text begins with one of these, and the lines behind the one that begins with the last are the stack.
 */
#define CRASH_BY_SIGNAL "crashed by SIG"
#define CRASH_BY_BOUND "hung, and is ended"
#define CRASH_STACK "Stack, the innermost first"

/* What begins the line on the standard error with which libcstorm repeats the `error` that it ends with. */
#define FATAL "fatal: "

/* What a bolt of libcstorm logs before it fails a tuple: this, its source, ": " and the reason. */
#define FAIL_LOG "failed a tuple from "

/* Where the tuples of lines come from, which has one task; their stream is the default one. */
#define LINES_COMPONENT "map.input"

/* A key that is absent is null. All spans are borrowed from the frame, but the component, stream and task of a line. */
struct message {
	bool is_task_ids; /* a list of task ids: the values hold them */
	bool is_line; /* a tuple on a line */

	struct encoded command; /* a string */
	struct encoded id; /* of any type */
	struct encoded comp; /* a string */
	struct encoded stream; /* a string */
	struct encoded task; /* an integer */
	struct encoded tuple; /* an array */
	struct encoded anchors; /* an array, or a string */
	struct encoded need_task_ids; /* a boolean */
	struct encoded msg; /* a string */
	struct encoded level; /* an integer */
	struct encoded name; /* a string */
	struct encoded params; /* of any type */
	struct encoded pid; /* an integer */
	struct encoded finished; /* a boolean */

	/* The values of the tuple, or the task ids. The array is the message's own. */
	struct encoded *values;
	size_t value_count;
	size_t value_capacity;
};

void message_free(struct message *message);

/*
 * Take a frame apart. The message is used again for one frame after the other.
 *
 * Returns 0; -EBADMSG with the error set, where it is not what the wire carries, or a key's value is
 * of another type than it must be; or -ENOMEM.
 */
int message_scan(
	struct message *message, enum wire wire, struct span frame, struct wire_error *error);

/* The task of a message: 0 where there is none or it does not fit. */
int message_task(const struct message *message);

static inline bool message_is(const struct message *message, struct span command)
{
	return encoded_equals(&message->command, command);
}

/* A string of the envelope is this, or is absent and this is the default stream's name. */
bool message_stream_is(const struct message *message, const char *stream);

#endif
