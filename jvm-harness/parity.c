/*
 * Components that write what happens to them, for the tests that run the same topology in a real Storm
 * and in the local runner: COMPONENT INDEX TEXT, a line an event, in the file that the configuration
 * names as parity.results.
 */
#include <cstorm.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The tuples of a run have the numbers below this one. */
#define MOST 1024

#define OUTPUTS STORM_STREAM("default", "number", "key")

STORM_PRINTF(2, 3)
static void say(struct storm_task *task, const char *format, ...)
{
	const char *path = json_string_value(storm_config(task, "parity.results"));
	int fd = open(path ? path : "", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	char line[256];
	size_t length;
	va_list arguments;

	snprintf(line, sizeof(line), "%s %zu ", storm_task_component(task), storm_task_index(task));
	length = strlen(line);
	va_start(arguments, format);
	vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
	va_end(arguments);
	strcat(line, "\n");
	/* Storm's workers live a moment longer than the test and its folder: nobody reads on then. */
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		storm_fatal(task, -errno, "cannot write to the file parity.results");
	if (fd >= 0)
		close(fd);
}

static int read_number(const struct storm_tuple *tuple, int64_t *number)
{
	int err = storm_tuple_get_integer(tuple, "number", number);

	return err == 0 && (*number < 0 || *number >= MOST) ? -ERANGE : err;
}

static const char *key_of(int64_t number)
{
	static const char *const keys[] = { "", "one", "zw\xC3\xB6lf", "three four", "\"5\"", "six",
		"\xE6\x97\xA5" };

	return keys[number % 7];
}

static int emit_number(struct storm_task *task, int64_t number)
{
	return storm_emit(task, storm_integer(number), storm_text(key_of(number)));
}

/*
 * A spout that keeps its own account: the numbers from 0 to its count, and those again that fail. On
 * the stream "untracked" each goes without an id, too.
 */

struct source {
	int64_t count;
	int64_t at;
	int64_t again[MOST];
	size_t again_count;
	size_t pending;
	size_t most_pending;
	int64_t acked;
};

static int source_open(struct storm_task *task)
{
	struct source *source = storm_state(task);

	return storm_setting_integer(task, "count", &source->count);
}

static int source_next(struct storm_task *task)
{
	struct source *source = storm_state(task);
	bool is_new = source->again_count == 0;
	char id[24];
	int64_t number;
	int err;

	if (source->acked == source->count)
		return STORM_FINISHED;
	if (is_new && source->at == source->count)
		return 0;
	number = is_new ? source->at++ : source->again[--source->again_count];
	if (++source->pending > source->most_pending)
		source->most_pending = source->pending;
	snprintf(id, sizeof(id), "%" PRId64, number);
	if (is_new) {
		err = storm_emit_to(
			task, "untracked", storm_integer(number), storm_text(key_of(number)));
		if (err < 0)
			return err;
	}
	return storm_emit_full(task,
		&(const struct storm_emission){
			STORM_VALUES(storm_integer(number), storm_text(key_of(number))),
			.id = { id, strlen(id) } });
}

static void source_ack(struct storm_task *task, const char *id, size_t length)
{
	struct source *source = storm_state(task);

	(void)length;
	source->pending--;
	say(task, "acked %s", id);
	if (++source->acked == source->count)
		say(task, "most pending %zu", source->most_pending);
}

static void source_fail(struct storm_task *task, const char *id, size_t length)
{
	struct source *source = storm_state(task);

	(void)length;
	source->pending--;
	say(task, "failed %s", id);
	source->again[source->again_count++] = strtoll(id, NULL, 10);
}

static const struct storm_spout_class source_spout = {
	.outputs = STORM_OUTPUTS(OUTPUTS, STORM_STREAM("untracked", "number", "key")),
	.settings = STORM_SETTINGS({ "count", "how many numbers", "100" }),
	.state_size = sizeof(struct source),
	.open = source_open,
	.next = source_next,
	.ack = source_ack,
	.fail = source_fail,
};

/* Bolts. Each says what it receives, and from where. */

static int receive(struct storm_task *task, const struct storm_tuple *tuple, int64_t *number)
{
	struct storm_string key;
	int err = read_number(tuple, number);

	err = err < 0 ? err : storm_tuple_get_string(tuple, "key", &key);
	if (err == 0)
		say(task, "received %" PRId64 " %s from %s %s", *number, key.data,
			storm_tuple_component(tuple), storm_tuple_stream(tuple));
	return err;
}

static int process_end(struct storm_task *task, const struct storm_tuple *tuple)
{
	int64_t number;

	return receive(task, tuple, &number);
}

static const struct storm_bolt_class end_bolt = { .process = process_end };

/* Anchors what it emits; or does not. */

static int process_pass(struct storm_task *task, const struct storm_tuple *tuple)
{
	int64_t number;
	int err = receive(task, tuple, &number);

	return err < 0 ? err : emit_number(task, number);
}

static const struct storm_bolt_class pass_bolt = {
	.outputs = STORM_OUTPUTS(OUTPUTS),
	.process = process_pass,
};

static const struct storm_bolt_class loose_bolt = {
	.outputs = STORM_OUTPUTS(OUTPUTS),
	.manual_anchor = true,
	.process = process_pass,
};

/* Fails every fifth number, or never settles it, when it comes for the first time. */

struct memory {
	bool seen[MOST];
};

static bool is_bad(struct storm_task *task, int64_t number)
{
	struct memory *memory = storm_state(task);
	bool bad = number % 5 == 0 && !memory->seen[number];

	memory->seen[number] = true;
	return bad;
}

static int process_flaky(struct storm_task *task, const struct storm_tuple *tuple)
{
	int64_t number;
	int err = receive(task, tuple, &number);

	if (err < 0 || is_bad(task, number))
		return err < 0 ? err : -EAGAIN;
	return emit_number(task, number);
}

static const struct storm_bolt_class flaky_bolt = {
	.outputs = STORM_OUTPUTS(OUTPUTS),
	.state_size = sizeof(struct memory),
	.process = process_flaky,
};

static int process_forgetful(struct storm_task *task, const struct storm_tuple *tuple)
{
	int64_t number;
	int err = receive(task, tuple, &number);

	if (err < 0 || is_bad(task, number))
		return err;
	return storm_ack(task, tuple);
}

static const struct storm_bolt_class forgetful_bolt = {
	.manual_ack = true,
	.state_size = sizeof(struct memory),
	.process = process_forgetful,
};

/* Waits for two tuples whose numbers, divided by a setting, are the same: what it emits is anchored to both. */

struct joined {
	int64_t divisor;
	struct storm_tuple *first[MOST];
};

static int join_prepare(struct storm_task *task)
{
	struct joined *joined = storm_state(task);

	return storm_setting_integer(task, "divisor", &joined->divisor);
}

static int join_two(struct storm_task *task, const struct storm_tuple *first,
	const struct storm_tuple *second, int64_t number)
{
	int err = storm_emit_full(task,
		&(const struct storm_emission){
			STORM_VALUES(storm_integer(number), storm_text(key_of(number))),
			.anchors = (const struct storm_tuple *const[]){ first, second },
			.anchor_count = 2 });

	err = err < 0 ? err : storm_ack(task, first);
	return err < 0 ? err : storm_ack(task, second);
}

static int process_join(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct joined *joined = storm_state(task);
	struct storm_tuple **first;
	int64_t number;
	int err = receive(task, tuple, &number);

	if (err < 0)
		return err;
	first = &joined->first[number / joined->divisor];
	if (!*first) {
		*first = storm_tuple_keep(tuple);
		return *first ? 0 : -ENOMEM;
	}
	err = join_two(task, *first, tuple, number / joined->divisor);
	storm_tuple_release(*first);
	*first = NULL;
	return err;
}

static const struct storm_bolt_class join_bolt = {
	.outputs = STORM_OUTPUTS(OUTPUTS),
	.settings = STORM_SETTINGS({ "divisor", "of the numbers", "1" }),
	.manual_ack = true,
	.state_size = sizeof(struct joined),
	.prepare = join_prepare,
	.process = process_join,
};

/* Names the task of "end" that receives; or asks which ones do. */

static int process_direct(struct storm_task *task, const struct storm_tuple *tuple)
{
	const int *ids;
	size_t count = storm_component_tasks(task, "end", &ids);
	int64_t number;
	int err = receive(task, tuple, &number);

	return err < 0 ?
		err :
		storm_emit_full(task,
			&(const struct storm_emission){ .stream = "direct",
				STORM_VALUES(storm_integer(number), storm_text(key_of(number))),
				.task = ids[(size_t)number % count] });
}

static const struct storm_bolt_class direct_bolt = {
	.outputs = STORM_OUTPUTS(STORM_DIRECT_STREAM("direct", "number", "key")),
	.process = process_direct,
};

/* Says the task's place among those of "end", which are numbered one after the other. */
static int process_asking(struct storm_task *task, const struct storm_tuple *tuple)
{
	const int *ids;
	const int *end;
	size_t count;
	int64_t number;
	int err = receive(task, tuple, &number);

	err = err < 0 ? err :
			storm_emit_and_get_tasks(task,
				&(const struct storm_emission){ STORM_VALUES(
					storm_integer(number), storm_text(key_of(number))) },
				&ids, &count);
	if (err < 0 || storm_component_tasks(task, "end", &end) == 0)
		return err < 0 ? err : -ENOENT;
	for (size_t i = 0; i < count; i++)
		say(task, "%" PRId64 " went to %d", number, ids[i] - *end);
	return 0;
}

static const struct storm_bolt_class asking_bolt = {
	.outputs = STORM_OUTPUTS(OUTPUTS),
	.process = process_asking,
};

/* Acks what it has when the second tick comes. */

struct ticked {
	struct storm_tuple *kept[MOST];
	size_t count;
	int ticks;
};

static int process_ticked(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct ticked *ticked = storm_state(task);
	int64_t number;
	int err = receive(task, tuple, &number);

	if (err < 0)
		return err;
	if (ticked->count == MOST)
		return -ENOMEM;
	ticked->kept[ticked->count] = storm_tuple_keep(tuple);
	return ticked->kept[ticked->count++] ? 0 : -ENOMEM;
}

static int tick(struct storm_task *task)
{
	struct ticked *ticked = storm_state(task);
	int err = 0;

	if (++ticked->ticks < 2)
		return 0;
	while (ticked->count > 0 && err == 0) {
		err = storm_ack(task, ticked->kept[--ticked->count]);
		storm_tuple_release(ticked->kept[ticked->count]);
	}
	return err;
}

static const struct storm_bolt_class ticked_bolt = {
	.manual_ack = true,
	.state_size = sizeof(struct ticked),
	.process = process_ticked,
	.tick = tick,
};

#define BOLT(bolt_name)                                              \
	{                                                            \
		.name = #bolt_name, .bolt_class = &bolt_name##_bolt, \
		.inputs = STORM_INPUTS(STORM_SHUFFLE("source"))      \
	}

static const struct storm_topology parity = {
	.name = "parity",
	.spouts = STORM_SPOUTS({ .name = "source", .spout_class = &source_spout }),
	.bolts = STORM_BOLTS(BOLT(end), BOLT(pass), BOLT(loose), BOLT(flaky), BOLT(forgetful),
		BOLT(join), BOLT(direct), BOLT(asking), BOLT(ticked)),
};

int main(int argc, char **argv)
{
	return storm_main(&parity, argc, argv);
}
