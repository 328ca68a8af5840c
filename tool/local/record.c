#include "local/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/write_all.h"

struct recording {
	int input;
	int output;
	int times;
};

/* Setting up */

static bool is_empty(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool empty = folder;

	while (empty && (entry = readdir(folder)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (folder)
		closedir(folder);
	return empty;
}

static int make_folder(struct run *run, const char *path)
{
	char *pids = NULL;
	int err = 0;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (!is_empty(path))
		return -ENOTEMPTY;
	run->record_folder = realpath(path, NULL);
	if (!run->record_folder)
		return -errno;
	if (asprintf(&pids, "%s/" RECORD_PIDS, run->record_folder) < 0)
		return -ENOMEM;
	if (mkdir(pids, 0700) < 0)
		err = -errno;
	free(pids);
	return err;
}

int record_set_up(struct run *run)
{
	const char *path = run->options->record_path;
	int err = path ? make_folder(run, path) : 0;

	if (err == -ENOTEMPTY)
		log_line(STORM_LOG_ERROR, NULL,
			"cannot record into %s: it must be a new or an empty folder, so that "
			"recordings are not mixed",
			path);
	else if (err < 0)
		log_line(STORM_LOG_ERROR, NULL, "cannot record into %s: %s", path, strerror(-err));
	return err;
}

/* Files */

/* A recording that is not whole is worth nothing: it ends, and the run goes on, but has failed. */
static void give_up(struct task *task, int err)
{
	log_line(STORM_LOG_ERROR, task, "its recording in %s ends here: %s",
		task->run->record_folder, strerror(-err));
	task->run->failed = true;
	record_free(task);
}

/* The number of its process among those that its id had. */
static int life_of(const struct task *task)
{
	return task->earlier_lives + task->restarts + 1;
}

static int open_file(const struct task *task, const char *ending)
{
	struct buffer path = { 0 };
	size_t start;
	int fd;

	buffer_append_format(&path, "%s/", task->run->record_folder);
	start = path.length;
	buffer_append_format(&path, "%s-%d", task->component->spec->name, task->id);
	if (life_of(task) > 1)
		buffer_append_format(&path, ".%d", life_of(task));
	buffer_append_format(&path, "%s", ending);
	for (size_t i = start; !path.failed && i < path.length; i++) {
		if (path.data[i] == '/' || (unsigned char)path.data[i] <= ' ')
			path.data[i] = '_';
	}
	fd = open(buffer_text(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		fd = -errno;
	buffer_free(&path);
	return fd;
}

static int open_files(struct recording *recording, const struct task *task)
{
	recording->input = open_file(task, RECORD_INPUT);
	if (recording->input < 0)
		return recording->input;
	recording->output = open_file(task, RECORD_OUTPUT);
	if (recording->output < 0)
		return recording->output;
	recording->times = open_file(task, RECORD_TIMES);
	return recording->times < 0 ? recording->times : 0;
}

/* The first line of the times: how the process was started. */
static int write_start(const struct recording *recording, const struct task *task)
{
	const struct component *component = task->component;
	char *here =
		component->setup.folder ? realpath(component->setup.folder, NULL) : getcwd(NULL, 0);
	json_t *env = json_object_size(component->setup.env) > 0 ? component->setup.env : NULL;
	json_t *command = json_array();
	json_t *start;
	char *text;
	int err;

	for (size_t i = 0; component->command[i]; i++)
		json_array_append_new(command, json_string(component->command[i]));
	start = json_pack("{s:i, s:s, s:i, s:i, s:o, s:s?, s:O?}", "cstorm", 1, "component",
		component->spec->name, "task", task->id, "life", life_of(task), "command", command,
		"folder", here, "environment", env);
	text = json_dumps(start, JSON_COMPACT);
	err = text ? write_all(recording->times, span_of(text)) : -ENOMEM;
	if (err == 0)
		err = write_all(recording->times, SPAN("\n"));
	free(text);
	json_decref(start);
	free(here);
	return err;
}

void record_begin(struct task *task)
{
	struct recording *recording;
	int err;

	if (!task->run->record_folder)
		return;
	recording = calloc(1, sizeof(*recording));
	task->recording = recording;
	if (!recording) {
		give_up(task, -ENOMEM);
		return;
	}
	recording->input = recording->output = recording->times = -1;
	err = open_files(recording, task);
	if (err == 0)
		err = write_start(recording, task);
	if (err < 0)
		give_up(task, err);
}

/* Lines */

static int write_time(const struct task *task, const char *what, const char *more)
{
	struct buffer line = { 0 };
	int err;

	buffer_append_format(&line, "%.6f %s %s\n", task->loop->now - task->born, what, more);
	err = line.failed ? -ENOMEM : write_all(task->recording->times, buffer_span(&line));
	buffer_free(&line);
	return err;
}

void record_queue(struct task *task)
{
	const struct buffer *queue = &task->queue.buffer;
	struct recording *recording = task->recording;
	size_t fresh = output_pending(&task->queue) - task->recorded;
	char count[24];
	int err;

	if (!recording || fresh == 0)
		return;
	snprintf(count, sizeof(count), "%zu", fresh);
	err = write_all(
		recording->input, (struct span){ queue->data + queue->length - fresh, fresh });
	if (err == 0)
		err = write_time(task, "in", count);
	if (err < 0)
		give_up(task, err);
}

void record_output(struct task *task, struct span bytes)
{
	int err = task->recording ? write_all(task->recording->output, bytes) : 0;

	if (err < 0)
		give_up(task, err);
}

void record_end(struct task *task, const char *end)
{
	int err = task->recording ? write_time(task, "end", end) : 0;

	if (err < 0)
		give_up(task, err);
	record_free(task);
}

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

void record_free(struct task *task)
{
	struct recording *recording = task->recording;

	task->recording = NULL;
	if (!recording)
		return;
	close_file(recording->input);
	close_file(recording->output);
	close_file(recording->times);
	free(recording);
}
