#include "spec/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESOURCES "resources"

/* The path of a file in the folder of the topology's file. Owned by the caller. */
static char *beside(const struct spec *spec, const char *name)
{
	const char *slash = strrchr(spec->path, '/');
	char *path;

	if (asprintf(&path, "%.*s/%s", slash ? (int)(slash - spec->path) : 1,
		    slash ? spec->path : ".", name) < 0)
		return NULL;
	return path;
}

static bool is_kind(const char *path, mode_t kind)
{
	struct stat status;

	return path && stat(path, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

char *command_folder(const struct spec *spec, const struct spec_component *component)
{
	char *folder = component->kind != SPEC_SHELL ? NULL :
		spec->resources                      ? strdup(spec->resources) :
						       beside(spec, RESOURCES);

	if (is_kind(folder, S_IFDIR))
		return folder;
	free(folder);
	return NULL;
}

/*
 * Whether a word may be the path of a file. A command without a slash is looked for in PATH; and what
 * stands behind --component is a name, also where a file has it.
 */
static bool may_be_path(const struct spec_component *component, size_t index)
{
	const char *word = component->command[index];

	if (index > 0 && strcmp(component->command[index - 1], "--component") == 0)
		return false;
	return word[0] != '/' && word[0] != '-' && word[0] != '\0' &&
		(index > 0 || strchr(word, '/'));
}

static char *resolve(const struct spec *spec, const char *word)
{
	char *path = beside(spec, word);

	if (is_kind(path, S_IFREG))
		return path;
	free(path);
	return strdup(word);
}

char **command_words(const struct spec *spec, const struct spec_component *component)
{
	char **words = calloc(component->command_length + 1, sizeof(*words));
	char *folder = command_folder(spec, component);
	bool as_they_are = component->kind != SPEC_SHELL || folder;

	free(folder);
	for (size_t i = 0; words && i < component->command_length; i++) {
		const char *word = component->command[i];

		words[i] = as_they_are || !may_be_path(component, i) ? strdup(word) :
								       resolve(spec, word);
		if (!words[i]) {
			command_free(words);
			return NULL;
		}
	}
	return words;
}

void command_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

/* Interpreters, whose first word that is no option is a script. */
static bool runs_script(const char *program)
{
	static const char *const names[] = { "python", "python2", "python3", "ruby", "node", "perl",
		"php", "sh", "bash", "dash" };
	const char *slash = strrchr(program, '/');

	program = slash ? slash + 1 : program;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(program, names[i]) == 0)
			return true;
	}
	return false;
}

/* Whether a file is there, seen from a folder; `mode` as for access(). */
static bool is_there(const char *folder, const char *path, int mode)
{
	char *whole = NULL;
	bool there;

	if (path[0] == '/' || !folder)
		return access(path, mode) == 0;
	if (asprintf(&whole, "%s/%s", folder, path) < 0)
		return true;
	there = access(whole, mode) == 0;
	free(whole);
	return there;
}

/* Whether PATH has a program of this name. */
static bool is_in_path(const char *name)
{
	const char *at = getenv("PATH");

	while (at && *at != '\0') {
		size_t length = strcspn(at, ":");
		char *folder = strndup(at, length);
		bool there = folder && is_there(folder, name, X_OK);

		free(folder);
		if (there)
			return true;
		at += length;
		at += *at == ':';
	}
	return false;
}

static void check_command(
	const struct spec *spec, const struct spec_component *component, struct problems *problems)
{
	const json_t *command = json_object_get(component->json, "command");
	char **words = command_words(spec, component);
	char *folder = command_folder(spec, component);
	size_t script = 1;

	if (!words || !words[0] || strcmp(words[0], "?") == 0) {
		problems->failed |= !words;
	} else if (strchr(words[0], '/') ? !is_there(folder, words[0], X_OK) :
					   !is_in_path(words[0])) {
		problems_error(problems,
			spec_place(spec, json_array_get(command, 0), component->json),
			"%s: there is no program %s%s", component->name, words[0],
			strchr(words[0], '/') ? "" : " in PATH");
	} else if (runs_script(words[0])) {
		while (words[script] && words[script][0] == '-')
			script++;
		/* What an option such as -c or -m has behind it is no file. */
		if (script == 1 && words[script] && !is_there(folder, words[script], R_OK))
			problems_error(problems,
				spec_place(spec, json_array_get(command, script), component->json),
				"%s: there is no script %s%s%s", component->name, words[script],
				folder ? " in " : "", folder ? folder : "");
	}
	command_free(words);
	free(folder);
}

void commands_check(const struct spec *spec, struct problems *problems)
{
	for (size_t i = 0; i < spec->component_count; i++) {
		if (spec->components[i].kind == SPEC_SHELL)
			check_command(spec, &spec->components[i], problems);
	}
}
