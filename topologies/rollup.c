/*
 * Rollup: how many lines begin with each word, counted batch by batch.
 *
 * Shows a batching bolt: tuples are collected by their first word, and a whole group is processed at
 * once, when it has 1000 of them or after a second, whatever is first. What it emits is anchored to
 * all of them, so a count that is lost is counted again.
 */
#include <cstorm.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int group_key(
	struct storm_task *task, const struct storm_tuple *tuple, struct storm_string *key)
{
	int err = storm_tuple_string_at(tuple, 0, key);

	(void)task;
	if (err == 0)
		key->length = strcspn(key->data, " \t");
	return err;
}

static int count_batch(struct storm_task *task, const struct storm_batch *batch)
{
	char *text;
	int err;

	if (asprintf(&text, "%.*s\t%zu", (int)batch->key.length, batch->key.data, batch->count) < 0)
		return -ENOMEM;
	err = storm_emit(task, storm_text(text));
	free(text);
	return err;
}

static const struct storm_bolt_class rollup_bolt = {
	.summary = "counts the lines of a batch",
	.outputs = STORM_FIELDS("line"),
	.group_key = group_key,
	.process_batch = count_batch,
	.batching = { .size = 1000, .seconds = 1 },
};

static const struct storm_topology rollup = {
	.name = "rollup",
	.summary = "how many lines begin with each word, batch by batch",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &storm_lines_spout }),
	.bolts = STORM_BOLTS(
		{
			.name = "rollup",
			.bolt_class = &rollup_bolt,
			.inputs = STORM_INPUTS(STORM_GLOBAL("lines")),
		},
		{
			.name = "write",
			.bolt_class = &storm_write_bolt,
			.inputs = STORM_INPUTS(STORM_GLOBAL("rollup")),
		}),
	.config = STORM_CONFIG({ "topology.max.spout.pending", "20000" }),
};

int main(int argc, char **argv)
{
	return storm_main(&rollup, argc, argv);
}
