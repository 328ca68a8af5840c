/*
 * Other numbers of tasks, while the run goes on.
 *
 * The tasks of a component are exchanged, all of them: a fields grouping sends its values elsewhere
 * when their number changes. From one moment to the next, tuples go to the new tasks, which keep them
 * in their queues; the old ones finish what they have and close; then the new ones start. So no tuple
 * is lost or waits for a time-out, those of one key stay in order, and all others go on.
 */
#ifndef LOCAL_REBALANCE_H
#define LOCAL_REBALANCE_H

#include <jansson.h>

struct run;
struct buffer;

/*
 * Begin: `tasks` is an object with a number for each component to change, the same as before for one
 * that is only to be begun anew. Returns 0, or a negative errno with the problem said. All loops are held.
 */
int rebalance_begin(struct run *run, const json_t *tasks, struct buffer *problem);

/* Go on, if what it waits for has come. All loops are held. */
void rebalance_advance(struct run *run);

#endif
