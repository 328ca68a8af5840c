/* Word count: how often each word occurs in a text, the most frequent first. */
#include <cstorm.h>

static const struct storm_topology wordcount = {
	.name = "wordcount",
	.summary = "how often each word occurs in a text, the most frequent first",
	.spouts = STORM_SPOUTS({
		.name = "lines",
		.spout_class = &storm_lines_spout,
	}),
	.bolts = STORM_BOLTS(
		{
			.name = "split",
			.bolt_class = &storm_split_bolt,
			.parallelism = 2,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("lines")),
		},
		{
			.name = "count",
			.bolt_class = &storm_count_bolt,
			.parallelism = 2,
			.inputs = STORM_INPUTS(STORM_BY_FIELDS("split", "word")),
		},
		{
			.name = "table",
			.bolt_class = &storm_table_bolt,
			.inputs = STORM_INPUTS(STORM_GLOBAL("count")),
		}),
	.config = STORM_CONFIG({ "topology.max.spout.pending", "2000" }),
};

int main(int argc, char **argv)
{
	return storm_main(&wordcount, argc, argv);
}
