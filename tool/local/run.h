/*
 * The local runner, from the inside.
 *
 * One process a task. A tuple's walk: task.c reads a frame of a component and takes it apart;
 * router.c finds the streams and tasks that receive it and copies the text of its values into their
 * queues; acker.c keeps the account of its tree; task.c writes the queues.
 *
 * The tasks are dealt out to loops, each of which has a thread, its own trees and its own accounts,
 * and shares nothing that tuples change: what a tuple has to do in another loop goes there as a letter
 * (mail.c). The first loop is the main thread's. It alone starts and buries processes, hears
 * signals, answers the control socket and moves the run from phase to phase, and holds the other
 * loops still while it does so (loop.c); what it changes then, they may read without further ado.
 */
#ifndef LOCAL_RUN_H
#define LOCAL_RUN_H

#include <ev.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <time.h>

#include "base/fifo.h"
#include "base/numbers.h"
#include "base/slots.h"
#include "local/control.h"
#include "local/directory.h"
#include "local/histogram.h"
#include "local/http.h"
#include "local/local.h"
#include "local/process.h"
#include "protocol/frame.h"
#include "protocol/message.h"
#include "protocol/output.h"

#include <cstorm/task.h>

struct run;
struct loop;
struct component;
struct recording;

/* Statistics */

/* What became of tuples, and how long it took. */
struct outcome_stats {
	uint64_t acked;
	uint64_t failed;
	uint64_t timed_out; /* of those that failed */
	double latency_sum; /* of those that were acked, in seconds */
	struct histogram latencies; /* the same, one by one */
};

/* Routing */

/* One subscription to a stream: a bolt that receives it. */
struct target {
	struct component *component;
	const struct spec_input *input;
	size_t index; /* among all of the run */
};

/* What a loop knows of a target. */
struct target_account {
	size_t next; /* shuffle: the task whose turn it is */
	uint64_t executed;
	struct outcome_stats outcome;
};

/* A stream that a component emits to. */
struct route {
	const struct spec_stream *stream;
	struct buffer head; /* the part of a message that all of this stream have */
	struct target *targets;
	size_t target_count;
	size_t index; /* among all of the run */
};

/* What a loop knows of a route. */
struct route_account {
	uint64_t emitted; /* tuples, as the component emits them */
	uint64_t transferred; /* copies, as the targets receive them */
	struct outcome_stats outcome; /* spouts: of whole trees */
};

/* Acking: XOR trees, as Storm's acker keeps them */

/*
 * A tuple of a spout with all that was made from it. Each copy that is sent somewhere has a random
 * number; it goes into the value when the copy is made and again when it is acked, so the value
 * is zero when everything is.
 */
struct tree {
	struct task *spout;
	const struct route *route;
	uint64_t value;
	double since;
	uint64_t older; /* in the order of `since`; 0: none */
	uint64_t newer;
	struct buffer id; /* the spout's message id as JSON text; the memory is used again */
};

/* A copy's part in one tree: its number, mixed with those of the copies that were anchored to it. */
struct edge {
	uint64_t tree;
	uint64_t value;
	struct loop *loop; /* that has the tree */
};

struct edges {
	struct edge *items;
	uint32_t count;
	uint32_t capacity;
};

/* A copy of a tuple on its way to a task. */
struct copy {
	struct task *receiver;
	const struct route *route;
	const struct target *target;
	int source; /* the task that emitted it */
	struct span tuple; /* the text of its values */
	const struct edge *edges;
	uint32_t edge_count;
};

/* A copy of a tuple that a task of a bolt has not acked or failed. */
struct delivery {
	const struct target *target; /* NULL: a tick */
	double since;
	uint32_t edge_count;
	uint32_t edge_capacity; /* of `more` */
	struct edge first; /* most tuples belong to one tree */
	struct edge *more; /* all the edges, when there are several; the memory is used again */
};

struct acker {
	struct slots trees;
	uint64_t oldest; /* by `since` */
	uint64_t newest;
	uint64_t random; /* the state of the generator */
};

/* Tasks */

enum task_state {
	TASK_WAITING, /* no process; one is started when the restart timer says so */
	TASK_STARTING, /* the handshake is sent, the pid has not come */
	TASK_OPENING, /* the pid has come, but no answer to the first message */
	TASK_RUNNING,
	TASK_GONE, /* closed for good */
};

struct task {
	struct run *run;
	struct loop *loop;
	struct component *component;
	int id;
	size_t index; /* among the tasks of the component */
	bool retired; /* others have taken its place: it ends what it has, and closes */
	enum task_state state;

	/* The process */
	pid_t pid; /* 0: none */
	int input; /* the component's standard input; -1: closed */
	int output;
	int errors; /* its standard error */
	struct ev_io input_watcher;
	struct ev_io output_watcher;
	struct ev_io errors_watcher;
	struct ev_child child_watcher;
	struct ev_timer restart_timer;
	int exit_status; /* as waitpid gives it, once the process is dead */

	/* The wire */
	struct frame_reader reader;
	struct output queue; /* towards the component */
	struct recording *recording; /* of this life; NULL: none */
	size_t recorded; /* of what is queued: it is in the recording */
	bool dirty; /* on the list of those to flush */
	atomic_bool congested; /* its queue is long */
	bool paused; /* not read, because those it emits to are congested */
	struct buffer error_line; /* the beginning of a line of its standard error */
	char *last_error; /* what it said last, for the message when it dies */
	char *crash; /* the report of its crash; NULL: none has come in this life */

	/* Life */
	double heard; /* when its last frame came */
	double asked; /* when it was last sent something to answer, after it had nothing to do */
	bool closing; /* its input ends when the queue is written */
	const char *killed_for; /* why the runner has killed it; NULL: it has not */
	double born; /* when its process started */
	int restarts;
	int earlier_lives; /* of the tasks that had its id before it */
	int deaths; /* in a row, with no good life in between */
	double short_since; /* it could not be started for want of something; 0: it could */
	bool progressed; /* it has done something in this life */
	bool reported_error; /* since it started, or since it was to close */

	/* Bolts */
	struct slots deliveries;
	uint64_t tick; /* the delivery of the last tick */

	/* Spouts */
	struct fifo commands; /* sent, and not answered by a sync */
	size_t nexts; /* of them */
	size_t window; /* how many of them may be on their way */
	size_t answered; /* of the window, since: */
	double window_since;
	bool emitted; /* since the last sync */
	bool finished; /* its last sync said so */
	bool idle; /* its last next emitted nothing: wait before the next one */
	double idle_seconds;
	struct ev_timer idle_timer;
	size_t pending; /* trees that are not settled */
	bool activated;
	bool deactivated;
};

/* A component whose tasks are exchanged for others (rebalance.c). */
enum change_state {
	CHANGE_NONE,
	CHANGE_DRAINING, /* the old ones finish, the new ones wait */
	CHANGE_STARTING, /* the new ones start */
};

struct component {
	const struct spec_component *spec;
	struct run *run;
	char **command; /* the words that start it */
	struct process_setup setup;
	struct task **tasks;
	size_t task_count;
	struct route *routes; /* as the spec's outputs */
	bool cyclic; /* it receives, by some way, what comes of its own tuples */
	bool closing;
	enum change_state change;
	int earlier_restarts; /* of tasks that are retired */
	json_t *metrics; /* what it has measured, by name; NULL: nothing */
	struct ev_timer tick_timer;
	double tick_seconds; /* 0: none */
};

/* Loops */

/* The letters of one loop to another one, that it has not read. */
struct mailbox {
	pthread_mutex_t mutex;
	struct buffer letters;
};

struct loop {
	struct run *run;
	size_t index;
	struct ev_loop *ev;
	struct ev_prepare prepare;
	struct ev_async wake; /* from the sleep, to read letters and to see what has changed */
	double now; /* monotonic, as of the last event */

	/* What it has */
	struct task **tasks;
	size_t task_count;
	struct task **dirty; /* tasks whose queues are to be flushed */
	size_t dirty_count;
	struct acker acker; /* of its spouts' tuples */
	struct route_account *routes; /* by their indexes */
	struct target_account *targets;

	/* Scratch */
	struct message message;
	struct numbers receivers; /* the tasks that receive the emit at hand */
	struct numbers anchors; /* the deliveries that it is anchored to */
	struct edges edges; /* of the copy at hand */
	struct buffer text; /* for strings with escapes */

	/* Letters */
	struct mailbox *mailboxes; /* from each loop */
	struct buffer *letters; /* to each loop, not sent yet */
	struct buffer reading;
	atomic_bool flooded; /* it has many letters to read */
	atomic_bool eased; /* somewhere, a queue is no longer long */

	/* The thread; the main thread needs none of this. */
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* held but when it sleeps */
	pthread_mutex_t gate; /* taken by who holds it still, so that it does not slip away */
};

enum run_phase {
	RUN_STARTING, /* waiting for all bolts to be ready */
	RUN_RUNNING,
	RUN_STOPPING, /* no new tuples; waiting for the trees to be settled */
	RUN_CLOSING, /* components end, upstream first */
	RUN_ABORTING, /* everything is killed */
	RUN_ENDED, /* no process is left */
};

struct run {
	const struct spec *spec;
	const struct local_options *options;
	struct loop *loops; /* the first one is the main thread's */
	size_t loop_count;
	enum run_phase phase;
	atomic_bool changed; /* something that the next phase may wait for */
	atomic_bool given_up; /* the run has failed for good, and is to be aborted */
	atomic_bool failed;
	bool stopped; /* by a signal or by the time limit */
	double signalled; /* when the first signal came; 0: none has */
	struct component *components;
	size_t component_count;
	struct task **tasks; /* from 1: by id, and behind them those whose ids others have taken */
	size_t task_count;
	size_t id_count;
	atomic_size_t congested; /* tasks and loops */
	size_t route_count;
	size_t target_count;

	/* Configuration */
	enum wire wire; /* that all components speak */
	double message_timeout;
	bool message_timeouts;
	size_t max_pending; /* 0: no bound */
	bool ackers;
	double silence_limit; /* a task that must answer and is silent for so long is killed */
	double change_limit; /* the same for one that starts or closes */

	time_t date; /* of its start: a part of its id */
	double started;
	double ended;
	bool rebalancing; /* the tasks of some component are being exchanged */
	struct directory directory; /* of this run */
	char *cgroup; /* the runner's own, where components have some; NULL: none has */
	char *cgroup_of_runner; /* that the runner is in instead; NULL: it is in its own */
	char *record_folder; /* an absolute path; NULL: the run is not recorded */
	struct control control;
	struct http http;
	struct ev_signal interrupt;
	struct ev_signal terminate;
	struct ev_signal hangup;
	struct ev_timer second_timer;
	struct ev_timer end_timer;
};

/* run.c */

/* Make everything that a run of run->spec has, but its processes: 0 or a negative errno. */
int run_set_up(struct run *run);
void run_free(struct run *run);

/* The monotonic time, in seconds, as the main thread knows it. */
double run_now(const struct run *run);

/* From any loop: something has come that the next phase may wait for. */
void run_changed(struct run *run);

/* From any loop: say that the run has failed for good; it is aborted in the next moment. */
STORM_PRINTF(2, 3)
void run_fail(struct run *run, const char *format, ...);

/* Before the main loop sleeps: go on to the next phase, if what this one waits for has come. */
void run_advance(struct run *run);

/* The trees that are not settled. */
size_t run_in_flight(const struct run *run);

/* Whether spouts may be asked for new tuples. */
bool run_wants_tuples(const struct run *run);

/* loop.c */

/* Set up the loops of a run whose tasks and routes are there, and deal the tasks out: 0 or -errno. */
int loops_init(struct run *run, size_t count);
void loops_free(struct run *run);

/* Have room for so many tasks in each: 0 or -ENOMEM. */
int loops_make_room(struct run *run, size_t task_count);

void loop_add(struct loop *loop, struct task *task);
void loop_remove(struct task *task);

/* Run them all until the run has ended. */
void loops_run(struct run *run);

/* The monotonic time, in seconds; also kept in loop->now. */
double loop_time(struct loop *loop);

/* From any thread: let it have a turn. */
void loop_wake(struct loop *loop);

/* In the main thread: hold all the other loops still, and let them go on. */
void loops_hold(struct run *run);
void loops_release(struct run *run);

/* From any loop: a queue is no longer long, so tasks that waited for that may go on. */
void loops_ease(struct run *run);

/* mail.c */

/* Write to another loop: a copy for one of its tasks; what became of a part of one of its trees. */
int mail_copy(struct loop *from, const struct copy *copy);
int mail_settle(struct loop *from, const struct edge *edge, bool acked);

/* Send what is written, at the end of a turn. */
void mail_send(struct loop *from);

/* Do as the letters say. */
void mail_read(struct loop *loop);

/* While all loops are held: send and read until no letter is left. */
void mail_settle_all(struct run *run);

/* task.c */

/* Make so many tasks of a component, without ids and processes: 0 or -ENOMEM. */
int tasks_make(struct task ***tasks, struct component *component, size_t count);
void tasks_free(struct task **tasks, size_t count);

/* Have the first process started when the loop runs. All tasks of the run are set up. */
void task_start(struct task *task);

/* The same in two steps: it can be sent tuples; it gets its process. */
void task_prepare(struct task *task);
void task_launch(struct task *task);

void task_free(struct task *task);

/* The task's queue: append whole frames to it. They are written before the loop sleeps. */
struct buffer *task_queue(struct task *task);

/* Write what is queued. */
void task_flush(struct task *task);

/* End its input once the queue is written, so that the component closes. */
void task_close(struct task *task);

/* Kill the process; its death is handled when it comes. */
void task_kill(struct task *task);

/* The component broke the protocol: log why, and kill it. */
STORM_PRINTF(2, 3)
void task_fault(struct task *task, const char *format, ...);

/* Once a second: heartbeats, and those that hang. */
void task_check(struct task *task);

/* Send a tick, unless the last one is not done yet. */
void task_tick(struct task *task);

/* Read the task again, or stop reading it, as those it emits to are congested or not. */
void task_apply_pressure(struct task *task);

/* spout.c */

void spout_activate(struct task *task);
void spout_deactivate(struct task *task);

/* Ask for tuples, as many as may be on their way. */
void spout_pump(struct task *task);

/* A sync has come. */
void spout_synced(struct task *task, bool finished);

/* Its process is dead. */
void spout_reset(struct task *task);

/* Tell it that a tuple was acked or failed. */
void spout_settle(struct task *task, struct span id, bool acked);

/* router.c */

/* Handle an emit: 0, or -EINVAL when it broke the protocol (the task is killed then). */
int route_emit(struct task *task, const struct message *message);

/* Queue a copy for a task of this loop: 0 or -ENOMEM. */
int route_accept(const struct copy *copy);

/* Set up the routes of all components. */
int router_init(struct run *run);
void router_free(struct run *run);

/* Whether a task that receives tuples of this task is congested. */
bool router_is_congested(const struct task *task);

/* grouping.c */

/*
 * Storm's hash of the values of a fields grouping: Arrays.deepHashCode of the values as Java has
 * them. Only the named ones of the values count.
 */
int32_t grouping_hash(
	const struct encoded *values, const size_t *indexes, size_t count, struct buffer *scratch);

/* Storm's choice among the tasks: floorMod of the hash. */
size_t grouping_index(int32_t hash, size_t task_count);

/* acker.c */

void acker_init(struct acker *acker);
void acker_free(struct acker *acker);

/* A number that is never 0. */
uint64_t acker_random(struct acker *acker);

/* A spout's tuple begins a tree: its number, or 0 when memory ends. */
uint64_t acker_begin(struct task *spout, const struct route *route, struct span id);

/* The number of a copy goes into a tree of this loop. */
void acker_mix(struct loop *loop, uint64_t tree, uint64_t value);

/* All copies of the spout's tuple are sent: settle the tree if there was none. */
void acker_sent(struct loop *loop, uint64_t tree);

/* A part of a tree of this loop was acked or failed. */
void acker_apply(struct loop *loop, const struct edge *edge, bool acked);

/* The same for parts of trees of any loop. */
void acker_settle_edges(struct loop *loop, const struct edge *edges, uint32_t count, bool acked);

/* Connect to a tree, once or again: 0 or -ENOMEM. */
int edges_add(struct edges *edges, const struct edge *edge);

/* The edges of a delivery. */
struct edge *delivery_edges(struct delivery *delivery);
int delivery_set_edges(struct delivery *delivery, const struct edge *edges, uint32_t count);

/* The number that the id of a delivery holds; 0, which is none, for any other id. */
uint64_t acker_delivery_number(const struct encoded *id);

/* A task has acked or failed a delivery: 0, or -ENOENT for a number that is not in flight. */
int acker_settle(struct task *task, uint64_t number, bool acked);

/*
 * Fail all that a dead task had in flight. Returns the number of tuples that belong to no tree: no
 * spout replays them.
 */
size_t acker_fail_deliveries(struct task *task);

/* Forget the trees of a dead spout: it has to emit their tuples again by itself. */
void acker_forget_spout(struct task *spout);

/* Fail the trees whose time is up. */
void acker_expire(struct loop *loop);

/* handshake.c */

/* The whole configuration that a component receives, a new reference. */
json_t *handshake_config(const struct run *run, const struct component *component);

/* Append the handshake of a task to a buffer: 0 or -ENOMEM. */
int handshake_write(const struct task *task, struct buffer *buffer);

/* metrics.c */

/* A report of a metric, as the component has sent it. */
void metrics_add(struct task *task, const char *name, json_t *report);

/* Print what a component has measured, a line a metric. */
void metrics_print(const struct component *component);

/* log.c */

void log_set_verbosity(int verbosity);

/* Write it to a file, if the options say so: 0, or a negative errno with the reason said. */
int log_open(const struct log_options *options);

/* Somebody has moved the file: begin another. */
void log_reopen(void);

void log_close(void);

/*
 * Where the standard error is a terminal, and the standard output is none: a line about the run at its
 * end, in place of the one that is there; with NULL, none. With --quiet and --verbose there is none either.
 */
STORM_PRINTF(1, 2)
void log_status(const char *format, ...);

/* A line; the task may be NULL. With a file, errors go to the standard error as well. */
STORM_PRINTF(3, 4)
void log_line(enum storm_log_level level, const struct task *task, const char *format, ...);

/* What a component said, which may be of several lines. */
void log_text(
	enum storm_log_level level, const struct task *task, const char *kind, struct span text);

/* stats.c */

/* How the run is doing, a new reference: with its processes while it runs. */
json_t *stats_json(const struct run *run);

/* Say in one line how the run is doing (see log_status). */
void stats_show(const struct run *run);

/* Print the statistics for people; write them as JSON: 0, or 1 when the file cannot be written. */
void stats_print(const struct run *run);
int stats_write(const struct run *run, const char *path);

#endif
