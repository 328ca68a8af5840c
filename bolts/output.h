/* The setting `output` of bolts that write: a path, or - for the standard output of the run. */
#ifndef BOLTS_OUTPUT_H
#define BOLTS_OUTPUT_H

#include <cstorm/topology.h>

#define OUTPUT_SETTING                                                \
	{                                                             \
		"output", "a path, or - for the standard output", "-" \
	}

/* Open it: a descriptor of the caller's own, or a negative errno with the reason set. */
int output_open(struct storm_task *task, int flags);

#endif
