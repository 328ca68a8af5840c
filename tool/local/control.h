/*
 * The control socket of a run, in its folder: what is said of the run to those who ask.
 *
 * A request is a line of JSON, {"do": "status"}; so is the answer. {"do": "tap"} is answered by one
 * line, then by a line for each tuple until the client hangs up. {"do": "rebalance", "tasks": {"split": 4}}
 * is answered when it has begun; "rebalancing" of the status says whether it goes on.
 */
#ifndef LOCAL_CONTROL_H
#define LOCAL_CONTROL_H

#include <ev.h>
#include <stdatomic.h>

#include "protocol/message.h"

struct run;
struct task;
struct client;

struct control {
	struct ev_io listener;
	struct client *clients;
	size_t taps; /* clients that tap */
	atomic_bool shown; /* tuples to them, which are to be written */
};

/* Listen in the run's folder: 0 or a negative errno. */
int control_start(struct run *run);
void control_stop(struct run *run);

/* Once a second: accept connections again, for which there were no descriptors. */
void control_resume(struct run *run);

/* Show an emit to those who tap; called where there are some. */
void control_show(struct run *run, const struct task *task, const struct message *message);

/* Before the main loop sleeps: have what was shown written. */
void control_write(struct run *run);

#endif
