#include "spec/filter.h"

#include <stdlib.h>

#define ENVIRONMENT_PREFIX "ENV-"

/* The element of a list like ["a", "b"] in a property's value. Owned by the caller. */
static char *list_element(const char *list, long index)
{
	json_t *values = json_loads(list, 0, NULL);
	const char *text = json_string_value(json_array_get(values, (size_t)index));
	char *element = text ? strdup(text) : NULL;

	json_decref(values);
	return element;
}

/* NAME[INDEX]: the element. Owned by the caller; NULL: there is none. */
static char *find_in_list(const struct filter *filter, const char *name)
{
	const char *bracket = strchr(name, '[');
	const char *list;
	char *list_name;
	char *end;
	long index;

	if (!bracket)
		return NULL;
	index = strtol(bracket + 1, &end, 10);
	if (end == bracket + 1 || strcmp(end, "]") != 0 || index < 0)
		return NULL;
	list_name = strndup(name, (size_t)(bracket - name));
	list = list_name ? json_string_value(json_object_get(filter->properties, list_name)) : NULL;
	free(list_name);
	return list ? list_element(list, index) : NULL;
}

/* The value of a name. Owned by the caller; NULL: there is none. */
static char *find_value(const struct filter *filter, const char *name)
{
	const char *value = NULL;

	if (filter->environment &&
		strncmp(name, ENVIRONMENT_PREFIX, strlen(ENVIRONMENT_PREFIX)) == 0)
		value = getenv(name + strlen(ENVIRONMENT_PREFIX));
	if (!value)
		value = json_string_value(json_object_get(filter->properties, name));
	return value ? strdup(value) : find_in_list(filter, name);
}

static void warn(const struct filter *filter, const char *name, struct place place,
	struct problems *problems)
{
	bool is_variable = strncmp(name, ENVIRONMENT_PREFIX, strlen(ENVIRONMENT_PREFIX)) == 0;

	if (is_variable && !filter->environment)
		problems_warn(problems, place,
			"${%s} is left as it is: --env-filter takes it from the environment", name);
	else if (is_variable)
		problems_warn(problems, place,
			"${%s} is left as it is: the environment has no variable %s", name,
			name + strlen(ENVIRONMENT_PREFIX));
	else if (!filter->properties)
		problems_warn(problems, place,
			"${%s} is left as it is: --filter names the file of its properties", name);
	else
		problems_warn(problems, place, "${%s} is left as it is: no such property", name);
}

/* Replace what stands between braces; what has no value goes as it is. */
static void replace(const struct filter *filter, struct span name, struct place place,
	struct buffer *filtered, struct problems *problems)
{
	char *text = strndup(name.data, name.length);
	char *value = text ? find_value(filter, text) : NULL;

	if (value) {
		buffer_append(filtered, value, strlen(value));
	} else {
		buffer_append_literal(filtered, "${");
		buffer_append_span(filtered, name);
		buffer_append_literal(filtered, "}");
		if (text)
			warn(filter, text, place, problems);
	}
	free(value);
	free(text);
}

static bool is_comment(struct span line)
{
	while (line.length > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
		line.data++;
		line.length--;
	}
	return line.length > 0 && line.data[0] == '#';
}

static void filter_line(const struct filter *filter, struct span line, int number,
	struct buffer *filtered, struct problems *problems)
{
	const char *at = line.data;
	const char *end = line.data + line.length;
	int count = 0;

	while (!is_comment(line) && at < end) {
		const char *dollar = memmem(at, (size_t)(end - at), "${", 2);
		const char *brace = dollar ? memchr(dollar, '}', (size_t)(end - dollar)) : NULL;
		struct place place = { filter->file, number, 0 };

		if (!brace)
			break;
		place.column = (int)(dollar - line.data) + 1;
		buffer_append(filtered, at, (size_t)(dollar - at));
		replace(filter, (struct span){ dollar + 2, (size_t)(brace - dollar - 2) }, place,
			filtered, problems);
		at = brace + 1;
		if (++count == 2)
			problems_warn(problems, place,
				"two values on a line: Storm's own Flux replaces the last one only");
	}
	buffer_append(filtered, at, (size_t)(end - at));
}

void filter_text(const struct filter *filter, struct span text, struct buffer *filtered,
	struct problems *problems)
{
	int number = 1;

	while (text.length > 0) {
		const char *newline = memchr(text.data, '\n', text.length);
		size_t length = newline ? (size_t)(newline - text.data) : text.length;

		filter_line(
			filter, (struct span){ text.data, length }, number++, filtered, problems);
		if (newline)
			buffer_append_literal(filtered, "\n");
		length += newline != NULL;
		text.data += length;
		text.length -= length;
	}
}
