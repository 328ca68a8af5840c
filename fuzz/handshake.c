/* The handshake, on both wires. */
#include <errno.h>
#include <string.h>

#include "component/context.h"
#include "fuzz.h"
#include "protocol/message.h"
#include "protocol/transcode.h"

static const struct storm_bolt_class split = { .outputs = STORM_FIELDS("word") };
static const struct storm_spout_class lines = { .outputs = STORM_FIELDS("line") };
static const struct storm_topology topology = {
	.name = "words",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &lines }),
	.bolts = STORM_BOLTS({ .name = "split", .bolt_class = &split }),
};

static void check_context(const struct context *context)
{
	const struct peer *peer = context_peer(context, context->component);

	REQUIRE(context->component);
	REQUIRE(context->index == 0 || (peer && context->index < peer->task_count));
	context_source(context, "lines", "default");
}

/* As the component does: MessagePack is scanned, then made JSON. */
static int to_json(struct span frame, struct buffer *json)
{
	static struct message message;
	struct wire_error error;
	int err = message_scan(&message, WIRE_MSGPACK, frame, &error);

	return err < 0 ? err : transcode_to_json(frame, json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct span frame = { copy, size };
	struct context context = { 0 };
	struct buffer error = { 0 };
	struct buffer json = { 0 };
	int err = 0;

	if (size > 0 && data[0] & 0x80) {
		err = to_json(frame, &json);
		frame = buffer_span(&json);
	}
	if (err == 0) {
		err = context_read(&context, &topology, frame, &error);
		REQUIRE(err == 0 || (err == -EBADMSG && error.length > 0));
	}
	if (err == 0)
		check_context(&context);
	context_free(&context);
	buffer_free(&error);
	buffer_free(&json);
	free(copy);
	return 0;
}
