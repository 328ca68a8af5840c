/*
 * A task, from the inside: what the parts of the runtime share.
 *
 * A message's way: run.c reads it and hands it to bolt.c or spout.c, which call the class; what the
 * class emits (emit.c), acks, logs (log.c) and measures (metrics.c) goes through send.c.
 */
#ifndef COMPONENT_TASK_H
#define COMPONENT_TASK_H

#include <ev.h>

#include "base/slots.h"
#include "component/alive.h"
#include "component/batches.h"
#include "component/context.h"
#include "component/log.h"
#include "component/replays.h"
#include "component/stdio.h"
#include "component/tuple.h"
#include "protocol/frame.h"
#include "protocol/output.h"

#include <cstorm/metrics.h>
#include <cstorm/topology.h>

/* A tuple that a reliable spout has emitted. */
struct pending_tuple {
	uint64_t tag;
	unsigned int fails;
	struct buffer message; /* its emit, whole; the memory is used again */
};

/* A spout that has nothing to emit: the answer to `next` is held back for a while. */
struct rest {
	bool resting;
	bool woken; /* there may be something to emit */
	uint64_t emits; /* how many there were when it began */
	double seconds; /* how long this time; doubled each time */
	double limit;
	struct ev_timer timer;
	struct ev_io readable; /* the descriptor that the spout waits for */

	double rate; /* tuples a second; 0: no limit */
	double allowance; /* tuples that may be emitted now */
	double since; /* when the allowance was counted */
};

struct storm_task {
	struct storm_test *test; /* in the place of a parent and a process; NULL: it has these */
	const struct storm_topology *topology;
	const char *part; /* the component of the topology that it is; NULL: the handshake says */
	const struct storm_spout_class *spout_class; /* one of the two classes is NULL */
	const struct storm_bolt_class *bolt_class;
	const struct storm_stream *outputs;
	struct context context;
	void *state;
	struct buffer setting; /* the text of the last setting that was not a string */

	/* The wire */
	struct stdio stdio;
	struct frame_reader reader;
	struct frame_reader deferred; /* what was read ahead, in search of task ids */
	struct message message;
	struct output output;
	size_t complete; /* of the output: up to the end of the last whole message */
	bool output_broken; /* the parent does not read any more */

	/* Life */
	struct ev_loop *loop;
	struct ev_io input;
	struct ev_prepare prepare;
	struct ev_check check;
	struct ev_signal terminate;
	bool input_ended;
	bool stopping;
	bool opened; /* open() or prepare() has succeeded: close() is due */
	int status; /* for exit() */
	struct alive alive;
	uint64_t emits; /* how many there were */

	/* Bolts */
	struct storm_tuple tuple; /* the one in process() */
	const struct storm_tuple *const *current; /* the tuples that emits are anchored to */
	size_t current_count;
	size_t kept; /* tuples that the class has kept, and that are not settled */
	struct batches batches;

	/* Spouts */
	struct slots pending; /* reliable: emitted, neither acked nor given up */
	struct replays replays; /* the numbers of those that are to be emitted again */
	struct ev_timer replay_timer; /* until the first of them is due */
	bool answering; /* a command of the parent, which reads until the sync comes */
	bool answered; /* the sync is not written yet */
	bool finished; /* next() has said so */
	bool said_finished; /* and the parent knows it */
	struct rest rest;

	struct log log;
	struct measurement *measurements; /* as the class's metrics */
	struct ev_timer metrics_timer;
	int *task_ids; /* of the last emit that asked for them */
	size_t task_ids_capacity;

	struct buffer last_words; /* why it ends before it should; empty: it does not */
	struct buffer reason; /* why the current callback fails; empty: nobody said */
};

#define TASK_INIT                                  \
	((struct storm_task){ .stdio = STDIO_INIT, \
		.log = LOG_INIT,                   \
		.pending = SLOTS_INIT(struct pending_tuple) })

static inline enum wire task_wire(const struct storm_task *task)
{
	return task->reader.wire;
}

/* task.c */

const struct storm_setting *task_settings(const struct storm_task *task);
const struct storm_metric *task_metrics(const struct storm_task *task);

/* A number of the configuration: `fallback` where it is null, absent, or not a number. */
double task_config_number(const struct storm_task *task, const char *key, double fallback);

/* run.c */

/* Be a component, until the input ends. Returns the exit status. */
int task_run(const struct storm_topology *topology, const char *part);

/* The parts of it: watch the input and the loop, handle what is read, its end, and the task's. */
void task_watch(struct storm_task *task);
void task_unwatch(struct storm_task *task);
void task_handle_frames(struct storm_task *task);
void task_end_input(struct storm_task *task);
void task_close(struct storm_task *task);
void task_free(struct storm_task *task);

/* Report an error, and stop with status 1. */
void task_fatal(struct storm_task *task, const char *what, int err);

/* Have the loop end. */
void task_stop(struct storm_task *task);

/* start.c */

/* Become what the handshake says. */
void task_start(struct storm_task *task, struct span handshake);

/* send.c */

/* Messages to the parent: append between these two, which flush when much is pending. */
struct buffer *task_begin_message(struct storm_task *task);
void task_end_message(struct storm_task *task);

/* Write all that is pending. */
void task_flush(struct storm_task *task);

/* log.c */

/* Report an error, and end with it: also on the standard error, where Storm finds it when it reads no messages any more. */
void task_die(struct storm_task *task, struct span text);

/* Forget the reason of an earlier error, before a callback. */
void task_clear_reason(struct storm_task *task);

/* Why a callback failed: what somebody said, or the text of the errno. Borrowed. */
const char *task_reason(struct storm_task *task, int err);

/* bolt.c and spout.c: handle one message from the parent; 0 or a negative errno with a reason. */
int bolt_handle(struct storm_task *task, const struct message *message);
int spout_handle(struct storm_task *task, const struct message *message);

/* bolt.c */

/* What emits are anchored to from now on; none with NULL. */
void bolt_set_current(
	struct storm_task *task, const struct storm_tuple *const *tuples, size_t count);

/* spout.c */

/* Give the tuple just written a number and keep it: a buffer for its message. */
int spout_keep(struct storm_task *task, uint64_t tag, uint64_t *number, struct buffer **message);
void spout_forget(struct storm_task *task, uint64_t number);
void spout_free_pending(struct storm_task *task);

/* rest.c */

/* Read the configuration of rests and rates. */
void rest_init(struct storm_task *task);

/* Whether next() may be called, as the rate has it; the allowance is counted. */
bool rest_allows_next(struct storm_task *task);

/* Count the tuples that next() has emitted. */
void rest_count(struct storm_task *task, uint64_t emits);

/* Hold the answer back, until somebody wakes the spout or some time has passed. */
void rest_begin(struct storm_task *task);
void rest_end(struct storm_task *task);

/* spout.c */

/* Answer the command of the parent; a rest is over. */
void spout_answer(struct storm_task *task);

/* During a rest: answer if the class's watchers have emitted, or ask the class if they woke it. */
void spout_look(struct storm_task *task);

/* metrics.c */

int metrics_start(struct storm_task *task);
void metrics_report(struct storm_task *task);
void metrics_free(struct storm_task *task);

/* mapping.c */

/* Whether all inputs of the bolt have the fields of its class's mapping. */
int mapping_check_inputs(struct storm_task *task);

/* The values of a struct, for an emit: in the order of the stream's fields, of which there may be no
 * others. */
int mapping_values(struct storm_task *task, const struct storm_mapping *mapping, const void *record,
	const struct storm_stream *stream, struct storm_value *values);

/* crash.c */

/* From now on a crash of the process is reported with the task's name. */
void crash_watch(struct storm_task *task);

/* describe.c */

/* A configuration as an object: a new reference, NULL when memory ended. */
struct json_t *describe_config(const struct storm_config_entry *entry);

/* The topology as JSON: a new reference, NULL when memory ended. */
struct json_t *describe_topology(const struct storm_topology *topology);

/* testing/said.c */

/* Take what the task has said, in the parent's place. */
void test_take(struct storm_test *test);

#endif
