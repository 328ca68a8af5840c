/* The run's log: lines with time, level, component and task, on the standard error or in a file. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "base/write_all.h"
#include "local/log_file.h"
#include "local/run.h"

static const char *const level_names[] = {
	[STORM_LOG_TRACE] = "TRACE",
	[STORM_LOG_DEBUG] = "DEBUG",
	[STORM_LOG_INFO] = "INFO",
	[STORM_LOG_WARN] = "WARN",
	[STORM_LOG_ERROR] = "ERROR",
};

static enum storm_log_level lowest = STORM_LOG_INFO;

void log_set_verbosity(int verbosity)
{
	if (verbosity < 0)
		lowest = STORM_LOG_ERROR;
	else
		lowest = verbosity > 0 ? STORM_LOG_TRACE : STORM_LOG_INFO;
}

/* All that follows is written by several threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct buffer lines;
static struct log_file file = { .fd = -1 };
static bool file_fails;

/* On a terminal, the last line is about the run as a whole; the log goes above it. */
static bool status_is_shown;

static void hide_status(void)
{
	if (status_is_shown)
		fputs("\r\033[K", stderr);
	status_is_shown = false;
}

void log_status(const char *format, ...)
{
	va_list arguments;

	/* What the topology writes to the same terminal would be in its midst. */
	if (lowest != STORM_LOG_INFO || !isatty(STDERR_FILENO) || isatty(STDOUT_FILENO))
		return;
	pthread_mutex_lock(&lock);
	hide_status();
	if (format) {
		va_start(arguments, format);
		vfprintf(stderr, format, arguments);
		va_end(arguments);
		status_is_shown = true;
	}
	fflush(stderr);
	pthread_mutex_unlock(&lock);
}

static void say_why(int err)
{
	if (err == -EWOULDBLOCK)
		fprintf(stderr, "cstorm run: %s is the log of another run\n", file.options->path);
	else
		fprintf(stderr, "cstorm run: cannot write the log to %s: %s\n", file.options->path,
			strerror(-err));
}

int log_open(const struct log_options *options)
{
	int err = options->path ? log_file_open(&file, options) : 0;

	if (err < 0)
		say_why(err);
	return err;
}

void log_reopen(void)
{
	pthread_mutex_lock(&lock);
	log_file_open(&file, file.options); /* the next line says why, if it fails */
	pthread_mutex_unlock(&lock);
}

void log_close(void)
{
	log_file_close(&file);
	file.options = NULL;
	buffer_free(&lines);
}

/* What the file does not take is not lost. */
static bool write_to_file(struct span text)
{
	int err = log_file_write(&file, text);

	if (err < 0 && !file_fails) {
		hide_status();
		say_why(err);
		fputs("cstorm run: what it does not take comes here\n", stderr);
	}
	file_fails = err < 0;
	return err == 0;
}

static void write_lines(enum storm_log_level level)
{
	struct span text = buffer_span(&lines);
	bool in_file = file.options && write_to_file(text);

	if (in_file && level < STORM_LOG_ERROR)
		return;
	hide_status();
	write_all(STDERR_FILENO, text);
}

/* The bytes of the first character; what is not UTF-8 goes byte by byte. */
static size_t character_length(struct span text)
{
	size_t length = utf8_sequence(text.data, text.data + text.length);

	return length > 0 ? length : 1;
}

/* Whether a text begins with a control character: of ASCII, or U+0080 to U+009F. */
static bool is_control(struct span text)
{
	unsigned char first = (unsigned char)text.data[0];

	if (first == 0xC2 && text.length > 1)
		return (unsigned char)text.data[1] < 0xA0;
	return (first < 0x20 && first != '\t') || first == 0x7F;
}

/* The time, and in a file the day as well: it is read much later. */
static void add_time(void)
{
	struct timespec time;
	struct tm local;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &time);
	localtime_r(&time.tv_sec, &local);
	strftime(text, sizeof(text), file.options ? "%F %T" : "%T", &local);
	buffer_append_format(&lines, "%s.%03ld ", text, time.tv_nsec / 1000000);
}

/* Add one line, without the control characters that would play with a terminal. */
static void add_line(const char *level, const struct task *task, struct span line)
{
	add_time();
	buffer_append_format(&lines, "%-6s ", level);
	if (task)
		buffer_append_format(&lines, "%s[%d]: ", task->component->spec->name, task->id);
	else
		buffer_append_literal(&lines, "cstorm: ");
	while (line.length > 0) {
		size_t length = character_length(line);

		if (is_control(line))
			buffer_append_literal(&lines, "?");
		else
			buffer_append(&lines, line.data, length);
		line.data += length;
		line.length -= length;
	}
	buffer_append_literal(&lines, "\n");
}

void log_text(
	enum storm_log_level level, const struct task *task, const char *kind, struct span text)
{
	if (level < lowest)
		return;
	pthread_mutex_lock(&lock);
	buffer_truncate(&lines, 0);
	do {
		const char *newline = memchr(text.data, '\n', text.length);
		size_t length = newline ? (size_t)(newline - text.data) : text.length;

		add_line(
			kind ? kind : level_names[level], task, (struct span){ text.data, length });
		length += newline != NULL;
		text.data += length;
		text.length -= length;
	} while (text.length > 0);
	write_lines(level);
	pthread_mutex_unlock(&lock);
}

void log_line(enum storm_log_level level, const struct task *task, const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	if (level < lowest)
		return;
	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	log_text(level, task, NULL, span_of(buffer_text(&text)));
	buffer_free(&text);
}
