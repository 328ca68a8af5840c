/*
 * A topology in C for the tests of the runner: numbered lines that go through one bolt to another
 * one, which writes each of them to a file before it acks it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <cstorm.h>

/* Spout: the lines "line 0", "line 1", ... It takes its time until a file says that it may run. */

struct numbers {
	int64_t count;
	int64_t at;
	bool released;
};

static int numbers_open(struct storm_task *task)
{
	struct numbers *numbers = storm_state(task);

	return storm_setting_integer(task, "count", &numbers->count);
}

static int numbers_next(struct storm_task *task)
{
	struct numbers *numbers = storm_state(task);
	char line[32];
	int length;

	if (!numbers->released && numbers->at % 64 == 0)
		numbers->released = access(storm_setting(task, "release"), F_OK) == 0;
	if (!numbers->released)
		usleep(150);
	if (numbers->at == numbers->count)
		return numbers->released ? STORM_FINISHED : 0;
	length = snprintf(line, sizeof(line), "line %" PRId64, numbers->at++);
	return storm_emit(task, storm_string(line, (size_t)length));
}

static const struct storm_spout_class numbers_spout = {
	.summary = "numbered lines",
	.outputs = STORM_FIELDS("line"),
	.settings = STORM_SETTINGS({ "count", "how many", "10" },
		{ "release", "a file: until it is there, the lines come slowly and do not end",
			"/" }),
	.state_size = sizeof(struct numbers),
	.reliable = true,
	.open = numbers_open,
	.next = numbers_next,
};

/* Bolt: passes a line on, or fails it now and then. */

struct pass {
	int64_t fail;
	int64_t at;
};

static int pass_prepare(struct storm_task *task)
{
	struct pass *pass = storm_state(task);

	return storm_setting_integer(task, "fail", &pass->fail);
}

static int pass_line(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct pass *pass = storm_state(task);
	struct storm_string line;
	int err = storm_tuple_get_json(tuple, "line", &line);

	if (err == 0 && pass->fail > 0 && ++pass->at % pass->fail == 0)
		return storm_fail(task, tuple);
	return err < 0 ? err : storm_emit(task, storm_json(line.data, line.length));
}

static const struct storm_bolt_class pass_bolt = {
	.summary = "passes lines on",
	.outputs = STORM_FIELDS("line"),
	.settings = STORM_SETTINGS({ "fail", "each so many tuples one is failed; 0: none", "0" }),
	.state_size = sizeof(struct pass),
	.prepare = pass_prepare,
	.process = pass_line,
};

/* Bolt: appends each line to a file, in one write. */

struct mark {
	int fd;
};

static int mark_prepare(struct storm_task *task)
{
	struct mark *mark = storm_state(task);
	const char *path = storm_setting(task, "marks");

	mark->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	return mark->fd < 0 ? storm_error(task, -errno, "cannot open %s", path) : 0;
}

static int mark_line(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct mark *mark = storm_state(task);
	struct storm_string line;
	char text[64];
	int length;
	int err = storm_tuple_get_string(tuple, "line", &line);

	if (err < 0)
		return err;
	length = snprintf(text, sizeof(text), "%s\n", line.data);
	if (write(mark->fd, text, (size_t)length) != length)
		return storm_error(task, -errno, "cannot write %s", line.data);
	return 0;
}

static int mark_close(struct storm_task *task)
{
	struct mark *mark = storm_state(task);

	return close(mark->fd) < 0 ? storm_error(task, -errno, "cannot close the file") : 0;
}

static const struct storm_bolt_class mark_bolt = {
	.summary = "appends lines to a file",
	.settings = STORM_SETTINGS({ "marks", "the file", "/dev/null" }),
	.state_size = sizeof(struct mark),
	.prepare = mark_prepare,
	.process = mark_line,
	.close = mark_close,
};

static const struct storm_topology runner_probe = {
	.name = "runner_probe",
	.spouts = STORM_SPOUTS({ .name = "numbers", .spout_class = &numbers_spout }),
	.bolts = STORM_BOLTS(
		{
			.name = "pass",
			.bolt_class = &pass_bolt,
			.parallelism = 2,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("numbers")),
		},
		{
			.name = "mark",
			.bolt_class = &mark_bolt,
			.parallelism = 2,
			.inputs = STORM_INPUTS(STORM_BY_FIELDS("pass", "line")),
		}),
	.config = STORM_CONFIG({ "topology.max.spout.pending", "500" }),
};

int main(int argc, char **argv)
{
	return storm_main(&runner_probe, argc, argv);
}
