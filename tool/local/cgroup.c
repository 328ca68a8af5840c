#include "local/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local/run.h"

#define PROCS "cgroup.procs"
#define SUBTREE_CONTROL "cgroup.subtree_control"

#define REMEDY                                                                                     \
	"in a service with Delegate=yes it is permitted, or under `systemd-run --user --scope -p " \
	"Delegate=yes`"

/* Checking */

/* The name of a controller, a dot and more, as in memory.max. */
static bool names_file(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot > name && dot[1] != '\0' && !strchr(name, '/') &&
		strncmp(name, "cgroup.", 7) != 0;
}

void cgroup_check(const struct spec *spec, const json_t *config, struct problems *problems)
{
	json_t *files = json_object_get(config, CGROUP_KEY);
	const char *name;
	json_t *value;

	if (files && !json_is_object(files))
		problems_error(problems, spec_place(spec, files, config),
			CGROUP_KEY " must be an object, as {\"memory.max\": \"2G\"}");
	json_object_foreach(files, name, value) {
		if (!names_file(name))
			problems_error(problems, spec_place(spec, value, config),
				CGROUP_KEY ": %s is no file of a controller, as memory.max is",
				name);
		else if (!json_is_string(value) && !json_is_integer(value))
			problems_error(problems, spec_place(spec, value, config),
				CGROUP_KEY ": %s must be a string or an integer", name);
	}
}

/* Files */

/* Write a word into a file of a group: 0 or a negative errno. */
static int write_file(const char *group, const char *name, const char *text)
{
	struct buffer path = { 0 };
	ssize_t written = -1;
	int err = 0;
	int fd;

	buffer_append_format(&path, "%s/%s", group, name);
	fd = open(buffer_text(&path), O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		written = write(fd, text, strlen(text));
	if (written < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	buffer_free(&path);
	return err;
}

static int move_runner(const char *group)
{
	return write_file(group, PROCS, "0");
}

/* A group that a runner with the same pid has left behind is empty. */
static int make_group(const char *path)
{
	if (mkdir(path, 0755) == 0)
		return 0;
	if (errno != EEXIST || rmdir(path) < 0 || mkdir(path, 0755) < 0)
		return -errno;
	return 0;
}

/* A group below the runner's own one. Owned by the caller. */
static char *group_path(const struct run *run, const char *name)
{
	struct buffer path = { 0 };
	size_t start;

	buffer_append_format(&path, "%s/", run->cgroup);
	start = path.length;
	buffer_append_format(&path, "cstorm.%ld.%s", (long)getpid(), name);
	buffer_text(&path);
	for (size_t i = start; !path.failed && i < path.length; i++) {
		if (path.data[i] == '/' || iscntrl((unsigned char)path.data[i]))
			path.data[i] = '_';
	}
	if (path.failed)
		buffer_free(&path);
	return path.data;
}

/* The runner's own group */

/* Where groups of version 2 are mounted, and what of them: fields of a line of mountinfo(5). */
static bool read_mount(char *line, const char **root, const char **place)
{
	char *type = strstr(line, " - ");
	char *save = NULL;
	char *field;

	if (!type || strncmp(type + 3, "cgroup2 ", 8) != 0)
		return false;
	field = strtok_r(line, " ", &save);
	for (int i = 1; field && i < 4; i++)
		field = strtok_r(NULL, " ", &save);
	*root = field;
	*place = field ? strtok_r(NULL, " ", &save) : NULL;
	return *place != NULL;
}

/* The path of this process, without its line's end; NULL: there is none. Owned by the caller. */
static char *read_own_path(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char *line = NULL;
	char *path = NULL;
	size_t size = 0;

	while (file && !path && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			path = strdup(line + 3);
	}
	free(line);
	if (file)
		fclose(file);
	return path;
}

/* Join the place of a mount and a path below its root; NULL: it is not below. Owned by the caller. */
static char *join(const char *place, const char *root, const char *path)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
	struct buffer joined = { 0 };

	if (strncmp(path, root, length) != 0 || strncmp(path, "/..", 3) == 0)
		return NULL;
	path += length;
	buffer_append_format(&joined, "%s%s", place, strcmp(path, "/") == 0 ? "" : path);
	if (!buffer_text(&joined) || joined.failed)
		buffer_free(&joined);
	return joined.data;
}

/* The folder of the group that this process is in; NULL: there is none. Owned by the caller. */
static char *find_own_group(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *path = read_own_path();
	const char *place;
	const char *root;
	char *found = NULL;
	char *line = NULL;
	size_t size = 0;

	while (file && path && !found && getline(&line, &size, file) > 0) {
		if (read_mount(line, &root, &place))
			found = join(place, root, path);
	}
	free(line);
	free(path);
	if (file)
		fclose(file);
	return found;
}

/* A group with controllers for others below it may have no processes: leave it for one of them. */
static int leave_own_group(struct run *run)
{
	char *path = group_path(run, "runner");
	int err = path ? make_group(path) : -ENOMEM;

	if (err == 0)
		err = move_runner(path);
	if (err < 0) {
		if (path)
			rmdir(path);
		free(path);
		return err;
	}
	run->cgroup_of_runner = path;
	return 0;
}

static void return_to_own_group(struct run *run)
{
	if (!run->cgroup_of_runner)
		return;
	move_runner(run->cgroup);
	rmdir(run->cgroup_of_runner);
	free(run->cgroup_of_runner);
	run->cgroup_of_runner = NULL;
}

/* Have the controller of a file in the groups below. */
static int enable_controller(struct run *run, const char *file)
{
	char word[64];
	int err;

	snprintf(word, sizeof(word), "+%.*s", (int)strcspn(file, "."), file);
	err = write_file(run->cgroup, SUBTREE_CONTROL, word);
	if (err != -EBUSY || run->cgroup_of_runner)
		return err;
	err = leave_own_group(run);
	return err == 0 ? write_file(run->cgroup, SUBTREE_CONTROL, word) : err;
}

static void disable_controllers(struct run *run)
{
	char *path = NULL;
	size_t size = 0;
	struct buffer name = { 0 };
	FILE *file;

	buffer_append_format(&name, "%s/" SUBTREE_CONTROL, run->cgroup);
	file = fopen(buffer_text(&name), "re");
	while (file && getdelim(&path, &size, ' ', file) > 0) {
		char word[64];

		snprintf(word, sizeof(word), "-%.*s", (int)strcspn(path, " \n"), path);
		write_file(run->cgroup, SUBTREE_CONTROL, word);
	}
	free(path);
	if (file)
		fclose(file);
	buffer_free(&name);
}

/* The groups of components */

/* What the topology and, over it, the component says. A new reference. */
static json_t *files_of(const struct component *component)
{
	json_t *files = json_object();

	json_object_update(files, json_object_get(component->run->spec->config, CGROUP_KEY));
	json_object_update(files, json_object_get(component->spec->config, CGROUP_KEY));
	return files;
}

static char *text_of(const json_t *value)
{
	char *text = NULL;

	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (asprintf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) < 0)
		return NULL;
	return text;
}

static int write_value(struct component *component, const char *name, const json_t *value)
{
	char *text = text_of(value);
	int err = text ? enable_controller(component->run, name) : -ENOMEM;

	if (err == 0)
		err = write_file(component->setup.cgroup, name, text);
	if (err < 0)
		log_line(err == -EINVAL || err == -ERANGE ? STORM_LOG_ERROR : STORM_LOG_WARN, NULL,
			"%s: cannot have %s = %s in a cgroup: %s", component->spec->name, name,
			text ? text : "", strerror(-err));
	free(text);
	return err;
}

static int make_group_of(struct component *component, json_t *files)
{
	const char *name;
	json_t *value;
	int err;

	component->setup.cgroup = group_path(component->run, component->spec->name);
	if (!component->setup.cgroup)
		return -ENOMEM;
	err = make_group(component->setup.cgroup);
	if (err < 0)
		log_line(STORM_LOG_WARN, NULL, "%s: cannot make the cgroup %s: %s",
			component->spec->name, component->setup.cgroup, strerror(-err));
	json_object_foreach(files, name, value) {
		if (err == 0)
			err = write_value(component, name, value);
	}
	return err;
}

static int make_groups(struct run *run)
{
	int err = 0;

	for (size_t i = 0; i < run->component_count && err == 0; i++) {
		json_t *files = files_of(&run->components[i]);

		if (json_object_size(files) > 0)
			err = make_group_of(&run->components[i], files);
		json_decref(files);
	}
	return err;
}

static bool has_any(const struct run *run)
{
	bool any = false;

	for (size_t i = 0; i < run->component_count; i++) {
		json_t *files = files_of(&run->components[i]);

		any |= json_object_size(files) > 0;
		json_decref(files);
	}
	return any;
}

int cgroups_make(struct run *run)
{
	int err = 0;

	if (!has_any(run))
		return 0;
	run->cgroup = find_own_group();
	if (!run->cgroup)
		log_line(STORM_LOG_WARN, NULL, "there are no cgroups of version 2 here");
	else
		err = make_groups(run);
	if (run->cgroup && err == 0)
		return 0;
	cgroups_remove(run);
	if (err == -EINVAL || err == -ERANGE || err == -ENOMEM)
		return err;
	log_line(STORM_LOG_WARN, NULL, "the run goes on without cgroups; " REMEDY);
	return 0;
}

void cgroups_remove(struct run *run)
{
	if (!run->cgroup)
		return;
	for (size_t i = 0; i < run->component_count; i++) {
		struct process_setup *setup = &run->components[i].setup;

		if (setup->cgroup)
			rmdir(setup->cgroup);
		free(setup->cgroup);
		setup->cgroup = NULL;
	}
	if (run->cgroup_of_runner)
		disable_controllers(run);
	return_to_own_group(run);
	free(run->cgroup);
	run->cgroup = NULL;
}
