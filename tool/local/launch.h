/* The command of a task: its component's, or what --wrap puts before it. */
#ifndef LOCAL_LAUNCH_H
#define LOCAL_LAUNCH_H

#include "local/run.h"

/* Start the process of a task: as process_start. */
int launch(struct process *process, const struct task *task);

#endif
