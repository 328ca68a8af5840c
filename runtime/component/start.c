/* From the handshake to a task that is open. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "component/stream.h"
#include "component/task.h"
#include "protocol/transcode.h"
#include "protocol/write.h"

/* Storm finds the processes to kill by the names of these files. */
static int write_pid_file(struct storm_task *task)
{
	char path[PATH_MAX];
	int fd;

	if (!task->context.pid_dir || task->context.pid_dir[0] == '\0')
		return 0;
	if (snprintf(path, sizeof(path), "%s/%ld", task->context.pid_dir, (long)getpid()) >=
		(int)sizeof(path))
		return storm_error(
			task, -ENAMETOOLONG, "the pid file in %s", task->context.pid_dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return storm_error(task, -errno, "the pid file %s", path);
	close(fd);
	return 0;
}

/* The class that the configuration chooses, of several. */
static int choose(struct storm_task *task, const struct storm_choice *choices)
{
	const struct storm_choice *choice = choices;
	const json_t *use = storm_setting_json(task, "use");
	struct buffer names = { 0 };
	int err;

	for (; use && choice->name; choice++) {
		if (json_is_string(use) && strcmp(json_string_value(use), choice->name) == 0)
			break;
	}
	if (choice->name) {
		task->spout_class = choice->spout_class;
		task->bolt_class = choice->bolt_class;
		return 0;
	}
	for (choice = choices; choice->name; choice++)
		buffer_append_format(&names, "%s%s", choice == choices ? "" : ", ", choice->name);
	err = storm_error(task, -EINVAL, "the setting %s.use must be one of these: %s",
		task->context.component, buffer_text(&names));
	buffer_free(&names);
	return err;
}

/* Become the component that the handshake names, or the command line. */
static int choose_class(struct storm_task *task)
{
	const char *name = task->part ? task->part : task->context.component;
	const struct storm_spout *spout = task->topology->spouts;
	const struct storm_bolt *bolt = task->topology->bolts;
	const struct storm_choice *choices = NULL;
	const struct storm_stream *declared = NULL;
	size_t state_size;

	for (; spout && spout->name; spout++) {
		if (strcmp(spout->name, name) != 0)
			continue;
		task->spout_class = spout->spout_class;
		choices = spout->choices;
		declared = spout_outputs(spout);
	}
	for (; bolt && bolt->name; bolt++) {
		if (strcmp(bolt->name, name) != 0)
			continue;
		task->bolt_class = bolt->bolt_class;
		choices = bolt->choices;
	}
	if (choices && choose(task, choices) < 0)
		return -EINVAL;
	if (!task->spout_class && !task->bolt_class)
		return storm_error(task, -ENOENT,
			"the program of the topology %s has no class for the component %s",
			task->topology->name, name);
	if (task->bolt_class)
		task->outputs = task->bolt_class->outputs;
	else if (!task->spout_class->fields_chosen)
		task->outputs = task->spout_class->outputs;
	else
		task->outputs = task->context.outputs ? task->context.outputs : declared;
	state_size =
		task->spout_class ? task->spout_class->state_size : task->bolt_class->state_size;
	task->state = calloc(1, state_size > 0 ? state_size : 1);
	return task->state ? 0 : storm_error(task, -ENOMEM, "the state of the task");
}

static void say_pid(struct storm_task *task)
{
	static const struct phrase head = PHRASE_INIT("{\"pid\":", "\x81\xA3pid");
	static const struct phrase end = PHRASE_INIT("}", "");
	struct buffer *answer = task_begin_message(task);

	buffer_append_phrase(answer, task_wire(task), head);
	write_integer(answer, task_wire(task), getpid());
	buffer_append_phrase(answer, task_wire(task), end);
	task_end_message(task);
	task_flush(task);
}

/* The handshake's text as JSON, whatever the wire is. */
static int read_context(struct storm_task *task, struct span handshake)
{
	struct wire_error error;
	struct buffer json = { 0 };
	int err = 0;

	if (task_wire(task) != WIRE_MSGPACK)
		return context_read(&task->context, task->topology, handshake, &task->reason);
	/* It is scanned first: the transcoder trusts what it reads. */
	err = message_scan(&task->message, task_wire(task), handshake, &error);
	if (err == -EBADMSG)
		return storm_error(
			task, err, "the handshake, byte %zu: %s", error.offset, error.what);
	if (err == 0)
		err = transcode_to_json(handshake, &json);
	if (err < 0)
		err = storm_error(task, err, "the handshake cannot be written as JSON");
	else
		err = context_read(
			&task->context, task->topology, buffer_span(&json), &task->reason);
	buffer_free(&json);
	return err;
}

static int open_task(struct storm_task *task)
{
	int (*open_class)(struct storm_task *) =
		task->spout_class ? task->spout_class->open : task->bolt_class->prepare;

	task_clear_reason(task);
	alive_call(task, task->spout_class ? "open" : "prepare");
	return open_class ? open_class(task) : 0;
}

void task_start(struct storm_task *task, struct span handshake)
{
	int err = read_context(task, handshake);

	if (err == 0)
		err = write_pid_file(task);
	if (err == 0)
		err = choose_class(task);
	if (err == 0)
		say_pid(task);
	if (err == 0)
		err = log_start(task);
	if (err == 0 && !task->test)
		err = alive_start(task);
	if (err == 0)
		err = mapping_check_inputs(task);
	if (err == 0)
		err = metrics_start(task);
	if (err == 0) {
		if (!task->test)
			crash_watch(task);
		rest_init(task);
		batches_init(task);
		atomic_store(&task->alive.speaks, task->bolt_class != NULL);
		err = open_task(task);
	}
	task->opened = err == 0;
	if (err < 0)
		task_fatal(task, "cannot start", err);
}
