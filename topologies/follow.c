/*
 * Follow: the lines that are appended to a file, as `tail -f` shows them.
 *
 * Shows a reliable spout that sleeps: with nothing to emit, it waits for the kernel to say that the
 * file has grown. The runtime keeps each line until it is processed in full, and emits it again when
 * it fails; one that fails five times is given up, and failed() hears of it.
 */
#include <cstorm.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

/* What one next() emits at most. */
#define LINES_AT_ONCE 100

struct follower {
	FILE *file;
	int changes; /* readable when the file has changed */
	char *line; /* without its end, while that has not come */
	size_t length;
	size_t capacity;
	uint64_t number;
};

static int open_file(struct storm_task *task)
{
	struct follower *follower = storm_state(task);
	const char *path = storm_setting(task, "input");

	if (!path)
		return storm_error(task, -ENOENT, "the setting follow.input: which file?");
	follower->file = fopen(path, "re");
	if (!follower->file)
		return storm_error(task, -errno, "cannot open %s", path);
	follower->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (follower->changes < 0 || inotify_add_watch(follower->changes, path, IN_MODIFY) < 0)
		return storm_error(task, -errno, "cannot watch %s", path);
	return 0;
}

static int emit_line(struct storm_task *task, struct follower *follower)
{
	const struct storm_emission emission = {
		STORM_VALUES(storm_string(follower->line, follower->length)),
		.tag = ++follower->number,
	};
	int err = storm_emit_full(task, &emission);

	if (err == -EILSEQ) {
		storm_log_warn(task, "line %llu is not UTF-8, and is left out",
			(unsigned long long)follower->number);
		err = 0;
	}
	follower->length = 0;
	return err;
}

static int add_byte(struct follower *follower, int byte)
{
	if (follower->length == follower->capacity) {
		size_t capacity = follower->capacity == 0 ? 256 : follower->capacity * 2;
		char *line = realloc(follower->line, capacity);

		if (!line)
			return -ENOMEM;
		follower->line = line;
		follower->capacity = capacity;
	}
	follower->line[follower->length++] = (char)byte;
	return 0;
}

/* Wait for the next change, and forget those that were there before the end was read. */
static int wait_for_change(struct storm_task *task, struct follower *follower)
{
	clearerr(follower->file);
	return storm_wait_readable(task, follower->changes);
}

static void forget_changes(const struct follower *follower)
{
	char events[4096];

	while (read(follower->changes, events, sizeof(events)) > 0)
		;
}

static int next(struct storm_task *task)
{
	struct follower *follower = storm_state(task);
	int lines = 0;
	int err = 0;

	forget_changes(follower);
	while (err == 0 && lines < LINES_AT_ONCE) {
		int byte = getc_unlocked(follower->file);

		if (byte == EOF)
			return ferror(follower->file) ?
				storm_error(task, -EIO, "cannot read the file") :
				wait_for_change(task, follower);
		if (byte == '\n') {
			err = emit_line(task, follower);
			lines++;
		} else {
			err = add_byte(follower, byte);
		}
	}
	return err;
}

static void failed(struct storm_task *task, uint64_t tag)
{
	storm_report_error(
		task, "line %llu cannot be processed, and is left out", (unsigned long long)tag);
}

static int close_file(struct storm_task *task)
{
	struct follower *follower = storm_state(task);

	free(follower->line);
	close(follower->changes);
	fclose(follower->file);
	return 0;
}

static const struct storm_spout_class follow_spout = {
	.summary = "the lines of a file, also those that are appended later",
	.outputs = STORM_FIELDS("line"),
	.settings = STORM_SETTINGS({ "input", "the path of the file", NULL }),
	.state_size = sizeof(struct follower),
	.reliable = true,
	.max_fails = 5,
	.open = open_file,
	.next = next,
	.failed = failed,
	.close = close_file,
};

static const struct storm_topology follow = {
	.name = "follow",
	.summary = "the lines that are appended to a file",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &follow_spout }),
	.bolts = STORM_BOLTS({
		.name = "write",
		.bolt_class = &storm_write_bolt,
		.inputs = STORM_INPUTS(STORM_GLOBAL("lines")),
	}),
	.config = STORM_CONFIG({ "topology.max.spout.pending", "1000" }),
};

int main(int argc, char **argv)
{
	return storm_main(&follow, argc, argv);
}
