/*
 * Recordings: what each task was sent and what it answered, life by life, to be replayed to its
 * component alone. cstorm-run(1) describes the files.
 */
#ifndef LOCAL_RECORD_H
#define LOCAL_RECORD_H

#include "local/run.h"

/* How the files of a life end, behind COMPONENT-TASK, or COMPONENT-TASK.LIFE from the second one on. */
#define RECORD_INPUT ".stdin"
#define RECORD_OUTPUT ".stdout"
#define RECORD_TIMES ".times"

/* In the folder of the recordings: where processes note their pids, now and when they are replayed by hand. */
#define RECORD_PIDS "pids"

struct recording;

/* Make the folder, which must be new or empty, and set run->record_folder: 0, or a negative errno, said. */
int record_set_up(struct run *run);

/* Begin with a task whose process was started. Does nothing unless the run is recorded. */
void record_begin(struct task *task);

/* What is queued for the task and was not yet noted. */
void record_queue(struct task *task);

/* What the task has said. */
void record_output(struct task *task, struct span bytes);

/* The process has ended, in this way. */
void record_end(struct task *task, const char *end);

/* Let go of the files. */
void record_free(struct task *task);

#endif
