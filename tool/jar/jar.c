#include "jar/jar.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "embedded.h"
#include "jar/natives.h"
#include "protocol/message.h"
#include "spec/commands.h"
#include "spec/flux.h"

#define RESOURCES "resources/"
#define START "cstorm/start.sh"
#define STARTERS "cstorm/components/"
#define SHEBANG_LIMIT 256

static int say_io(struct jar *jar, struct place place, const char *path, int err)
{
	return problems_error(jar->problems, place, "cannot read %s: %s", path, strerror(-err));
}

/* The folder of resources */

static char *resources_of(const struct jar *jar)
{
	const char *path = jar->spec->path;
	const char *slash = strrchr(path, '/');
	struct stat status;
	char *folder;

	if (jar->options->resources)
		return strdup(jar->options->resources);
	if (asprintf(&folder, "%.*s/resources", slash ? (int)(slash - path) : 1,
		    slash ? path : ".") < 0)
		return NULL;
	if (stat(folder, &status) == 0 && S_ISDIR(status.st_mode))
		return folder;
	free(folder);
	return NULL;
}

static int pack_resources(struct jar *jar, const char *folder)
{
	int err = folder ? entries_add_folder(&jar->entries, "resources", folder) : 0;

	return err < 0 && err != -ENOMEM ? say_io(jar, (struct place){ 0 }, folder, err) : err;
}

/* Commands */

/* A word as the shell reads it. */
static void append_quoted(struct buffer *text, const char *word)
{
	buffer_append_literal(text, "'");
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buffer_append_literal(text, "'\\''");
		else
			buffer_append(text, word, 1);
	}
	buffer_append_literal(text, "'");
}

/* One more word of a command. */
static void append_word(struct buffer *text, const char *word)
{
	buffer_append_literal(text, " ");
	append_quoted(text, word);
}

/* The first line of a script names its interpreter, with one argument at most: they come before it. */
static void append_interpreter(struct buffer *text, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[SHEBANG_LIMIT] = "";
	char *argument;
	char *program;

	if (file && fgets(line, sizeof(line), file) && strncmp(line, "#!", 2) == 0) {
		program = line + 2 + strspn(line + 2, " \t");
		program[strcspn(program, "\r\n")] = '\0';
		argument = program + strcspn(program, " \t");
		if (*argument != '\0')
			*argument++ = '\0';
		append_word(text, program);
		argument += strspn(argument, " \t");
		if (*argument != '\0')
			append_word(text, argument);
	}
	if (file)
		fclose(file);
}

/* The name in the jar of a file that a word of a command means; NULL: outside. Owned by the caller. */
static char *name_in_resources(const char *word)
{
	char *name;

	while (strncmp(word, "./", 2) == 0)
		word += 2;
	if (word[0] == '/' || strncmp(word, "../", 3) == 0 || strstr(word, "/../"))
		return NULL;
	return asprintf(&name, RESOURCES "%s", word) < 0 ? NULL : name;
}

/* Pack a file beside the topology's that a word of a command means. */
static int pack_word(
	struct jar *jar, const struct spec_component *component, const char *word, const char *path)
{
	struct place place = spec_place(jar->spec, component->json, NULL);
	char *name = name_in_resources(word);
	int err;

	if (!name)
		return problems_error(jar->problems, place,
			"%s: %s is outside of the topology's folder, so it would not be found on a "
			"worker: put it into the folder resources",
			component->name, word);
	err = entries_add_file(&jar->entries, name, path);
	if (err == -EEXIST)
		err = problems_error(jar->problems, place,
			"%s: %s is in the folder resources too, but is another file",
			component->name, word);
	else if (err < 0 && err != -ENOMEM)
		err = say_io(jar, place, path, err);
	free(name);
	return err;
}

/* The program of a command: natively through start.sh, a script through its interpreter, or as it is. */
static int append_program(struct jar *jar, const struct spec_component *component,
	struct buffer *text, const char *word, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (word[0] == '/' || !slash) {
		append_word(text, word);
		return 0;
	}
	if (native_is(path)) {
		append_word(text, "sh");
		append_word(text, START);
		append_word(text, slash + 1);
		return native_pack(jar, path, component);
	}
	append_interpreter(text, path);
	append_word(text, word);
	return 0;
}

/* A shell component: in the folder of resources, or with files beside the topology's file. */
static int append_command(struct jar *jar, const struct spec_component *component,
	const char *folder, struct buffer *text)
{
	char **words = command_words(jar->spec, component);
	int err = words ? 0 : -ENOMEM;

	for (size_t i = 0; err == 0 && words[i]; i++) {
		const char *word = component->command[i];
		bool is_beside = strcmp(word, words[i]) != 0;
		char *path = NULL;

		if (is_beside && (i > 0 || !native_is(words[i])))
			err = pack_word(jar, component, word, words[i]);
		if (folder && !is_beside && i == 0 && word[0] != '/' && strchr(word, '/') &&
			asprintf(&path, "%s/%s", folder, word) < 0)
			err = -ENOMEM;
		if (err == 0 && i == 0)
			err = append_program(jar, component, text, word, path ? path : words[i]);
		else if (err == 0)
			append_word(text, word);
		free(path);
	}
	command_free(words);
	return err;
}

/* A class of the topology's own program. */
static int append_class(
	struct jar *jar, const struct spec_component *component, struct buffer *text)
{
	const char *path = jar->spec->path;
	const char *slash = strrchr(path, '/');
	struct buffer word = { 0 };
	int err = 0;

	buffer_append_format(&word, "./%s", slash ? slash + 1 : path);
	if (!native_is(path))
		err = pack_word(jar, component, buffer_text(&word), path);
	if (err == 0)
		err = append_program(jar, component, text, buffer_text(&word),
			slash ? path : buffer_text(&word));
	append_word(text, "--component");
	append_word(text, component->name);
	buffer_free(&word);
	return err;
}

/* Starters */

/* A name for the starter of a component that no other one has, of characters that need no care. */
static char *starter_name(const struct jar *jar, const struct spec_component *component)
{
	struct buffer name = { 0 };
	size_t length;

	buffer_append_literal(&name, RESOURCES STARTERS);
	for (const char *at = component->name; *at != '\0'; at++) {
		bool is_plain = isalnum((unsigned char)*at) || strchr("-_.", *at);

		buffer_append(&name, is_plain ? at : "_", 1);
	}
	length = name.length;
	for (size_t i = 2; entries_find(&jar->entries, buffer_text(&name)); i++) {
		buffer_truncate(&name, length);
		buffer_append_format(&name, "-%zu", i);
	}
	return name.data;
}

/* Whether the shell can set a variable of this name. */
static bool is_variable(const char *name)
{
	return *name != '\0' && !isdigit((unsigned char)*name) &&
		name[strspn(name,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789_")] == '\0';
}

static void append_variables(struct jar *jar, const struct spec_component *component,
	struct buffer *text, const json_t *env)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)env, name, value) {
		if (!is_variable(name) || !json_is_string(value)) {
			problems_error(jar->problems, spec_place(jar->spec, value, component->json),
				"%s: %s must be the name of a variable, and its value a string",
				component->name, name);
			continue;
		}
		buffer_append_format(text, "%s=", name);
		append_quoted(text, json_string_value(value));
		buffer_append_format(text, "\nexport %s\n", name);
	}
}

/* As the local runner has it: the later ones win. */
static void append_environment(
	struct jar *jar, const struct spec_component *component, struct buffer *text)
{
	append_variables(jar, component, text, json_object_get(jar->spec->config, "cstorm.env"));
	append_variables(jar, component, text, json_object_get(component->config, "cstorm.env"));
	append_variables(jar, component, text, component->env);
}

static int add_starter(struct jar *jar, size_t index, const char *folder)
{
	struct spec_component *component = &jar->spec->components[index];
	struct buffer text = { 0 };
	char *name = starter_name(jar, component);
	int err = name ? 0 : -ENOMEM;

	buffer_append_literal(&text, "#!/bin/sh\n");
	append_environment(jar, component, &text);
	buffer_append_literal(&text, "exec");
	if (err == 0)
		err = component->kind == SPEC_CLASS ? append_class(jar, component, &text) :
						      append_command(jar, component, folder, &text);
	buffer_append_literal(&text, "\n");
	if (err == 0)
		err = text.failed ? -ENOMEM :
				    entries_add_text(&jar->entries, name, buffer_span(&text));
	if (err == 0)
		jar->starters[index] = strdup(name + strlen(RESOURCES));
	buffer_free(&text);
	free(name);
	return err;
}

/* All of them: the problems of one do not hide those of others. */
static int add_starters(struct jar *jar, const char *folder)
{
	int err = 0;

	jar->starters = calloc(jar->spec->component_count + 1, sizeof(*jar->starters));
	if (!jar->starters)
		return -ENOMEM;
	for (size_t i = 0; i < jar->spec->component_count && err != -ENOMEM; i++) {
		if (jar->spec->components[i].kind != SPEC_JAVA)
			err = add_starter(jar, i, folder);
	}
	return err == -ENOMEM ? err : 0;
}

/* From here on the components are what Storm starts. */
static int change_commands(struct jar *jar)
{
	for (size_t i = 0; i < jar->spec->component_count; i++) {
		struct spec_component *component = &jar->spec->components[i];
		const char **command;

		if (!jar->starters[i])
			continue;
		command = calloc(3, sizeof(*command));
		if (!command)
			return -ENOMEM;
		command[0] = "sh";
		command[1] = jar->starters[i];
		free(component->command);
		component->command = command;
		component->command_length = 2;
		component->kind = SPEC_SHELL;
		component->env = NULL; /* the starter sets it */
	}
	return 0;
}

/* What else there is */

static int add_scripts(struct jar *jar)
{
	int err = 0;

	for (const struct embedded_file *file = jar_files; file->path && err == 0; file++) {
		struct buffer name = { 0 };

		buffer_append_format(&name, RESOURCES "cstorm/%s", file->path);
		err = entries_add_text(&jar->entries, buffer_text(&name), span_of(file->text));
		buffer_free(&name);
	}
	return err;
}

static int add_jars(struct jar *jar)
{
	int err = 0;

	for (size_t i = 0; i < jar->options->jar_count && err != -ENOMEM; i++) {
		const char *path = jar->options->jars[i];
		char *at;

		err = entries_add_zip(&jar->entries, path, &at);
		if (err == -EEXIST)
			problems_error(jar->problems, (struct place){ 0 },
				"%s: %s comes from elsewhere, too, and is not the same", path,
				at ? at : "an entry");
		else if (err == -EINVAL)
			problems_error(jar->problems, (struct place){ 0 },
				"%s is no jar, or is damaged%s%s", path, at ? " at " : "",
				at ? at : "");
		else if (err < 0 && err != -ENOMEM)
			say_io(jar, (struct place){ 0 }, path, err);
		free(at);
	}
	return err == -ENOMEM ? err : 0;
}

/* Whether the workers have a class: it is Storm's, or in the jar. */
static bool has_class(const struct jar *jar, const char *name)
{
	struct buffer entry = { 0 };
	bool found;

	if (strncmp(name, "org.apache.storm.", 17) == 0 || strncmp(name, "java.", 5) == 0)
		return true;
	buffer_append_format(&entry, "%s.class", name);
	for (size_t i = 0; i + 6 < entry.length; i++) {
		if (entry.data[i] == '.')
			entry.data[i] = '/';
	}
	found = entries_find(&jar->entries, buffer_text(&entry)) != NULL;
	buffer_free(&entry);
	return found;
}

/* A serializer of its own must come along. */
static void check_serializer(struct jar *jar)
{
	const json_t *value = json_object_get(jar->spec->config, "topology.multilang.serializer");
	const char *name = json_string_value(value);

	if (name && !has_class(jar, name))
		problems_error(jar->problems, spec_place(jar->spec, value, jar->spec->config),
			"the workers would not have the class %s, topology.multilang.serializer: "
			"name its jar with --with%s",
			name,
			strcmp(name, SERIALIZER_MSGPACK) == 0 ?
				" (jvm-harness/serializer of cstorm makes cstorm-serializer.jar)" :
				"");
}

/* A class of another's that runs the processes of bolts must, too. */
static void check_bolt_class(struct jar *jar, const struct spec_component *component)
{
	const json_t *value = spec_setting(jar->spec, component, BOLT_CLASS);
	const char *name = json_string_value(value);

	if (!component->is_spout && component->kind != SPEC_JAVA && name && !has_class(jar, name))
		problems_error(jar->problems, spec_place(jar->spec, value, jar->spec->config),
			"%s: the workers would not have the class %s, " BOLT_CLASS
			": name its jar with --with%s",
			component->name, name,
			strcmp(name, PROCESS_BOLT) == 0 ?
				" (jvm-harness/serializer of cstorm makes cstorm-serializer.jar)" :
				"");
}

/* So should components and groupings in Java, unless the cluster's extlib has them. */
static void check_class(struct jar *jar, const struct spec_component *component, const json_t *java)
{
	const json_t *value = json_object_get(java, "className");
	const char *name = json_string_value(value);

	if (name && !has_class(jar, name))
		problems_warn(jar->problems, spec_place(jar->spec, value, component->json),
			"%s: the class %s is in no jar of --with: the workers must have it already",
			component->name, name);
}

static void check_classes(struct jar *jar)
{
	for (size_t i = 0; i < jar->spec->component_count; i++) {
		const struct spec_component *component = &jar->spec->components[i];

		check_bolt_class(jar, component);
		check_class(jar, component, component->java);
		for (size_t k = 0; k < component->input_count; k++)
			check_class(jar, component, component->inputs[k].custom);
	}
}

/* The topology itself, for `storm jar FILE org.apache.storm.flux.Flux --resource /topology.yaml`. */
static int add_flux(struct jar *jar)
{
	struct problems unsaid = { 0 };
	struct buffer text = { 0 };
	int err = flux_write(jar->spec, "", &text, &unsaid);

	if (err == 0)
		err = entries_add_text(&jar->entries, "topology.yaml", buffer_span(&text));
	jar->has_flux = err == 0;
	problems_free(&unsaid);
	buffer_free(&text);
	return err == -ENOMEM ? err : 0;
}

int jar_gather(struct jar *jar)
{
	char *folder = resources_of(jar);
	int err = pack_resources(jar, folder);

	if (err != -ENOMEM)
		err = natives_pack_libraries(jar);
	if (err == 0)
		err = add_starters(jar, folder);
	if (err == 0)
		err = natives_pack_builds(jar);
	if (err == 0)
		err = add_jars(jar);
	if (err == 0)
		check_serializer(jar);
	if (err == 0)
		check_classes(jar);
	if (err == 0 && jar->native_count > 0)
		err = add_scripts(jar);
	if (err == 0)
		err = problems_result(jar->problems);
	if (err == 0)
		err = change_commands(jar);
	if (err == 0)
		err = add_flux(jar);
	if (err == 0)
		err = entries_add_text(&jar->entries, "META-INF/MANIFEST.MF",
			span_of("Manifest-Version: 1.0\r\nCreated-By: cstorm " CSTORM_VERSION
				"\r\n\r\n"));
	free(folder);
	return err;
}

void jar_free(struct jar *jar)
{
	for (size_t i = 0; i < jar->native_count; i++)
		free(jar->natives[i].name);
	free(jar->natives);
	for (size_t i = 0; jar->starters && i < jar->spec->component_count; i++)
		free(jar->starters[i]);
	free(jar->starters);
	entries_free(&jar->entries);
}
