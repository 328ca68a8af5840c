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

#include "protocol/json_scan.h"

#define STREAM_DEFAULT "default"
#define STREAM_HEARTBEAT "__heartbeat"
#define STREAM_TICK "__tick"
#define COMPONENT_SYSTEM "__system"
#define TASK_SYSTEM (-1)

/* A key that is absent is null. All spans are borrowed from the frame. */
struct message {
	bool is_task_ids; /* a list of task ids: the values hold them */

	struct json_text command; /* a string */
	struct json_text id; /* of any type */
	struct json_text comp; /* a string */
	struct json_text stream; /* a string */
	struct json_text task; /* an integer */
	struct json_text tuple; /* an array */
	struct json_text anchors; /* an array, or a string */
	struct json_text need_task_ids; /* a boolean */
	struct json_text msg; /* a string */
	struct json_text level; /* an integer */
	struct json_text name; /* a string */
	struct json_text params; /* of any type */
	struct json_text pid; /* an integer */
	struct json_text finished; /* a boolean */

	/* The values of the tuple, or the task ids. The array is the message's own. */
	struct json_text *values;
	size_t value_count;
	size_t value_capacity;
};

void message_free(struct message *message);

/*
 * Take a frame apart. The message is used again for one frame after the other.
 *
 * Returns 0; -EBADMSG with the error set, where it is not JSON, or a key's value is of another
 * type than it must be; or -ENOMEM.
 */
int message_scan(struct message *message, struct span frame, struct json_error *error);

/* The task of a message: 0 where there is none or it does not fit. */
int message_task(const struct message *message);

static inline bool message_is(const struct message *message, struct span command)
{
	return json_string_equals(&message->command, command);
}

/* A string of the envelope is this, or is absent and this is the default stream's name. */
bool message_stream_is(const struct message *message, const char *stream);

#endif
