/*
 * Crash reports: what the task was doing when it died, with the stack, for Storm's UI.
 *
 * Everything here runs in a signal handler, on a stack of its own, in a process that may be broken:
 * no memory is allocated and no lock is taken. The report is built in static memory, written to the
 * standard error as it is, and to the parent as an `error` message; then the signal takes its course.
 */
#include <execinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "component/task.h"
#include "protocol/msgpack.h"

#define FRAME_COUNT 64
#define REPORT_SIZE 16384
#define TAIL_SIZE 2048
#define SIGNAL_STACK_SIZE 65536

static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS };

static struct storm_task *watched; /* the process's one task */
static int symbols = -1; /* a file in memory for the names of the stack's functions */
static char signal_stack[SIGNAL_STACK_SIZE];

/* Text in static memory; what does not fit is left out. A message with a report of REPORT_SIZE does. */
struct report {
	char text[2 * REPORT_SIZE + 64];
	size_t length;
};

static void add(struct report *report, const char *text, size_t length)
{
	size_t room = sizeof(report->text) - report->length;

	if (length > room)
		length = room;
	memcpy(report->text + report->length, text, length);
	report->length += length;
}

static void add_text(struct report *report, const char *text)
{
	add(report, text, strlen(text));
}

static void add_number(struct report *report, uint64_t number, unsigned int base)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number > 0);
	add(report, digits + at, sizeof(digits) - at);
}

static const char *signal_name(int number)
{
	const char *name = sigabbrev_np(number);

	return name ? name : "?";
}

/* Storm's are strings, ProcessBolt's are numbers. */
static void add_id(struct report *report, const struct encoded *id)
{
	struct span text = encoded_plain(id);
	int64_t number;

	if (id->type == STORM_INTEGER && encoded_integer(id, &number) == 0 && number >= 0)
		add_number(report, (uint64_t)number, 10);
	else
		add(report, text.data ? text.data : id->text.data,
			text.data ? text.length : id->text.length);
}

/* What the process was doing: component, task, callback, tuple. */
static void add_subject(struct report *report, const struct storm_task *task)
{
	const struct storm_tuple *tuple = &task->tuple;

	add_text(report, " in ");
	add_text(report, task->alive.callback ? task->alive.callback : "the event loop");
	add_text(report, task->alive.callback ? "() of component " : " of component ");
	add_text(report, task->context.component);
	add_text(report, ", task ");
	add_number(report, (uint64_t)task->context.task, 10);
	if (!task->bolt_class || !tuple->message || tuple->settled)
		return;
	add_text(report, ", tuple ");
	add_id(report, &tuple->message->id);
	add_text(report, " from ");
	add_text(report, tuple->component);
	add_text(report, ", stream ");
	add_text(report, tuple->stream);
}

/* Where the signal came; NULL where nothing says so. */
static void *place_of(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (void *)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (void *)context->uc_mcontext.pc;
#else
	(void)context;
	return NULL;
#endif
}

/* The stack, without the frames of this handler. */
static void add_stack(struct report *report, const ucontext_t *context)
{
	static void *frames[FRAME_COUNT];
	static char text[REPORT_SIZE / 2];
	int count = backtrace(frames, FRAME_COUNT);
	int first = 0;
	ssize_t length;

	if (symbols < 0)
		return;
	while (first < count && frames[first] != place_of(context))
		first++;
	if (first == count)
		first = 0;
	backtrace_symbols_fd(frames + first, count - first, symbols);
	length = pread(symbols, text, sizeof(text), 0);
	if (length <= 0)
		return;
	add_text(report, "\n" CRASH_STACK " (addr2line -f -e PROGRAM OFFSET names lines):\n");
	add(report, text, (size_t)length);
}

/* What the process has written to its standard error, such as a failed assertion. */
static void add_complaints(struct report *report, const struct storm_task *task)
{
	static char tail[TAIL_SIZE];
	size_t length = stdio_tail(&task->stdio.complained, tail, sizeof(tail));

	if (length == 0)
		return;
	add_text(report, "\nIt said last on its standard error:\n");
	add(report, tail, length);
}

static void describe(struct report *report, const struct storm_task *task, int number,
	const siginfo_t *info, const ucontext_t *context)
{
	if (atomic_load(&task->alive.hung)) {
		add_text(report, CRASH_BY_BOUND ": longer than cstorm.call.timeout.secs, ");
		add_number(report, (uint64_t)task->alive.bound, 10);
		add_text(report, " s,");
	} else {
		add_text(report, CRASH_BY_SIGNAL);
		add_text(report, signal_name(number));
		if (number == SIGSEGV || number == SIGBUS) {
			add_text(report, " at address 0x");
			add_number(report, (uint64_t)(uintptr_t)info->si_addr, 16);
		}
	}
	add_subject(report, task);
	add_complaints(report, task);
	add_stack(report, context);
}

static void write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, data, length);

		if (count <= 0)
			return;
		data += count;
		length -= (size_t)count;
	}
}

/* A JSON string in static memory; what is not ASCII becomes a question mark. */
static void quote(struct report *quoted, const struct report *report)
{
	for (size_t i = 0; i < report->length; i++) {
		char c = report->text[i];

		if (c == '\n')
			add_text(quoted, "\\n");
		else if (c == '"' || c == '\\')
			add(quoted, c == '"' ? "\\\"" : "\\\\", 2);
		else
			add(quoted, c >= 0x20 && c < 0x7F ? &c : "?", 1);
	}
}

/* MessagePack text must be UTF-8. */
static void make_ascii(struct report *report)
{
	for (size_t i = 0; i < report->length; i++) {
		if ((unsigned char)report->text[i] >= 0x80)
			report->text[i] = '?';
	}
}

static void tell_parent(struct storm_task *task, struct report *report)
{
	static struct report message;
	char header[3];

	if (task->output_broken)
		return;
	if (report->length > REPORT_SIZE)
		report->length = REPORT_SIZE;
	if (task_wire(task) != WIRE_MSGPACK) {
		add_text(&message, "{\"command\":\"error\",\"msg\":\"");
		quote(&message, report);
		add_text(&message, task_wire(task) == WIRE_LINES ? "\"}\n" : "\"}" FRAME_END);
	} else {
		make_ascii(report);
		header[0] = '\xDA';
		header[1] = (char)(report->length >> 8);
		header[2] = (char)report->length;
		add_text(&message,
			"\x82\xA7"
			"command\xA5"
			"error\xA3msg");
		add(&message, header, sizeof(header));
		add(&message, report->text, report->length);
	}
	/* Whole messages that are not written yet come first. */
	if (task->complete > task->output.sent)
		write_all(task->stdio.output, task->output.buffer.data + task->output.sent,
			task->complete - task->output.sent);
	write_all(task->stdio.output, message.text, message.length);
}

static void on_crash(int number, siginfo_t *info, void *context)
{
	static struct report report;

	if (watched) {
		struct storm_task *task = watched;

		watched = NULL; /* a crash in here is not reported */
		atomic_store(
			&task->alive.speaks, false); /* nothing into the report, or behind it */
		describe(&report, task, number, info, context);
		/* The parent first: what it finds on the standard error, it knows already. */
		tell_parent(task, &report);
		write_all(task->stdio.errors, report.text, report.length);
		write_all(task->stdio.errors, "\n", 1);
	}
	raise(number); /* the handler is reset: this ends the process */
}

void crash_watch(struct storm_task *task)
{
	const stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
	struct sigaction action = { .sa_sigaction = on_crash,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER };
	void *frame;

	backtrace(&frame, 1); /* loads what it needs now, not in the handler */
	symbols = memfd_create("stack", MFD_CLOEXEC);
	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++) {
		struct sigaction before;

		/* A sanitizer, or the program, may have its own. */
		if (sigaction(crash_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(crash_signals[i], &action, NULL);
	}
	watched = task;
}
