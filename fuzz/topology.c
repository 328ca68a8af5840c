#include "topology.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/utf8.h"
#include "command.h"
#include "files.h"
#include "protocol/description.h"
#include "spec/config.h"
#include "spec/spec.h"

#define FILE_LIMIT 16
#define OPTION_LIMIT 8
#define ARGUMENT_LIMIT (2 * OPTION_LIMIT + 5)

/* Files that are written, and may not come of the input. */
#define DESCRIBED "described.json"
#define WRITTEN "written.yaml"

/* The words behind a command's name. */
struct arguments {
	char *words[2 * OPTION_LIMIT];
	size_t count;
};

/* What a command has printed. */
struct printed {
	char *out;
	size_t out_length;
	char *err;
	size_t err_length;
};

/* The input */

static bool takes_value(const char *option)
{
	return strcmp(option, "--env-filter") != 0;
}

static void add_option(struct arguments *arguments, struct span text)
{
	static const char *const known[] = { "-e", "-o", "-p", "--filter", "--env-filter" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t length = strlen(known[i]);

		if (text.length < length || memcmp(text.data, known[i], length) != 0 ||
			arguments->count + 2 > 2 * OPTION_LIMIT)
			continue;
		if (takes_value(known[i]) && (text.length == length || text.data[length] != ' '))
			continue;
		arguments->words[arguments->count++] = strdup(known[i]);
		if (takes_value(known[i]))
			arguments->words[arguments->count++] =
				strndup(text.data + length + 1, text.length - length - 1);
		return;
	}
}

static bool begins_with(struct span text, struct span prefix)
{
	return text.length > prefix.length && memcmp(text.data, prefix.data, prefix.length) == 0;
}

static struct span without(struct span text, struct span prefix)
{
	return (struct span){ text.data + prefix.length, text.length - prefix.length };
}

static bool is_allowed(struct span name)
{
	return !span_equals(name, SPAN(DESCRIBED)) && !span_equals(name, SPAN(WRITTEN)) &&
		!memchr(name.data, '\0', name.length);
}

/* Take an input apart: its files are put in place, its options returned. */
static struct arguments take_apart(struct span input, struct span name)
{
	struct arguments arguments = { 0 };
	struct span text = { input.data, 0 };
	bool has_ended = false; /* by an option, which is a comment in YAML, but not in JSON */
	size_t count = 1;

	while (input.length > 0) {
		const char *newline = memchr(input.data, '\n', input.length);
		struct span line = { input.data,
			newline ? (size_t)(newline - input.data) : input.length };
		size_t length = line.length + (newline != NULL);

		input.data += length;
		input.length -= length;
		if (begins_with(line, SPAN("#file ")) && count < FILE_LIMIT &&
			is_allowed(without(line, SPAN("#file ")))) {
			files_put(name, text);
			count++;
			name = without(line, SPAN("#file "));
			text = (struct span){ input.data, 0 };
			has_ended = false;
		} else if (begins_with(line, SPAN("#with "))) {
			add_option(&arguments, without(line, SPAN("#with ")));
			has_ended = true;
		} else if (!has_ended) {
			text.length += length;
		}
	}
	files_put(name, text);
	return arguments;
}

static void free_arguments(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->count; i++)
		free(arguments->words[i]);
}

/* The commands */

/* Run a command on a topology: its exit status, with what it printed. */
static int run(int (*command)(int argc, char **argv), const char *option,
	const struct arguments *arguments, const char *path, struct printed *printed)
{
	char *argv[ARGUMENT_LIMIT] = { (char *)"command" };
	FILE *streams[] = { stdout, stderr };
	int argc = 1;
	int status;

	if (option)
		argv[argc++] = (char *)option;
	for (size_t i = 0; arguments && i < arguments->count; i++)
		argv[argc++] = arguments->words[i];
	argv[argc++] = (char *)"--";
	argv[argc++] = (char *)path;
	*printed = (struct printed){ 0 };
	stdout = open_memstream(&printed->out, &printed->out_length);
	stderr = open_memstream(&printed->err, &printed->err_length);
	optind = 0; /* getopt begins anew */
	status = command(argc, argv);
	fclose(stdout);
	fclose(stderr);
	stdout = streams[0];
	stderr = streams[1];
	return status;
}

static void free_printed(struct printed *printed)
{
	free(printed->out);
	free(printed->err);
}

static bool is_utf8(const char *text, size_t length)
{
	return utf8_first_invalid(text, text + length) == text + length;
}

/* The model */

static void check_outputs(const struct spec_component *component)
{
	for (size_t i = 0; i < component->output_count; i++) {
		const struct spec_stream *stream = &component->outputs[i];

		REQUIRE(stream->name);
		for (size_t j = 0; j < stream->field_count; j++)
			REQUIRE(stream->fields[j]);
		for (size_t j = 0; j < i; j++)
			REQUIRE(strcmp(component->outputs[j].name, stream->name) != 0);
	}
}

static void check_fields(const struct spec_input *input, const struct spec_stream *stream)
{
	REQUIRE(input->field_count > 0 && input->field_indexes);
	for (size_t i = 0; i < input->field_count; i++) {
		REQUIRE(input->field_indexes[i] < stream->field_count);
		REQUIRE(strcmp(stream->fields[input->field_indexes[i]], input->fields[i]) == 0);
	}
}

static void check_inputs(const struct spec *spec, const struct spec_component *component)
{
	REQUIRE(component->is_spout == (component->input_count == 0));
	for (size_t i = 0; i < component->input_count; i++) {
		const struct spec_input *input = &component->inputs[i];
		const struct spec_component *source = &spec->components[input->source];

		REQUIRE(input->source < spec->component_count);
		REQUIRE(strcmp(source->name, input->component) == 0);
		REQUIRE(input->grouping < GROUPING_COUNT);
		/* What a Java class declares may be known to Java alone. */
		if (input->source_stream == source->output_count) {
			REQUIRE(source->kind == SPEC_JAVA && source->output_count == 0);
			continue;
		}
		REQUIRE(input->source_stream < source->output_count);
		REQUIRE(strcmp(source->outputs[input->source_stream].name, input->stream) == 0);
		if (input->grouping == STORM_GROUPING_FIELDS)
			check_fields(input, &source->outputs[input->source_stream]);
	}
}

/* What a topology without errors promises to those that run and write it. */
static void check_model(const struct spec *spec)
{
	size_t spouts = json_array_size(json_object_get(spec->description, "spouts"));
	size_t bolts = json_array_size(json_object_get(spec->description, "bolts"));

	REQUIRE(spec->name[0] != '\0');
	REQUIRE(spouts > 0 && spec->component_count == spouts + bolts);
	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		REQUIRE(component->is_spout == (i < spouts));
		REQUIRE(component->name[0] != '\0' && spec_find(spec, component->name) == i);
		REQUIRE(component->parallelism >= 1 && component->tasks >= component->parallelism);
		REQUIRE(component->kind != SPEC_CLASS); /* a file has no classes */
		REQUIRE((component->kind == SPEC_JAVA) == (component->java != NULL));
		REQUIRE(component->java || component->command_length > 0);
		for (size_t j = 0; j < component->command_length; j++)
			REQUIRE(component->command[j]);
		check_outputs(component);
		check_inputs(spec, component);
	}
}

/* They are printed as lines of text, and as a list of JSON. */
static void check_printed(const struct problems *problems)
{
	json_t *list = problems_json(problems);
	char *text = NULL;
	size_t length = 0;
	size_t lines = 0;
	FILE *file = open_memstream(&text, &length);

	REQUIRE(json_array_size(list) == problems->count);
	json_decref(list);
	problems_print(problems, file);
	fclose(file);
	for (size_t i = 0; i < length; i++) {
		REQUIRE(text[i] == '\n' || (unsigned char)text[i] >= ' ');
		lines += text[i] == '\n';
	}
	REQUIRE(lines == problems->count);
	free(text);
}

static void check_problems(const struct problems *problems)
{
	size_t errors = 0;

	REQUIRE(!problems->failed);
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->list[i];

		REQUIRE(problem->what[0] != '\0');
		REQUIRE(!problem->suggestion || problem->suggestion[0] != '\0');
		REQUIRE(problem->place.line >= 0 && problem->place.column >= 0);
		errors += problem->severity == SEVERITY_ERROR;
	}
	REQUIRE(errors == problems->error_count);
	REQUIRE((errors == 0) == (problems_result(problems) == 0));
	check_printed(problems);
}

/* Whatever could be read has its configuration: it is asked for options and for config_check. */
static void check_configs(const struct spec *spec)
{
	REQUIRE(json_is_object(spec->config));
	for (size_t i = 0; i < spec->component_count; i++)
		REQUIRE(json_is_object(spec->components[i].config));
}

static void check_file(const char *path)
{
	const struct spec_source source = { .path = path };
	struct problems problems = { 0 };
	struct spec spec = { 0 };

	spec_load(&spec, &source, &problems);
	if (spec_check(&spec, &problems) == 0)
		check_model(&spec);
	if (spec.config) {
		check_configs(&spec);
		config_check(&spec, &problems);
	}
	problems_sort(&problems);
	check_problems(&problems);
	spec_free(&spec);
	problems_free(&problems);
}

/* Two forms of a topology */

static bool has_same_fields(
	const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
	for (size_t i = 0; a_count == b_count && i < a_count; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return a_count == b_count;
}

/* Values that may not be there, which is the same as null. */
static bool is_same(const json_t *a, const json_t *b)
{
	bool has_a = a && !json_is_null(a);
	bool has_b = b && !json_is_null(b);

	return has_a && has_b ? json_equal(a, b) : has_a == has_b;
}

static void compare_output(const struct spec_stream *stream, const struct spec_component *found)
{
	size_t i = 0;

	while (i < found->output_count && strcmp(found->outputs[i].name, stream->name) != 0)
		i++;
	REQUIRE(i < found->output_count);
	REQUIRE(has_same_fields(found->outputs[i].fields, found->outputs[i].field_count,
		stream->fields, stream->field_count));
	REQUIRE(found->outputs[i].direct == stream->direct);
}

static void compare_input(const struct spec_input *input, const struct spec_component *found)
{
	size_t i = 0;

	while (i < found->input_count &&
		(strcmp(found->inputs[i].component, input->component) != 0 ||
			strcmp(found->inputs[i].stream, input->stream) != 0))
		i++;
	REQUIRE(i < found->input_count);
	REQUIRE(found->inputs[i].grouping == input->grouping);
	REQUIRE(input->grouping != STORM_GROUPING_FIELDS ||
		has_same_fields(found->inputs[i].fields, found->inputs[i].field_count,
			input->fields, input->field_count));
	REQUIRE(is_same(input->custom, found->inputs[i].custom));
}

static void compare_component(const struct spec_component *expected, const struct spec *spec)
{
	const struct spec_component *found = &spec->components[spec_find(spec, expected->name)];

	REQUIRE(found < spec->components + spec->component_count);
	REQUIRE(found->is_spout == expected->is_spout && found->kind == expected->kind);
	REQUIRE(found->parallelism == expected->parallelism && found->tasks == expected->tasks);
	REQUIRE(json_equal(found->config, expected->config));
	REQUIRE(is_same(found->env, expected->env));
	for (size_t i = 0; expected->java && i < JAVA_KEY_COUNT; i++)
		REQUIRE(is_same(json_object_get(found->java, java_keys[i]),
			json_object_get(expected->java, java_keys[i])));
	if (!expected->java)
		REQUIRE(has_same_fields(found->command, found->command_length, expected->command,
			expected->command_length));
	REQUIRE(found->output_count == expected->output_count);
	for (size_t i = 0; i < expected->output_count; i++)
		compare_output(&expected->outputs[i], found);
	REQUIRE(found->input_count == expected->input_count);
	for (size_t i = 0; i < expected->input_count; i++)
		compare_input(&expected->inputs[i], found);
}

static void load(struct spec *spec, const char *path)
{
	const struct spec_source source = { .path = path };
	struct problems problems = { 0 };

	spec_load(spec, &source, &problems);
	if (spec_check(spec, &problems) < 0)
		problems_print(&problems, stderr);
	REQUIRE(problems.error_count == 0);
	problems_free(&problems);
}

/* Two files have the same topology. */
static void compare(const char *expected_path, const char *path)
{
	struct spec expected;
	struct spec found;

	load(&expected, expected_path);
	load(&found, path);
	REQUIRE(strcmp(found.name, expected.name) == 0);
	REQUIRE(json_equal(found.config, expected.config));
	REQUIRE(found.component_count == expected.component_count);
	for (size_t i = 0; i < expected.component_count; i++)
		compare_component(&expected.components[i], &found);
	spec_free(&expected);
	spec_free(&found);
}

/* The whole */

/* The list that is printed agrees with the exit status. */
static void check_report(const struct arguments *arguments, const char *path)
{
	struct printed printed;
	int status = run(command_check, "--json", arguments, path, &printed);
	json_t *list = json_loadb(printed.out, printed.out_length, 0, NULL);
	const json_t *problem;
	size_t errors = 0;
	size_t i;

	REQUIRE(json_is_array(list));
	json_array_foreach(list, i, problem)
		errors += strcmp(json_string_value(json_object_get(problem, "severity")),
				  "error") == 0;
	REQUIRE(status == (errors > 0 ? EXIT_STATUS_USAGE : EXIT_STATUS_DONE));
	free_printed(&printed);
	json_decref(list);
}

/* As text and for Graphviz. */
static void check_drawings(const struct arguments *arguments, const char *path)
{
	static const char *const forms[] = { "--dot", "--text" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct printed printed;

		REQUIRE(run(command_graph, forms[i], arguments, path, &printed) ==
			EXIT_STATUS_DONE);
		REQUIRE(printed.out_length > 0 && is_utf8(printed.out, printed.out_length));
		free_printed(&printed);
	}
}

/* As Flux it is the same, where Flux has words for all of it. */
static void check_flux(const char *path)
{
	static const char again[] = FILES_FOLDER "/" WRITTEN;
	struct printed printed;
	int status = run(command_flux, NULL, NULL, path, &printed);

	if (status == EXIT_STATUS_DONE) {
		files_put(SPAN(WRITTEN), (struct span){ printed.out, printed.out_length });
		compare(path, again);
	} else {
		REQUIRE(status == EXIT_STATUS_USAGE && printed.err_length > 0);
	}
	free_printed(&printed);
}

/* A topology's description is a topology too, and its own description is the same text. */
static void check_description(struct span described, const char *path)
{
	static const char again[] = FILES_FOLDER "/" DESCRIBED;
	struct printed printed;

	files_put(SPAN(DESCRIBED), described);
	REQUIRE(run(command_describe, NULL, NULL, again, &printed) == EXIT_STATUS_DONE);
	REQUIRE(span_equals((struct span){ printed.out, printed.out_length }, described));
	free_printed(&printed);
	if (path)
		compare(path, again);
	check_flux(again);
}

void fuzz_topology(const char *name, const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct arguments arguments;
	struct printed described;
	char *path = NULL;

	REQUIRE(asprintf(&path, FILES_FOLDER "/%s", name) > 0);
	files_begin();
	arguments = take_apart((struct span){ copy, size }, span_of(name));
	check_file(path);
	REQUIRE(files_opened() > 0); /* else the linker has not wrapped the calls */
	check_report(&arguments, path);
	if (run(command_describe, NULL, &arguments, path, &described) == EXIT_STATUS_DONE) {
		check_drawings(&arguments, path);
		/* Options make another topology of it. */
		check_description((struct span){ described.out, described.out_length },
			arguments.count == 0 ? path : NULL);
	}
	free_printed(&described);
	files_end();
	free_arguments(&arguments);
	free(path);
	free(copy);
}
