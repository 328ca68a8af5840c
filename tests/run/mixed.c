/* A topology with all that its tables can say beside classes: what else a component can be. */
#include <cstorm.h>

static const struct storm_topology mixed = {
	.name = "mixed",
	.spouts = STORM_SPOUTS({
		.name = "lines",
		.spout_class = &storm_lines_spout,
		.environments = STORM_ENVIRONMENTS({ .name = "production",
			.config = STORM_CONFIG({ "lines.input", "/data/lines" }) }),
	}),
	.bolts = STORM_BOLTS(
		{
			.name = "shout",
			.foreign = STORM_SHELL(STORM_FIELDS("word"), "python3", "shout.py"),
			.tasks = 2,
			.env = STORM_CONFIG({ "VOICE", "loud" }, { "TIMES", "2" }),
			.inputs = STORM_INPUTS(STORM_SHUFFLE("lines")),
			.environments = STORM_ENVIRONMENTS(
				{ .name = "production", .parallelism = 4, .tasks = 8 },
				{ .name = "test", .tasks = 1 }),
		},
		{
			.name = "store",
			.foreign = STORM_JAVA(NULL, "com.example.Store", "[\"table\", 5]"),
			.inputs = STORM_INPUTS(STORM_CUSTOM("shout", "com.example.ByRegion", NULL)),
		},
		{
			.name = "write",
			.bolt_class = &storm_write_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("shout")),
		}),
	.environments = STORM_ENVIRONMENTS(
		{ .name = "production", .config = STORM_CONFIG({ "topology.workers", "4" }) }),
	.config = STORM_CONFIG({ "topology.workers", "1" }),
};

int main(int argc, char **argv)
{
	return storm_main(&mixed, argc, argv);
}
