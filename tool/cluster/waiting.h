/* Waiting for what Nimbus has taken on: it answers before anything is done. */
#ifndef CLUSTER_WAITING_H
#define CLUSTER_WAITING_H

#include "cluster/nimbus.h"

/* Longer than a busy cluster takes. */
#define WAITING_SECONDS 300

/* Wait until no topology has this name: 0, or a negative errno with the reason in `problem`. */
int wait_until_gone(struct nimbus *nimbus, const char *name, struct buffer *problem);

/* Whether a topology of this name is there: 1 or 0, or a negative errno with the reason in `problem`. */
int wait_is_there(struct nimbus *nimbus, const char *name, struct buffer *problem);

/* Wait until a rebalance is over: as above. */
int wait_until_balanced(struct nimbus *nimbus, const char *name, struct buffer *problem);

/*
 * Wait until all tasks of a topology that has just been submitted run, by component: Nimbus knows that their executors
 * have run for a while, and of no process that has died. As above.
 */
int wait_for_tasks(
	struct nimbus *nimbus, const char *name, const json_t *tasks, struct buffer *problem);

#endif
