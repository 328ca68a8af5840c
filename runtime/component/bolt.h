/* What the parts of a bolt share. */
#ifndef COMPONENT_BOLT_H
#define COMPONENT_BOLT_H

struct storm_task;

/* The callback that had the tuple at hand has returned an error: log it, and fail the tuple. */
void bolt_fail(struct storm_task *task, int err);

#endif
