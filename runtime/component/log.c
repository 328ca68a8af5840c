/* Logs, and the reasons of errors. */
#include "component/log.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <strings.h>

#include "base/clock.h"
#include "component/task.h"
#include "protocol/write.h"

/*
 * Messages a second, where the configuration does not say; so many seconds' worth may come at once,
 * and one at least.
 */
#define LOG_RATE 1000
#define LOG_BURST_SECONDS 10

static const char *const level_names[] = {
	[STORM_LOG_TRACE] = "trace",
	[STORM_LOG_DEBUG] = "debug",
	[STORM_LOG_INFO] = "info",
	[STORM_LOG_WARN] = "warn",
	[STORM_LOG_ERROR] = "error",
};

#define LEVEL_COUNT ((int)(sizeof(level_names) / sizeof(level_names[0])))

static const struct phrase log_head = PHRASE_INIT("{\"command\":\"log\",\"msg\":",
	"\x83\xA7"
	"command\xA3log\xA3msg");
static const struct phrase log_level = PHRASE_INIT(",\"level\":", "\xA5level");
static const struct phrase error_head = PHRASE_INIT("{\"command\":\"error\",\"msg\":",
	"\x82\xA7"
	"command\xA5"
	"error\xA3msg");
static const struct phrase message_end = PHRASE_INIT("}", "");

static void say_log(struct storm_task *task, int level, struct span text)
{
	struct buffer *message = task_begin_message(task);
	enum wire wire = task_wire(task);

	buffer_append_phrase(message, wire, log_head);
	write_string_lossy(message, wire, text);
	buffer_append_phrase(message, wire, log_level);
	write_integer(message, wire, level);
	buffer_append_phrase(message, wire, message_end);
	task_end_message(task);
}

static void say_error(struct storm_task *task, struct span text)
{
	struct buffer *message = task_begin_message(task);
	enum wire wire = task_wire(task);

	buffer_append_phrase(message, wire, error_head);
	write_string_lossy(message, wire, text);
	buffer_append_phrase(message, wire, message_end);
	task_end_message(task);
}

/* To the file, or else to the parent. */
static void write_log(struct storm_task *task, int level, struct span text)
{
	struct log *log = &task->log;
	struct buffer why = { 0 };
	int err;

	if (log->file < 0) {
		say_log(task, level, text);
		return;
	}
	err = log_file_write(task, level_names[level], text);
	if (err == 0)
		return;
	buffer_append_format(&why, "cannot write the log file %s: %s; the log goes on here",
		log->path, strerror(-err));
	log_file_close(log);
	say_log(task, STORM_LOG_ERROR, buffer_span(&why));
	say_log(task, level, text);
	buffer_free(&why);
}

/* How many messages may come at once. */
static double burst(const struct log *log)
{
	return fmax(1, log->rate * LOG_BURST_SECONDS);
}

/* Whether the rate allows one more message. */
static bool is_allowed(struct log *log)
{
	double time;

	if (log->rate <= 0)
		return true;
	if (log->allowance < 1) {
		time = clock_now();
		log->allowance = fmin(burst(log), log->allowance + (time - log->since) * log->rate);
		log->since = time;
	}
	if (log->allowance < 1) {
		log->suppressed++;
		return false;
	}
	log->allowance--;
	return true;
}

static void say_suppressed(struct storm_task *task)
{
	struct buffer text = { 0 };

	if (task->log.suppressed == 0)
		return;
	buffer_append_format(&text,
		"%llu log messages were suppressed: more than cstorm.log.rate, %g a second",
		(unsigned long long)task->log.suppressed, task->log.rate);
	task->log.suppressed = 0;
	write_log(task, STORM_LOG_WARN, buffer_span(&text));
	buffer_free(&text);
}

static void log_text(struct storm_task *task, int level, struct span text)
{
	if (!is_allowed(&task->log))
		return;
	say_suppressed(task);
	write_log(task, level, text);
}

bool storm_log_enabled(const struct storm_task *task, enum storm_log_level level)
{
	return (int)level >= task->log.level;
}

void storm_log(struct storm_task *task, enum storm_log_level level, const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	if (!storm_log_enabled(task, level) || (int)level >= LEVEL_COUNT)
		return;
	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	log_text(task, (int)level,
		text.failed ? SPAN("out of memory for a log message") : buffer_span(&text));
	buffer_free(&text);
}

void log_printed(struct storm_task *task, bool is_error, struct span line)
{
	enum storm_log_level level = is_error ? STORM_LOG_WARN : STORM_LOG_INFO;

	if (storm_log_enabled(task, level))
		log_text(task, (int)level, line);
}

void storm_report_error(struct storm_task *task, const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	say_error(
		task, text.failed ? SPAN("out of memory for an error report") : buffer_span(&text));
	buffer_free(&text);
}

int storm_error(struct storm_task *task, int error, const char *format, ...)
{
	va_list arguments;

	buffer_truncate(&task->reason, 0);
	va_start(arguments, format);
	buffer_append_formatv(&task->reason, format, arguments);
	va_end(arguments);
	buffer_append_format(&task->reason, ": %s", strerror(-error));
	return error;
}

void task_die(struct storm_task *task, struct span text)
{
	say_error(task, text);
	buffer_truncate(&task->last_words, 0);
	buffer_append(&task->last_words, text.data, text.length);
	task->status = 1;
	task_stop(task);
}

void storm_fatal(struct storm_task *task, int error, const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	buffer_append_format(&text, ": %s", strerror(-error));
	task_die(task, buffer_span(&text));
	buffer_free(&text);
}

void task_clear_reason(struct storm_task *task)
{
	buffer_truncate(&task->reason, 0);
}

const char *task_reason(struct storm_task *task, int err)
{
	return task->reason.length > 0 ? buffer_text(&task->reason) : strerror(-err);
}

static int read_level(struct storm_task *task)
{
	const json_t *value = storm_config(task, "cstorm.log.level");
	const char *name = json_string_value(value);

	task->log.level = json_is_true(storm_config(task, "topology.debug")) ? STORM_LOG_DEBUG :
									       STORM_LOG_INFO;
	if (!value)
		return 0;
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (name && strcasecmp(name, level_names[i]) == 0) {
			task->log.level = i;
			return 0;
		}
	}
	return storm_error(task, -EINVAL,
		"cstorm.log.level must be trace, debug, info, warn or error, not %s",
		name ? name : "what it is");
}

int log_start(struct storm_task *task)
{
	struct log *log = &task->log;
	const char *directory = json_string_value(storm_config(task, "cstorm.log.path"));
	int err = read_level(task);

	log->rate = task_config_number(task, "cstorm.log.rate", LOG_RATE);
	log->allowance = burst(log);
	log->since = clock_now();
	if (err == 0 && directory)
		err = log_file_open(task, directory);
	return err;
}

void log_end(struct storm_task *task)
{
	say_suppressed(task);
	log_file_close(&task->log);
}
