/* Bolt: each tuple as a message of Kafka, acked when the broker has it. */
#include <errno.h>
#include <stdlib.h>

#include "kafka/client.h"
#include "kafka/template.h"
#include "text.h"

#include <cstorm/kafka.h>

/* Of librdkafka's: each report of a delivery tells of a batch. How long one wait for room lasts. */
#define MILLIS_TO_WAIT 100

/* So long is waited at the end for what is not delivered yet; a component has 5 seconds to end. */
#define SECONDS_TO_CLOSE 3

enum {
	METRIC_MESSAGES,
	METRIC_REFUSED,
};

struct producer {
	struct kafka_client client;
	struct template topic;
	struct template key;
	enum text_format format;
	bool is_binary;
	struct buffer text; /* topic, zero byte, key, value */
};

/* The parts of a message, in the producer's text. */
struct outgoing {
	const char *topic;
	struct span key;
	bool has_key;
	struct span value;
	bool has_value;
};

/* Delivery */

static void settle(
	struct storm_task *task, struct kafka_client *client, const rd_kafka_message_t *message)
{
	struct storm_tuple *tuple = message->_private;

	if (message->err) {
		storm_counter_add(task, METRIC_REFUSED, 1);
		kafka_report(client, message->err, "a message to %s was not delivered: %s: %s",
			rd_kafka_topic_name(message->rkt), rd_kafka_err2name(message->err),
			rd_kafka_err2str(message->err));
		storm_fail(task, tuple);
	} else {
		storm_counter_add(task, METRIC_MESSAGES, 1);
		storm_ack(task, tuple);
	}
	storm_tuple_release(tuple);
}

static void handle_event(struct kafka_client *client, rd_kafka_event_t *event)
{
	const rd_kafka_message_t *message;

	if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_DR)
		return;
	while ((message = rd_kafka_event_message_next(event)))
		settle(client->task, client, message);
}

/* Messages */

/* An offset in the text, until all is in it and it does not move any more. */
struct place {
	size_t start;
	size_t end;
};

static int append_template(struct producer *producer, const struct template *template,
	const struct storm_tuple *tuple, struct place *place, bool *is_null)
{
	int err;

	place->start = producer->text.length;
	err = template_append(&producer->text, template, tuple, is_null);
	place->end = producer->text.length;
	buffer_append(&producer->text, "", 1);
	return err;
}

static int append_value(struct producer *producer, const struct storm_tuple *tuple,
	struct place *place, bool *is_null)
{
	struct storm_binary binary;
	int err;

	place->start = producer->text.length;
	*is_null = producer->format == TEXT_FIRST && storm_tuple_type_at(tuple, 0) == STORM_NULL &&
		storm_tuple_size(tuple) > 0;
	if (*is_null) {
		err = 0;
	} else if (producer->is_binary) {
		err = storm_tuple_binary_at(tuple, 0, &binary);
		if (err == 0)
			buffer_append(&producer->text, binary.data, binary.length);
	} else {
		err = text_append(&producer->text, tuple, producer->format);
	}
	place->end = producer->text.length;
	return err;
}

static struct span span_at(const struct producer *producer, struct place place)
{
	return (struct span){ producer->text.data + place.start, place.end - place.start };
}

static int make(struct storm_task *task, const struct storm_tuple *tuple, struct outgoing *outgoing)
{
	struct producer *producer = storm_state(task);
	struct place topic = { 0 };
	struct place key = { 0 };
	struct place value = { 0 };
	bool no_topic;
	bool no_key = false;
	bool no_value;
	int err;

	buffer_truncate(&producer->text, 0);
	err = append_template(producer, &producer->topic, tuple, &topic, &no_topic);
	if (err == 0)
		err = append_template(producer, &producer->key, tuple, &key, &no_key);
	if (err == 0)
		err = append_value(producer, tuple, &value, &no_value);
	if (err != 0)
		return err;
	if (producer->text.failed)
		return storm_error(task, -ENOMEM, "a message");
	outgoing->topic = producer->text.data + topic.start;
	outgoing->has_key = producer->key.count > 0 && !no_key;
	outgoing->key = span_at(producer, key);
	outgoing->has_value = !no_value;
	outgoing->value = span_at(producer, value);
	if (topic.start == topic.end)
		return storm_error(task, -EINVAL, "the topic of the tuple is empty");
	return 0;
}

static rd_kafka_resp_err_t send_message(
	struct producer *producer, const struct outgoing *outgoing, struct storm_tuple *tuple)
{
	return rd_kafka_producev(producer->client.handle, RD_KAFKA_V_TOPIC(outgoing->topic),
		RD_KAFKA_V_KEY(outgoing->has_key ? outgoing->key.data : NULL,
			outgoing->has_key ? outgoing->key.length : 0),
		RD_KAFKA_V_VALUE(outgoing->has_value ? (void *)outgoing->value.data : NULL,
			outgoing->has_value ? outgoing->value.length : 0),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(tuple), RD_KAFKA_V_END);
}

static int produce(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct producer *producer = storm_state(task);
	struct outgoing outgoing = { 0 };
	struct storm_tuple *kept;
	rd_kafka_resp_err_t error;
	int err = make(task, tuple, &outgoing);

	if (err != 0)
		return err;
	kept = storm_tuple_keep(tuple);
	if (!kept)
		return storm_error(task, -ENOMEM, "a tuple to keep");
	/* A full queue holds up the input: so the tuples wait where they come from. */
	while ((error = send_message(producer, &outgoing, kept)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		kafka_serve(&producer->client, MILLIS_TO_WAIT);
	if (error) {
		storm_tuple_release(kept);
		storm_counter_add(task, METRIC_REFUSED, 1);
		return storm_error(task, -EINVAL, "a message to %s: %s", outgoing.topic,
			rd_kafka_err2str(error));
	}
	return 0;
}

/* Life */

static int read_format(struct storm_task *task, struct producer *producer)
{
	producer->is_binary = strcmp(storm_setting(task, "format"), "binary") == 0;
	return producer->is_binary ? 0 : text_read_format(task, &producer->format);
}

static int read_templates(struct storm_task *task, struct producer *producer)
{
	const char *topic = storm_setting(task, "topic");
	const char *key;
	int err;

	if (!topic || topic[0] == '\0')
		return storm_error(task, -EINVAL,
			"the setting %s.topic is missing: a topic, or {FIELD}",
			storm_task_component(task));
	err = template_parse(task, &producer->topic, "topic", topic);
	key = storm_setting(task, "key");
	if (err == 0 && key)
		err = template_parse(task, &producer->key, "key", key);
	return err;
}

static int open_producer(struct storm_task *task, struct producer *producer)
{
	static const struct kafka_fixed fixed[] = { { NULL } };
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int err;

	/* What is not configured: retries of librdkafka's own make no second copy, nor change the order. */
	rd_kafka_conf_set(conf, "enable.idempotence", "true", NULL, 0);
	err = kafka_configure(task, conf, fixed);
	if (err < 0) {
		rd_kafka_conf_destroy(conf);
		return err;
	}
	producer->client.handle_event = handle_event;
	return kafka_open(&producer->client, task, RD_KAFKA_PRODUCER, conf, RD_KAFKA_EVENT_DR);
}

static int close_producer(struct storm_task *task)
{
	struct producer *producer = storm_state(task);
	struct ev_loop *loop = storm_loop(task);
	double end;

	ev_now_update(loop);
	end = ev_now(loop) + SECONDS_TO_CLOSE;
	while (producer->client.handle && rd_kafka_outq_len(producer->client.handle) > 0 &&
		ev_now(loop) < end) {
		kafka_serve(&producer->client, MILLIS_TO_WAIT);
		ev_now_update(loop);
	}
	if (producer->client.handle) {
		/* The rest fails, and its tuples with it. */
		rd_kafka_purge(producer->client.handle,
			RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		kafka_serve(&producer->client, 0);
	}
	kafka_close(&producer->client);
	template_free(&producer->topic);
	template_free(&producer->key);
	buffer_free(&producer->text);
	return 0;
}

static int prepare(struct storm_task *task)
{
	struct producer *producer = storm_state(task);
	int err = read_format(task, producer);

	if (err == 0)
		err = read_templates(task, producer);
	if (err == 0)
		err = open_producer(task, producer);
	if (err < 0)
		close_producer(task);
	return err;
}

const struct storm_bolt_class storm_kafka_bolt = {
	.summary = "sends each tuple to a topic of Kafka",
	.settings = STORM_SETTINGS({ "topic", "a topic; {FIELD} in it is a field of the tuple" },
		{ "key", "the message's key, likewise (none)" },
		{ "format",
			"of the value: first (field), binary (that field's bytes), json (an object "
			"of all), or tsv (all, with tabs)",
			"first" }),
	.metrics = STORM_METRICS([METRIC_MESSAGES] = { "messages", STORM_COUNTER,
					 "messages that the broker has" },
		[METRIC_REFUSED] = { "refused", STORM_COUNTER,
			"messages that were not delivered" }),
	.state_size = sizeof(struct producer),
	.manual_ack = true,
	.prepare = prepare,
	.process = produce,
	.close = close_producer,
};
