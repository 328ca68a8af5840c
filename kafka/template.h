/* Texts with fields of a tuple in them: "{host}-errors". */
#ifndef KAFKA_TEMPLATE_H
#define KAFKA_TEMPLATE_H

#include "base/bytes.h"

#include <cstorm/task.h>

struct template_piece;

struct template
{
	struct template_piece *pieces;
	size_t count;
};

/* Take a text apart: 0, -ENOMEM, or -EINVAL with a reason that names the setting. */
int template_parse(
	struct storm_task *task, struct template *template, const char *setting, const char *text);

/*
 * Append the text for a tuple: a string as it is, any other value as its JSON text, null as nothing.
 * Returns 0 or a negative errno with a reason. `is_null`: all fields in it are null, and there is one.
 */
int template_append(struct buffer *text, const struct template *template,
	const struct storm_tuple *tuple, bool *is_null);

void template_free(struct template *template);

#endif
