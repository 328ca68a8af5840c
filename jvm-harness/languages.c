/*
 * Languages: lines that pass through components in C, in Python with pystorm, and in Java, which is given by the name of
 * its class.
 */
#include <cstorm.h>

static const struct storm_topology languages = {
	.name = "languages",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &storm_lines_spout }),
	.bolts = STORM_BOLTS(
		{
			.name = "split",
			.bolt_class = &storm_split_bolt,
			.parallelism = 2,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("lines")),
		},
		{
			.name = "shout",
			.foreign =
				STORM_SHELL(STORM_FIELDS("word", "length"), "python", "shout.py"),
			.parallelism = 2,
			.inputs = STORM_INPUTS(STORM_BY_FIELDS("split", "word")),
		},
		{
			.name = "mark",
			.foreign = STORM_JAVA(
				STORM_FIELDS("text"), "cstorm.cluster.Mark", "[\"!\", 2]"),
			.inputs = STORM_INPUTS(STORM_SHUFFLE("shout")),
		},
		{
			.name = "write",
			.bolt_class = &storm_write_bolt,
			.inputs = STORM_INPUTS(STORM_GLOBAL("mark")),
		}),
	.config =
		STORM_CONFIG({ "topology.workers", "1" }, { "topology.max.spout.pending", "100" }),
};

int main(int argc, char **argv)
{
	return storm_main(&languages, argc, argv);
}
