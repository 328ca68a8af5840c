/* The list of problems, and how they are said. */
#include "spec/problems.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/utf8.h"

/* Nobody reads more of them, and each takes a walk through all names. */
#define SUGGESTION_LIMIT 1000

static const char *const severity_names[] = {
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

void problems_free(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->list[i].what);
		free(problems->list[i].suggestion);
	}
	free(problems->list);
	*problems = (struct problems){ 0 };
}

/* Make room for one more. */
static int reserve(struct problems *problems)
{
	size_t capacity = problems->capacity > 0 ? 2 * problems->capacity : 8;
	struct problem *list;

	if (problems->count < problems->capacity)
		return 0;
	list = realloc(problems->list, capacity * sizeof(*list));
	if (!list)
		return -ENOMEM;
	problems->list = list;
	problems->capacity = capacity;
	return 0;
}

STORM_PRINTF(4, 0)
static void add(struct problems *problems, enum severity severity, struct place place,
	const char *format, va_list arguments)
{
	size_t order = problems->count;
	char *what = NULL;

	problems->error_count += severity == SEVERITY_ERROR;
	if (reserve(problems) < 0 || vasprintf(&what, format, arguments) < 0) {
		problems->failed = true;
		return;
	}
	problems->list[problems->count++] = (struct problem){ severity, place, what, NULL, order };
}

int problems_error(struct problems *problems, struct place place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(problems, SEVERITY_ERROR, place, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

void problems_warn(struct problems *problems, struct place place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(problems, SEVERITY_WARNING, place, format, arguments);
	va_end(arguments);
}

void problems_suggest(
	struct problems *problems, const char *word, const char *const *names, size_t count)
{
	const char *nearest;

	if (problems->count == 0 || problems->count > SUGGESTION_LIMIT || problems->failed)
		return;
	nearest = nearest_name(word, names, count);
	if (nearest)
		problems->list[problems->count - 1].suggestion = strdup(nearest);
}

bool problems_are_at(const struct problems *problems, struct place place)
{
	for (size_t i = 0; i < problems->count && place.line > 0; i++) {
		const struct problem *problem = &problems->list[i];

		if (problem->severity == SEVERITY_ERROR && problem->place.line == place.line &&
			problem->place.column == place.column && problem->place.file &&
			place.file && strcmp(problem->place.file, place.file) == 0)
			return true;
	}
	return false;
}

int problems_result(const struct problems *problems)
{
	if (problems->error_count > 0)
		return -EINVAL;
	return problems->failed ? -ENOMEM : 0;
}

/* By file, line and column; what has one place keeps its order. */
static int compare(const void *left, const void *right)
{
	const struct problem *a = left;
	const struct problem *b = right;
	int files = strcmp(a->place.file ? a->place.file : "", b->place.file ? b->place.file : "");

	if (files != 0)
		return files;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void problems_sort(struct problems *problems)
{
	if (problems->count > 0)
		qsort(problems->list, problems->count, sizeof(*problems->list), compare);
}

/* Print a text in one line, and nothing in it that a terminal obeys: names may have any character. */
static void print_line(FILE *file, const char *text)
{
	const char *end = text + strlen(text);

	while (text < end) {
		size_t length = utf8_sequence(text, end);
		uint32_t code = length > 0 ? utf8_read(text, length) : 0;

		if (length > 0 && (code < 0x20 || (code >= 0x7F && code < 0xA0)))
			fprintf(file, "\\u%04x", (unsigned int)code);
		else
			fwrite(text, 1, length > 0 ? length : 1, file);
		text += length > 0 ? length : 1;
	}
}

void problems_print(const struct problems *problems, FILE *file)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->list[i];
		const struct place *place = &problem->place;

		if (place->file) {
			print_line(file, place->file);
			putc(':', file);
		}
		if (place->file && place->line > 0)
			fprintf(file, "%d:", place->line);
		if (place->file && place->line > 0 && place->column > 0)
			fprintf(file, "%d:", place->column);
		fprintf(file, "%s%s: ", place->file ? " " : "", severity_names[problem->severity]);
		print_line(file, problem->what);
		if (problem->suggestion) {
			fputs("; did you mean ", file);
			print_line(file, problem->suggestion);
			putc('?', file);
		}
		putc('\n', file);
	}
	if (problems->failed)
		fprintf(file, "error: out of memory: there may be more problems\n");
}

void problems_explain(const struct problems *problems, struct buffer *message)
{
	const struct problem *problem = problems->list;

	if (problems->count == 0) {
		buffer_append_literal(message, "out of memory");
		return;
	}
	if (problem->place.file)
		buffer_append_format(message, "%s:", problem->place.file);
	if (problem->place.file && problem->place.line > 0)
		buffer_append_format(message, "%d:", problem->place.line);
	buffer_append_format(message, "%s%s", problem->place.file ? " " : "", problem->what);
	if (problem->suggestion)
		buffer_append_format(message, "; did you mean %s?", problem->suggestion);
}

/* A text as JSON, with U+FFFD for what is not UTF-8: names of files and arguments may be anything. */
static json_t *text_json(const char *text)
{
	const char *end = text + strlen(text);
	struct buffer valid = { 0 };
	json_t *json;

	while (text < end) {
		const char *invalid = utf8_first_invalid(text, end);

		buffer_append(&valid, text, (size_t)(invalid - text));
		text = invalid;
		if (text < end) {
			buffer_append_literal(&valid, UTF8_REPLACEMENT);
			text += utf8_invalid_length(text, end);
		}
	}
	json = json_string(buffer_text(&valid));
	buffer_free(&valid);
	return json;
}

static json_t *problem_json(const struct problem *problem)
{
	json_t *object = json_pack("{s:s, s:o}", "severity", severity_names[problem->severity],
		"message", text_json(problem->what));

	if (problem->place.file)
		json_object_set_new(object, "file", text_json(problem->place.file));
	if (problem->place.line > 0)
		json_object_set_new(object, "line", json_integer(problem->place.line));
	if (problem->place.column > 0)
		json_object_set_new(object, "column", json_integer(problem->place.column));
	if (problem->suggestion)
		json_object_set_new(object, "suggestion", text_json(problem->suggestion));
	return object;
}

json_t *problems_json(const struct problems *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->count; i++)
		json_array_append_new(list, problem_json(&problems->list[i]));
	return list;
}
