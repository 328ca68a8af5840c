/* Batching bolts: tuples are kept, by group, until their batch is complete. */
#include "component/batches.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include "component/bolt.h"
#include "component/task.h"

struct batch {
	struct buffer key;
	struct storm_tuple **tuples;
	size_t count;
	size_t capacity;
	uint64_t first_tick; /* how many ticks had come before its first tuple */
	double first_time; /* of its first tuple, on the loop's clock */
	struct batch *prev;
	struct batch *next;
	UT_hash_handle hh;
};

/* The class's terms, with the default. */
static struct storm_batching terms(const struct storm_task *task)
{
	struct storm_batching batching = task->bolt_class->batching;

	if (batching.seconds == 0 && batching.ticks == 0)
		batching.seconds = 1;
	return batching;
}

static void free_batch(struct storm_task *task, struct batch *batch)
{
	struct batches *batches = &task->batches;

	HASH_DEL(batches->groups, batch);
	DL_DELETE(batches->oldest, batch);
	for (size_t i = 0; i < batch->count; i++)
		storm_tuple_release(batch->tuples[i]);
	free(batch->tuples);
	buffer_free(&batch->key);
	free(batch);
}

/* Ack or fail those that process_batch() has not settled. */
static void settle(struct storm_task *task, const struct batch *batch, bool acked)
{
	const struct storm_bolt_class *bolt = task->bolt_class;

	if (acked ? bolt->manual_ack : bolt->manual_fail)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->tuples[i]->settled)
			continue;
		if (acked)
			storm_ack(task, batch->tuples[i]);
		else
			storm_fail(task, batch->tuples[i]);
	}
}

static void process(struct storm_task *task, struct batch *batch)
{
	const struct storm_tuple *const *tuples = (const struct storm_tuple *const *)batch->tuples;
	const struct storm_batch handed = {
		.key = { buffer_span(&batch->key).data, batch->key.length },
		.tuples = tuples,
		.count = batch->count,
	};
	int err;

	task_clear_reason(task);
	alive_call(task, "process_batch");
	bolt_set_current(task, tuples, batch->count);
	err = task->bolt_class->process_batch(task, &handed);
	bolt_set_current(task, NULL, 0);
	if (err < 0)
		storm_log_warn(task, "failed a batch of %zu tuples: %s", batch->count,
			task_reason(task, err));
	settle(task, batch, err >= 0);
	free_batch(task, batch);
}

/* Have the timer wait for the oldest batch. */
static void set_timer(struct storm_task *task)
{
	struct batches *batches = &task->batches;
	double seconds = terms(task).seconds;
	double left;

	ev_timer_stop(task->loop, &batches->timer);
	if (seconds <= 0 || !batches->oldest)
		return;
	left = batches->oldest->first_time + seconds - ev_now(task->loop);
	ev_timer_set(&batches->timer, left > 0 ? left : 0, 0);
	ev_timer_start(task->loop, &batches->timer);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct storm_task *task = timer->data;
	double seconds = terms(task).seconds;

	(void)events;
	while (task->batches.oldest && task->batches.oldest->first_time + seconds <= ev_now(loop))
		process(task, task->batches.oldest);
	set_timer(task);
}

void batches_init(struct storm_task *task)
{
	ev_timer_init(&task->batches.timer, on_timer, 0, 0);
	task->batches.timer.data = task;
}

void batches_free(struct storm_task *task)
{
	while (task->batches.oldest)
		free_batch(task, task->batches.oldest);
}

static struct batch *new_batch(struct storm_task *task, struct storm_string key)
{
	struct batches *batches = &task->batches;
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	buffer_append(&batch->key, key.data, key.length);
	buffer_append(&batch->key, "", 1);
	if (batch->key.failed) {
		free(batch);
		return NULL;
	}
	batch->key.length--; /* the zero byte is behind it */
	batch->first_tick = batches->ticks;
	batch->first_time = ev_now(task->loop);
	HASH_ADD_KEYPTR(hh, batches->groups, batch->key.data, batch->key.length, batch);
	DL_APPEND(batches->oldest, batch);
	if (batches->oldest == batch)
		set_timer(task);
	return batch;
}

static int add_tuple(struct batch *batch, const struct storm_tuple *tuple)
{
	if (batch->count == batch->capacity) {
		size_t capacity = batch->capacity == 0 ? 16 : batch->capacity * 2;
		struct storm_tuple **tuples =
			realloc(batch->tuples, capacity * sizeof(struct storm_tuple *));

		if (!tuples)
			return -ENOMEM;
		batch->tuples = tuples;
		batch->capacity = capacity;
	}
	batch->tuples[batch->count] = tuple_keep(tuple);
	if (!batch->tuples[batch->count])
		return -ENOMEM;
	batch->count++;
	return 0;
}

void batches_add(struct storm_task *task)
{
	const struct storm_tuple *tuple = &task->tuple;
	struct storm_string key = { "", 0 };
	struct batch *batch = NULL;
	int err = 0;

	if (task->bolt_class->group_key) {
		alive_call(task, "group_key");
		err = task->bolt_class->group_key(task, tuple, &key);
	}
	if (err == 0) {
		HASH_FIND(hh, task->batches.groups, key.data, key.length, batch);
		if (!batch)
			batch = new_batch(task, key);
		err = batch ? add_tuple(batch, tuple) : -ENOMEM;
	}
	if (err < 0)
		bolt_fail(task, err);
	else if (batch->count == terms(task).size)
		process(task, batch);
}

void batches_tick(struct storm_task *task)
{
	unsigned int ticks = terms(task).ticks;
	struct batch *batch;
	struct batch *following;

	task->batches.ticks++;
	if (ticks == 0)
		return;
	DL_FOREACH_SAFE(task->batches.oldest, batch, following) {
		if (task->batches.ticks - batch->first_tick >= ticks)
			process(task, batch);
	}
}

void batches_process_all(struct storm_task *task)
{
	while (task->batches.oldest)
		process(task, task->batches.oldest);
}
