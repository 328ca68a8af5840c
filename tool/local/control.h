/*
 * The control socket of a run, in its folder: what is said of the run to those who ask.
 *
 * A request is a line of JSON, {"do": "status"}; so is the answer. {"do": "tap"} is answered by one
 * line, then by a line for each tuple until the client hangs up.
 */
#ifndef LOCAL_CONTROL_H
#define LOCAL_CONTROL_H

#include <ev.h>

#include "protocol/message.h"

struct run;
struct task;
struct client;

struct control {
	struct ev_io listener;
	struct client *clients;
	size_t taps; /* clients that tap */
};

/* Listen in the run's folder: 0 or a negative errno. */
int control_start(struct run *run);
void control_stop(struct run *run);

/* Show an emit to those who tap; called where there are some. */
void control_show(struct run *run, const struct task *task, const struct message *message);

#endif
