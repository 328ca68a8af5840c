/*
 * The spout of Kafka, from the inside.
 *
 * A message's way: librdkafka puts it into the queue of its partition; next() takes it (spout.c),
 * makes values of it (values.c) and emits it; the partition's offsets (offsets.c) remember it until
 * it is acked, or is given up (dead_letters.c). Which partitions there are, and what is committed
 * for them, is the business of the group (group.c); where they begin and end, of bounds.c.
 */
#ifndef KAFKA_SPOUT_H
#define KAFKA_SPOUT_H

#include <ev.h>
#include <librdkafka/rdkafka.h>
#include <uthash.h>

#include "base/fifo.h"
#include "kafka/client.h"
#include "offsets.h"
#include "values.h"

/* So many messages are taken from a partition's queue at once. */
#define BATCH_SIZE 256

/* So many are emitted at once, where nothing bounds how many are on their way. */
#define BURST_SIZE 32

enum kafka_metric {
	METRIC_MESSAGES,
	METRIC_REPAIRED,
	METRIC_GIVEN_UP,
	METRIC_LAG,
};

/* A partition, from its assignment to its revocation. */
struct partition {
	UT_hash_handle hh;
	uint32_t number; /* of the assignment: another one each time */
	char *topic;
	int32_t id;
	rd_kafka_queue_t *queue;
	bool ready; /* its queue may have messages */
	bool leaving; /* it is being taken away: no more messages */
	bool ended; /* bounded: all up to its end have come */
	int64_t end; /* bounded: the first offset that is left out; -1: none is */
	struct offsets offsets;
	int64_t committed; /* what the broker has been told; -1: nothing */
	rd_kafka_message_t *batch[BATCH_SIZE];
	size_t batch_at;
	size_t batch_count;
};

enum start_kind {
	START_COMMITTED,
	START_EARLIEST,
	START_LATEST,
	START_TIMESTAMP,
};

/* Partitions on their way out of this task: their tuples are waited for, then it is committed. */
struct leave {
	rd_kafka_topic_partition_list_t *partitions; /* NULL: none */
	bool committing;
	struct ev_timer timer;
};

struct dead_letters {
	char *topic; /* NULL: there is none */
	struct kafka_client producer;
	struct fifo waiting; /* the tags of those that could not be sent */
	struct ev_timer timer; /* until these are sent again */
};

struct kafka_spout {
	struct storm_task *task;
	struct kafka_client consumer;
	struct values values;

	struct partition *partitions; /* by number */
	struct partition *turn; /* the one that is read; NULL: the first */
	uint32_t assignments;
	struct leave leave;
	bool closing;

	int burst; /* so many messages are emitted at once */
	int64_t max_uncommitted;
	int64_t retries; /* -1: no bound */
	double retry_seconds;
	double retry_max_seconds;
	double drain_seconds;

	bool committing;
	struct ev_timer commit_timer;

	enum start_kind start;
	int64_t start_millis; /* START_TIMESTAMP */
	char *mark; /* what this run's commits are known by */

	bool bounded;
	rd_kafka_topic_partition_list_t *ends; /* of all partitions; NULL: not known yet */
	struct ev_timer end_timer;
	bool finished;

	struct dead_letters dead_letters;
};

/* spout.c */

/* A message of a partition is done: acked, or given up. */
void spout_settle(struct kafka_spout *spout, struct partition *partition, struct offset *offset);

/* The message of a tag, unless its partition is gone or it is settled. */
struct offset *spout_find(struct kafka_spout *spout, uint64_t tag, struct partition **partition);

/* group.c */

/* Join the group: 0 or a negative errno with a reason. */
int group_join(struct kafka_spout *spout);

/* Rebalances, and the answers to commits. */
void group_handle_event(struct kafka_client *consumer, rd_kafka_event_t *event);

/* Tell the broker what is done. */
void group_commit(struct kafka_spout *spout);

/* A message of the partition is settled: it may be what a rebalance waits for. */
void group_settled(struct kafka_spout *spout, const struct partition *partition);

/* Commit, and leave the group. */
void group_leave(struct kafka_spout *spout);

/* bounds.c */

/* Read the settings of where to start and stop. */
int bounds_prepare(struct kafka_spout *spout);

/* Set the offsets at which partitions start, and know where they end: 0 or a negative errno with a reason. */
int bounds_find(struct kafka_spout *spout, rd_kafka_topic_partition_list_t *partitions);

/* Where a partition ends; -1: it does not. */
int64_t bounds_end(const struct kafka_spout *spout, const char *topic, int32_t id);

/* A partition has come to its end, or what was committed may be all: is it all? */
void bounds_check(struct kafka_spout *spout);

/* dead_letters.c */

int dead_letters_open(struct kafka_spout *spout);

/* Send the message of a tag, which its partition has kept: it is settled when the broker has it. */
void dead_letters_send(struct kafka_spout *spout, uint64_t tag);

void dead_letters_close(struct kafka_spout *spout);

#endif
