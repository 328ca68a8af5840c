/* The run's log: lines on the standard error, with time, level, component and task. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/utf8.h"
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
	flockfile(stderr);
	hide_status();
	if (format) {
		va_start(arguments, format);
		vfprintf(stderr, format, arguments);
		va_end(arguments);
		status_is_shown = true;
	}
	fflush(stderr);
	funlockfile(stderr);
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

/* Write one line, without the control characters that would play with a terminal. */
static void write_line(const char *level, const struct task *task, struct span line)
{
	struct timespec time;
	struct tm local;
	char clock[16];

	clock_gettime(CLOCK_REALTIME, &time);
	localtime_r(&time.tv_sec, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	fprintf(stderr, "%s.%03ld %-6s ", clock, time.tv_nsec / 1000000, level);
	if (task)
		fprintf(stderr, "%s[%d]: ", task->component->spec->name, task->id);
	else
		fprintf(stderr, "cstorm: ");
	while (line.length > 0) {
		size_t length = character_length(line);

		if (is_control(line))
			putc('?', stderr);
		else
			fwrite(line.data, 1, length, stderr);
		line.data += length;
		line.length -= length;
	}
	putc('\n', stderr);
}

void log_text(
	enum storm_log_level level, const struct task *task, const char *kind, struct span text)
{
	if (level < lowest)
		return;
	flockfile(stderr);
	hide_status();
	do {
		const char *newline = memchr(text.data, '\n', text.length);
		size_t length = newline ? (size_t)(newline - text.data) : text.length;

		write_line(
			kind ? kind : level_names[level], task, (struct span){ text.data, length });
		length += newline != NULL;
		text.data += length;
		text.length -= length;
	} while (text.length > 0);
	fflush(stderr);
	funlockfile(stderr);
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
