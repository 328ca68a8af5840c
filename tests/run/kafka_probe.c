/*
 * What the tests of Kafka do beside the components: usage
 *
 *   kafka_probe mock BROKERS                     a mock cluster, until its input ends; lines of commands:
 *                                                topic NAME PARTITIONS | error API CODE [TIMES] | down ID | up ID
 *   kafka_probe create BOOTSTRAP TOPIC PARTITIONS
 *   kafka_probe produce BOOTSTRAP TOPIC          messages, lines of JSON, from the standard input
 *   kafka_probe consume BOOTSTRAP TOPIC          all messages that there are, as such lines
 *   kafka_probe committed BOOTSTRAP GROUP TOPIC  per partition what is committed, and the end
 */
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT 30000

static void die(const char *what, const char *why)
{
	fprintf(stderr, "kafka_probe: %s: %s\n", what, why);
	exit(1);
}

static void check(rd_kafka_resp_err_t error, const char *what)
{
	if (error)
		die(what, rd_kafka_err2str(error));
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		die(name, why);
}

static rd_kafka_t *open_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
	char why[256];
	rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof(why));

	if (!client)
		die("rd_kafka_new", why);
	return client;
}

/* Mock */

static bool do_command(rd_kafka_mock_cluster_t *cluster, const char *line)
{
	char topic[250];
	int number;
	int code;
	int times = 1;

	if (sscanf(line, "topic %249s %d", topic, &number) == 2)
		return rd_kafka_mock_topic_create(cluster, topic, number, 1) == 0;
	if (sscanf(line, "error %d %d %d", &number, &code, &times) >= 2) {
		while (times-- > 0)
			rd_kafka_mock_push_request_errors(
				cluster, (int16_t)number, 1, (rd_kafka_resp_err_t)code);
		return true;
	}
	if (sscanf(line, "down %d", &number) == 1)
		return rd_kafka_mock_broker_set_down(cluster, number) == 0;
	if (sscanf(line, "up %d", &number) == 1)
		return rd_kafka_mock_broker_set_up(cluster, number) == 0;
	return false;
}

static int mock(const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;
	rd_kafka_mock_cluster_t *cluster;
	char line[512];

	client = open_client(RD_KAFKA_PRODUCER, conf);
	cluster = rd_kafka_mock_cluster_new(client, atoi(brokers));
	if (!cluster)
		die("mock", "no cluster");
	puts(rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		puts(do_command(cluster, line) ? "ok" : "failed");
		fflush(stdout);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(client);
	return 0;
}

/* Create */

static int create(const char *bootstrap, const char *topic, const char *partitions)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;
	rd_kafka_queue_t *queue;
	rd_kafka_NewTopic_t *new;
	rd_kafka_event_t *event;
	const rd_kafka_topic_result_t **results;
	char why[256];
	size_t count;

	set(conf, "bootstrap.servers", bootstrap);
	client = open_client(RD_KAFKA_PRODUCER, conf);
	queue = rd_kafka_queue_new(client);
	new = rd_kafka_NewTopic_new(topic, atoi(partitions), 1, why, sizeof(why));
	if (!new)
		die(topic, why);
	rd_kafka_CreateTopics(client, &new, 1, NULL, queue);
	event = rd_kafka_queue_poll(queue, TIMEOUT);
	if (!event)
		die(topic, "no answer");
	check(rd_kafka_event_error(event), topic);
	results = rd_kafka_CreateTopics_result_topics(
		rd_kafka_event_CreateTopics_result(event), &count);
	check(rd_kafka_topic_result_error(results[0]), topic);
	rd_kafka_event_destroy(event);
	rd_kafka_NewTopic_destroy(new);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(client);
	return 0;
}

/* Produce */

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
	(void)client;
	(void)opaque;
	check(message->err, "delivery");
}

/* Bytes of a string, whose characters are U+0000 to U+00FF, each a byte; NULL for null. */
static char *bytes_of(const json_t *message, const char *key, size_t *length)
{
	const json_t *value = json_object_get(message, key);
	const unsigned char *text = (const unsigned char *)json_string_value(value);
	size_t size = json_string_length(value);
	char *bytes = value && !json_is_null(value) ? malloc(size + 1) : NULL;

	*length = 0;
	for (size_t i = 0; bytes && i < size; i++) {
		char byte = (char)text[i];

		if (text[i] >= 0x80) {
			i++;
			byte = (char)((text[i - 1] & 3) << 6 | (text[i] & 0x3F));
		}
		bytes[(*length)++] = byte;
	}
	return bytes;
}

static rd_kafka_headers_t *headers_of(const json_t *message)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
	size_t i;
	json_t *pair;

	json_array_foreach(json_object_get(message, "headers"), i, pair) {
		const char *value = json_string_value(json_array_get(pair, 1));

		rd_kafka_header_add(headers, json_string_value(json_array_get(pair, 0)), -1, value,
			value ? (ssize_t)strlen(value) : 0);
	}
	return headers;
}

static void produce_one(rd_kafka_t *client, const char *topic, const json_t *message)
{
	const json_t *partition = json_object_get(message, "partition");
	size_t key_length;
	size_t value_length;
	char *key = bytes_of(message, "key", &key_length);
	char *value = bytes_of(message, "value", &value_length);
	rd_kafka_resp_err_t error;

	while ((error = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic),
			RD_KAFKA_V_PARTITION(partition ? (int32_t)json_integer_value(partition) :
							 RD_KAFKA_PARTITION_UA),
			RD_KAFKA_V_KEY(key, key_length), RD_KAFKA_V_VALUE(value, value_length),
			RD_KAFKA_V_TIMESTAMP(
				json_integer_value(json_object_get(message, "timestamp"))),
			RD_KAFKA_V_HEADERS(headers_of(message)),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) ==
		RD_KAFKA_RESP_ERR__QUEUE_FULL)
		rd_kafka_poll(client, 100);
	check(error, "produce");
	free(key);
	free(value);
}

static int produce(const char *bootstrap, const char *topic)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;
	char *line = NULL;
	size_t size = 0;

	set(conf, "bootstrap.servers", bootstrap);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	client = open_client(RD_KAFKA_PRODUCER, conf);
	while (getline(&line, &size, stdin) > 0) {
		json_t *message = json_loads(line, JSON_ALLOW_NUL, NULL);

		if (!message)
			die("no JSON", line);
		produce_one(client, topic, message);
		json_decref(message);
		rd_kafka_poll(client, 0);
	}
	check(rd_kafka_flush(client, TIMEOUT), "flush");
	free(line);
	rd_kafka_destroy(client);
	return 0;
}

/* Consume, and what is committed */

static rd_kafka_t *open_consumer(const char *bootstrap, const char *group)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;

	set(conf, "bootstrap.servers", bootstrap);
	set(conf, "group.id", group);
	set(conf, "enable.auto.commit", "false");
	set(conf, "enable.partition.eof", "true");
	client = open_client(RD_KAFKA_CONSUMER, conf);
	rd_kafka_poll_set_consumer(client);
	return client;
}

static rd_kafka_topic_partition_list_t *list_partitions(rd_kafka_t *client, const char *topic)
{
	rd_kafka_topic_t *known = rd_kafka_topic_new(client, topic, NULL);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	const struct rd_kafka_metadata *metadata;

	check(rd_kafka_metadata(client, 0, known, &metadata, TIMEOUT), "metadata");
	check(metadata->topics[0].err, topic);
	for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
		rd_kafka_topic_partition_list_add(list, topic, i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_metadata_destroy(metadata);
	rd_kafka_topic_destroy(known);
	return list;
}

/* Each byte a character. */
static json_t *text_of(const void *data, size_t length)
{
	const unsigned char *bytes = data;
	char *text;
	size_t size = 0;
	json_t *string;

	if (!data)
		return json_null();
	text = malloc(2 * length + 1);
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] >= 0x80)
			text[size++] = (char)(0xC0 | bytes[i] >> 6);
		text[size++] = bytes[i] < 0x80 ? (char)bytes[i] : (char)(0x80 | (bytes[i] & 0x3F));
	}
	string = json_stringn(text, size);
	free(text);
	return string;
}

static void print_message(const rd_kafka_message_t *message)
{
	json_t *list = json_array();
	json_t *line;
	rd_kafka_headers_t *headers;
	const char *name;
	const void *data;
	size_t length;

	if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &data, &length) == 0;
			i++)
			json_array_append_new(
				list, json_pack("[s, o]", name, text_of(data, length)));
	}
	line = json_pack("{s:i, s:I, s:o, s:o, s:o}", "partition", (int)message->partition,
		"offset", (json_int_t)message->offset, "key",
		text_of(message->key, message->key_len), "value",
		text_of(message->payload, message->len), "headers", list);
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static int consume(const char *bootstrap, const char *topic)
{
	rd_kafka_t *client = open_consumer(bootstrap, "kafka_probe");
	rd_kafka_topic_partition_list_t *list = list_partitions(client, topic);
	int left = list->cnt;

	check(rd_kafka_assign(client, list), "assign");
	while (left > 0) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(client, TIMEOUT);

		if (!message)
			die(topic, "nothing comes");
		if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			left--;
		else if (!message->err)
			print_message(message);
		rd_kafka_message_destroy(message);
	}
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_consumer_close(client);
	rd_kafka_destroy(client);
	return 0;
}

static int committed(const char *bootstrap, const char *group, const char *topic)
{
	rd_kafka_t *client = open_consumer(bootstrap, group);
	rd_kafka_topic_partition_list_t *list = list_partitions(client, topic);
	json_t *all = json_array();

	check(rd_kafka_committed(client, list, TIMEOUT), "committed");
	for (int i = 0; i < list->cnt; i++) {
		int64_t low;
		int64_t high;

		check(rd_kafka_query_watermark_offsets(client, topic, i, &low, &high, TIMEOUT),
			"watermarks");
		json_array_append_new(all,
			json_pack("[I, I]", (json_int_t)list->elems[i].offset, (json_int_t)high));
	}
	json_dumpf(all, stdout, JSON_COMPACT);
	json_decref(all);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(client);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "mock") == 0)
		return mock(argv[2]);
	if (argc == 5 && strcmp(argv[1], "create") == 0)
		return create(argv[2], argv[3], argv[4]);
	if (argc == 4 && strcmp(argv[1], "produce") == 0)
		return produce(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "consume") == 0)
		return consume(argv[2], argv[3]);
	if (argc == 5 && strcmp(argv[1], "committed") == 0)
		return committed(argv[2], argv[3], argv[4]);
	fprintf(stderr, "kafka_probe: see the head of its source\n");
	return 2;
}
