/* Overrides from the command line: -o KEY=VALUE, -p COMPONENT=N, --wrap COMPONENT=COMMAND. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "spec/spec.h"

static const struct place nowhere;

/* Whether KEY is PREFIX.something. */
static bool begins_with(const char *key, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(key, prefix, length) == 0 && key[length] == '.';
}

/* A growing list of names that it owns. */
struct names {
	char **list;
	size_t count;
};

static void names_add(struct names *names, const char *prefix, const char *name)
{
	char **list = realloc(names->list, (names->count + 1) * sizeof(*list));

	if (list)
		names->list = list;
	if (list && asprintf(&list[names->count], "%s.%s", prefix, name) >= 0)
		names->count++;
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

/* The keys of all settings that components declare. */
static struct names list_settings(const struct spec *spec)
{
	struct names names = { 0 };

	for (size_t i = 0; i < spec->component_count; i++) {
		const struct spec_component *component = &spec->components[i];

		for (size_t j = 0; j < component->setting_count; j++) {
			names_add(&names, spec->name, component->settings[j].name);
			names_add(&names, component->name, component->settings[j].name);
		}
	}
	return names;
}

/* Whether a key begins with the name of the topology or of a component. */
static bool is_ours(const struct spec *spec, const char *key)
{
	bool ours = begins_with(key, spec->name);

	for (size_t i = 0; i < spec->component_count; i++)
		ours |= begins_with(key, spec->components[i].name);
	return ours;
}

/*
 * A key of the topology's or a component's own must be a setting that a component declares, so that
 * a slip does not pass unseen. Components that declare none take any key.
 */
static int check_setting(const struct spec *spec, const char *key, struct problems *problems)
{
	struct names known = list_settings(spec);
	bool found = known.count == 0 || !is_ours(spec, key);
	int err = 0;

	for (size_t i = 0; i < known.count; i++)
		found |= strcmp(known.list[i], key) == 0;
	if (!found) {
		err = problems_error(
			problems, nowhere, "-o %s: no component declares such a setting", key);
		problems_suggest(problems, key, (const char *const *)known.list, known.count);
	}
	names_free(&known);
	return err;
}

/* The part of an assignment before its equals sign, or NULL. Owned by the caller. */
static char *left_side(const char *assignment)
{
	const char *equals = strchr(assignment, '=');

	return equals && equals > assignment ? strndup(assignment, (size_t)(equals - assignment)) :
					       NULL;
}

/* What the topology says of a setting for the component alone would come before what the user says. */
static void forget_settings(struct spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->component_count && is_ours(spec, key); i++)
		json_object_del(spec->components[i].config, key);
}

int spec_set_config(struct spec *spec, const char *assignment, struct problems *problems)
{
	char *key = left_side(assignment);
	const char *text;
	json_t *value;
	int err;

	if (!key)
		return problems_error(problems, nowhere, "-o %s: it must be KEY=VALUE", assignment);
	text = assignment + strlen(key) + 1;
	err = check_setting(spec, key, problems);
	if (err == 0) {
		value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
		if (!value)
			value = json_string(text);
		if (!value)
			err = problems_error(
				problems, nowhere, "-o %s: the value is not UTF-8", key);
		else if (json_object_set_new(spec->config, key, value) < 0)
			err = problems_error(problems, nowhere, "-o %s: the key is not UTF-8", key);
		else
			forget_settings(spec, key);
	}
	free(key);
	return err;
}

static int refuse_component(const struct spec *spec, const char *option, const char *assignment,
	const char *name, struct problems *problems)
{
	const char **names = calloc(spec->component_count + 1, sizeof(*names));
	int err = problems_error(problems, nowhere, "%s %s: the topology %s has no such component",
		option, assignment, spec->name);

	for (size_t i = 0; names && i < spec->component_count; i++)
		names[i] = spec->components[i].name;
	if (names)
		problems_suggest(problems, name, names, spec->component_count);
	free(names);
	return err;
}

int spec_set_parallelism(struct spec *spec, const char *assignment, struct problems *problems)
{
	char *name = left_side(assignment);
	size_t index;
	char *end;
	long tasks;
	int err = 0;

	if (!name)
		return problems_error(
			problems, nowhere, "-p %s: it must be COMPONENT=N", assignment);
	tasks = strtol(assignment + strlen(name) + 1, &end, 10);
	index = spec_find(spec, name);
	if (end == assignment + strlen(name) + 1 || *end != '\0' || tasks < 1 || tasks > INT_MAX)
		err = problems_error(problems, nowhere,
			"-p %s: the number of tasks must be 1 or more", assignment);
	else if (index == spec->component_count)
		err = refuse_component(spec, "-p", assignment, name, problems);
	else
		spec->components[index].parallelism = spec->components[index].tasks = (int)tasks;
	free(name);
	return err;
}

int spec_set_wrapper(struct spec *spec, const char *assignment, struct problems *problems)
{
	char *name = left_side(assignment);
	const char *command = name ? assignment + strlen(name) + 1 : "";
	size_t index;
	int err = 0;

	if (command[strspn(command, " \t\n")] == '\0') {
		err = problems_error(
			problems, nowhere, "--wrap %s: it must be COMPONENT=COMMAND", assignment);
	} else {
		index = spec_find(spec, name);
		if (index == spec->component_count)
			err = refuse_component(spec, "--wrap", assignment, name, problems);
		else
			spec->components[index].wrapper = command;
	}
	free(name);
	return err;
}
