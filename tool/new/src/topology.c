/* The topology: which spouts and bolts there are, and who receives whose tuples. */
#include "reading.h"

static const struct storm_topology topology = {
	.name = "@NAME@",
	.summary = "the readings of sensors that are above a limit",
	.spouts = STORM_SPOUTS({
		.name = "readings",
		.spout_class = &readings_spout,
	}),
	.bolts = STORM_BOLTS(
		/* @if python@ */
		{
			.name = "calibrate",
			.foreign = STORM_SHELL(
				STORM_FIELDS("sensor", "value"), "python3", "calibrate.py"),
			.inputs = STORM_INPUTS(STORM_SHUFFLE("readings")),
		},
		/* @end@ */
		{
			.name = "alarms",
			.bolt_class = &alarms_bolt,
			.parallelism = 2,
			/* @if python@ */
			.inputs = STORM_INPUTS(STORM_SHUFFLE("calibrate")),
			/* @else@ */
			.inputs = STORM_INPUTS(STORM_SHUFFLE("readings")),
			/* @end@ */
		},
		{
			.name = "write",
			.bolt_class = &storm_write_bolt,
			.inputs = STORM_INPUTS(STORM_GLOBAL("alarms")),
		}),
	.config = STORM_CONFIG({ "topology.max.spout.pending", "1000" }),
};

int main(int argc, char **argv)
{
	return storm_main(&topology, argc, argv);
}
