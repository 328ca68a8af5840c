/*
 * A log file of the task's own, in place of the parent's log. When it has grown to its limit it
 * becomes FILE.1, what was FILE.1 becomes FILE.2, and so on.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/write_all.h"
#include "component/task.h"

#define FILE_NAME "cstorm_{topology}_{component}_{task}_{pid}.log"
#define MAX_SIZE 1000000
#define MOST_SIZE UINT64_C(1000000000000000)
#define BACKUPS 10
#define MOST_BACKUPS 1000 /* all are renamed each time */

/* Append the text that a {variable} at the start of `at` stands for; its length, or 0. */
static size_t expand(const struct storm_task *task, const char *at, struct buffer *path)
{
	const char *topology = json_string_value(storm_config(task, "topology.name"));
	size_t length = strcspn(at, "}") + 1;
	const struct span name = { at, length };

	if (span_equals(name, SPAN("{topology}")))
		buffer_append_format(path, "%s", topology ? topology : task->topology->name);
	else if (span_equals(name, SPAN("{component}")))
		buffer_append_format(path, "%s", task->context.component);
	else if (span_equals(name, SPAN("{task}")))
		buffer_append_format(path, "%d", task->context.task);
	else if (span_equals(name, SPAN("{pid}")))
		buffer_append_format(path, "%ld", (long)getpid());
	else
		return 0;
	return length;
}

static char *make_path(const struct storm_task *task, const char *directory)
{
	const char *at = json_string_value(storm_config(task, "cstorm.log.file"));
	struct buffer path = { 0 };

	buffer_append_format(&path, "%s/", directory);
	for (at = at ? at : FILE_NAME; *at != '\0';) {
		size_t length = *at == '{' ? expand(task, at, &path) : 0;

		if (length == 0)
			buffer_append(&path, at, 1);
		at += length > 0 ? length : 1;
	}
	buffer_append(&path, "", 1);
	return path.failed ? NULL : path.data;
}

static int open_file(struct log *log)
{
	struct stat status;

	log->file = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (log->file < 0)
		return -errno;
	log->size = fstat(log->file, &status) == 0 ? (uint64_t)status.st_size : 0;
	return 0;
}

static int read_count(
	struct storm_task *task, const char *key, uint64_t most, uint64_t fallback, uint64_t *count)
{
	double value = task_config_number(task, key, (double)fallback);

	if (value < 0 || value > (double)most)
		return storm_error(task, -EINVAL, "%s must be from 0 to %" PRIu64 ", not %g", key,
			most, value);
	*count = (uint64_t)value;
	return 0;
}

int log_file_open(struct storm_task *task, const char *directory)
{
	struct log *log = &task->log;
	int err = read_count(task, "cstorm.log.max_bytes", MOST_SIZE, MAX_SIZE, &log->max_size);

	if (err == 0)
		err = read_count(
			task, "cstorm.log.backup_count", MOST_BACKUPS, BACKUPS, &log->backups);
	if (err < 0)
		return err;
	log->path = make_path(task, directory);
	if (!log->path)
		return storm_error(task, -ENOMEM, "the path of the log file");
	err = open_file(log);
	return err < 0 ? storm_error(task, err, "the log file %s", log->path) : 0;
}

/* The name of a backup, or of the file itself for 0. */
static void backup_name(const struct log *log, uint64_t number, struct buffer *name)
{
	buffer_truncate(name, 0);
	buffer_append_format(name, "%s", log->path);
	if (number > 0)
		buffer_append_format(name, ".%" PRIu64, number);
}

static int rotate(struct log *log)
{
	struct buffer from = { 0 };
	struct buffer to = { 0 };

	close(log->file);
	log->file = -1;
	for (uint64_t i = log->backups; i > 0; i--) {
		backup_name(log, i - 1, &from);
		backup_name(log, i, &to);
		rename(buffer_text(&from), buffer_text(&to));
	}
	if (log->backups == 0)
		unlink(log->path);
	buffer_free(&from);
	buffer_free(&to);
	return open_file(log);
}

int log_file_write(struct storm_task *task, const char *level, struct span text)
{
	struct log *log = &task->log;
	struct buffer line = { 0 };
	struct timespec time;
	struct tm date;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &time);
	localtime_r(&time.tv_sec, &date);
	buffer_append_format(&line,
		"%04d-%02d-%02d %02d:%02d:%02d,%03ld %s %d %s: ", date.tm_year + 1900,
		date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec,
		time.tv_nsec / 1000000, task->context.component, task->context.task, level);
	buffer_append_span(&line, text);
	buffer_append_literal(&line, "\n");
	if (line.failed)
		err = -ENOMEM;
	else if (log->max_size > 0 && log->size > 0 && log->size + line.length > log->max_size)
		err = rotate(log);
	if (err == 0)
		err = write_all(log->file, buffer_span(&line));
	log->size += line.length;
	buffer_free(&line);
	return err;
}

void log_file_close(struct log *log)
{
	if (log->file >= 0)
		close(log->file);
	log->file = -1;
	free(log->path);
	log->path = NULL;
}
