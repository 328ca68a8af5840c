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
	char *folder = component->kind == SPEC_SHELL ? beside(spec, RESOURCES) : NULL;

	if (is_kind(folder, S_IFDIR))
		return folder;
	free(folder);
	return NULL;
}

/* Whether a word may be the path of a file: a command without a slash is looked for in PATH. */
static bool may_be_path(const char *word, size_t index)
{
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

		words[i] =
			as_they_are || !may_be_path(word, i) ? strdup(word) : resolve(spec, word);
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
