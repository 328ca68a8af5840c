/*
 * Kafka: a spout and a bolt, by librdkafka. They are in a library of their own, libcstorm_kafka
 * (pkg-config: cstorm-kafka, or cstorm-kafka-static).
 *
 * All properties of librdkafka are keys of the topology's configuration: kafka.bootstrap.servers,
 * kafka.security.protocol, kafka.ssl.ca.location, kafka.sasl.username, and so on. Those that differ
 * from one component to the other go into the component's own configuration.
 */
#ifndef CSTORM_KAFKA_H
#define CSTORM_KAFKA_H

#include <cstorm/topology.h>

/**
 * Spout: the messages of Kafka's topics, one tuple a message.
 *
 * Its tasks are a consumer group, which shares out the partitions among them, whatever runs and machines
 * they are in. An offset is committed once all messages before it are acked, in whatever order the acks
 * come. A message that fails is emitted again, later each time. A partition that is given to another
 * member is let go of when its tuples are acked, or after drain_seconds: those that are left are then read
 * again there. So each message is processed at least once.
 *
 * The topology names its fields (struct storm_spout's outputs, or those of a YAML file; else "value"):
 *
 *   key        as the format has it; null where the message has none
 *   value      likewise
 *   topic      a string
 *   partition  a whole number
 *   offset     a whole number
 *   timestamp  in milliseconds since 1970, or null
 *   headers    a list of pairs of strings: the name, and the value or null
 *   NAME       any other name. Format json: the member NAME of the object that the message is, null where
 *              it has none; the member is also value.NAME, for names such as `key`. Otherwise the value
 *
 * Settings:
 *
 *   topic              a topic, a list of them, or ^ and a regular expression
 *   group              the consumer group; else kafka.group.id, else the topology's name
 *   format             text (strings; bytes that are not UTF-8 become U+FFFD, the metric "repaired" counts
 *                      such messages), json (the value as it is; the key is text) or binary
 *   start              where a partition is begun: committed (where the group is; if it is nowhere, at
 *                      kafka.auto.offset.reset, here "earliest"), or, the first time that the run reads it:
 *                      earliest, latest, or at a time, such as 2026-01-31T12:00:00Z (or milliseconds)
 *   stop               never; end: at the ends of all partitions as they are when the run starts. The spout
 *                      has finished when the group has committed them
 *   commit_seconds     how often it is committed (5)
 *   max_uncommitted    so many messages of a partition may wait for one that is not acked (100000); then no
 *                      more is read of it
 *   retries            how often a message that fails is emitted again. Without end where there is no
 *                      dead_letter, else 10
 *   retry_seconds      until it is emitted again (0.1); twice as long each time
 *   retry_max_seconds  but not longer than this (60)
 *   dead_letter        the topic for messages that are given up, or are not in their format: with key,
 *                      value and headers, and with headers that say why: cstorm.topic, cstorm.partition,
 *                      cstorm.offset, cstorm.reason. They count as done when the broker has them. Without
 *                      it, they are reported as errors, and lost
 *   drain_seconds      how long a rebalance waits for tuples on their way (5)
 *
 * Each partition has a queue of its own, of kafka.queued.max.messages.kbytes: 64 MiB unless that is
 * configured, with librdkafka 2.2 and later 16 MiB.
 *
 * The metric "lag" is how many messages of the task's partitions are not done.
 */
STORM_API extern const struct storm_spout_class storm_kafka_spout;

/**
 * Bolt: each tuple as a message of Kafka.
 *
 * A tuple is acked when the broker has its message, as kafka.acks says (by default all replicas in
 * sync), and failed when it cannot be delivered. The producer is idempotent. While its queue is full
 * (kafka.queue.buffering.max.messages), the bolt takes no more tuples. kafka.linger.ms and others say
 * how messages are sent together.
 *
 * Settings:
 *
 *   topic   the message's topic; {FIELD} in it is a field of the tuple
 *   key     its key, likewise. Without it, or where its fields are null, the message has none
 *   format  its value: first (the default: the first field, a string as it is, any other value as its
 *           JSON text, null as no value), binary (the bytes of the first field), json (an object of all
 *           fields) or tsv (all fields, with tabs between)
 */
STORM_API extern const struct storm_bolt_class storm_kafka_bolt;

#endif
