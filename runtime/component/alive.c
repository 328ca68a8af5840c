/* Signs of life, from a thread of their own. */
#include "component/alive.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "component/task.h"

/* Where the configuration does not say, in seconds. */
#define SILENCE_LIMIT 30
#define CALL_LIMIT 600

/* A sign of life this many times within Storm's limit, but not more often than once a second. */
#define SIGNS_WITHIN_LIMIT 3

/*
 * Any message is a sign of life to Storm. A sync would be taken for the end of a spout's answer, and a
 * log message at the lowest level is the least that is not.
 */
static const struct phrase sign =
	PHRASE_INIT("{\"command\":\"log\",\"msg\":\"busy\",\"level\":0}" FRAME_END,
		"\x83\xA7"
		"command\xA3log\xA3msg\xA4"
		"busy\xA5level\0");

void alive_call(struct storm_task *task, const char *callback)
{
	struct alive *alive = &task->alive;

	alive->callback = callback;
	atomic_store_explicit(&alive->calls,
		atomic_load_explicit(&alive->calls, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

/* The events of the output that are true now. */
static short poll_output(const struct storm_task *task)
{
	struct pollfd output = { .fd = task->stdio.output, .events = POLLOUT };

	return poll(&output, 1, 0) > 0 ? output.revents : 0;
}

static void say_alive(struct storm_task *task)
{
	struct span text = phrase_on(sign, task_wire(task));

	if (task_wire(task) == WIRE_LINES)
		text.length -= sizeof("end\n") - 1;

	if (!atomic_load(&task->alive.speaks) || pthread_mutex_trylock(&task->alive.writing) != 0)
		return;
	/* A pipe that has room takes a message this small at once and whole. */
	if (poll_output(task) == POLLOUT && write(task->stdio.output, text.data, text.length) < 0)
		errno = 0; /* the task's own write will see it */
	pthread_mutex_unlock(&task->alive.writing);
}

/* Sleep for the interval; false when the thread is to end. */
static bool sleep_interval(struct alive *alive)
{
	struct timespec until;
	double seconds;
	bool ended;

	clock_gettime(CLOCK_MONOTONIC, &until);
	seconds = (double)until.tv_sec + (double)until.tv_nsec / 1e9 + alive->interval;
	until.tv_sec = (time_t)seconds;
	until.tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
	pthread_mutex_lock(&alive->sleeping);
	while (!alive->ended &&
		pthread_cond_timedwait(&alive->end, &alive->sleeping, &until) != ETIMEDOUT)
		;
	ended = alive->ended;
	pthread_mutex_unlock(&alive->sleeping);
	return !ended;
}

static void *watch(void *argument)
{
	struct storm_task *task = argument;
	struct alive *alive = &task->alive;
	unsigned int last_calls = 0;
	bool was_busy = false;
	bool was_alone = false;
	double seconds = 0;

	while (sleep_interval(alive)) {
		unsigned int calls = atomic_load_explicit(&alive->calls, memory_order_relaxed);
		bool busy = atomic_load(&alive->busy);
		bool alone = (poll_output(task) & (POLLERR | POLLNVAL)) != 0;

		if (!busy) {
			was_busy = was_alone = false;
			continue;
		}
		/* The parent is gone, and the task too busy to see it: nobody wants its results. */
		if (alone && was_alone)
			_exit(1);
		was_alone = alone;
		seconds = was_busy && calls == last_calls ? seconds + alive->interval : 0;
		was_busy = true;
		last_calls = calls;
		if (alive->bound > 0 && seconds >= alive->bound &&
			!atomic_exchange(&alive->hung, true)) {
			atomic_store(&alive->speaks, false); /* the last word is the report's */
			pthread_kill(task->alive.main_thread, SIGABRT);
		}
		say_alive(task);
	}
	return NULL;
}

static int start_thread(struct storm_task *task)
{
	sigset_t all;
	sigset_t before;
	int err;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&task->alive.thread, NULL, watch, task);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int alive_start(struct storm_task *task)
{
	struct alive *alive = &task->alive;
	double limit = task_config_number(task, "topology.subprocess.timeout.secs",
		task_config_number(task, "supervisor.worker.timeout.secs", SILENCE_LIMIT));
	pthread_condattr_t attributes;
	int err;

	alive->interval = fmin(1, fmax(0.01, limit / SIGNS_WITHIN_LIMIT));
	alive->bound = task_config_number(task, "cstorm.call.timeout.secs", CALL_LIMIT);
	alive->main_thread = pthread_self();
	atomic_store(&alive->busy, true);
	pthread_mutex_init(&alive->writing, NULL);
	pthread_mutex_init(&alive->sleeping, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&alive->end, &attributes);
	pthread_condattr_destroy(&attributes);
	err = start_thread(task);
	alive->running = err == 0;
	return err < 0 ? storm_error(task, err, "a thread for signs of life") : 0;
}

void alive_stop(struct storm_task *task)
{
	struct alive *alive = &task->alive;

	if (!alive->running)
		return;
	pthread_mutex_lock(&alive->sleeping);
	alive->ended = true;
	pthread_cond_signal(&alive->end);
	pthread_mutex_unlock(&alive->sleeping);
	pthread_join(alive->thread, NULL);
	alive->running = false;
	pthread_mutex_destroy(&alive->writing);
	pthread_mutex_destroy(&alive->sleeping);
	pthread_cond_destroy(&alive->end);
}
