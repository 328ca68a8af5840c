/* Logs, and the reasons of errors. */
#include <errno.h>
#include <stdarg.h>

#include "component/task.h"
#include "protocol/json_write.h"

/* Say a message with a command: {"command":NAME,"msg":TEXT REST} */
static void say(struct storm_task *task, struct span head, struct span text, struct span rest)
{
	struct buffer *frame = task_begin_frame(task);

	buffer_append_span(frame, head);
	json_write_string_lossy(frame, text);
	buffer_append_span(frame, rest);
	task_end_frame(task);
}

static void say_log(struct storm_task *task, enum storm_log_level level, struct span text)
{
	char rest[] = ",\"level\":0}";

	rest[sizeof(rest) - 3] = (char)('0' + (int)level);
	say(task, SPAN("{\"command\":\"log\",\"msg\":"), text,
		(struct span){ rest, sizeof(rest) - 1 });
}

void storm_log(struct storm_task *task, enum storm_log_level level, const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	say_log(task, level,
		text.failed ? SPAN("out of memory for a log message") : buffer_span(&text));
	buffer_free(&text);
}

void storm_report_error(struct storm_task *task, const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	say(task, SPAN("{\"command\":\"error\",\"msg\":"),
		text.failed ? SPAN("out of memory for an error report") : buffer_span(&text),
		SPAN("}"));
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

void task_clear_reason(struct storm_task *task)
{
	buffer_truncate(&task->reason, 0);
}

const char *task_reason(struct storm_task *task, int err)
{
	return task->reason.length > 0 ? buffer_text(&task->reason) : strerror(-err);
}
