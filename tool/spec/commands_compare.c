/* Compares what a topology says of a component with what the component's program says of itself. */
#include <stdlib.h>
#include <string.h>

#include "spec/commands.h"
#include "spec/program.h"

#define OPTION "--component"

struct comparison {
	const struct spec *spec;
	const struct spec_component *component;
	const char *program; /* the first word of its command */
	const char *part; /* the program's name for it */
	struct problems *problems;
};

static struct place place_of(const struct comparison *comparison, const json_t *part)
{
	return spec_place(comparison->spec, part, comparison->component->json);
}

/* The component's name in the list of a description, or NULL. */
static const json_t *find_named(const json_t *list, const char *name)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		const char *own = json_string_value(json_object_get(entry, "name"));

		if (own && strcmp(own, name) == 0)
			return entry;
	}
	return NULL;
}

static const json_t *find_output(const json_t *part, const char *stream)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(part, "outputs"), i, entry) {
		const char *name = json_string_value(json_object_get(entry, "stream"));

		if (name && strcmp(name, stream) == 0)
			return entry;
	}
	return NULL;
}

static void append_fields(struct buffer *text, const json_t *fields)
{
	const json_t *field;
	size_t i;

	buffer_append_literal(text, "[");
	json_array_foreach(fields, i, field) {
		const char *name = json_string_value(field);

		buffer_append_format(text, "%s%s", i > 0 ? ", " : "", name ? name : "?");
	}
	buffer_append_literal(text, "]");
}

static void compare_fields(
	const struct comparison *comparison, const struct spec_stream *stream, const json_t *output)
{
	const json_t *own = json_object_get(stream->json, "fields");
	const json_t *fields = json_object_get(output, "fields");
	struct buffer text = { 0 };
	json_t *none = json_array();

	if (!json_equal(own ? own : none, fields)) {
		append_fields(&text, fields);
		problems_error(comparison->problems, place_of(comparison, stream->json),
			"%s: stream %s has other fields than %s of %s emits: %s",
			comparison->component->name, stream->name, comparison->part,
			comparison->program, buffer_text(&text));
	}
	if (stream->direct != json_is_true(json_object_get(output, "direct")))
		problems_error(comparison->problems, place_of(comparison, stream->json),
			"%s: stream %s is %s; that of %s of %s is%s", comparison->component->name,
			stream->name, stream->direct ? "direct" : "not direct", comparison->part,
			comparison->program, stream->direct ? " not" : "");
	buffer_free(&text);
	json_decref(none);
}

static void compare_outputs(const struct comparison *comparison, const json_t *part)
{
	const struct spec_component *component = comparison->component;
	const json_t *output;
	size_t i;

	for (i = 0; i < component->output_count; i++) {
		const struct spec_stream *stream = &component->outputs[i];

		output = find_output(part, stream->name);
		if (output)
			compare_fields(comparison, stream, output);
		else
			problems_warn(comparison->problems, place_of(comparison, stream->json),
				"%s: %s of %s emits nothing to a stream %s", component->name,
				comparison->part, comparison->program, stream->name);
	}
	json_array_foreach(json_object_get(part, "outputs"), i, output) {
		const char *name = json_string_value(json_object_get(output, "stream"));
		size_t at = 0;

		while (name && at < component->output_count &&
			strcmp(component->outputs[at].name, name) != 0)
			at++;
		if (name && at == component->output_count)
			problems_error(comparison->problems, place_of(comparison, NULL),
				"%s: its stream %s is missing: %s of %s emits to it",
				component->name, name, comparison->part, comparison->program);
	}
}

static void refuse_part(const struct comparison *comparison, const json_t *parts, const char *kind)
{
	const json_t *command = json_object_get(comparison->component->json, "command");
	const char **names = calloc(json_array_size(parts) + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; names && i < json_array_size(parts); i++) {
		const json_t *part = json_array_get(parts, i);

		names[count] = json_string_value(json_object_get(part, "name"));
		count += names[count] != NULL;
	}
	problems_error(comparison->problems,
		spec_place(
			comparison->spec, json_array_get(command, 2), comparison->component->json),
		"%s: the program %s has no %s %s", comparison->component->name, comparison->program,
		kind, comparison->part);
	if (names)
		problems_suggest(comparison->problems, comparison->part, names, count);
	free(names);
}

static void compare(const struct comparison *comparison, const json_t *description)
{
	bool is_spout = comparison->component->is_spout;
	const json_t *parts = json_object_get(description, is_spout ? "spouts" : "bolts");
	const json_t *part = find_named(parts, comparison->part);

	if (part)
		compare_outputs(comparison, part);
	else
		refuse_part(comparison, parts, is_spout ? "spout" : "bolt");
}

/* Ask a program: its description, a new reference, or NULL with the problem said. */
static json_t *ask(const struct comparison *comparison, const char *path, const char *folder)
{
	const json_t *command = json_object_get(comparison->component->json, "command");
	struct problems problems = { 0 };
	struct buffer text = { 0 };
	json_t *description = NULL;

	if (program_describe(path, folder, &text, &problems) == 0) {
		description = json_loadb(text.data ? text.data : "", text.length, 0, NULL);
		if (!json_is_object(description))
			problems_error(&problems, (struct place){ 0 },
				"what it prints with --describe describes no topology: what is " OPTION
				" to it?");
	}
	/* They have the program's path as their place: the command's is the one to look at. */
	for (size_t i = 0; i < problems.count; i++)
		problems_error(comparison->problems,
			spec_place(comparison->spec, json_array_get(command, 0),
				comparison->component->json),
			"%s: %s: %s", comparison->component->name, comparison->program,
			problems.list[i].what);
	problems_free(&problems);
	buffer_free(&text);
	return description;
}

/* What a program says of itself; each is asked once. Borrowed. */
static const json_t *description_of(
	const struct comparison *comparison, json_t *known, const char *path, const char *folder)
{
	if (!json_object_get(known, path)) {
		json_t *description = ask(comparison, path, folder);

		json_object_set_new(known, path, description ? description : json_null());
	}
	return json_object_get(known, path);
}

static void compare_command(const struct comparison *comparison, json_t *known)
{
	char **words = command_words(comparison->spec, comparison->component);
	char *folder = command_folder(comparison->spec, comparison->component);
	const json_t *description =
		words ? description_of(comparison, known, words[0], folder) : NULL;

	if (json_is_object(description))
		compare(comparison, description);
	command_free(words);
	free(folder);
}

void commands_compare(const struct spec *spec, struct problems *problems)
{
	json_t *known = json_object();

	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		if (component->kind == SPEC_SHELL && component->command_length == 3 &&
			strcmp(component->command[1], OPTION) == 0)
			compare_command(
				&(struct comparison){ spec, component, component->command[0],
					component->command[2], problems },
				known);
	}
	json_decref(known);
}
