/* Messages of all wires, lines by their first byte as a handshake tells: envelopes are taken apart, one after the other in the same memory. */
#include <errno.h>

#include "fuzz.h"
#include "protocol/frame.h"
#include "protocol/message.h"

static void walk_message(const struct message *message)
{
	const struct encoded *const parts[] = { &message->command, &message->id, &message->comp,
		&message->stream, &message->task, &message->tuple, &message->anchors,
		&message->need_task_ids, &message->msg, &message->level, &message->name,
		&message->params, &message->pid, &message->finished };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i]->text.data)
			fuzz_walk(parts[i]);
	}
	for (size_t i = 0; i < message->value_count; i++)
		fuzz_walk(&message->values[i]);
	message_task(message);
	message_is(message, SPAN("emit"));
	message_stream_is(message, STREAM_TICK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct message message;
	enum wire wire = size > 0 ? wire_of((char)data[0]) : WIRE_JSON;
	char *copy = fuzz_copy(data, size);
	struct wire_error error = { 0 };
	int err = message_scan(&message, wire, (struct span){ copy, size }, &error);

	REQUIRE(err == 0 || (err == -EBADMSG && error.what && error.offset <= size));
	if (err == 0)
		walk_message(&message);
	free(copy);
	return 0;
}
