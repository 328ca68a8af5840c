/*
 * What is measured in C: the same bolts as in pystorm_bolts.py and storm_bolts.py. Each passes on what it gets and acks it.
 */
#include <cstorm.h>

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

static const struct storm_topology components = {
	.name = "components",
	.spouts = STORM_SPOUTS({ .name = "source", .spout_class = &storm_lines_spout }),
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
		}),
};

int main(int argc, char **argv)
{
	return storm_main(&components, argc, argv);
}
