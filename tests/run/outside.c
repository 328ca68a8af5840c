/* A topology outside of cstorm's tree. */
#include <cstorm.h>

static int next(struct storm_task *task)
{
	int err = storm_emit(task, storm_text("hello from outside, hello"));

	return err < 0 ? err : STORM_FINISHED;
}

static const struct storm_spout_class greeter = {
	.outputs = STORM_FIELDS("text"),
	.reliable = true,
	.next = next,
};

static const struct storm_topology outside = {
	.name = "outside",
	.spouts = STORM_SPOUTS({ .name = "greeter", .spout_class = &greeter }),
	.bolts = STORM_BOLTS(
		{
			.name = "split",
			.bolt_class = &storm_split_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("greeter")),
		},
		{
			.name = "count",
			.bolt_class = &storm_count_bolt,
			.inputs = STORM_INPUTS(STORM_BY_FIELDS("split", "word")),
		},
		{
			.name = "table",
			.bolt_class = &storm_table_bolt,
			.inputs = STORM_INPUTS(STORM_GLOBAL("count")),
		}),
};

/* Names that the library has inside, too: they must not meet. */
int buffer_append(void);
int buffer_append(void)
{
	return 0;
}

int main(int argc, char **argv)
{
	return storm_main(&outside, argc, argv);
}
