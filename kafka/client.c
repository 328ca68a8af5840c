#include "kafka/client.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/nearest.h"

#define PREFIX "kafka."

/* The same error is reported again after so many seconds. */
#define REPORT_AGAIN 60

/* Configuration */

/* The first words of the lines of a table, each ended by a zero byte in the text. */
static size_t take_names(char *text, const char **names, size_t capacity)
{
	size_t count = 0;

	for (char *line = strtok(text, "\n"); line && count < capacity; line = strtok(NULL, "\n")) {
		size_t length = strcspn(line, " |");

		if (length == 0 || !strchr(line, '|'))
			continue;
		line[length] = '\0';
		names[count++] = line;
	}
	return count;
}

/* The property that was probably meant; NULL where none is alike. Owned by the caller. */
static char *nearest_property(const char *name)
{
	const char *names[1024];
	const char *nearest;
	char *table = NULL;
	size_t size;
	FILE *file = open_memstream(&table, &size);
	char *copy = NULL;

	if (!file)
		return NULL;
	rd_kafka_conf_properties_show(file);
	if (fclose(file) == 0) {
		nearest = nearest_name(name, names, take_names(table, names, 1024));
		copy = nearest ? strdup(nearest) : NULL;
	}
	free(table);
	return copy;
}

static int refuse_name(struct storm_task *task, const char *name)
{
	char *nearest = nearest_property(name);
	int err = storm_error(task, -EINVAL, PREFIX "%s is no property of librdkafka %s%s%s%s",
		name, rd_kafka_version_str(), nearest ? "; did you mean " PREFIX : "",
		nearest ? nearest : "", nearest ? "?" : "");

	free(nearest);
	return err;
}

int kafka_set(struct storm_task *task, rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[256];

	switch (rd_kafka_conf_set(conf, name, value, why, sizeof(why))) {
	case RD_KAFKA_CONF_OK:
		return 0;
	case RD_KAFKA_CONF_UNKNOWN:
		return refuse_name(task, name);
	default:
		return storm_error(task, -EINVAL, PREFIX "%s: %s", name, why);
	}
}

/* A list of servers may be a list. */
static void append_value(struct buffer *text, const json_t *value)
{
	size_t i;
	json_t *element;
	char *dump;

	if (json_is_string(value)) {
		buffer_append_format(text, "%s", json_string_value(value));
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, element) {
			if (i > 0)
				buffer_append_literal(text, ",");
			append_value(text, element);
		}
	} else {
		dump = json_dumps(value, JSON_ENCODE_ANY);
		buffer_append_format(text, "%s", dump ? dump : "");
		free(dump);
	}
}

static int set_from(
	struct storm_task *task, rd_kafka_conf_t *conf, const char *name, const json_t *value)
{
	struct buffer text = { 0 };
	int err;

	append_value(&text, value);
	err = kafka_set(task, conf, name, buffer_text(&text));
	buffer_free(&text);
	return err;
}

static bool is_set(rd_kafka_conf_t *conf, const char *name)
{
	size_t size;

	/* The size has a zero byte at its end. */
	return rd_kafka_conf_get(conf, name, NULL, &size) == RD_KAFKA_CONF_OK && size > 1;
}

static bool is_set_to(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char text[512];
	size_t size = sizeof(text);

	return rd_kafka_conf_get(conf, name, text, &size) == RD_KAFKA_CONF_OK &&
		strcmp(text, value) == 0;
}

int kafka_configure(struct storm_task *task, rd_kafka_conf_t *conf, const struct kafka_fixed *fixed)
{
	const json_t *config = storm_config(task, NULL);
	const char *key;
	json_t *value;
	int err;

	if (strcmp(storm_task_component(task), "kafka") == 0)
		return storm_error(task, -EINVAL,
			"a component that is named kafka would have its settings among those of "
			"librdkafka, which are kafka.NAME: give it another name");
	json_object_foreach((json_t *)config, key, value) {
		if (strncmp(key, PREFIX, strlen(PREFIX)) != 0 || json_is_null(value))
			continue;
		err = set_from(task, conf, key + strlen(PREFIX), value);
		if (err < 0)
			return err;
	}
	for (; fixed->name; fixed++) {
		bool is_given = json_object_get(config, fixed->name) != NULL;

		if (is_given && !is_set_to(conf, fixed->name + strlen(PREFIX), fixed->value))
			return storm_error(task, -EINVAL, "%s must be %s: %s", fixed->name,
				fixed->value, fixed->why);
		err = kafka_set(task, conf, fixed->name + strlen(PREFIX), fixed->value);
		if (err < 0)
			return err;
	}
	if (!is_set(conf, "bootstrap.servers") && is_set_to(conf, "test.mock.num.brokers", "0"))
		return storm_error(task, -EINVAL,
			PREFIX "bootstrap.servers is missing: HOST:PORT of one broker or more");
	return 0;
}

/* Events */

void kafka_report(struct kafka_client *client, rd_kafka_resp_err_t error, const char *format, ...)
{
	double now = ev_now(storm_loop(client->task));
	struct buffer text = { 0 };
	va_list arguments;

	if (error == client->reported && now - client->reported_at < REPORT_AGAIN)
		return;
	client->reported = error;
	client->reported_at = now;
	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	storm_report_error(client->task, "%s", buffer_text(&text));
	buffer_free(&text);
}

static const char *remedy(rd_kafka_resp_err_t error)
{
	switch (error) {
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__RESOLVE:
		return "; it tries on. Is kafka.bootstrap.servers right, and does a broker run there?";
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
		return "; it tries on. Are kafka.security.protocol and kafka.sasl.* right?";
	case RD_KAFKA_RESP_ERR__SSL:
		return "; it tries on. Are kafka.security.protocol and kafka.ssl.* right?";
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		return "; it waits for the topic. Create it, or name another one";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return "; it tries on. The broker's rules must allow it to this user";
	default:
		return "";
	}
}

static void handle_error(struct kafka_client *client, rd_kafka_event_t *event)
{
	rd_kafka_resp_err_t error = rd_kafka_event_error(event);
	char why[512];

	switch (error) {
	case RD_KAFKA_RESP_ERR__FATAL:
		error = rd_kafka_fatal_error(client->handle, why, sizeof(why));
		storm_fatal(client->task, -EIO, "the %s of Kafka cannot go on: %s: %s",
			client->what, rd_kafka_err2name(error), why);
		break;
	case RD_KAFKA_RESP_ERR__TRANSPORT: /* one broker of several: all of them is an error of its own */
		storm_log_debug(client->task, "Kafka: %s", rd_kafka_event_error_string(event));
		break;
	default:
		kafka_report(client, error, "the %s of Kafka: %s: %s%s", client->what,
			rd_kafka_err2name(error), rd_kafka_event_error_string(event),
			remedy(error));
	}
}

static enum storm_log_level level_of(int syslog_level)
{
	if (syslog_level <= LOG_ERR)
		return STORM_LOG_WARN; /* what matters comes as an error event, too */
	if (syslog_level <= LOG_WARNING)
		return STORM_LOG_INFO;
	return STORM_LOG_DEBUG;
}

static void handle_log(struct kafka_client *client, rd_kafka_event_t *event)
{
	const char *facility;
	const char *text;
	int level;

	if (rd_kafka_event_log(event, &facility, &text, &level) == 0)
		storm_log(client->task, level_of(level), "librdkafka %s: %s", facility, text);
}

static void handle(struct kafka_client *client, rd_kafka_event_t *event)
{
	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_ERROR:
		handle_error(client, event);
		break;
	case RD_KAFKA_EVENT_LOG:
		handle_log(client, event);
		break;
	default:
		if (client->handle_event)
			client->handle_event(client, event);
	}
	rd_kafka_event_destroy(event);
}

void kafka_serve(struct kafka_client *client, int millis)
{
	rd_kafka_event_t *event;

	while ((event = rd_kafka_queue_poll(client->events, millis))) {
		handle(client, event);
		millis = 0;
	}
}

static void on_readable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct kafka_client *client = watcher->data;
	uint64_t count;

	(void)loop;
	(void)events;
	if (read(client->fd, &count, sizeof(count)) < 0)
		count = 0; /* it was fed */
	kafka_serve(client, 0);
	if (client->handle_ready)
		client->handle_ready(client);
}

void kafka_watch_queue(struct kafka_client *client, rd_kafka_queue_t *queue)
{
	static const uint64_t one = 1;

	rd_kafka_queue_io_event_enable(queue, client->fd, &one, sizeof(one));
}

/* Life */

static void on_sign(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	kafka_serve(timer->data, 0);
}

/*
 * librdkafka takes a consumer for dead, and leaves its group, whose events were not asked for in
 * max.poll.interval.ms. Here that is done when there are some; a spout that waits for its bolts has none.
 */
static void give_signs(struct kafka_client *client)
{
	char text[32] = "300000";
	size_t size = sizeof(text);
	double seconds;

	rd_kafka_conf_get(rd_kafka_conf(client->handle), "max.poll.interval.ms", text, &size);
	seconds = strtod(text, NULL) / 1000 / 3;
	ev_timer_init(&client->sign, on_sign, seconds, seconds);
	client->sign.data = client;
	ev_timer_start(storm_loop(client->task), &client->sign);
}

int kafka_open(struct kafka_client *client, struct storm_task *task, rd_kafka_type_t type,
	rd_kafka_conf_t *conf, int events)
{
	char why[512];

	client->task = task;
	client->what = type == RD_KAFKA_CONSUMER ? "consumer" : "producer";
	client->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (client->fd < 0) {
		rd_kafka_conf_destroy(conf);
		return storm_error(task, -errno, "a descriptor for the events of librdkafka");
	}
	rd_kafka_conf_set_events(conf, events | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
	rd_kafka_conf_set(conf, "log.queue", "true", NULL, 0);
	client->handle = rd_kafka_new(type, conf, why, sizeof(why));
	if (!client->handle) {
		rd_kafka_conf_destroy(conf);
		close(client->fd);
		return storm_error(task, -EINVAL, "librdkafka refuses its configuration: %s", why);
	}
	if (type == RD_KAFKA_CONSUMER) {
		rd_kafka_poll_set_consumer(client->handle);
		client->events = rd_kafka_queue_get_consumer(client->handle);
		give_signs(client);
	} else {
		client->events = rd_kafka_queue_get_main(client->handle);
	}
	rd_kafka_set_log_queue(client->handle, client->events);
	kafka_watch_queue(client, client->events);
	ev_io_init(&client->readable, on_readable, client->fd, EV_READ);
	client->readable.data = client;
	ev_io_start(storm_loop(task), &client->readable);
	ev_feed_event(
		storm_loop(task), &client->readable, EV_READ); /* what came before it was watched */
	return 0;
}

void kafka_close(struct kafka_client *client)
{
	if (!client->handle)
		return;
	ev_io_stop(storm_loop(client->task), &client->readable);
	ev_timer_stop(storm_loop(client->task), &client->sign);
	rd_kafka_queue_io_event_enable(client->events, -1, NULL, 0);
	rd_kafka_queue_destroy(client->events);
	rd_kafka_destroy_flags(client->handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	close(client->fd);
	client->handle = NULL;
}
