/*
 * What is measured in C: the same bolts as in pystorm_bolts.py, storm_bolts.py, storm_bolts.js and java/. Each passes on what
 * it gets and acks it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include <cstorm.h>

#include "source.h"

static int echo(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_value value;
	int err = storm_tuple_value_at(tuple, 0, &value);

	return err < 0 ? err : storm_emit(task, value);
}

static const struct storm_bolt_class echo_bolt = {
	.summary = "emits what it gets",
	.outputs = STORM_FIELDS("word"),
	.process = echo,
};

static int ack(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	(void)tuple;
	return 0;
}

static const struct storm_bolt_class ack_bolt = {
	.summary = "acks what it gets",
	.process = ack,
};

static int wide(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_value values[6];

	for (size_t i = 0; i < 6; i++) {
		int err = storm_tuple_value_at(tuple, i, &values[i]);

		if (err < 0)
			return err;
	}
	return storm_emit(task, values[0], values[1], values[2], values[3], values[4], values[5]);
}

static const struct storm_bolt_class wide_bolt = {
	.summary = "emits the six fields that it gets",
	.outputs = STORM_FIELDS("a", "b", "c", "d", "e", "f"),
	.process = wide,
};

struct entry {
	UT_hash_handle hh;
	int64_t count;
	char word[];
};

/* Emits each word with how often it has been there. */
static int count(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct entry **entries = storm_state(task);
	struct entry *entry;
	struct storm_string word;
	int err = storm_tuple_string_at(tuple, 0, &word);

	if (err < 0)
		return err;
	HASH_FIND(hh, *entries, word.data, word.length, entry);
	if (!entry) {
		entry = calloc(1, sizeof(*entry) + word.length);
		if (!entry)
			return -ENOMEM;
		memcpy(entry->word, word.data, word.length);
		HASH_ADD_KEYPTR(hh, *entries, entry->word, word.length, entry);
	}
	return storm_emit(
		task, storm_string(word.data, word.length), storm_integer(++entry->count));
}

static const struct storm_bolt_class count_bolt = {
	.summary = "emits words with how often they have been there",
	.outputs = STORM_FIELDS("word", "count"),
	.state_size = sizeof(struct entry *),
	.process = count,
};

static const struct storm_topology components = {
	.name = "components",
	.spouts = STORM_SPOUTS({ .name = "source", .spout_class = &source_spout }),
	.bolts = STORM_BOLTS(
		{
			.name = "echo",
			.bolt_class = &echo_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("source")),
		},
		{
			.name = "ack",
			.bolt_class = &ack_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("source")),
		},
		{
			.name = "split",
			.bolt_class = &storm_split_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("source")),
		},
		{
			.name = "urlparse",
			.bolt_class = &storm_urlparse_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("source")),
		},
		{
			.name = "wide",
			.bolt_class = &wide_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("source")),
		},
		{
			.name = "count",
			.bolt_class = &count_bolt,
			.inputs = STORM_INPUTS(STORM_BY_FIELDS("split", "word")),
		}),
};

int main(int argc, char **argv)
{
	return storm_main(&components, argc, argv);
}
