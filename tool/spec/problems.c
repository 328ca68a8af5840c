/* The list of problems, and how they are said. */
#include "spec/problems.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "spec/nearest.h"

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

void problems_print(const struct problems *problems, FILE *file)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->list[i];
		const struct place *place = &problem->place;

		if (place->file)
			fprintf(file, "%s:", place->file);
		if (place->file && place->line > 0)
			fprintf(file, "%d:", place->line);
		if (place->file && place->line > 0 && place->column > 0)
			fprintf(file, "%d:", place->column);
		fprintf(file, "%s%s: %s", place->file ? " " : "", severity_names[problem->severity],
			problem->what);
		if (problem->suggestion)
			fprintf(file, "; did you mean %s?", problem->suggestion);
		putc('\n', file);
	}
	if (problems->failed)
		fprintf(file, "error: out of memory: there may be more problems\n");
}

static json_t *problem_json(const struct problem *problem)
{
	json_t *object = json_pack("{s:s, s:s}", "severity", severity_names[problem->severity],
		"message", problem->what);

	if (problem->place.file)
		json_object_set_new(object, "file", json_string(problem->place.file));
	if (problem->place.line > 0)
		json_object_set_new(object, "line", json_integer(problem->place.line));
	if (problem->place.column > 0)
		json_object_set_new(object, "column", json_integer(problem->place.column));
	if (problem->suggestion)
		json_object_set_new(object, "suggestion", json_string(problem->suggestion));
	return object;
}

json_t *problems_json(const struct problems *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->count; i++)
		json_array_append_new(list, problem_json(&problems->list[i]));
	return list;
}
