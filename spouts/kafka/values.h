/* What a message is emitted as: the values of the fields that the topology has chosen. */
#ifndef KAFKA_VALUES_H
#define KAFKA_VALUES_H

#include <librdkafka/rdkafka.h>

#include "base/bytes.h"

#include <cstorm/task.h>

enum values_format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_BINARY,
};

struct value_field;

struct values {
	enum values_format format;
	struct value_field *fields;
	size_t count;
	bool has_members; /* fields of the JSON object that a message is */
	struct storm_value *list; /* of the message at hand */
	struct buffer headers;
	struct buffer repaired;
};

/* Read the settings and the fields of the task: 0 or a negative errno with a reason. */
int values_prepare(struct storm_task *task, struct values *values);

/*
 * Set the list to what a message holds. It is borrowed from the message, and valid until the next
 * one. Returns 0, -ENOMEM, or -EBADMSG where the message is not in the format, with the reason in
 * `why`.
 */
int values_read(struct values *values, const rd_kafka_message_t *message, const char **why);

/* Replace what is not UTF-8 in the list's strings by U+FFFD: 0 or -ENOMEM. */
int values_repair(struct values *values);

void values_free(struct values *values);

#endif
