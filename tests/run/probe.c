/* A topology that uses every part of the API, for the tests. */
#include <cstorm.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Emits what the first field asks for. */

static int emit_bad(struct storm_task *task, const char *what)
{
	static const struct storm_value word = { .type = STORM_STRING, .string = { "x", 1 } };

	if (strcmp(what, "invalid UTF-8") == 0)
		return storm_emit(task, storm_text("caf\xE9"));
	if (strcmp(what, "NaN") == 0)
		return storm_emit(task, storm_double(NAN));
	if (strcmp(what, "infinity") == 0)
		return storm_emit(task, storm_double(INFINITY));
	if (strcmp(what, "bad JSON") == 0)
		return storm_emit(task, storm_json("[1,", 3));
	if (strcmp(what, "too many values") == 0)
		return storm_emit(task, storm_null(), storm_null());
	if (strcmp(what, "no such stream") == 0)
		return storm_emit_to(task, "nowhere", storm_null());
	if (strcmp(what, "no task") == 0)
		return storm_emit_to(task, "direct", storm_null());
	if (strcmp(what, "a task") == 0)
		return storm_emit_full(
			task, &(struct storm_emission){ .values = &word, .count = 1, .task = 5 });
	return -ENOTSUP;
}

static int emit_values(struct storm_task *task)
{
	const struct storm_value word = storm_text("to task 5");
	int err = storm_emit(task, storm_null());

	err = err < 0 ? err : storm_emit(task, storm_boolean(true));
	err = err < 0 ? err : storm_emit(task, storm_integer(INT64_MIN));
	err = err < 0 ? err : storm_emit(task, storm_double(0.5));
	err = err < 0 ? err : storm_emit(task, storm_text("\"é\"\n\t\\"));
	err = err < 0 ? err : storm_emit(task, storm_string("a\0b", 3));
	err = err < 0 ? err : storm_emit(task, storm_json("{\"a\": [1]}", 10));
	err = err < 0 ? err : storm_emit_to(task, "pair", storm_integer(1), storm_integer(2));
	if (err < 0)
		return err;
	return storm_emit_full(task,
		&(struct storm_emission){
			.stream = "direct", .values = &word, .count = 1, .task = 5 });
}

static int report_values(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string text;
	struct storm_string more;
	int64_t number;
	double real;
	bool flag;
	int err = storm_tuple_get_string(tuple, "text", &text);

	err = err < 0 ? err : storm_tuple_get_integer(tuple, "number", &number);
	err = err < 0 ? err : storm_tuple_get_double(tuple, "number", &real);
	err = err < 0 ? err : storm_tuple_get_boolean(tuple, "flag", &flag);
	err = err < 0 ? err : storm_tuple_get_json(tuple, "more", &more);
	if (err < 0)
		return err;
	storm_log_info(task, "%s %d %s %lld %.1f %d %.*s %zu %s %s %d", text.data,
		text.data[text.length] == '\0', storm_tuple_component(tuple), (long long)number,
		real, flag, (int)more.length, more.data, storm_tuple_size(tuple),
		storm_tuple_stream(tuple),
		storm_tuple_type_at(tuple, 3) == STORM_OBJECT ? "object" : "other",
		storm_tuple_task(tuple));
	return storm_emit(task, storm_json(more.data, more.length));
}

static int print_much(void)
{
	for (int i = 0; i < 20000; i++)
		printf("line %d of what is printed, long enough to fill a pipe many times over\n",
			i);
	return 0;
}

static int probe_process(struct storm_task *task, const struct storm_tuple *tuple)
{
	int *count = storm_state(task);
	struct storm_string what;
	int64_t integer;
	const int *tasks;
	char line[16];
	int err = storm_tuple_string_at(tuple, 0, &what);

	if (err < 0)
		return err;
	++*count;
	if (strcmp(what.data, "count") == 0)
		return storm_emit(task, storm_integer(*count));
	if (strcmp(what.data, "values") == 0)
		return emit_values(task);
	if (strcmp(what.data, "report") == 0)
		return report_values(task, tuple);
	if (strcmp(what.data, "no such field") == 0)
		return storm_tuple_get_integer(tuple, "nubmer", &integer);
	if (strcmp(what.data, "wrong type") == 0)
		return storm_tuple_get_integer(tuple, "text", &integer);
	if (strcmp(what.data, "out of range") == 0)
		return storm_tuple_get_integer(tuple, "number", &integer);
	if (strcmp(what.data, "own reason") == 0)
		return storm_error(task, -ENOENT, "cannot open %s", "the file");
	if (strcmp(what.data, "print") == 0) {
		printf("printed\nand without an end");
		return 0;
	}
	if (strcmp(what.data, "child") == 0)
		return system("echo from a child") == 0 ? 0 : -EIO;
	if (strcmp(what.data, "print much") == 0)
		return print_much();
	if (strcmp(what.data, "read") == 0)
		return fgets(line, sizeof(line), stdin) ? -EIO : 0;
	if (strcmp(what.data, "log") == 0) {
		storm_log(task, STORM_LOG_TRACE, "trace");
		storm_log_error(task, "not UTF-8: \xFF");
		storm_report_error(task, "report %d", 7);
		return 0;
	}
	if (strcmp(what.data, "context") == 0) {
		size_t task_count = storm_component_tasks(task, "probe", &tasks);

		storm_log_info(task, "%s %d %zu of %zu, first %d, restarts %d",
			storm_task_component(task), storm_task_id(task), storm_task_index(task),
			task_count, tasks[0], storm_task_restarts(task));
		return 0;
	}
	if (strcmp(what.data, "settings") == 0) {
		storm_log_info(task, "%s %s %s %s", storm_setting(task, "own"),
			storm_setting(task, "shared"), storm_setting(task, "left"),
			storm_setting(task, "none") ? "set" : "unset");
		err = storm_setting_integer(task, "own", &integer);
		storm_log_info(task, "%d %lld %lld", err, (long long)integer,
			(long long)json_integer_value(storm_config(task, "a.key")));
		return storm_setting_integer(task, "left", &integer);
	}
	return emit_bad(task, what.data);
}

static int probe_tick(struct storm_task *task)
{
	return storm_emit(task, storm_text("tick"));
}

static int probe_close(struct storm_task *task)
{
	return storm_emit(task, storm_text("closed"));
}

static const struct storm_bolt_class probe = {
	.summary = "does what the first field says",
	.outputs = STORM_OUTPUTS(STORM_STREAM("default", "value"), STORM_STREAM("pair", "a", "b"),
		STORM_DIRECT_STREAM("direct", "value")),
	.settings = STORM_SETTINGS({ "own", "a number", "5" }, { "shared", "a text", NULL },
		{ "left", "never set", "the default" }, { "none", "never set", NULL }),
	.state_size = sizeof(int),
	.process = probe_process,
	.tick = probe_tick,
	.close = probe_close,
};

/* Keeps each tuple, and settles them when "settle" comes. */

struct keeper {
	struct storm_tuple *kept[8];
	size_t count;
};

static int keep(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct keeper *keeper = storm_state(task);
	struct storm_string text;
	int err = storm_tuple_string_at(tuple, 0, &text);

	if (err < 0)
		return err;
	if (strcmp(text.data, "settle") != 0) {
		keeper->kept[keeper->count++] = storm_tuple_keep(tuple);
		return 0;
	}
	storm_emit_full(task,
		&(struct storm_emission){ STORM_VALUES(storm_integer((int64_t)keeper->count)),
			.anchors = (const struct storm_tuple *const *)keeper->kept,
			.anchor_count = keeper->count });
	for (size_t i = 0; i < keeper->count; i++) {
		struct storm_tuple *kept = keeper->kept[i];

		err = storm_tuple_string_at(kept, 0, &text);
		storm_log_info(task, "kept %s", err < 0 ? "nothing" : text.data);
		err = strcmp(text.data, "bad") == 0 ? storm_fail(task, kept) :
						      storm_ack(task, kept);
		if (err == 0 && storm_ack(task, kept) != -EALREADY)
			storm_log_error(task, "a tuple was acked twice");
		storm_tuple_release(kept);
	}
	keeper->count = 0;
	return storm_ack(task, tuple);
}

static const struct storm_bolt_class keeper = {
	.outputs = STORM_FIELDS("count"),
	.state_size = sizeof(struct keeper),
	.manual_ack = true,
	.manual_anchor = true,
	.process = keep,
};

/* Appends each line to a file, in one write, before it is acked. */

static int mark(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string line;
	int err = storm_tuple_string_at(tuple, 0, &line);
	ssize_t written = 0;
	int fd;

	if (err < 0)
		return err;
	fd = open(storm_setting(task, "marks"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return storm_error(task, -errno, "cannot open the marks");
	((char *)line.data)[line.length] = '\n'; /* in place of the zero byte */
	written = write(fd, line.data, line.length + 1);
	close(fd);
	return written == (ssize_t)line.length + 1 ? 0 : -EIO;
}

static const struct storm_bolt_class marker = {
	.settings = STORM_SETTINGS({ "marks", "a file to append to", NULL }),
	.process = mark,
};

static int pass(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string text;
	int err = storm_tuple_json_at(tuple, 0, &text);

	return err < 0 ? err : storm_emit(task, storm_json(text.data, text.length));
}

static const struct storm_bolt_class passer = {
	.outputs = STORM_FIELDS("line"),
	.process = pass,
};

/* Spouts: three tuples, then the end. */

static int next_of_three(struct storm_task *task)
{
	int *count = storm_state(task);
	const struct storm_emission emission = { STORM_VALUES(storm_integer(*count)),
		.tag = (uint64_t)*count + 100 };
	int err = *count < 3 ? storm_emit_full(task, &emission) : 0;

	return err < 0 ? err : ++*count >= 3 ? STORM_FINISHED : 0;
}

static void say_acked(struct storm_task *task, uint64_t tag)
{
	storm_log_info(task, "acked %llu", (unsigned long long)tag);
}

static void say_failed(struct storm_task *task, uint64_t tag)
{
	storm_log_info(task, "failed %llu", (unsigned long long)tag);
}

static void say_activated(struct storm_task *task)
{
	storm_log_info(task, "activated");
}

static void say_deactivated(struct storm_task *task)
{
	storm_log_info(task, "deactivated");
}

static const struct storm_spout_class reliable = {
	.outputs = STORM_FIELDS("number"),
	.state_size = sizeof(int),
	.reliable = true,
	.max_fails = 3,
	.next = next_of_three,
	.acked = say_acked,
	.failed = say_failed,
	.activate = say_activated,
	.deactivate = say_deactivated,
};

static int next_with_id(struct storm_task *task)
{
	return storm_emit_full(task,
		&(struct storm_emission){
			STORM_VALUES(storm_text("x")), .id = { "my \"id\"", 7 } });
}

static void say_ack(struct storm_task *task, const char *id, size_t length)
{
	storm_log_info(task, "ack %s %zu", id, length);
}

static void say_fail(struct storm_task *task, const char *id, size_t length)
{
	storm_log_info(task, "fail %s %zu", id, length);
}

static const struct storm_spout_class accountant = {
	.outputs = STORM_FIELDS("text"),
	.next = next_with_id,
	.ack = say_ack,
	.fail = say_fail,
};

static int next_unreliable(struct storm_task *task)
{
	int *count = storm_state(task);
	int err = storm_emit(task, storm_integer(*count));

	return err < 0 ? err : ++*count >= 1000 ? STORM_FINISHED : 0;
}

static const struct storm_spout_class unreliable = {
	.outputs = STORM_FIELDS("number"),
	.state_size = sizeof(int),
	.next = next_unreliable,
};

static int fail_to_open(struct storm_task *task)
{
	return storm_error(task, -EACCES, "cannot reach the source");
}

static const struct storm_spout_class broken = {
	.outputs = STORM_FIELDS("number"),
	.open = fail_to_open,
	.next = next_of_three,
};

static const struct storm_topology topology = {
	.name = "probe",
	.summary = "for tests",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &storm_lines_spout },
		{ .name = "reliable", .spout_class = &reliable },
		{ .name = "accountant", .spout_class = &accountant },
		{ .name = "unreliable", .spout_class = &unreliable },
		{ .name = "broken", .spout_class = &broken }),
	.bolts = STORM_BOLTS(
		{
			.name = "probe",
			.bolt_class = &probe,
			.parallelism = 2,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("lines"), STORM_ALL("reliable"),
				{ .component = "accountant", .grouping = STORM_GROUPING_GLOBAL }),
			.config = STORM_CONFIG({ "topology.tick.tuple.freq.secs", "1" }),
		},
		{
			.name = "keeper",
			.bolt_class = &keeper,
			.inputs = STORM_INPUTS(STORM_BY_FIELDS("probe", "value")),
		},
		{
			.name = "pass",
			.bolt_class = &passer,
			.inputs = STORM_INPUTS(STORM_LOCAL_OR_SHUFFLE("lines")),
		},
		{
			.name = "mark",
			.bolt_class = &marker,
			.inputs = STORM_INPUTS(STORM_NONE("pass")),
		}),
	.config = STORM_CONFIG({ "a.key", "7" }, { "a.text", "not JSON" }),
};

int main(int argc, char **argv)
{
	return storm_main(&topology, argc, argv);
}
