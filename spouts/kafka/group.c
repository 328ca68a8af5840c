/*
 * The consumer group: which partitions this task has, and what is committed for them.
 *
 * A partition that is taken away is not let go of at once: its tuples are on their way, and who has it
 * next would read all of them again. So no more is emitted of it, the tuples are waited for (not for
 * long), what is done is committed, and only then the group is told to go on.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "spout.h"

#include <cstorm/metrics.h>

#define COMMIT_TIMEOUT 5.0 /* seconds */
#define LEAVE_TIMEOUT 2.0 /* at the end: a component has 5 to end, with its dead letters */

/* Partitions */

static struct partition *find_partition(
	const struct kafka_spout *spout, const char *topic, int32_t id)
{
	struct partition *partition;

	for (partition = spout->partitions; partition; partition = partition->hh.next) {
		if (partition->id == id && strcmp(partition->topic, topic) == 0)
			return partition;
	}
	return NULL;
}

static int add_partition(struct kafka_spout *spout, const rd_kafka_topic_partition_t *assigned)
{
	struct partition *partition = calloc(1, sizeof(*partition));
	char *topic = strdup(assigned->topic);

	if (!partition || !topic) {
		free(partition);
		free(topic);
		return storm_error(spout->task, -ENOMEM, "a partition");
	}
	/* The number is the upper part of tags: 24 bits, never 0. */
	spout->assignments = spout->assignments % 0xFFFFFF + 1;
	partition->number = spout->assignments;
	partition->topic = topic;
	partition->id = assigned->partition;
	partition->offsets = OFFSETS_INIT;
	partition->committed = -1;
	partition->ready = true;
	partition->end = bounds_end(spout, topic, partition->id);
	if (assigned->offset >= 0)
		offsets_skip(&partition->offsets, assigned->offset);
	/* A queue of its own: what is not read is not fetched any further, and rebalances do not stand behind messages. */
	partition->queue = rd_kafka_queue_get_partition(
		spout->consumer.handle, partition->topic, partition->id);
	rd_kafka_queue_forward(partition->queue, NULL);
	kafka_watch_queue(&spout->consumer, partition->queue);
	HASH_ADD(hh, spout->partitions, number, sizeof(partition->number), partition);
	return 0;
}

static void remove_partition(struct kafka_spout *spout, struct partition *partition)
{
	uint64_t sequence = partition->offsets.first;
	struct offset *offset;

	HASH_DEL(spout->partitions, partition);
	if (spout->turn == partition)
		spout->turn = NULL;
	while ((offset = offsets_each(&partition->offsets, &sequence))) {
		if (offset->message)
			rd_kafka_message_destroy(offset->message);
	}
	while (partition->batch_at < partition->batch_count)
		rd_kafka_message_destroy(partition->batch[partition->batch_at++]);
	rd_kafka_queue_io_event_enable(partition->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(partition->queue);
	offsets_free(&partition->offsets);
	free(partition->topic);
	free(partition);
}

static void remove_partitions(
	struct kafka_spout *spout, const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		struct partition *partition =
			find_partition(spout, list->elems[i].topic, list->elems[i].partition);

		if (partition)
			remove_partition(spout, partition);
	}
}

/* Commits */

/* What is done and not committed yet: of all partitions, or of those that leave. */
static rd_kafka_topic_partition_list_t *list_done(const struct kafka_spout *spout, bool leaving)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
	struct partition *partition;

	for (partition = spout->partitions; partition; partition = partition->hh.next) {
		int64_t position = offsets_position(&partition->offsets);
		rd_kafka_topic_partition_t *entry;

		if (position < 0 || position == partition->committed ||
			(leaving && !partition->leaving))
			continue;
		entry = rd_kafka_topic_partition_list_add(list, partition->topic, partition->id);
		entry->offset = position;
		entry->metadata = strdup(spout->mark);
		entry->metadata_size = entry->metadata ? strlen(spout->mark) : 0;
	}
	return list;
}

/* Whether there was something to commit: an event tells what became of it. */
static bool commit(struct kafka_spout *spout, bool leaving)
{
	rd_kafka_topic_partition_list_t *list = list_done(spout, leaving);
	bool sent = list->cnt > 0 &&
		rd_kafka_commit_queue(spout->consumer.handle, list, spout->consumer.events, NULL,
			NULL) == RD_KAFKA_RESP_ERR_NO_ERROR;

	rd_kafka_topic_partition_list_destroy(list);
	return sent;
}

static void measure_lag(struct kafka_spout *spout)
{
	struct partition *partition;
	int64_t lag = 0;

	for (partition = spout->partitions; partition; partition = partition->hh.next) {
		int64_t position = offsets_position(&partition->offsets);
		int64_t low;
		int64_t high;

		if (position >= 0 &&
			rd_kafka_get_watermark_offsets(spout->consumer.handle, partition->topic,
				partition->id, &low, &high) == RD_KAFKA_RESP_ERR_NO_ERROR &&
			high > position)
			lag += high - position;
	}
	storm_gauge_set(spout->task, METRIC_LAG, (double)lag);
}

void group_commit(struct kafka_spout *spout)
{
	measure_lag(spout);
	if (!spout->committing)
		spout->committing = commit(spout, false);
}

static void leave_finish(struct kafka_spout *spout);

static void handle_committed(struct kafka_spout *spout, rd_kafka_event_t *event)
{
	const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
	rd_kafka_resp_err_t error = rd_kafka_event_error(event);

	spout->committing = false;
	for (int i = 0; list && i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *entry = &list->elems[i];
		struct partition *partition = find_partition(spout, entry->topic, entry->partition);

		if (partition && !error && !entry->err)
			partition->committed = entry->offset;
		else if (!error && entry->err)
			error = entry->err;
	}
	if (error && error != RD_KAFKA_RESP_ERR__NO_OFFSET)
		storm_log_warn(spout->task, "offsets could not be committed, and are again: %s: %s",
			rd_kafka_err2name(error), rd_kafka_err2str(error));
	if (spout->leave.committing)
		leave_finish(spout);
	if (!error)
		bounds_check(spout);
}

/* Leaving */

static bool is_cooperative(const struct kafka_spout *spout)
{
	const char *protocol = rd_kafka_rebalance_protocol(spout->consumer.handle);

	return protocol && strcmp(protocol, "COOPERATIVE") == 0;
}

/* Tell the group that partitions are taken, or given away. */
static void assign(
	struct kafka_spout *spout, const rd_kafka_topic_partition_list_t *list, bool taken)
{
	rd_kafka_t *handle = spout->consumer.handle;
	rd_kafka_error_t *error = NULL;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

	if (!is_cooperative(spout))
		code = rd_kafka_assign(handle, taken ? list : NULL);
	else if (taken)
		error = rd_kafka_incremental_assign(handle, list);
	else
		error = rd_kafka_incremental_unassign(handle, list);
	if (code || error)
		storm_fatal(spout->task, -EIO, "the partitions of Kafka cannot be %s: %s",
			taken ? "taken" : "given away",
			error ? rd_kafka_error_string(error) : rd_kafka_err2str(code));
	if (error)
		rd_kafka_error_destroy(error);
}

static void leave_finish(struct kafka_spout *spout)
{
	struct leave *leave = &spout->leave;

	ev_timer_stop(storm_loop(spout->task), &leave->timer);
	leave->committing = false;
	remove_partitions(spout, leave->partitions);
	assign(spout, leave->partitions, false);
	rd_kafka_topic_partition_list_destroy(leave->partitions);
	leave->partitions = NULL;
}

static void set_timer(struct kafka_spout *spout, double seconds)
{
	struct ev_timer *timer = &spout->leave.timer;

	ev_timer_stop(storm_loop(spout->task), timer);
	ev_timer_set(timer, seconds, 0);
	ev_timer_start(storm_loop(spout->task), timer);
}

static void leave_commit(struct kafka_spout *spout)
{
	spout->leave.committing = commit(spout, true);
	if (spout->leave.committing)
		set_timer(spout, COMMIT_TIMEOUT);
	else
		leave_finish(spout);
}

static void on_leave_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct kafka_spout *spout = timer->data;

	(void)loop;
	(void)events;
	if (spout->leave.committing)
		leave_finish(spout); /* the broker does not answer */
	else
		leave_commit(spout); /* the tuples are not settled: they are read again elsewhere */
}

static bool has_unsettled(const struct kafka_spout *spout)
{
	const struct partition *partition;

	for (partition = spout->partitions; partition; partition = partition->hh.next) {
		if (partition->leaving && partition->offsets.unsettled > 0)
			return true;
	}
	return false;
}

void group_settled(struct kafka_spout *spout, const struct partition *partition)
{
	if (partition->leaving && partition->offsets.unsettled == 0 && spout->leave.partitions &&
		!spout->leave.committing && !has_unsettled(spout))
		leave_commit(spout);
}

static void handle_revoked(struct kafka_spout *spout, const rd_kafka_topic_partition_list_t *list)
{
	bool lost = rd_kafka_assignment_lost(spout->consumer.handle);

	storm_log_info(
		spout->task, "Kafka %s %d partitions", lost ? "has lost" : "takes away", list->cnt);
	spout->leave.partitions = rd_kafka_topic_partition_list_copy(list);
	for (int i = 0; i < list->cnt; i++) {
		struct partition *partition =
			find_partition(spout, list->elems[i].topic, list->elems[i].partition);

		if (partition)
			partition->leaving = true;
	}
	if (lost || spout->closing)
		leave_finish(spout); /* they are others' by now, or it is committed already */
	else if (has_unsettled(spout))
		set_timer(spout, spout->drain_seconds);
	else
		leave_commit(spout);
}

/* Coming */

static void handle_assigned(struct kafka_spout *spout, const rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_topic_partition_list_t *taken = rd_kafka_topic_partition_list_copy(list);
	int err = 0;

	storm_log_info(spout->task, "Kafka gives %d partitions", taken->cnt);
	if (!spout->closing)
		err = bounds_find(spout, taken);
	for (int i = 0; i < taken->cnt && err == 0 && !spout->closing; i++)
		err = add_partition(spout, &taken->elems[i]);
	assign(spout, taken, true);
	if (err < 0)
		storm_fatal(spout->task, err, "the partitions of Kafka");
	else if (!spout->closing && spout->start != START_COMMITTED)
		group_commit(spout); /* so that whoever has them next starts there, too */
	rd_kafka_topic_partition_list_destroy(taken);
	bounds_check(spout);
}

static void handle_rebalance(struct kafka_spout *spout, rd_kafka_event_t *event)
{
	const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);

	switch (rd_kafka_event_error(event)) {
	case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
		handle_assigned(spout, list);
		break;
	case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
		handle_revoked(spout, list);
		break;
	default:
		storm_log_error(spout->task, "a rebalance of Kafka failed: %s",
			rd_kafka_event_error_string(event));
		rd_kafka_assign(spout->consumer.handle, NULL);
	}
}

void group_handle_event(struct kafka_client *consumer, rd_kafka_event_t *event)
{
	struct kafka_spout *spout = storm_state(consumer->task);

	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_REBALANCE:
		handle_rebalance(spout, event);
		break;
	case RD_KAFKA_EVENT_OFFSET_COMMIT:
		handle_committed(spout, event);
		break;
	default:
		break;
	}
}

/* The whole way */

/* The setting `topic`: a name, or a list of them; ^ begins a regular expression. */
static rd_kafka_topic_partition_list_t *list_topics(struct storm_task *task)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	const json_t *setting = storm_setting_json(task, "topic");
	const char *topic = storm_setting(task, "topic");
	size_t i;
	json_t *name;

	if (!json_is_array(setting) && topic)
		rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
	json_array_foreach(setting, i, name) {
		if (json_is_string(name))
			rd_kafka_topic_partition_list_add(
				list, json_string_value(name), RD_KAFKA_PARTITION_UA);
	}
	return list;
}

int group_join(struct kafka_spout *spout)
{
	rd_kafka_topic_partition_list_t *topics = list_topics(spout->task);
	rd_kafka_resp_err_t error;
	int err = 0;

	ev_init(&spout->leave.timer, on_leave_timer);
	spout->leave.timer.data = spout;
	if (topics->cnt == 0) {
		err = storm_error(spout->task, -EINVAL,
			"the setting %s.topic is missing: a topic, or a list of them",
			storm_task_component(spout->task));
	} else {
		error = rd_kafka_subscribe(spout->consumer.handle, topics);
		if (error)
			err = storm_error(spout->task, -EINVAL, "the setting %s.topic: %s",
				storm_task_component(spout->task), rd_kafka_err2str(error));
	}
	rd_kafka_topic_partition_list_destroy(topics);
	return err;
}

static double now(struct kafka_spout *spout)
{
	struct ev_loop *loop = storm_loop(spout->task);

	ev_now_update(loop);
	return ev_now(loop);
}

void group_leave(struct kafka_spout *spout)
{
	struct kafka_client *consumer = &spout->consumer;
	struct partition *partition;
	struct partition *next;
	rd_kafka_error_t *error;
	double end = now(spout) + LEAVE_TIMEOUT;

	spout->closing = true;
	while (spout->committing && now(spout) < end)
		kafka_serve(consumer, 100);
	for (spout->committing = commit(spout, false); spout->committing && now(spout) < end;)
		kafka_serve(consumer, 100);
	if (spout->leave.partitions)
		leave_finish(spout);
	error = rd_kafka_consumer_close_queue(consumer->handle, consumer->events);
	if (error)
		rd_kafka_error_destroy(error);
	while (!error && !rd_kafka_consumer_closed(consumer->handle) && now(spout) < end)
		kafka_serve(consumer, 100);
	HASH_ITER(hh, spout->partitions, partition, next)
		remove_partition(spout, partition);
}
