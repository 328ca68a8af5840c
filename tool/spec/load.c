/* Loads a topology: finds out what its file is, and makes a description of it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/file.h"
#include "spec/flux.h"
#include "spec/program.h"
#include "spec/spec.h"

static bool has_extension(const char *path, const char *extension)
{
	size_t length = strlen(path);

	return length > strlen(extension) &&
		strcmp(path + length - strlen(extension), extension) == 0;
}

/* JSON begins with a brace; YAML that does is JSON, too. */
static bool looks_like_json(struct span text)
{
	while (text.length > 0 && memchr(" \t\r\n", text.data[0], 4)) {
		text.data++;
		text.length--;
	}
	return text.length > 0 && text.data[0] == '{';
}

/* Some editors begin a file with a byte order mark; libyaml knows it, jansson does not. */
static struct span without_mark(struct span text)
{
	struct span mark = SPAN("\xEF\xBB\xBF");

	if (text.length < mark.length || memcmp(text.data, mark.data, mark.length) != 0)
		return text;
	return (struct span){ text.data + mark.length, text.length - mark.length };
}

static int take_json(struct spec *spec, struct span text, struct problems *problems)
{
	json_error_t why;

	spec->description =
		json_loadb(text.data ? text.data : "", text.length, JSON_REJECT_DUPLICATES, &why);
	if (spec->description)
		return 0;
	return problems_error(problems, (struct place){ spec->places.file, why.line, why.column },
		"neither a topology's program nor its description: %s", why.text);
}

static int describe_file(
	struct spec *spec, const struct spec_source *source, struct problems *problems)
{
	bool is_yaml = has_extension(source->path, ".yaml") || has_extension(source->path, ".yml");
	struct buffer buffer = { 0 };
	int err = file_read(source->path, &buffer, problems);
	struct span text = without_mark(buffer_span(&buffer));

	if (err == 0 && (is_yaml || !looks_like_json(text)))
		err = flux_read(spec, source, text, problems);
	else if (err == 0)
		err = take_json(spec, text, problems);
	buffer_free(&buffer);
	return err;
}

static int describe_program(struct spec *spec, struct problems *problems)
{
	struct buffer text = { 0 };
	int err = program_describe(spec->path, NULL, &text, problems);

	if (err == 0)
		err = take_json(spec, buffer_span(&text), problems);
	buffer_free(&text);
	return err;
}

/* A file of such a name is no program, though its mode may say so. */
static bool is_data(const char *path)
{
	return has_extension(path, ".yaml") || has_extension(path, ".yml") ||
		has_extension(path, ".json");
}

int spec_load(struct spec *spec, const struct spec_source *source, struct problems *problems)
{
	const struct place place = { .file = source->path };
	struct stat status;
	int err;

	*spec = (struct spec){ .places.file = source->path, .resources = source->resources };
	if (stat(source->path, &status) < 0)
		return problems_error(problems, place, "%s", strerror(errno));
	if (S_ISDIR(status.st_mode))
		return problems_error(problems, place, "is a directory; name the topology's file");
	/* Tasks may run elsewhere: the whole path. */
	spec->path = realpath(source->path, NULL);
	if (!spec->path)
		return problems_error(problems, place, "%s", strerror(errno));
	spec->is_program = !is_data(spec->path) && access(spec->path, X_OK) == 0;
	if (spec->is_program)
		err = describe_program(spec, problems);
	else
		err = describe_file(spec, source, problems);
	/* What could be read of it may have more problems to say. */
	return spec->description ? spec_parse(spec, source, problems) : err;
}
