/* Bolts for `cstorm map`: what a line asks for is emitted, in each way that there is. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include <cstorm.h>

static int emit_types(struct storm_task *task)
{
	json_t *tree = json_string("tree\tof \"a\" string");
	const struct storm_value values[] = {
		storm_null(),
		storm_boolean(true),
		storm_integer(-42),
		storm_double(0.1),
		storm_double(3),
		storm_text(""),
		storm_text("a\tb\nc\rd\\e\"f\x01\x7f\xc3\xa9"),
		storm_text("more than sixteen bytes,\tand a tab; \xe4\xb8\x96\xe7\x95\x8c\n"),
		storm_json("{\"a\":[1,\"b\\tc\"]}", 16),
		storm_json("\"json\\t\\u00e9\"", 14),
		storm_json("null", 4),
		storm_binary("\x00\xff\t", 3),
		storm_tree(tree),
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]) && err == 0; i++)
		err = storm_emit(task, values[i], storm_integer((int64_t)i));
	json_decref(tree);
	return err;
}

static int emit_loose(struct storm_task *task)
{
	static const struct storm_tuple *const none[1];

	return storm_emit_full(task,
		&(const struct storm_emission){
			STORM_VALUES(storm_text("loose"), storm_null()), .anchors = none });
}

static int ask(struct storm_task *task)
{
	const int *tasks;
	size_t count;
	int err = storm_emit_and_get_tasks(task,
		&(const struct storm_emission){ STORM_VALUES(storm_text("asked\t"), storm_null()) },
		&tasks, &count);

	return err < 0 ?
		err :
		storm_emit(task, storm_text("tasks"), storm_integer(tasks[0] - (int64_t)count));
}

static int emit_origin(struct storm_task *task, const struct storm_tuple *tuple)
{
	int err = storm_emit(task, storm_text(storm_tuple_component(tuple)),
		storm_text(storm_tuple_stream(tuple)));

	return err < 0 ? err :
			 storm_emit(task, storm_integer(storm_tuple_task(tuple)), storm_null());
}

static int map(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string line;
	struct storm_value value;
	int err = storm_tuple_get_string(tuple, "line", &line);

	if (err == 0)
		err = storm_tuple_value_at(tuple, 0, &value);
	if (err < 0)
		return err;
	if (strcmp(line.data, "types") == 0)
		return emit_types(task);
	if (strcmp(line.data, "loose") == 0)
		return emit_loose(task);
	if (strcmp(line.data, "ask") == 0)
		return ask(task);
	if (strcmp(line.data, "other") == 0)
		return storm_emit_to(task, "other", value);
	if (strcmp(line.data, "origin") == 0)
		return emit_origin(task, tuple);
	if (strcmp(line.data, "invalid") == 0)
		return storm_emit(task, storm_text("\xff"), storm_null());
	if (strcmp(line.data, "infinite") == 0)
		return storm_emit(task, storm_double(1e308 * 10), storm_null());
	if (strcmp(line.data, "fail") == 0)
		return storm_error(task, -EIO, "it was to fail");
	if (strcmp(line.data, "crash") == 0)
		__builtin_trap();
	return storm_emit(task, value, storm_integer((int64_t)line.length));
}

static const struct storm_bolt_class map_bolt = {
	.summary = "emits what a line asks for, or the line and its length",
	.outputs = STORM_OUTPUTS(
		STORM_STREAM("default", "value", "number"), STORM_STREAM("other", "value")),
	.process = map,
};

/* The lines of a batch, anchored to all of it; and each again, anchored to itself alone. */
static int map_batch(struct storm_task *task, const struct storm_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct storm_value value;
		int err = storm_tuple_value_at(batch->tuples[i], 0, &value);

		if (err == 0)
			err = storm_emit(task, value);
		if (err == 0)
			err = storm_emit_full(task,
				&(const struct storm_emission){ STORM_VALUES(value),
					.anchors = &batch->tuples[i], .anchor_count = 1 });
		if (err < 0)
			return err;
	}
	return 0;
}

static const struct storm_bolt_class batch_bolt = {
	.summary = "emits lines by threes",
	.outputs = STORM_FIELDS("value"),
	.process_batch = map_batch,
	.batching = { .size = 3, .seconds = 0.05 },
};

static const struct storm_topology mapped = {
	.name = "mapped",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &storm_lines_spout }),
	.bolts = STORM_BOLTS(
		{
			.name = "map",
			.bolt_class = &map_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("lines")),
		},
		{
			.name = "batch",
			.bolt_class = &batch_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("lines")),
		}),
};

int main(int argc, char **argv)
{
	return storm_main(&mapped, argc, argv);
}
