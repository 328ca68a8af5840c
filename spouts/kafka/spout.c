/* Spout: the messages of Kafka's topics. */
#include "spout.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include <cstorm/kafka.h>

/* The lower part of a tag is the sequence in the partition, the upper one the partition's number. */
#define SEQUENCE_BITS 40
#define SEQUENCE_MASK (((uint64_t)1 << SEQUENCE_BITS) - 1)

_Static_assert(sizeof(void *) >= sizeof(uint64_t), "librdkafka hands tags back as pointers");

/* Settings */

static int read_seconds(struct kafka_spout *spout, const char *name, double *seconds)
{
	const char *text = storm_setting(spout->task, name);
	char *end;

	*seconds = strtod(text, &end);
	if (end > text && *end == '\0' && *seconds >= 0 && isfinite(*seconds))
		return 0;
	return storm_error(spout->task, -EINVAL, "the setting %s.%s must be seconds, not %s",
		storm_task_component(spout->task), name, text);
}

/* Without a bound nothing is lost; where it would not be lost, one message must not hold up the rest. */
static int read_retries(struct kafka_spout *spout)
{
	const char *dead_letter = storm_setting(spout->task, "dead_letter");

	if (storm_setting(spout->task, "retries"))
		return storm_setting_integer(spout->task, "retries", &spout->retries);
	spout->retries = dead_letter && dead_letter[0] != '\0' ? 10 : -1;
	return 0;
}

static int read_settings(struct kafka_spout *spout)
{
	struct storm_task *task = spout->task;
	int err;

	/* Who bounds how many tuples are on their way asks for each of them. */
	spout->burst = storm_config(task, "topology.max.spout.pending") ? 1 : BURST_SIZE;
	err = values_prepare(task, &spout->values);
	if (err == 0)
		err = storm_setting_integer(task, "max_uncommitted", &spout->max_uncommitted);
	if (err == 0 && spout->max_uncommitted < 1)
		err = storm_error(task, -EINVAL,
			"the setting %s.max_uncommitted must be at least 1",
			storm_task_component(task));
	if (err == 0)
		err = read_retries(spout);
	if (err == 0)
		err = read_seconds(spout, "retry_seconds", &spout->retry_seconds);
	if (err == 0)
		err = read_seconds(spout, "retry_max_seconds", &spout->retry_max_seconds);
	if (err == 0)
		err = read_seconds(spout, "drain_seconds", &spout->drain_seconds);
	if (err == 0)
		err = bounds_prepare(spout);
	return err;
}

/*
 * Each partition has a queue of its own. One that was full is filled again after a second, unless librdkafka
 * can be told to do that sooner: until then, it must hold what is read meanwhile.
 */
static void bound_queues(rd_kafka_conf_t *conf)
{
	rd_kafka_conf_set(conf, "queued.min.messages", "1000000", NULL, 0);
	if (rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "50", NULL, 0) == RD_KAFKA_CONF_OK)
		rd_kafka_conf_set(conf, "queued.max.messages.kbytes", "16384", NULL, 0);
}

static int configure(struct kafka_spout *spout, rd_kafka_conf_t *conf)
{
	static const struct kafka_fixed fixed[] = {
		{ "kafka.enable.auto.commit", "false", "the spout commits what is acked" },
		{ "kafka.enable.auto.offset.store", "false", "the spout commits what is acked" },
		{ NULL },
	};
	struct storm_task *task = spout->task;
	const json_t *topology = storm_config(task, "topology.name");
	const char *group = storm_setting(task, "group");
	int err;

	/* What is not configured. */
	rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", NULL, 0);
	bound_queues(conf);
	rd_kafka_conf_set(conf, "group.id", json_string_value(topology), NULL, 0);
	err = kafka_configure(task, conf, fixed);
	if (err == 0 && group)
		err = kafka_set(task, conf, "group.id", group);
	if (err == 0 && spout->bounded)
		err = kafka_set(task, conf, "enable.partition.eof", "true");
	return err;
}

/* Life */

static void on_commit_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	group_commit(timer->data);
}

static int start_committing(struct kafka_spout *spout)
{
	double seconds;
	int err = read_seconds(spout, "commit_seconds", &seconds);

	if (err < 0)
		return err;
	ev_timer_init(&spout->commit_timer, on_commit_timer, seconds, seconds);
	spout->commit_timer.data = spout;
	ev_timer_start(storm_loop(spout->task), &spout->commit_timer);
	return 0;
}

/* Any of the queues may have something. */
static void handle_ready(struct kafka_client *consumer)
{
	struct kafka_spout *spout = storm_state(consumer->task);
	struct partition *partition;

	for (partition = spout->partitions; partition; partition = partition->hh.next)
		partition->ready = !partition->ended;
	storm_wake(consumer->task);
}

static int open_consumer(struct kafka_spout *spout)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int err = configure(spout, conf);

	if (err < 0) {
		rd_kafka_conf_destroy(conf);
		return err;
	}
	spout->consumer.handle_event = group_handle_event;
	spout->consumer.handle_ready = handle_ready;
	return kafka_open(&spout->consumer, spout->task, RD_KAFKA_CONSUMER, conf,
		RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT);
}

static int close_spout(struct storm_task *task)
{
	struct kafka_spout *spout = storm_state(task);
	struct ev_loop *loop = storm_loop(task);

	ev_timer_stop(loop, &spout->commit_timer);
	ev_timer_stop(loop, &spout->end_timer);
	dead_letters_close(spout);
	if (spout->consumer.handle)
		group_leave(spout);
	kafka_close(&spout->consumer);
	if (spout->ends)
		rd_kafka_topic_partition_list_destroy(spout->ends);
	values_free(&spout->values);
	free(spout->mark);
	return 0;
}

static int open_spout(struct storm_task *task)
{
	struct kafka_spout *spout = storm_state(task);
	int err;

	spout->task = task;
	err = read_settings(spout);
	if (err == 0)
		err = dead_letters_open(spout);
	if (err == 0)
		err = open_consumer(spout);
	if (err == 0)
		err = group_join(spout);
	if (err == 0)
		err = start_committing(spout);
	if (err < 0)
		close_spout(task);
	return err;
}

/* Taking messages */

static void end_partition(struct kafka_spout *spout, struct partition *partition, int64_t offset)
{
	partition->ended = true;
	partition->ready = false;
	offsets_skip(&partition->offsets, offset);
	bounds_check(spout);
}

/* What librdkafka says in the place of a message. */
static void handle_no_message(
	struct kafka_spout *spout, struct partition *partition, const rd_kafka_message_t *message)
{
	if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		kafka_report(&spout->consumer, message->err, "partition %d of %s: %s: %s",
			(int)partition->id, partition->topic, rd_kafka_err2name(message->err),
			rd_kafka_message_errstr(message));
	else if (partition->end >= 0 && message->offset >= partition->end)
		end_partition(spout, partition, message->offset);
}

/* Fill the batch again: false where there is nothing now. */
static bool fill(struct kafka_spout *spout, struct partition *partition)
{
	ssize_t count;

	if (!partition->ready || partition->offsets.count >= (size_t)spout->max_uncommitted)
		return false;
	partition->batch_at = 0;
	count = rd_kafka_consume_batch_queue(partition->queue, 0, partition->batch, BATCH_SIZE);
	partition->batch_count = count > 0 ? (size_t)count : 0;
	partition->ready = count > 0;
	return count > 0;
}

/* The next message of a partition; NULL where there is none now. Owned by the caller. */
static rd_kafka_message_t *take(struct kafka_spout *spout, struct partition *partition)
{
	/* Of one that leaves, not even its end: what is left of the batch is read by the next owner. */
	while (!partition->leaving && !partition->ended &&
		(partition->batch_at < partition->batch_count || fill(spout, partition))) {
		rd_kafka_message_t *message = partition->batch[partition->batch_at++];

		if (message->err)
			handle_no_message(spout, partition, message);
		else if (partition->end >= 0 && message->offset >= partition->end)
			end_partition(spout, partition, partition->end);
		else
			return message;
		rd_kafka_message_destroy(message);
	}
	return NULL;
}

/* The next message of any partition; each has a whole batch before it is another's turn. */
static rd_kafka_message_t *take_any(struct kafka_spout *spout, struct partition **from)
{
	struct partition *first = spout->turn ? spout->turn : spout->partitions;
	struct partition *partition = first;

	while (partition) {
		rd_kafka_message_t *message = take(spout, partition);

		if (message) {
			bool rests = partition->batch_at < partition->batch_count;

			spout->turn = rests ? partition : partition->hh.next;
			*from = partition;
			return message;
		}
		partition = partition->hh.next ? partition->hh.next : spout->partitions;
		if (partition == first)
			break;
	}
	return NULL;
}

/* Settling them */

struct offset *spout_find(struct kafka_spout *spout, uint64_t tag, struct partition **partition)
{
	uint32_t number = (uint32_t)(tag >> SEQUENCE_BITS);
	uint64_t first;

	if (spout->turn && spout->turn->number == number)
		*partition = spout->turn;
	else
		HASH_FIND(hh, spout->partitions, &number, sizeof(number), *partition);
	if (!*partition)
		return NULL;
	first = (*partition)->offsets.first;
	return offsets_find(&(*partition)->offsets, first + ((tag - first) & SEQUENCE_MASK));
}

void spout_settle(struct kafka_spout *spout, struct partition *partition, struct offset *offset)
{
	if (offset->message)
		rd_kafka_message_destroy(offset->message);
	offsets_settle(&partition->offsets, offset);
	if (spout->bounded && partition->ended && partition->offsets.unsettled == 0)
		bounds_check(spout);
	group_settled(spout, partition); /* the partition may be gone then */
}

/* A message that nothing can be made of, or that has failed too often. The reason is static. */
static void give_up(struct kafka_spout *spout, uint64_t tag, const char *why)
{
	struct partition *partition;
	struct offset *offset = spout_find(spout, tag, &partition);

	if (!offset)
		return;
	offset->why = why;
	storm_counter_add(spout->task, METRIC_GIVEN_UP, 1);
	if (spout->dead_letters.topic) {
		storm_log_warn(spout->task,
			"the message at offset %lld of %s, partition %d, goes to %s: %s",
			(long long)offset->offset, partition->topic, (int)partition->id,
			spout->dead_letters.topic, why);
		dead_letters_send(spout, tag);
	} else {
		storm_report_error(spout->task,
			"lost: the message at offset %lld of %s, partition %d: %s",
			(long long)offset->offset, partition->topic, (int)partition->id, why);
		spout_settle(spout, partition, offset);
	}
}

static void acked(struct storm_task *task, uint64_t tag)
{
	struct kafka_spout *spout = storm_state(task);
	struct partition *partition;
	struct offset *offset = spout_find(spout, tag, &partition);

	if (offset)
		spout_settle(spout, partition, offset);
}

static double retry(struct storm_task *task, uint64_t tag, unsigned int fails)
{
	struct kafka_spout *spout = storm_state(task);
	struct partition *partition;

	if (!spout_find(spout, tag, &partition))
		return -1; /* whoever has the partition now reads it again */
	if (spout->retries >= 0 && fails > spout->retries)
		return -1;
	return fmin(
		ldexp(spout->retry_seconds, (int)fmin(fails - 1, 60)), spout->retry_max_seconds);
}

static void failed(struct storm_task *task, uint64_t tag)
{
	give_up(storm_state(task), tag, "it has failed too often");
}

/* Emitting */

static int emit(struct kafka_spout *spout, uint64_t tag)
{
	const struct storm_emission emission = {
		.values = spout->values.list, .count = spout->values.count, .tag = tag
	};
	int err = storm_emit_full(spout->task, &emission);

	if (err != -EILSEQ)
		return err;
	storm_counter_add(spout->task, METRIC_REPAIRED, 1);
	err = values_repair(&spout->values);
	return err < 0 ? err : storm_emit_full(spout->task, &emission);
}

/* Why a message cannot be emitted; NULL where the spout itself has failed. */
static const char *reason(int err)
{
	switch (err) {
	case -EBADMSG:
		return "it is no JSON";
	case -EMSGSIZE:
		return "it is larger than a message of Storm's may be, 64 MiB";
	case -EDOM:
	case -EILSEQ:
		return "it cannot be sent as JSON";
	default:
		return NULL;
	}
}

static int emit_message(
	struct kafka_spout *spout, struct partition *partition, rd_kafka_message_t *message)
{
	uint64_t sequence;
	uint64_t tag;
	const char *why = NULL;
	int err = offsets_add(&partition->offsets, message->offset, &sequence);

	if (err < 0) {
		rd_kafka_message_destroy(message);
		return storm_error(spout->task, err, "the offsets of a partition");
	}
	tag = (uint64_t)partition->number << SEQUENCE_BITS | (sequence & SEQUENCE_MASK);
	/* It is kept for as long as it may become a dead letter. */
	if (spout->dead_letters.topic)
		offsets_find(&partition->offsets, sequence)->message = message;
	storm_counter_add(spout->task, METRIC_MESSAGES, 1);
	err = values_read(&spout->values, message, &why);
	if (err == 0) {
		err = emit(spout, tag);
		why = reason(err);
	}
	if (err < 0 && why) {
		give_up(spout, tag, why);
		err = 0;
	}
	if (!spout->dead_letters.topic)
		rd_kafka_message_destroy(message);
	return err;
}

static int next(struct storm_task *task)
{
	struct kafka_spout *spout = storm_state(task);
	struct partition *partition;
	rd_kafka_message_t *message;
	int err = 0;

	for (int left = spout->burst; left > 0 && err == 0; left--) {
		message = take_any(spout, &partition);
		if (!message)
			return spout->finished ? STORM_FINISHED : 0;
		err = emit_message(spout, partition, message);
	}
	return err;
}

const struct storm_spout_class storm_kafka_spout = {
	.summary = "the messages of Kafka's topics",
	.outputs = STORM_FIELDS("value"),
	.settings = STORM_SETTINGS(
		{ "topic", "a topic, a JSON list of them, or ^ and a regular expression" },
		{ "group", "the consumer group (the topology's name)" },
		{ "format", "of the messages: text, json or binary", "text" },
		{ "start", "committed, earliest, latest, or a time", "committed" },
		{ "stop", "never, or at the end that there is at the start", "never" },
		{ "commit_seconds", "how often it is committed what is done", "5" },
		{ "max_uncommitted",
			"so many messages of a partition may wait for one that is not acked",
			"100000" },
		{ "retries",
			"how often a message that fails is emitted again (for ever, with dead_letter 10)" },
		{ "retry_seconds", "until the first time, then twice as long each time", "0.1" },
		{ "retry_max_seconds", "but not longer than this", "60" },
		{ "dead_letter",
			"the topic for what is given up (none: it is reported, and lost)" },
		{ "drain_seconds", "how long a rebalance waits for tuples on their way", "5" }),
	.metrics = STORM_METRICS([METRIC_MESSAGES] = { "messages", STORM_COUNTER,
					 "messages taken" },
		[METRIC_REPAIRED] = { "repaired", STORM_COUNTER, "messages that were not UTF-8" },
		[METRIC_GIVEN_UP] = { "given_up", STORM_COUNTER, "messages given up" },
		[METRIC_LAG] = { "lag", STORM_GAUGE,
			"messages that are not done, of this task's partitions" }),
	.state_size = sizeof(struct kafka_spout),
	.reliable = true,
	.fields_chosen = true,
	.open = open_spout,
	.next = next,
	.acked = acked,
	.retry = retry,
	.failed = failed,
	.close = close_spout,
};
