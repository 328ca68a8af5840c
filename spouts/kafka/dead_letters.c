/* Messages that are given up go to a topic of their own, with what they had, and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "spout.h"

/* What could not be sent is sent again after so many seconds. */
#define SEND_AGAIN 1.0

/* At the end, so long is waited for the broker: what it does not have then is read again. */
#define MILLIS_TO_CLOSE 2000

static void add_header(rd_kafka_headers_t *headers, const char *name, const char *text)
{
	rd_kafka_header_add(headers, name, -1, text, -1);
}

/* The message's own headers, and where it is from. */
static rd_kafka_headers_t *headers_of(const struct offset *offset)
{
	const rd_kafka_message_t *message = offset->message;
	rd_kafka_headers_t *own;
	rd_kafka_headers_t *headers =
		rd_kafka_message_headers(message, &own) == RD_KAFKA_RESP_ERR_NO_ERROR ?
		rd_kafka_headers_copy(own) :
		rd_kafka_headers_new(4);
	char number[32];

	add_header(headers, "cstorm.topic", rd_kafka_topic_name(message->rkt));
	snprintf(number, sizeof(number), "%d", (int)message->partition);
	add_header(headers, "cstorm.partition", number);
	snprintf(number, sizeof(number), "%lld", (long long)message->offset);
	add_header(headers, "cstorm.offset", number);
	add_header(headers, "cstorm.reason", offset->why);
	return headers;
}

static void send_later(struct kafka_spout *spout, uint64_t tag)
{
	struct dead_letters *letters = &spout->dead_letters;
	struct ev_loop *loop = storm_loop(spout->task);

	if (fifo_push(&letters->waiting, tag) < 0)
		storm_fatal(spout->task, -ENOMEM, "a dead letter");
	if (!ev_is_active(&letters->timer)) {
		ev_timer_set(&letters->timer, SEND_AGAIN, 0);
		ev_timer_start(loop, &letters->timer);
	}
}

static rd_kafka_resp_err_t produce(struct dead_letters *letters, const rd_kafka_message_t *message,
	rd_kafka_headers_t *headers, uint64_t tag)
{
	return rd_kafka_producev(letters->producer.handle, RD_KAFKA_V_TOPIC(letters->topic),
		RD_KAFKA_V_KEY(message->key, message->key_len),
		RD_KAFKA_V_VALUE(message->payload, message->len), RD_KAFKA_V_HEADERS(headers),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE((void *)(uintptr_t)tag),
		RD_KAFKA_V_END);
}

void dead_letters_send(struct kafka_spout *spout, uint64_t tag)
{
	struct dead_letters *letters = &spout->dead_letters;
	struct partition *partition;
	struct offset *offset = spout_find(spout, tag, &partition);
	rd_kafka_headers_t *headers;
	rd_kafka_resp_err_t error;

	if (!offset)
		return;
	headers = headers_of(offset);
	error = produce(letters, offset->message, headers, tag);
	if (!error)
		return; /* the headers are the message's now */
	rd_kafka_headers_destroy(headers);
	kafka_report(&letters->producer, error, "the topic %s of dead letters: %s; it tries on",
		letters->topic, rd_kafka_err2str(error));
	send_later(spout, tag);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct kafka_spout *spout = timer->data;
	struct fifo *waiting = &spout->dead_letters.waiting;

	(void)loop;
	(void)events;
	for (size_t left = waiting->count; left > 0; left--)
		dead_letters_send(spout, fifo_pop(waiting));
}

static void handle_delivery(struct kafka_spout *spout, const rd_kafka_message_t *delivered)
{
	struct dead_letters *letters = &spout->dead_letters;
	uint64_t tag = (uintptr_t)delivered->_private;
	struct partition *partition;
	struct offset *offset = spout_find(spout, tag, &partition);

	if (!delivered->err && offset) {
		spout_settle(spout, partition, offset);
	} else if (delivered->err) {
		kafka_report(&letters->producer, delivered->err,
			"the topic %s of dead letters: %s; it tries on", letters->topic,
			rd_kafka_err2str(delivered->err));
		send_later(spout, tag);
	}
}

static void handle_event(struct kafka_client *producer, rd_kafka_event_t *event)
{
	const rd_kafka_message_t *message;

	if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_DR)
		return;
	while ((message = rd_kafka_event_message_next(event)))
		handle_delivery(storm_state(producer->task), message);
}

int dead_letters_open(struct kafka_spout *spout)
{
	static const struct kafka_fixed fixed[] = { { NULL } };
	struct dead_letters *letters = &spout->dead_letters;
	const char *topic = storm_setting(spout->task, "dead_letter");
	rd_kafka_conf_t *conf;
	int err;

	ev_init(&letters->timer, on_timer);
	letters->timer.data = spout;
	if (!topic || topic[0] == '\0')
		return 0;
	letters->topic = strdup(topic);
	if (!letters->topic)
		return storm_error(spout->task, -ENOMEM, "the topic of dead letters");
	conf = rd_kafka_conf_new();
	rd_kafka_conf_set(conf, "enable.idempotence", "true", NULL, 0);
	err = kafka_configure(spout->task, conf, fixed);
	if (err < 0) {
		rd_kafka_conf_destroy(conf);
		return err;
	}
	letters->producer.handle_event = handle_event;
	return kafka_open(
		&letters->producer, spout->task, RD_KAFKA_PRODUCER, conf, RD_KAFKA_EVENT_DR);
}

void dead_letters_close(struct kafka_spout *spout)
{
	struct dead_letters *letters = &spout->dead_letters;
	struct ev_loop *loop = storm_loop(spout->task);
	double end;

	ev_timer_stop(loop, &letters->timer);
	ev_now_update(loop);
	end = ev_now(loop) + MILLIS_TO_CLOSE / 1000.0;
	while (letters->producer.handle && rd_kafka_outq_len(letters->producer.handle) > 0 &&
		ev_now(loop) < end) {
		kafka_serve(&letters->producer, 100);
		ev_now_update(loop);
	}
	kafka_close(&letters->producer);
	fifo_free(&letters->waiting);
	free(letters->topic);
	letters->topic = NULL;
}
