/*
 * A client of librdkafka inside a task: its configuration, and its events in the task's loop.
 *
 * librdkafka has threads of its own, which write to the client's descriptor when one of its queues
 * is no longer empty. So the task sleeps in its loop, and all that it does is done there.
 */
#ifndef KAFKA_CLIENT_H
#define KAFKA_CLIENT_H

#include <ev.h>
#include <librdkafka/rdkafka.h>

#include <cstorm/task.h>

struct kafka_client {
	struct storm_task *task;
	const char *what; /* for messages: "consumer" */
	rd_kafka_t *handle; /* NULL: it is not open */
	rd_kafka_queue_t *events;
	int fd; /* readable: a queue may have something */
	struct ev_io readable;
	struct ev_timer sign; /* a consumer's, of life */
	rd_kafka_resp_err_t reported; /* the last error that was */
	double reported_at;

	/* What its owner hears of: events but errors and logs; and, after them, that queues may have something. */
	void (*handle_event)(struct kafka_client *client, rd_kafka_event_t *event);
	void (*handle_ready)(struct kafka_client *client);
};

/* A property of librdkafka that is not the user's to set, and why. */
struct kafka_fixed {
	const char *name;
	const char *value;
	const char *why;
};

/*
 * Set a property: 0, or a negative errno with a reason that names the key of the configuration.
 */
int kafka_set(struct storm_task *task, rd_kafka_conf_t *conf, const char *name, const char *value);

/*
 * Take over all keys `kafka.NAME` of the task's configuration as librdkafka's properties. Those that
 * are fixed (an array, name NULL after the last) are set too.
 */
int kafka_configure(
	struct storm_task *task, rd_kafka_conf_t *conf, const struct kafka_fixed *fixed);

/*
 * Start a client; it takes the configuration over, also when it fails. `events` are the
 * RD_KAFKA_EVENT_ that its owner wants beside errors and logs. The owner's callbacks are set before.
 */
int kafka_open(struct kafka_client *client, struct storm_task *task, rd_kafka_type_t type,
	rd_kafka_conf_t *conf, int events);

/* Have one more queue write to the client's descriptor. */
void kafka_watch_queue(struct kafka_client *client, rd_kafka_queue_t *queue);

/* Handle what there is, and wait up to so many milliseconds for something. */
void kafka_serve(struct kafka_client *client, int millis);

/* Report an error, but not the same one again and again. */
STORM_PRINTF(3, 4)
void kafka_report(struct kafka_client *client, rd_kafka_resp_err_t error, const char *format, ...);

/* Free the client. A consumer must have left its group, or does so when its session ends. */
void kafka_close(struct kafka_client *client);

#endif
