/* A component under test, from the inside. */
#ifndef TESTING_TESTING_H
#define TESTING_TESTING_H

#include <jansson.h>

#include "component/task.h"

#include <cstorm/testing.h>

/* The id of every tick. */
#define TICK_ID "tick"

struct storm_test {
	struct storm_task task;
	bool closed;
	struct buffer error; /* why the last call failed */

	/* The topology of a component that is tested by itself: two tables with their ends. */
	struct storm_topology topology;
	struct storm_spout spouts[2];
	struct storm_bolt bolts[2];
	struct storm_foreign source;
	struct storm_input *inputs;

	/* What it is told */
	struct buffer frame;
	int received; /* tuples: the id of the last one */
	enum storm_test_outcome *outcomes; /* of all of them, the first has the id 1 */
	size_t outcome_capacity;
	json_t *numbers; /* reliable spouts: what the ids of their tuples are called here */
	json_t *ids; /* and the reverse: a list */
	json_t *receivers; /* the task ids that answer an emit */

	/* What it said */
	json_t *messages;
	bool finished;
	struct buffer text; /* of the last answer to the test */
};

#endif
