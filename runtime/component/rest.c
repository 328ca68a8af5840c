/*
 * A spout with nothing to emit rests: the answer to `next` is held back, so that the parent does not
 * ask again at once.
 *
 * Storm's spout waits for the answer and handles no ack meanwhile, so a rest is short at first and
 * doubles up to a limit: an ack never waits longer than the spout has been idle. It ends early when
 * the parent sends something else, or the class has something to emit.
 */
#include <math.h>

#include "component/task.h"

/* Seconds; the limit where the configuration does not say. */
#define REST_SHORTEST 0.001
#define REST_LONGEST 0.1

/* A rate allows for so many seconds' worth at once, and for one tuple at least. */
#define RATE_BURST_SECONDS 0.05

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	spout_answer(timer->data);
}

static void on_readable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct storm_task *task = watcher->data;

	(void)events;
	ev_io_stop(loop, watcher); /* until next() waits for it again */
	storm_wake(task);
}

void rest_init(struct storm_task *task)
{
	struct rest *rest = &task->rest;

	rest->limit =
		task_config_number(task, "cstorm.spout.rest.max.millis", REST_LONGEST * 1000) /
		1000;
	rest->rate = fmax(0, task_config_number(task, "cstorm.spout.rate", 0));
	rest->since = ev_now(task->loop);
	ev_timer_init(&rest->timer, on_timer, 0, 0);
	ev_io_init(&rest->readable, on_readable, -1, EV_READ);
	rest->timer.data = rest->readable.data = task;
}

bool rest_allows_next(struct storm_task *task)
{
	struct rest *rest = &task->rest;
	double now;

	if (rest->rate == 0)
		return true;
	ev_now_update(task->loop);
	now = ev_now(task->loop);
	rest->allowance = fmin(fmax(1, rest->rate * RATE_BURST_SECONDS),
		rest->allowance + (now - rest->since) * rest->rate);
	rest->since = now;
	return rest->allowance >= 1;
}

void rest_count(struct storm_task *task, uint64_t emits)
{
	task->rest.allowance -= (double)emits;
	if (emits > 0)
		task->rest.seconds = 0;
}

/* How long it is until the rate allows a tuple; 0 where it does now. */
static double until_allowed(const struct rest *rest)
{
	return rest->rate > 0 && rest->allowance < 1 ? (1 - rest->allowance) / rest->rate : 0;
}

void rest_begin(struct storm_task *task)
{
	struct rest *rest = &task->rest;
	double seconds = until_allowed(rest);

	if (seconds == 0) {
		rest->seconds = rest->seconds == 0 ? REST_SHORTEST : rest->seconds * 2;
		rest->seconds = fmin(rest->seconds, rest->limit);
		seconds = rest->seconds;
	}
	rest->resting = true;
	rest->woken = false;
	rest->emits = task->emits;
	ev_now_update(task->loop);
	ev_timer_set(&rest->timer, fmin(seconds, rest->limit), 0);
	ev_timer_start(task->loop, &rest->timer);
}

void rest_end(struct storm_task *task)
{
	struct rest *rest = &task->rest;

	rest->resting = rest->woken = false;
	ev_timer_stop(task->loop, &rest->timer);
	ev_io_stop(task->loop, &rest->readable);
}

int storm_wait_readable(struct storm_task *task, int fd)
{
	struct ev_io *readable = &task->rest.readable;

	ev_io_stop(task->loop, readable);
	ev_io_set(readable, fd, EV_READ);
	ev_io_start(task->loop, readable);
	return 0;
}

void storm_wake(struct storm_task *task)
{
	task->rest.woken = task->rest.resting;
}
