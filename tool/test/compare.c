/* Compares what a test has seen with what it expects. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "test/tests.h"

/* So many differences of one kind are shown. */
#define SHOWN 5

void differences_add(struct differences *differences, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buffer_append_formatv(&differences->text, format, arguments);
	va_end(arguments);
	buffer_append_literal(&differences->text, "\n");
	differences->count++;
}

/* A tuple as its test would have it: the values alone, where that says everything. */
static char *show(const json_t *tuple)
{
	const char *stream = json_string_value(json_object_get(tuple, "stream"));
	bool plain = stream && strcmp(stream, "default") == 0 &&
		!json_object_get(tuple, "anchors") && !json_object_get(tuple, "task") &&
		!json_object_get(tuple, "id");

	return json_dumps(
		plain ? json_object_get(tuple, "values") : tuple, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* Whether a tuple has all that is expected of it; what is not mentioned does not matter. */
static bool matches(const json_t *expected, const json_t *found)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)expected, key, value) {
		if (!json_equal(json_object_get(found, key), value))
			return false;
	}
	return true;
}

/* A found tuple with those keys alone that the expected one has: to show what differs. */
static json_t *as_detailed_as(const json_t *expected, const json_t *found)
{
	json_t *part = json_object();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)found, key, value) {
		if (json_object_get(expected, key) || strcmp(key, "values") == 0 ||
			strcmp(key, "stream") == 0)
			json_object_set(part, key, value);
	}
	return part;
}

/* Show the tuples of a list whose marks are not set. */
static void show_unmarked(const char *what, bool are_expected, const json_t *tuples,
	const bool *marks, struct differences *differences)
{
	const char *state = are_expected ? "missing" : "not expected";
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(tuples); i++) {
		const json_t *tuple = json_array_get(tuples, i);
		json_t *part = as_detailed_as(are_expected ? tuple : NULL, tuple);
		char *text = show(part);

		if (!marks[i] && count++ < SHOWN)
			differences_add(differences, "%s: %s: %s", what, state, text ? text : "");
		free(text);
		json_decref(part);
	}
	if (count > SHOWN)
		differences_add(differences, "%s: %s: %zu more", what, state, count - SHOWN);
}

static void compare_in_order(const char *what, const json_t *expected, const json_t *found,
	bool *of_expected, bool *of_found, struct differences *differences)
{
	size_t i = 0;

	while (i < json_array_size(expected) && i < json_array_size(found) &&
		matches(json_array_get(expected, i), json_array_get(found, i))) {
		of_expected[i] = of_found[i] = true;
		i++;
	}
	if (i < json_array_size(expected) && i < json_array_size(found)) {
		json_t *part =
			as_detailed_as(json_array_get(expected, i), json_array_get(found, i));
		char *wanted = show(json_array_get(expected, i));
		char *seen = show(part);

		differences_add(differences, "%s: tuple %zu: expected %s, found %s", what, i + 1,
			wanted, seen);
		free(wanted);
		free(seen);
		json_decref(part);
		/* The rest may be the same, one place further: say how many there are. */
		if (json_array_size(expected) != json_array_size(found))
			differences_add(differences, "%s: expected %zu tuples, found %zu", what,
				json_array_size(expected), json_array_size(found));
		return;
	}
	show_unmarked(what, true, expected, of_expected, differences);
	show_unmarked(what, false, found, of_found, differences);
}

static void compare_in_any_order(const char *what, const json_t *expected, const json_t *found,
	bool *of_expected, bool *of_found, struct differences *differences)
{
	for (size_t i = 0; i < json_array_size(expected); i++) {
		for (size_t j = 0; j < json_array_size(found) && !of_expected[i]; j++) {
			if (of_found[j] ||
				!matches(json_array_get(expected, i), json_array_get(found, j)))
				continue;
			of_expected[i] = of_found[j] = true;
		}
	}
	show_unmarked(what, true, expected, of_expected, differences);
	show_unmarked(what, false, found, of_found, differences);
}

void compare_tuples(const char *what, const json_t *expected, const json_t *found, bool ordered,
	struct differences *differences)
{
	bool *of_expected = calloc(json_array_size(expected) + 1, sizeof(bool));
	bool *of_found = calloc(json_array_size(found) + 1, sizeof(bool));

	if (!of_expected || !of_found)
		differences_add(differences, "%s: out of memory", what);
	else if (ordered)
		compare_in_order(what, expected, found, of_expected, of_found, differences);
	else
		compare_in_any_order(what, expected, found, of_expected, of_found, differences);
	free(of_expected);
	free(of_found);
}

static bool holds(const json_t *list, const json_t *value)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		if (json_equal(entry, value))
			return true;
	}
	return false;
}

void compare_ids(const char *what, const json_t *expected, const json_t *found,
	struct differences *differences)
{
	const json_t *id;
	size_t i;

	json_array_foreach(expected, i, id) {
		if (!holds(found, id))
			differences_add(differences, "tuple %" JSON_INTEGER_FORMAT " is not %s",
				json_integer_value(id), what);
	}
	json_array_foreach(found, i, id) {
		if (!holds(expected, id))
			differences_add(differences,
				"tuple %" JSON_INTEGER_FORMAT " is %s, which is not expected",
				json_integer_value(id), what);
	}
}

static bool contains(const json_t *texts, const char *part)
{
	const json_t *text;
	size_t i;

	json_array_foreach(texts, i, text) {
		if (strstr(json_string_value(text), part))
			return true;
	}
	return false;
}

static bool is_part_of(const json_t *parts, const char *text)
{
	const json_t *part;
	size_t i;

	json_array_foreach(parts, i, part) {
		if (strstr(text, json_string_value(part)))
			return true;
	}
	return false;
}

void compare_texts(const char *what, const json_t *expected, const json_t *found, bool all,
	struct differences *differences)
{
	const json_t *text;
	size_t i;

	json_array_foreach(expected, i, text) {
		if (!contains(found, json_string_value(text)))
			differences_add(
				differences, "%s: none says: %s", what, json_string_value(text));
	}
	json_array_foreach(found, i, text) {
		if (all && !is_part_of(expected, json_string_value(text)))
			differences_add(
				differences, "%s: not expected: %s", what, json_string_value(text));
	}
}
