/*
 * Signs of life: a thread that speaks for the task while the task is busy.
 *
 * Storm kills a component that says nothing for topology.subprocess.timeout.secs. A process() of
 * some minutes is not a reason to, so the thread says something for it; a process() that never
 * returns is, so there is a bound on one call.
 */
#ifndef COMPONENT_ALIVE_H
#define COMPONENT_ALIVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct storm_task;

struct alive {
	pthread_t thread;
	pthread_t main_thread;
	bool running;
	double interval; /* seconds between two looks */
	double bound; /* seconds that one call may take; 0: no bound */

	/* What the task tells the thread; plain stores of one writer. */
	atomic_uint calls; /* how many callbacks have begun */
	atomic_bool busy; /* the loop does not sleep */
	atomic_bool speaks; /* the parent reads: always, or a spout's in answer to a command */
	const char *callback; /* the one that runs, such as "process"; NULL: none */

	/* Held while the output is written, so that what the thread says stands between messages. */
	pthread_mutex_t writing;

	atomic_bool hung; /* the bound is exceeded: the crash report says so */
	pthread_mutex_t sleeping; /* with `end`: the thread sleeps on it */
	pthread_cond_t end;
	bool ended;
};

/* Start the thread: 0 or a negative errno. */
int alive_start(struct storm_task *task);

/* End it. */
void alive_stop(struct storm_task *task);

/* A callback begins. */
void alive_call(struct storm_task *task, const char *callback);

#endif
