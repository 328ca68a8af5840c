/*
 * The loops of a run, and how the main thread holds the others still.
 *
 * A loop has its mutex but while it sleeps. To hold it still, the main thread closes the loop's gate,
 * through which it has to go after its sleep, and takes the mutex when it is free. So nothing of a
 * loop changes while the main thread looks at it or changes it, and tuples pay nothing for that but
 * a lock and an unlock that nobody contends for, once a turn.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "local/run.h"

double loop_time(struct loop *loop)
{
	loop->now = clock_now();
	return loop->now;
}

void loop_wake(struct loop *loop)
{
	ev_async_send(loop->ev, &loop->wake);
}

/* Holding */

void loops_hold(struct run *run)
{
	for (size_t i = 1; i < run->loop_count; i++)
		pthread_mutex_lock(&run->loops[i].gate);
	for (size_t i = 1; i < run->loop_count; i++)
		pthread_mutex_lock(&run->loops[i].mutex);
	for (size_t i = 0; i < run->loop_count; i++)
		loop_time(&run->loops[i]);
}

void loops_release(struct run *run)
{
	for (size_t i = 1; i < run->loop_count; i++) {
		pthread_mutex_unlock(&run->loops[i].mutex);
		pthread_mutex_unlock(&run->loops[i].gate);
		loop_wake(&run->loops[i]); /* its watchers may be others */
	}
}

/* Before a loop sleeps, and after it. */
static void leave(struct ev_loop *ev)
{
	struct loop *loop = ev_userdata(ev);

	pthread_mutex_unlock(&loop->mutex);
}

static void enter(struct ev_loop *ev)
{
	struct loop *loop = ev_userdata(ev);

	pthread_mutex_lock(&loop->gate);
	pthread_mutex_lock(&loop->mutex);
	pthread_mutex_unlock(&loop->gate);
}

/* Turns */

static void apply_pressure(struct loop *loop)
{
	for (size_t i = 0; i < loop->task_count; i++)
		task_apply_pressure(loop->tasks[i]);
}

void loops_ease(struct run *run)
{
	for (size_t i = 0; i < run->loop_count; i++) {
		atomic_store(&run->loops[i].eased, true);
		loop_wake(&run->loops[i]);
	}
}

static void on_wake(struct ev_loop *ev, struct ev_async *watcher, int events)
{
	struct loop *loop = watcher->data;

	(void)ev;
	(void)events;
	loop_time(loop);
	mail_read(loop);
	if (atomic_exchange(&loop->eased, false))
		apply_pressure(loop);
}

/* Before the loop sleeps: see what the last events have changed, and write all that is queued. */
static void on_prepare(struct ev_loop *ev, struct ev_prepare *watcher, int events)
{
	struct loop *loop = watcher->data;

	(void)events;
	if (loop->index == 0) {
		run_advance(loop->run);
		control_write(loop->run);
	}
	while (loop->dirty_count > 0)
		task_flush(loop->dirty[--loop->dirty_count]);
	mail_send(loop);
	if (loop->run->phase == RUN_ENDED)
		ev_break(ev, EVBREAK_ALL);
}

static void *run_loop(void *argument)
{
	struct loop *loop = argument;

	pthread_mutex_lock(&loop->mutex);
	ev_run(loop->ev, 0);
	pthread_mutex_unlock(&loop->mutex);
	return NULL;
}

/* Signals are the main thread's to handle. */
static int start_thread(struct loop *loop)
{
	sigset_t all;
	sigset_t before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&loop->thread, NULL, run_loop, loop);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	loop->started = err == 0;
	return -err;
}

void loops_run(struct run *run)
{
	int err = 0;

	for (size_t i = 1; i < run->loop_count && err == 0; i++)
		err = start_thread(&run->loops[i]);
	if (err < 0)
		run_fail(run, "cannot start a thread for each of %zu loops: %s (see --loops)",
			run->loop_count, strerror(-err));
	ev_run(run->loops[0].ev, 0);
	for (size_t i = 1; i < run->loop_count; i++) {
		loop_wake(&run->loops[i]);
		if (run->loops[i].started)
			pthread_join(run->loops[i].thread, NULL);
	}
}

/* Setting up */

static int init_mailboxes(struct loop *loop)
{
	size_t count = loop->run->loop_count;

	loop->mailboxes = calloc(count, sizeof(*loop->mailboxes));
	loop->letters = calloc(count, sizeof(*loop->letters));
	if (!loop->mailboxes || !loop->letters)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		pthread_mutex_init(&loop->mailboxes[i].mutex, NULL);
	return 0;
}

static int init_accounts(struct loop *loop)
{
	const struct run *run = loop->run;

	loop->routes = calloc(run->route_count + 1, sizeof(*loop->routes));
	loop->targets = calloc(run->target_count + 1, sizeof(*loop->targets));
	return loop->routes && loop->targets ? 0 : -ENOMEM;
}

static int init_loop(struct loop *loop)
{
	int err;

	acker_init(&loop->acker);
	loop->ev = loop->index == 0 ? ev_default_loop(EVFLAG_AUTO) : ev_loop_new(EVFLAG_AUTO);
	if (!loop->ev)
		return -ENOSYS;
	err = init_mailboxes(loop);
	if (err == 0)
		err = init_accounts(loop);
	if (err < 0)
		return err;
	pthread_mutex_init(&loop->mutex, NULL);
	pthread_mutex_init(&loop->gate, NULL);
	if (loop->index > 0) {
		ev_set_userdata(loop->ev, loop);
		ev_set_loop_release_cb(loop->ev, leave, enter);
	}
	ev_prepare_init(&loop->prepare, on_prepare);
	ev_async_init(&loop->wake, on_wake);
	loop->prepare.data = loop->wake.data = loop;
	ev_prepare_start(loop->ev, &loop->prepare);
	ev_async_start(loop->ev, &loop->wake);
	loop_time(loop);
	return 0;
}

void loop_add(struct loop *loop, struct task *task)
{
	task->loop = loop;
	loop->tasks[loop->task_count++] = task;
}

void loop_remove(struct task *task)
{
	struct loop *loop = task->loop;
	size_t i = 0;

	while (loop->tasks[i] != task)
		i++;
	loop->tasks[i] = loop->tasks[--loop->task_count];
}

int loops_make_room(struct run *run, size_t task_count)
{
	for (size_t i = 0; i < run->loop_count; i++) {
		struct loop *loop = &run->loops[i];
		struct task **tasks = realloc(loop->tasks, task_count * sizeof(*tasks));
		struct task **dirty = realloc(loop->dirty, task_count * sizeof(*dirty));

		if (tasks)
			loop->tasks = tasks;
		if (dirty)
			loop->dirty = dirty;
		if (!tasks || !dirty)
			return -ENOMEM;
	}
	return 0;
}

/* In the order of the topology, so that the tasks of a component come to different loops. */
static void deal_tasks(struct run *run)
{
	size_t turn = 0;

	for (size_t i = 0; i < run->component_count; i++) {
		for (size_t j = 0; j < run->components[i].task_count; j++) {
			loop_add(
				&run->loops[turn++ % run->loop_count], run->components[i].tasks[j]);
		}
	}
}

int loops_init(struct run *run, size_t count)
{
	int err = 0;

	run->loops = calloc(count, sizeof(*run->loops));
	if (!run->loops)
		return -ENOMEM;
	run->loop_count = count;
	for (size_t i = 0; i < count && err == 0; i++) {
		run->loops[i].run = run;
		run->loops[i].index = i;
		err = init_loop(&run->loops[i]);
	}
	if (err == 0)
		err = loops_make_room(run, run->task_count + 1);
	if (err == 0)
		deal_tasks(run);
	return err;
}

static void free_loop(struct loop *loop)
{
	for (size_t i = 0; i < loop->run->loop_count; i++) {
		if (loop->mailboxes)
			buffer_free(&loop->mailboxes[i].letters);
		if (loop->letters)
			buffer_free(&loop->letters[i]);
	}
	free(loop->mailboxes);
	free(loop->letters);
	buffer_free(&loop->reading);
	free(loop->tasks);
	free(loop->dirty);
	free(loop->routes);
	free(loop->targets);
	acker_free(&loop->acker);
	message_free(&loop->message);
	numbers_free(&loop->receivers);
	numbers_free(&loop->anchors);
	free(loop->edges.items);
	buffer_free(&loop->text);
	if (loop->ev)
		ev_loop_destroy(loop->ev);
}

void loops_free(struct run *run)
{
	for (size_t i = 0; i < run->loop_count; i++)
		free_loop(&run->loops[i]);
	free(run->loops);
}
