/* Looking at a topology again and again: at a run on this machine, or on a cluster. */
#ifndef TOOL_TOP_H
#define TOOL_TOP_H

#include "asking.h"

struct top_request {
	struct asking asking; /* its name: NULL for the only run */
	double interval;
	long count; /* 0: no end */
};

/* Two looks at it. */
struct looks {
	json_t *now;
	json_t *before; /* NULL: this is the first one */
	double seconds; /* between the two; or since the start */
};

/* What is looked at. */
struct top_source {
	void *data;

	/* What is known now, a new reference, and at which second since the start; NULL: it has ended. */
	json_t *(*look)(void *data, double *seconds);

	/* Whether nothing has been counted between two looks; NULL: something always is. */
	bool (*is_same)(const json_t *before, const json_t *now);

	void (*print)(const struct looks *looks);
};

/* Look and print until it ends: an exit status. */
int top_watch(const struct top_request *request, const struct top_source *source);

/* Watch a topology on a cluster: an exit status. */
int top_cluster(const struct top_request *request);

/* What a count has grown by in a second. A process that started anew begins at 0. */
double top_rate(double now, double before, double seconds);

/* What is at most so busy, of 1, holds up nobody: machines have other things to do, too. */
#define TOP_BUSY 0.5

#endif
