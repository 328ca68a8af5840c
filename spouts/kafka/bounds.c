/*
 * Where partitions start, and where they end.
 *
 * A start other than what is committed is for the first time that this run reads a partition: a
 * process that is started again, or that takes a partition over, goes on. So each commit says which
 * run it is of.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "spout.h"

#define MILLIS_TO_ASK 30000

/* How often it is asked whether other tasks have come to their ends, in seconds. */
#define CHECK_INTERVAL 0.2

static int refuse(
	struct kafka_spout *spout, const char *setting, const char *what, const char *value)
{
	return storm_error(spout->task, -EINVAL, "the setting %s.%s must be %s, not %s",
		storm_task_component(spout->task), setting, what, value);
}

/* Milliseconds since 1970, or a time as ISO 8601 has it, in UTC. */
static bool read_time(const char *text, int64_t *millis)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S",
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d" };
	char *end;

	*millis = strtoll(text, &end, 10);
	if (end > text && *end == '\0')
		return *millis >= 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm time = { 0 };
		const char *rest = strptime(text, forms[i], &time);

		*millis = (int64_t)timegm(&time) * 1000;
		if (rest && *rest == '\0')
			return true;
	}
	return false;
}

static int read_start(struct kafka_spout *spout)
{
	static const char *const kinds[] = { [START_COMMITTED] = "committed",
		[START_EARLIEST] = "earliest",
		[START_LATEST] = "latest" };
	const char *start = storm_setting(spout->task, "start");

	for (size_t i = 0; i < START_TIMESTAMP; i++) {
		if (strcmp(start, kinds[i]) == 0) {
			spout->start = (enum start_kind)i;
			return 0;
		}
	}
	spout->start = START_TIMESTAMP;
	if (read_time(start, &spout->start_millis))
		return 0;
	return refuse(spout, "start",
		"committed, earliest, latest or a time (2026-01-31T12:00:00Z, or milliseconds)",
		start);
}

static bool is_expression(const json_t *setting)
{
	size_t i;
	json_t *topic;

	if (json_is_string(setting))
		return json_string_value(setting)[0] == '^';
	json_array_foreach(setting, i, topic) {
		if (is_expression(topic))
			return true;
	}
	return false;
}

int bounds_prepare(struct kafka_spout *spout)
{
	const char *stop = storm_setting(spout->task, "stop");
	const json_t *run = storm_config(spout->task, "storm.id");
	int err = read_start(spout);

	if (err < 0)
		return err;
	spout->bounded = strcmp(stop, "end") == 0;
	if (!spout->bounded && strcmp(stop, "never") != 0)
		return refuse(spout, "stop", "never or end", stop);
	if (spout->bounded && is_expression(storm_setting_json(spout->task, "topic")))
		return storm_error(spout->task, -EINVAL,
			"%s.stop is end, so that %s.topic must name its topics: a regular expression "
			"may have new ones at any time",
			storm_task_component(spout->task), storm_task_component(spout->task));
	if (asprintf(&spout->mark, "cstorm %s", run ? json_string_value(run) : "") < 0) {
		spout->mark = NULL;
		return storm_error(spout->task, -ENOMEM, "the mark of the run");
	}
	return 0;
}

/* Starting */

static int cannot(struct kafka_spout *spout, const char *what, rd_kafka_resp_err_t error)
{
	return storm_error(spout->task, -EIO, "cannot ask Kafka %s: %s: %s", what,
		rd_kafka_err2name(error), rd_kafka_err2str(error));
}

static bool is_of_this_run(const struct kafka_spout *spout, const rd_kafka_topic_partition_t *entry)
{
	return entry->offset >= 0 && entry->metadata_size == strlen(spout->mark) &&
		memcmp(entry->metadata, spout->mark, entry->metadata_size) == 0;
}

/* The offset behind the last message of now. */
static int ask_end(struct kafka_spout *spout, rd_kafka_topic_partition_t *entry, int64_t *end)
{
	int64_t low;
	rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
		spout->consumer.handle, entry->topic, entry->partition, &low, end, MILLIS_TO_ASK);

	return error ? cannot(spout, "where a partition ends", error) : 0;
}

/* The offset of the first message since a time; where there is none, behind the last one. */
static int ask_since(struct kafka_spout *spout, rd_kafka_topic_partition_t *entry)
{
	rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t error;
	int64_t offset;

	rd_kafka_topic_partition_list_add(one, entry->topic, entry->partition)->offset =
		spout->start_millis;
	error = rd_kafka_offsets_for_times(spout->consumer.handle, one, MILLIS_TO_ASK);
	if (!error)
		error = one->elems[0].err;
	offset = one->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(one);
	if (error)
		return cannot(spout, "for the offset of a time", error);
	if (offset < 0)
		return ask_end(spout, entry, &entry->offset);
	entry->offset = offset;
	return 0;
}

static int find_start(struct kafka_spout *spout, rd_kafka_topic_partition_t *entry)
{
	switch (spout->start) {
	case START_EARLIEST:
		entry->offset = RD_KAFKA_OFFSET_BEGINNING;
		return 0;
	case START_LATEST:
		return ask_end(spout, entry, &entry->offset);
	default:
		return ask_since(spout, entry);
	}
}

static int find_starts(struct kafka_spout *spout, rd_kafka_topic_partition_list_t *partitions)
{
	rd_kafka_resp_err_t error =
		rd_kafka_committed(spout->consumer.handle, partitions, MILLIS_TO_ASK);
	int err = error ? cannot(spout, "for the committed offsets", error) : 0;

	for (int i = 0; i < partitions->cnt && err == 0; i++) {
		rd_kafka_topic_partition_t *entry = &partitions->elems[i];

		if (entry->err)
			err = cannot(spout, "for the committed offsets", entry->err);
		else if (!is_of_this_run(spout, entry))
			err = find_start(spout, entry);
	}
	return err;
}

/* Ending */

static int add_ends(struct kafka_spout *spout, const rd_kafka_metadata_topic_t *topic)
{
	int err = 0;

	if (topic->err)
		return cannot(spout, "for the partitions of a topic", topic->err);
	for (int i = 0; i < topic->partition_cnt && err == 0; i++) {
		rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(
			spout->ends, topic->topic, topic->partitions[i].id);

		err = ask_end(spout, entry, &entry->offset);
	}
	return err;
}

static int find_topic_ends(struct kafka_spout *spout, const char *topic)
{
	rd_kafka_t *handle = spout->consumer.handle;
	rd_kafka_topic_t *known = rd_kafka_topic_new(handle, topic, NULL);
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t error = rd_kafka_metadata(handle, 0, known, &metadata, MILLIS_TO_ASK);
	int err;

	rd_kafka_topic_destroy(known);
	if (error)
		return cannot(spout, "for the partitions of a topic", error);
	err = add_ends(spout, &metadata->topics[0]);
	rd_kafka_metadata_destroy(metadata);
	return err;
}

/* The ends of now, of all partitions: other tasks may have some of them. */
static int find_ends(struct kafka_spout *spout)
{
	rd_kafka_topic_partition_list_t *topics;
	rd_kafka_resp_err_t error = rd_kafka_subscription(spout->consumer.handle, &topics);
	int err = 0;

	if (error)
		return cannot(spout, "for its topics", error);
	spout->ends = rd_kafka_topic_partition_list_new(16);
	for (int i = 0; i < topics->cnt && err == 0; i++)
		err = find_topic_ends(spout, topics->elems[i].topic);
	rd_kafka_topic_partition_list_destroy(topics);
	return err;
}

int bounds_find(struct kafka_spout *spout, rd_kafka_topic_partition_list_t *partitions)
{
	int err = 0;

	if (spout->bounded && !spout->ends)
		err = find_ends(spout);
	for (int i = 0; i < partitions->cnt; i++)
		partitions->elems[i].offset = RD_KAFKA_OFFSET_STORED;
	if (err == 0 && partitions->cnt > 0 && spout->start != START_COMMITTED)
		err = find_starts(spout, partitions);
	return err;
}

int64_t bounds_end(const struct kafka_spout *spout, const char *topic, int32_t id)
{
	const rd_kafka_topic_partition_t *entry =
		spout->ends ? rd_kafka_topic_partition_list_find(spout->ends, topic, id) : NULL;

	return entry ? entry->offset : -1;
}

/* Whether all that this task has is read, acked and committed. */
static bool is_own_part_done(const struct kafka_spout *spout)
{
	const struct partition *partition;

	for (partition = spout->partitions; partition; partition = partition->hh.next) {
		if (!partition->ended || partition->offsets.unsettled > 0 ||
			offsets_position(&partition->offsets) != partition->committed)
			return false;
	}
	return true;
}

/* Whether the group has committed all: what another task has not may yet come to this one. */
static bool is_all_done(struct kafka_spout *spout)
{
	rd_kafka_topic_partition_list_t *committed =
		rd_kafka_topic_partition_list_copy(spout->ends);
	bool done = rd_kafka_committed(spout->consumer.handle, committed, MILLIS_TO_ASK) ==
		RD_KAFKA_RESP_ERR_NO_ERROR;

	for (int i = 0; i < committed->cnt && done; i++) {
		int64_t end = spout->ends->elems[i].offset;

		done = end == 0 || (!committed->elems[i].err && committed->elems[i].offset >= end);
	}
	rd_kafka_topic_partition_list_destroy(committed);
	return done;
}

static void on_end_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	bounds_check(timer->data);
}

void bounds_check(struct kafka_spout *spout)
{
	struct ev_loop *loop = storm_loop(spout->task);
	struct ev_timer *timer = &spout->end_timer;

	if (!spout->bounded || !spout->ends || spout->finished || spout->closing)
		return;
	if (!is_own_part_done(spout)) {
		group_commit(spout);
		return;
	}
	spout->finished = is_all_done(spout);
	if (spout->finished) {
		storm_wake(spout->task);
		return;
	}
	ev_timer_stop(loop, timer);
	ev_timer_init(timer, on_end_timer, CHECK_INTERVAL, 0);
	timer->data = spout;
	ev_timer_start(loop, timer);
}
