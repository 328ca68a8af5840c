/* Reads a file of tests, and checks it against the topology. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/file.h"
#include "spec/yaml.h"
#include "test/tests.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the functions here have in common. */
struct reader {
	struct test_file *file;
	const struct spec *spec;
	const char *name; /* of the test */
	struct problems *problems;
};

static struct place place_of(
	const struct test_file *file, const json_t *value, const json_t *container)
{
	return places_of(&file->places, value, container);
}

STORM_PRINTF(4, 5)
static int refuse(const struct reader *reader, const json_t *value, const json_t *container,
	const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	problems_error(reader->problems, place_of(reader->file, value, container), "%s%s%s",
		reader->name ? reader->name : "", reader->name ? ": " : "", buffer_text(&text));
	buffer_free(&text);
	return -EINVAL;
}

static void check_keys(const struct reader *reader, json_t *object, const char *what,
	const char *const *known, size_t known_count)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i = 0;

		while (i < known_count && strcmp(known[i], key) != 0)
			i++;
		if (i < known_count)
			continue;
		problems_error(reader->problems,
			places_of_key(&reader->file->places, value, object), "%s has no key %s",
			what, key);
		problems_suggest(reader->problems, key, known, known_count);
	}
}

/* The file */

static const char *optional_string(
	const struct reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_string(value))
		refuse(reader, value, object, "%s must be a string", key);
	return json_string_value(value);
}

static void read_test(struct reader *reader, struct test *test, json_t *json)
{
	static const char *const keys[] = { "name", "component", "input", "expect", "config",
		"timeout" };
	const json_t *seconds = json_object_get(json, "timeout");

	*test = (struct test){ .json = json, .seconds = TEST_SECONDS };
	reader->name = NULL;
	if (!json_is_object(json)) {
		refuse(reader, json, reader->file->json,
			"a test must be a map with name, input and expect");
		return;
	}
	check_keys(reader, json, "a test", keys, COUNT(keys));
	test->name = optional_string(reader, json, "name");
	if (!test->name)
		refuse(reader, NULL, json, "a test needs a name");
	reader->name = test->name;
	test->component = optional_string(reader, json, "component");
	test->input = json_object_get(json, "input");
	test->expect = json_object_get(json, "expect");
	test->config = json_object_get(json, "config");
	if (!json_is_object(test->expect))
		refuse(reader, test->expect, json, "expect must be a map of what is expected");
	if (test->config && !json_is_object(test->config))
		refuse(reader, test->config, json, "config must be a map");
	if (seconds && !(json_number_value(seconds) > 0))
		refuse(reader, seconds, json, "timeout must be a number of seconds above 0");
	else if (seconds)
		test->seconds = json_number_value(seconds);
}

/* A path, seen from the folder of the file. Owned by the caller. */
static char *beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	struct buffer whole = { 0 };
	char *beside;

	if (path[0] != '/' && slash)
		buffer_append_format(&whole, "%.*s/", (int)(slash - file), file);
	buffer_append_format(&whole, "%s", path);
	beside = strdup(buffer_text(&whole));
	buffer_free(&whole);
	return beside;
}

int test_file_read(struct test_file *file, const char *path, struct problems *problems)
{
	static const char *const keys[] = { "topology", "tests" };
	struct reader reader = { file, NULL, NULL, problems };
	struct buffer text = { 0 };
	const char *topology;
	json_t *tests;

	*file = (struct test_file){ .path = path, .places.file = path };
	if (file_read(path, &text, problems) == 0)
		file->json = yaml_read(buffer_span(&text), path, &file->places, problems);
	buffer_free(&text);
	if (!file->json)
		return -EINVAL;
	tests = json_object_get(file->json, "tests");
	if (!json_is_array(tests))
		return refuse(&reader, tests, file->json,
			"not a file of tests: it must be a map with topology and a list of tests");
	check_keys(&reader, file->json, "a file of tests", keys, COUNT(keys));
	topology = optional_string(&reader, file->json, "topology");
	if (topology)
		file->topology = beside(path, topology);
	file->tests = calloc(json_array_size(tests) + 1, sizeof(*file->tests));
	for (; file->tests && file->count < json_array_size(tests); file->count++)
		read_test(&reader, &file->tests[file->count], json_array_get(tests, file->count));
	return problems_result(problems);
}

void test_file_free(struct test_file *file)
{
	places_free(&file->places);
	json_decref(file->json);
	free(file->topology);
	free(file->tests);
}

/* Against the topology */

static void suggest_component(
	const struct reader *reader, const char *word, bool spouts, bool bolts)
{
	const struct spec *spec = reader->spec;
	const char **names = calloc(spec->component_count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; names && i < spec->component_count; i++) {
		if (spec->components[i].is_spout ? spouts : bolts)
			names[count++] = spec->components[i].name;
	}
	if (names)
		problems_suggest(reader->problems, word, names, count);
	free(names);
}

static const struct spec_stream *find_stream(const struct reader *reader,
	const struct spec_component *component, const char *name, const json_t *tuple,
	const json_t *container)
{
	const char **names = calloc(component->output_count + 1, sizeof(*names));
	const struct spec_stream *found = NULL;

	for (size_t i = 0; names && i < component->output_count; i++) {
		names[i] = component->outputs[i].name;
		if (strcmp(names[i], name) == 0)
			found = &component->outputs[i];
	}
	if (!found) {
		refuse(reader, tuple, container, "%s has no stream %s", component->name, name);
		problems_suggest(reader->problems, name, names, component->output_count);
	}
	free(names);
	return found;
}

/* Bring a tuple into its full form: an object with stream and values. NULL: it is none. */
static json_t *normalise(const struct reader *reader, json_t *list, size_t index,
	const char *const *keys, size_t key_count)
{
	json_t *tuple = json_array_get(list, index);

	if (json_is_array(tuple)) {
		json_t *whole = json_pack("{s:O}", "values", tuple);

		places_note(&reader->file->places, whole, place_of(reader->file, tuple, list),
			place_of(reader->file, tuple, list));
		json_array_set_new(list, index, whole);
		tuple = whole;
	}
	if (!json_is_object(tuple) || !json_is_array(json_object_get(tuple, "values"))) {
		refuse(reader, tuple, list,
			"a tuple must be a list of values, or a map with them: "
			"{stream: NAME, values: [...]}");
		return NULL;
	}
	check_keys(reader, tuple, "a tuple", keys, key_count);
	return tuple;
}

static void check_count(const struct reader *reader, const json_t *tuple, const json_t *container,
	const struct spec_component *component, const struct spec_stream *stream)
{
	size_t count = json_array_size(json_object_get(tuple, "values"));

	if (stream && stream->field_count != count)
		refuse(reader, tuple, container,
			"a tuple of %zu values; stream %s of %s has %zu fields", count,
			stream->name, component->name, stream->field_count);
}

/* The tuples that a component emits. */
static void check_emits(
	const struct reader *reader, const struct spec_component *component, json_t *list)
{
	static const char *const keys[] = { "stream", "values", "anchors", "task", "id" };

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *tuple = normalise(reader, list, i, keys, COUNT(keys));

		if (!tuple)
			continue;
		if (!json_is_string(json_object_get(tuple, "stream")))
			json_object_set_new(tuple, "stream", json_string("default"));
		check_count(reader, tuple, list, component,
			find_stream(reader, component,
				json_string_value(json_object_get(tuple, "stream")), tuple, list));
	}
	if (!json_is_array(list))
		refuse(reader, list, NULL, "%s: a list of tuples is missing", component->name);
}

/* The input of a bolt that a tuple comes from; NULL with the problem said. */
static const struct spec_input *find_input(const struct reader *reader,
	const struct spec_component *component, const json_t *tuple, const json_t *list)
{
	const char *from = json_string_value(json_object_get(tuple, "from"));
	const char *stream = json_string_value(json_object_get(tuple, "stream"));
	const struct spec_input *found = NULL;

	for (size_t i = 0; i < component->input_count; i++) {
		const struct spec_input *input = &component->inputs[i];

		if ((from && strcmp(from, input->component) != 0) ||
			(stream && strcmp(stream, input->stream) != 0))
			continue;
		if (found) {
			refuse(reader, tuple, list,
				"%s has several inputs: say which one, {from: %s, stream: %s, "
				"values: [...]}",
				component->name, input->component, input->stream);
			return NULL;
		}
		found = input;
	}
	if (!found)
		refuse(reader, tuple, list, "%s has no input %s%s%s", component->name,
			from ? from : "", from && stream ? ", stream " : "", stream ? stream : "");
	return found;
}

static bool is_known(const struct spec *spec, const struct spec_input *input)
{
	return input->source_stream < spec->components[input->source].output_count;
}

static void check_bolt_input(
	const struct reader *reader, const struct spec_component *component, json_t *list)
{
	static const char *const keys[] = { "from", "stream", "values" };

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const struct spec_component *source;
		const struct spec_input *input;
		json_t *tuple;

		if (json_is_string(entry) && strcmp(json_string_value(entry), "tick") == 0)
			continue;
		tuple = normalise(reader, list, i, keys, COUNT(keys));
		input = tuple ? find_input(reader, component, tuple, list) : NULL;
		if (!input || !is_known(reader->spec, input))
			continue;
		source = &reader->spec->components[input->source];
		json_object_set_new(tuple, "from", json_string(input->component));
		json_object_set_new(tuple, "stream", json_string(input->stream));
		check_count(reader, tuple, list, source, &source->outputs[input->source_stream]);
	}
}

static void check_spout_input(const struct reader *reader, const json_t *list)
{
	static const char *const words[] = { "next", "activate", "deactivate" };
	static const char *const keys[] = { "next", "ack", "fail" };
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		const char *word = json_string_value(entry);
		size_t j = 0;

		while (word && j < COUNT(words) && strcmp(words[j], word) != 0)
			j++;
		if (json_is_object(entry) && json_object_size(entry) == 1)
			check_keys(reader, entry, "the input of a spout", keys, COUNT(keys));
		else if (!word || j == COUNT(words))
			refuse(reader, entry, list,
				"the input of a spout is next, {next: TIMES}, {ack: ID}, "
				"{fail: ID}, activate or deactivate");
	}
}

/* A list of strings, or of numbers. */
static void check_list(const struct reader *reader, const json_t *expect, const char *key,
	json_type type, const char *what)
{
	const json_t *list = json_object_get(expect, key);
	const json_t *entry;
	size_t i;

	if (list && !json_is_array(list))
		refuse(reader, list, expect, "%s must be a list of %s", key, what);
	json_array_foreach(list, i, entry) {
		if (json_typeof(entry) != type)
			refuse(reader, entry, list, "%s must be a list of %s", key, what);
	}
}

/* Inputs from a Java class that says nothing of its fields. */
static void refuse_unknown(const struct reader *reader, const struct test *test,
	const struct spec_component *component)
{
	for (size_t i = 0; i < component->input_count; i++) {
		if (!is_known(reader->spec, &component->inputs[i]))
			refuse(reader, json_object_get(test->json, "component"), test->json,
				"%s receives of the Java class of %s, whose fields only Java knows",
				component->name, component->inputs[i].component);
	}
}

static void check_component(const struct reader *reader, const struct test *test)
{
	static const char *const keys[] = { "emits", "order", "acks", "fails", "logs", "errors" };
	const struct spec *spec = reader->spec;
	size_t index = spec_find(spec, test->component);
	const char *order = json_string_value(json_object_get(test->expect, "order"));
	json_t *emits = json_object_get(test->expect, "emits");

	if (index == spec->component_count) {
		refuse(reader, json_object_get(test->json, "component"), test->json,
			"the topology has no component %s", test->component);
		suggest_component(reader, test->component, true, true);
		return;
	}
	check_keys(reader, test->expect, "expect", keys, COUNT(keys));
	if (test->input && !json_is_array(test->input))
		refuse(reader, test->input, test->json, "input must be a list");
	else if (spec->components[index].is_spout)
		check_spout_input(reader, test->input);
	else
		check_bolt_input(reader, &spec->components[index], (json_t *)test->input);
	if (emits)
		check_emits(reader, &spec->components[index], emits);
	if (json_object_get(test->expect, "order") && (!order || strcmp(order, "any") != 0))
		refuse(reader, json_object_get(test->expect, "order"), test->expect,
			"order can only be any; without it, tuples are expected in order");
	check_list(reader, test->expect, "acks", JSON_INTEGER, "numbers of tuples, from 1");
	check_list(reader, test->expect, "fails", JSON_INTEGER, "numbers of tuples, from 1");
	check_list(reader, test->expect, "logs", JSON_STRING, "texts");
	check_list(reader, test->expect, "errors", JSON_STRING, "texts");
	refuse_unknown(reader, test, &spec->components[index]);
	if (spec->components[index].kind == SPEC_JAVA)
		refuse(reader, json_object_get(test->json, "component"), test->json,
			"%s is a Java class: it cannot be tested here", test->component);
}

/* Lists of tuples by the names of components. */
static void check_lists(const struct reader *reader, const json_t *object, const char *key,
	const json_t *container, bool spouts_only)
{
	const struct spec *spec = reader->spec;
	const char *name;
	json_t *list;

	if (object && !json_is_object(object))
		refuse(reader, object, container,
			"%s must be a map of components, each with a list of tuples", key);
	json_object_foreach((json_t *)object, name, list) {
		size_t index = spec_find(spec, name);

		if (index == spec->component_count ||
			(spouts_only && !spec->components[index].is_spout)) {
			refuse(reader, list, object, "the topology has no %s %s",
				spouts_only ? "spout" : "component", name);
			suggest_component(reader, name, true, !spouts_only);
		} else {
			check_emits(reader, &spec->components[index], list);
		}
	}
}

/* What comes over a direct stream has a receiver that is none of the test's. */
static void refuse_direct(const struct reader *reader, const json_t *emits)
{
	const char *name;
	json_t *list;

	json_object_foreach((json_t *)emits, name, list) {
		size_t index = spec_find(reader->spec, name);
		const json_t *tuple;
		size_t i;

		json_array_foreach(list, i, tuple) {
			const char *stream = json_string_value(json_object_get(tuple, "stream"));
			const struct spec_component *component = &reader->spec->components[index];

			for (size_t j = 0; stream && j < component->output_count; j++) {
				if (component->outputs[j].direct &&
					strcmp(component->outputs[j].name, stream) == 0)
					refuse(reader, tuple, list,
						"stream %s of %s is direct: test the component by "
						"itself",
						stream, name);
			}
		}
	}
}

int test_check(struct test_file *file, const struct test *test, const struct spec *spec,
	struct problems *problems)
{
	static const char *const keys[] = { "emits", "output" };
	const struct reader reader = { file, spec, test->name, problems };
	const json_t *output = json_object_get(test->expect, "output");
	const json_t *emits = json_object_get(test->expect, "emits");

	if (test->component) {
		check_component(&reader, test);
		return problems_result(problems);
	}
	check_keys(&reader, test->expect, "expect, of a whole topology,", keys, COUNT(keys));
	check_lists(&reader, test->input, "input", test->json, true);
	check_lists(&reader, emits, "emits", test->expect, false);
	if (problems_result(problems) == 0)
		refuse_direct(&reader, emits);
	if (output && !json_is_string(output))
		refuse(&reader, output, test->expect, "output must be a text");
	return problems_result(problems);
}
