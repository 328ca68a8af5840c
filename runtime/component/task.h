/* A task, from the inside: what the parts of the runtime share. */
#ifndef COMPONENT_TASK_H
#define COMPONENT_TASK_H

#include <ev.h>

#include "base/fifo.h"
#include "base/slots.h"
#include "component/context.h"
#include "component/stdio.h"
#include "component/tuple.h"
#include "protocol/frame.h"
#include "protocol/output.h"

#include <cstorm/topology.h>

/* A tuple that a reliable spout has emitted. */
struct pending_tuple {
	uint64_t tag;
	unsigned int fails;
	struct buffer rest; /* its emit's frame behind the id; the memory is used again */
};

struct storm_task {
	const struct storm_topology *topology;
	const struct storm_spout_class *spout_class; /* one of the two classes is NULL */
	const struct storm_bolt_class *bolt_class;
	struct context context;
	void *state;
	struct buffer setting; /* the text of the last setting that was not a string */

	/* The wire */
	struct stdio stdio;
	struct frame_reader reader;
	struct message message;
	struct output output;
	bool output_broken; /* the parent does not read any more */

	/* Life */
	struct ev_loop *loop;
	bool stopping;
	bool opened; /* open() or prepare() has succeeded: close() is due */
	int status; /* for exit() */

	/* Bolts */
	struct storm_tuple tuple; /* the one in process() */
	bool processing;

	/* Spouts */
	struct slots pending; /* reliable: emitted, neither acked nor given up */
	struct fifo replays; /* the numbers of those that are to be emitted again */
	bool finished; /* next() has said so */

	struct buffer reason; /* why the current callback fails; empty: nobody said */
};

/* task.c: the callbacks of the class, with their errors reported */

const struct storm_stream *task_outputs(const struct storm_task *task);
const struct storm_setting *task_settings(const struct storm_task *task);

/* run.c */

/* Report an error, and stop with status 1. */
void task_fatal(struct storm_task *task, const char *what, int err);

/* Frames to the parent: append between these two, which flush when much is pending. */
struct buffer *task_begin_frame(struct storm_task *task);
void task_end_frame(struct storm_task *task);

/* Write all that is pending. */
void task_flush(struct storm_task *task);

/* Be a component, until the input ends. Returns the exit status. */
int task_run(const struct storm_topology *topology);

/* log.c */

/* Forget the reason of an earlier error, before a callback. */
void task_clear_reason(struct storm_task *task);

/* Why a callback failed: what somebody said, or the text of the errno. Borrowed. */
const char *task_reason(struct storm_task *task, int err);

/* bolt.c and spout.c: handle one message from the parent; 0 or -EBADMSG with a reason. */
int bolt_handle(struct storm_task *task, const struct message *message);
int spout_handle(struct storm_task *task, const struct message *message);

/* spout.c */

/* Give the tuple just written a number and keep it: the text of its frame behind the id. */
int spout_keep(struct storm_task *task, uint64_t tag, uint64_t *number, struct buffer **rest);
void spout_forget(struct storm_task *task, uint64_t number);
void spout_free_pending(struct storm_task *task);

/* describe.c */

/* The topology as JSON: a new reference, NULL when memory ended. */
struct json_t *describe_topology(const struct storm_topology *topology);

#endif
