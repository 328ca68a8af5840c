/* A bare consumer of librdkafka: so many messages of a topic, one by one, in a group. For script/bench. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_t *consumer;
	long left;
	char why[256];

	if (argc != 5) {
		fprintf(stderr, "usage: bench_kafka_limit BOOTSTRAP TOPIC GROUP COUNT\n");
		return 2;
	}
	set(conf, "bootstrap.servers", argv[1]);
	set(conf, "group.id", argv[3]);
	set(conf, "auto.offset.reset", "earliest");
	set(conf, "queued.min.messages", "1000000");
	consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (!consumer) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	rd_kafka_poll_set_consumer(consumer);
	rd_kafka_topic_partition_list_add(topics, argv[2], RD_KAFKA_PARTITION_UA);
	rd_kafka_subscribe(consumer, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	for (left = atol(argv[4]); left > 0;) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 1000);

		if (!message)
			continue;
		left -= !message->err;
		rd_kafka_message_destroy(message);
	}
	rd_kafka_consumer_close(consumer);
	rd_kafka_destroy(consumer);
	return 0;
}
