/*
 * Tests a whole topology: it is run as `cstorm run` would, in a process of its own, with spouts that
 * emit the tuples of the test, and a bolt that collects what the tested components emit.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "command.h"
#include "local/directory.h"
#include "local/local.h"
#include "local/process.h"
#include "ready.h"
#include "spec/file.h"
#include "test/tests.h"

#define COLLECTOR "cstorm-test-collector"

/* What is kept of the runner's log, to show it. */
#define LOG_SHOWN ((size_t)4096)

struct whole {
	const struct test *test;
	struct differences *differences;
	char folder[PATH_MAX]; /* with all files of the test */
	char program[PATH_MAX]; /* of the feeding spouts and the collector */
	json_t *description;
	struct spec spec;
};

static char *path_in(const struct whole *whole, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", whole->folder, name) < 0 ? NULL : path;
}

static int make_folder(struct whole *whole)
{
	const char *parent = getenv("TMPDIR");

	snprintf(whole->folder, sizeof(whole->folder), "%s/cstorm-test-XXXXXX",
		parent ? parent : "/tmp");
	if (mkdtemp(whole->folder))
		return 0;
	differences_add(whole->differences, "cannot make a folder for the test, %s: %s",
		whole->folder, strerror(errno));
	whole->folder[0] = '\0';
	return -errno;
}

/* The topology of the test */

static json_t *find_component(json_t *list, const char *name)
{
	json_t *component;
	size_t i;

	json_array_foreach(list, i, component) {
		if (strcmp(json_string_value(json_object_get(component, "name")), name) == 0)
			return component;
	}
	return NULL;
}

/* Have a spout emit the tuples of the test in the place of its own. */
static int replace_spout(struct whole *whole, const char *name, json_t *tuples, size_t number)
{
	json_t *spout = find_component(json_object_get(whole->description, "spouts"), name);
	json_t *feed = json_pack(
		"{s:O, s:O}", "streams", json_object_get(spout, "outputs"), "tuples", tuples);
	char file[32];
	char *path;
	int err;

	snprintf(file, sizeof(file), "feed-%zu", number);
	path = path_in(whole, file);
	err = path && json_dump_file(feed, path, 0) == 0 ? 0 : -EIO;
	json_object_set_new(
		spout, "command", json_pack("[s, s, s]", whole->program, "feed", path ? path : ""));
	json_object_del(spout, "java");
	json_object_set_new(spout, "parallelism", json_integer(1));
	json_object_set_new(spout, "tasks", json_integer(1));
	if (err < 0)
		differences_add(whole->differences, "cannot write %s: %s", path, strerror(errno));
	json_decref(feed);
	free(path);
	return err;
}

/* Add a bolt that receives what the tested components emit. */
static void add_collector(struct whole *whole, const struct spec *tested)
{
	const json_t *emits = json_object_get(whole->test->expect, "emits");
	json_t *inputs = json_array();
	char *path = path_in(whole, "collected");
	const char *name;
	json_t *tuples;

	json_object_foreach((json_t *)emits, name, tuples) {
		size_t index = spec_find(tested, name);
		const struct spec_component *component = &tested->components[index];

		for (size_t i = 0; i < component->output_count; i++) {
			const struct spec_stream *stream = &component->outputs[i];

			if (!stream->direct)
				json_array_append_new(inputs,
					json_pack("{s:s, s:s, s:s}", "component", name, "stream",
						stream->name, "grouping", "global"));
		}
	}
	json_array_append_new(json_object_get(whole->description, "bolts"),
		json_pack("{s:s, s:[s, s, s], s:[], s:o}", "name", COLLECTOR, "command",
			whole->program, "collect", path, "outputs", "inputs", inputs));
	free(path);
}

/* Make the topology of the test of the one that is tested. */
static int make_topology(struct whole *whole, struct spec *tested, struct problems *problems)
{
	size_t number = 0;
	const char *name;
	json_t *tuples;
	int err = 0;

	spec_complete(tested);
	whole->description = json_deep_copy(tested->description);
	json_object_foreach((json_t *)whole->test->input, name, tuples) {
		if (err == 0)
			err = replace_spout(whole, name, tuples, number++);
	}
	if (err == 0 && json_object_size(json_object_get(whole->test->expect, "emits")) > 0)
		add_collector(whole, tested);
	if (err < 0)
		return err;
	whole->spec.path = strdup(tested->path);
	whole->spec.is_program = tested->is_program;
	whole->spec.description = json_incref(whole->description);
	err = spec_parse(&whole->spec, &(const struct spec_source){ 0 }, problems);
	if (err == 0)
		err = spec_check(&whole->spec, problems);
	return err == 0 ? local_check(&whole->spec, problems) : err;
}

/* The run */

/* In the child: never returns. */
static void become_run(const struct whole *whole)
{
	const struct local_options options = { .verbosity = -1 };
	char *output = path_in(whole, "output");
	char *log = path_in(whole, "log");
	int descriptors[3] = { open("/dev/null", O_RDONLY),
		output ? open(output, O_CREAT | O_WRONLY, 0600) : -1,
		log ? open(log, O_CREAT | O_WRONLY | O_APPEND, 0600) : -1 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* What the run has beside it goes with the test, however it ends. */
	setenv("XDG_RUNTIME_DIR", whole->folder, 1);
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(descriptors[fd], fd) < 0)
			_exit(EXIT_STATUS_FAILED);
		close(descriptors[fd]);
	}
	_exit(local_run(&whole->spec, &options));
}

/* Run it: 0, or -1 with the reason noted. */
static int run(const struct whole *whole)
{
	const struct timespec moment = { .tv_nsec = 2000000 };
	double deadline = clock_now() + whole->test->seconds;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		become_run(whole);
	}
	if (pid < 0) {
		differences_add(whole->differences, "no process: %s", strerror(errno));
		return -1;
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_now() > deadline || test_interrupted) {
			kill(pid, SIGKILL);
			process_kill_descendants(); /* its components, which are orphans now */
			if (test_interrupted)
				differences_add(whole->differences, "interrupted");
			else
				differences_add(whole->differences,
					"the topology has not ended after %g seconds",
					whole->test->seconds);
			return -1;
		}
		nanosleep(&moment, NULL);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_STATUS_DONE)
		return 0;
	differences_add(whole->differences, "the run failed");
	return -1;
}

/* What came of it */

static void read_text(const struct whole *whole, const char *name, struct buffer *text)
{
	struct problems problems = { 0 };
	char *path = path_in(whole, name);

	if (path)
		file_read(path, text, &problems); /* one that is not there is empty */
	problems_free(&problems);
	free(path);
}

static void show_log(const struct whole *whole)
{
	struct buffer log = { 0 };
	const char *text;

	read_text(whole, "log", &log);
	text = buffer_text(&log);
	if (log.length > LOG_SHOWN)
		text += log.length - LOG_SHOWN;
	if (text[0] != '\0')
		differences_add(whole->differences, "its log: %s", text);
	buffer_free(&log);
}

/* What was collected, by component. */
static json_t *read_collected(const struct whole *whole)
{
	struct buffer text = { 0 };
	json_t *collected = json_object();
	char *line;
	char *rest;

	read_text(whole, "collected", &text);
	buffer_text(&text);
	for (line = text.length > 0 ? strtok_r(text.data, "\n", &rest) : NULL; line;
		line = strtok_r(NULL, "\n", &rest)) {
		json_t *tuple = json_loads(line, 0, NULL);
		const char *name = json_string_value(json_object_get(tuple, "component"));

		if (!name)
			continue;
		if (!json_object_get(collected, name))
			json_object_set_new(collected, name, json_array());
		json_array_append(json_object_get(collected, name), tuple);
		json_decref(tuple);
	}
	buffer_free(&text);
	return collected;
}

static void compare_emits(const struct whole *whole, const json_t *emits)
{
	json_t *collected = read_collected(whole);
	const char *name;
	json_t *tuples;

	json_object_foreach((json_t *)emits, name, tuples) {
		json_t *none = json_array();
		json_t *found = json_object_get(collected, name);

		compare_tuples(name, tuples, found ? found : none, false, whole->differences);
		json_decref(none);
	}
	json_decref(collected);
}

/* Compare texts line by line, up to the first that differs. */
static void compare_output(const struct whole *whole, const char *expected)
{
	struct buffer text = { 0 };
	const char *found;

	read_text(whole, "output", &text);
	found = buffer_text(&text);
	for (int line = 1; strcmp(expected, found) != 0; line++) {
		size_t wanted = strcspn(expected, "\n");
		size_t seen = strcspn(found, "\n");

		if (wanted != seen || memcmp(expected, found, wanted) != 0 ||
			expected[wanted] != found[seen]) {
			differences_add(whole->differences,
				"output: line %d: expected %.*s, found %.*s%s", line, (int)wanted,
				expected, (int)seen, found,
				wanted == seen && memcmp(expected, found, wanted) == 0 ?
					" (one of them ends here)" :
					"");
			break;
		}
		expected += wanted + 1;
		found += seen + 1;
	}
	buffer_free(&text);
}

void test_whole(const struct test *test, struct spec *spec, struct differences *differences)
{
	const json_t *emits = json_object_get(test->expect, "emits");
	const json_t *output = json_object_get(test->expect, "output");
	struct whole whole = { .test = test, .differences = differences };
	struct problems problems = { 0 };
	int err = make_folder(&whole);

	ready_program(whole.program);
	if (err == 0)
		err = make_topology(&whole, spec, &problems);
	for (size_t i = 0; i < problems.count; i++)
		differences_add(differences, "%s", problems.list[i].what);
	if (err == 0 && run(&whole) < 0)
		show_log(&whole);
	if (err == 0 && emits)
		compare_emits(&whole, emits);
	if (err == 0 && output)
		compare_output(&whole, json_string_value(output));
	if (whole.folder[0] != '\0')
		directory_remove(whole.folder);
	spec_free(&whole.spec);
	json_decref(whole.description);
	problems_free(&problems);
}
