/* The batches of a batching bolt that are not complete. */
#ifndef COMPONENT_BATCHES_H
#define COMPONENT_BATCHES_H

#include <ev.h>
#include <stdbool.h>

#include "base/bytes.h"

struct storm_task;
struct batch;

struct batches {
	struct batch *groups; /* a hash table by key */
	struct batch *oldest; /* in the order of their first tuples */
	struct batch *newest;
	struct ev_timer timer; /* the time of the oldest */
	uint64_t ticks; /* so many have come */
};

void batches_init(struct storm_task *task);
void batches_free(struct storm_task *task);

/* Put the tuple at hand into its batch, and process that if it is complete. */
void batches_add(struct storm_task *task);

/* A tick has come. */
void batches_tick(struct storm_task *task);

/* Process all that there are. */
void batches_process_all(struct storm_task *task);

#endif
