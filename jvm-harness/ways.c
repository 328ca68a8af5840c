/* Components that use the runtime in every way there is, for the tests. */
#include <assert.h>
#include <cstorm.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is(struct storm_string text, const char *word)
{
	return strcmp(text.data, word) == 0;
}

/* Asynchronous: tuples are settled by a timer, the last one first. */

struct later {
	struct storm_task *task;
	struct storm_tuple *kept[16];
	size_t count;
	struct ev_timer timer;
};

static void settle_one(struct storm_task *task, struct storm_tuple *tuple)
{
	const struct storm_tuple *anchor = tuple;
	struct storm_value text;
	struct storm_string word;
	int err = storm_tuple_value_at(tuple, 0, &text);

	err = err < 0 ? err : storm_tuple_string_at(tuple, 0, &word);
	err = err < 0 ? err :
			storm_emit_full(task,
				&(const struct storm_emission){ STORM_VALUES(text),
					.anchors = &anchor, .anchor_count = 1 });
	if (err < 0 || is(word, "bad"))
		storm_fail(task, tuple);
	else
		storm_ack(task, tuple);
	storm_tuple_release(tuple);
}

static void settle_all(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct later *later = timer->data;

	(void)loop;
	(void)events;
	while (later->count > 0)
		settle_one(later->task, later->kept[--later->count]);
}

static int prepare_later(struct storm_task *task)
{
	struct later *later = storm_state(task);

	later->task = task;
	ev_timer_init(&later->timer, settle_all, 0.1, 0);
	later->timer.data = later;
	return 0;
}

static int process_later(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct later *later = storm_state(task);
	struct storm_string word;
	int err = storm_tuple_string_at(tuple, 0, &word);

	if (err < 0 || is(word, "refuse"))
		return err < 0 ? err : -EINVAL;
	if (is(word, "fatal")) {
		storm_fatal(task, -EIO, "the connection to %s", "nowhere");
		return 0;
	}
	later->kept[later->count++] = storm_tuple_keep(tuple);
	ev_timer_set(&later->timer, 0.1, 0);
	ev_timer_start(storm_loop(task), &later->timer);
	return 0;
}

static const struct storm_bolt_class later_bolt = {
	.outputs = STORM_FIELDS("word"),
	.state_size = sizeof(struct later),
	.manual_ack = true,
	.prepare = prepare_later,
	.process = process_later,
};

/* Batches: their key and their words in one tuple. */

static int process_batch(struct storm_task *task, const struct storm_batch *batch)
{
	json_t *words = json_array();
	int outcome = 0;
	int err = 0;

	for (size_t i = 0; i < batch->count && err == 0; i++) {
		struct storm_string word;

		err = storm_tuple_string_at(batch->tuples[i], 0, &word);
		if (err < 0)
			break;
		json_array_append_new(words, json_string(word.data));
		if (is(word, "bad"))
			storm_fail(task, batch->tuples[i]);
		if (is(word, "spoil"))
			outcome = storm_error(task, -EIO, "the batch is spoilt");
	}
	if (err == 0)
		err = storm_emit(
			task, storm_string(batch->key.data, batch->key.length), storm_tree(words));
	json_decref(words);
	return err < 0 ? err : outcome;
}

static int first_letter(
	struct storm_task *task, const struct storm_tuple *tuple, struct storm_string *key)
{
	int err = storm_tuple_string_at(tuple, 0, key);

	(void)task;
	key->length = key->length > 0;
	return err;
}

#define BATCHING(...)                                                                    \
	{                                                                                \
		.outputs = STORM_FIELDS("key", "words"), .process_batch = process_batch, \
		.batching = {                                                            \
			__VA_ARGS__                                                      \
		}                                                                        \
	}

static const struct storm_bolt_class sized_bolt = BATCHING(.size = 3, .seconds = 3600);
static const struct storm_bolt_class ticked_bolt = BATCHING(.ticks = 2);
static const struct storm_bolt_class timed_bolt = BATCHING(.seconds = 0.05);
static const struct storm_bolt_class grouped_bolt = {
	.outputs = STORM_FIELDS("key", "words"),
	.group_key = first_letter,
	.process_batch = process_batch,
	.batching = { .size = 2, .seconds = 3600 },
};

/* Emits, and says which tasks receive it. */

static int emit_and_say(struct storm_task *task, struct storm_value value)
{
	const struct storm_emission emission = { STORM_VALUES(value) };
	char text[256] = "";
	const int *ids;
	size_t count;
	int err = storm_emit_and_get_tasks(task, &emission, &ids, &count);

	for (size_t i = 0; err == 0 && i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %d", ids[i]);
	if (err == 0)
		storm_log_info(task, "went to%s", text);
	return err;
}

static int process_ids(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_value word;
	int err = storm_tuple_value_at(tuple, 0, &word);

	return err < 0 ? err : emit_and_say(task, word);
}

static const struct storm_bolt_class ids_bolt = {
	.outputs = STORM_FIELDS("word"),
	.process = process_ids,
};

static int next_ids(struct storm_task *task)
{
	return emit_and_say(task, storm_text("word"));
}

static const struct storm_spout_class asking_spout = {
	.outputs = STORM_FIELDS("word"),
	.next = next_ids,
};

/* Structs in and out. */

struct record {
	struct storm_string text;
	long long number;
	bool flag;
	double more;
	struct storm_value rest;
};

static const struct storm_mapping record_mapping = STORM_MAPPING(struct record,
	STORM_MEMBER(struct record, text), STORM_MEMBER(struct record, number),
	STORM_MEMBER(struct record, flag), STORM_OPTIONAL_MEMBER(struct record, more));

struct other {
	int nubmer;
};

static const struct storm_mapping misspelled_mapping =
	STORM_MAPPING(struct other, STORM_MEMBER(struct other, nubmer));

static int process_record(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct record record;
	int err = storm_tuple_get_struct(tuple, &record_mapping, &record);

	if (err < 0)
		return err;
	record.number *= 2;
	record.flag = !record.flag;
	return storm_emit_struct(task, NULL, &record_mapping, &record);
}

static const struct storm_bolt_class record_bolt = {
	.outputs = STORM_OUTPUTS(STORM_STREAM_OF("default", record_mapping)),
	.input = &record_mapping,
	.process = process_record,
};

static const struct storm_bolt_class misspelled_bolt = {
	.input = &misspelled_mapping,
	.process = process_record,
};

/* Values of all kinds, passed on. */

static int pass_binary(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_binary binary;
	int err = storm_tuple_get_binary(tuple, "number", &binary);

	return err < 0 ? err :
			 storm_emit(task, storm_integer((int64_t)binary.length),
				 storm_binary(binary.data, binary.length));
}

static int pass_tree(struct storm_task *task, const struct storm_tuple *tuple)
{
	json_t *tree;
	int err = storm_tuple_get_tree(tuple, "number", &tree);

	if (err < 0)
		return err;
	err = storm_emit(task, storm_integer((int64_t)json_array_size(tree)), storm_tree(tree));
	json_decref(tree);
	return err;
}

static int pass_value(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_value value;
	int err = storm_tuple_value_at(tuple, 1, &value);

	return err < 0 ?
		err :
		storm_emit(task, storm_integer((int64_t)storm_tuple_index(tuple, "flag")), value);
}

static int process_values(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string how;
	int err = storm_tuple_get_string(tuple, "text", &how);

	if (err < 0)
		return err;
	if (is(how, "binary"))
		return pass_binary(task, tuple);
	if (is(how, "tree"))
		return pass_tree(task, tuple);
	return pass_value(task, tuple);
}

static const struct storm_bolt_class values_bolt = {
	.outputs = STORM_FIELDS("about", "value"),
	.process = process_values,
};

/* Dies, in many ways. */

/* More of the stack for each call than there is of it. */
static int overflow(int calls)
{
	volatile char bytes[4096];

	bytes[0] = (char)calls;
	return calls == 0 ? 0 : overflow(calls - 1) + bytes[0];
}

static int process_death(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string how;
	int err = storm_tuple_string_at(tuple, 0, &how);

	if (err < 0)
		return err;
	if (is(how, "segv"))
		raise(SIGSEGV);
	if (is(how, "abort")) {
		fprintf(stderr, "about to abort\n");
		abort();
	}
	if (is(how, "assert"))
		assert(is(how, "something else"));
	if (is(how, "overflow"))
		return overflow(1000000);
	if (is(how, "hang")) {
		for (;;)
			pause();
	}
	if (is(how, "emit and abort")) {
		err = storm_emit(task, storm_text("before"));
		abort();
	}
	if (is(how, "sleep"))
		usleep(2500000);
	return err;
}

static const struct storm_bolt_class death_bolt = {
	.outputs = STORM_FIELDS("word"),
	.process = process_death,
};

/* Twice: Storm cannot end well while a next lasts. */
static int next_sleep(struct storm_task *task)
{
	int *count = storm_state(task);

	if (*count == 2)
		return 0;
	++*count;
	usleep(2500000);
	return storm_emit(task, storm_text("awake"));
}

static const struct storm_spout_class sleeping_spout = {
	.outputs = STORM_FIELDS("word"),
	.state_size = sizeof(int),
	.next = next_sleep,
};

/* Measures. */

enum {
	VISITS,
	QUEUE,
	LATENCY,
	UNUSED
};

static int process_measures(struct storm_task *task, const struct storm_tuple *tuple)
{
	int64_t number;
	int err = storm_tuple_get_integer(tuple, "number", &number);

	if (err < 0)
		return err;
	storm_counter_add(task, VISITS, number);
	storm_gauge_set(task, QUEUE, (double)number / 2);
	storm_timer_record(task, LATENCY, (double)number / 1000);
	storm_counter_add(task, QUEUE, 1); /* no counter */
	storm_counter_add(task, 99, 1); /* no metric */
	return 0;
}

static const struct storm_bolt_class measuring_bolt = {
	.metrics = STORM_METRICS([VISITS] = { "visits", STORM_COUNTER, "pages" },
		[QUEUE] = { "queue", STORM_GAUGE, NULL },
		[LATENCY] = { "latency", STORM_TIMER, NULL },
		[UNUSED] = { "unused", STORM_COUNTER, NULL }),
	.process = process_measures,
};

/* Makes noise. */

static int process_noise(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string how;
	int64_t count;
	int err = storm_tuple_get_string(tuple, "text", &how);

	err = err < 0 ? err : storm_tuple_get_integer(tuple, "number", &count);
	for (int64_t i = 0; err == 0 && i < count; i++) {
		if (is(how, "log"))
			storm_log_info(task, "message %lld", (long long)i);
		else if (is(how, "stderr"))
			fprintf(stderr, "complaint %lld\nand", (long long)i);
		else if (is(how, "levels"))
			storm_log(task, (enum storm_log_level)i, "level %lld%s", (long long)i,
				storm_log_enabled(task, (enum storm_log_level)i) ? "" : " (off)");
	}
	return err;
}

static const struct storm_bolt_class noisy_bolt = { .process = process_noise };

/* Spouts that have nothing to emit for a while. */

static int next_nothing(struct storm_task *task)
{
	(void)task;
	return 0;
}

static const struct storm_spout_class resting_spout = {
	.outputs = STORM_FIELDS("word"),
	.next = next_nothing,
};

static int next_always(struct storm_task *task)
{
	return storm_emit(task, storm_text("word"));
}

static const struct storm_spout_class rated_spout = {
	.outputs = STORM_FIELDS("word"),
	.next = next_always,
};

struct reading {
	int fd;
};

static int open_pipe(struct storm_task *task)
{
	struct reading *reading = storm_state(task);

	reading->fd = open(storm_setting(task, "pipe"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return reading->fd < 0 ? storm_error(task, -errno, "the pipe") : 0;
}

static int next_of_pipe(struct storm_task *task)
{
	struct reading *reading = storm_state(task);
	char bytes[256];
	ssize_t count = read(reading->fd, bytes, sizeof(bytes));

	if (count <= 0)
		return storm_wait_readable(task, reading->fd);
	return storm_emit(task, storm_string(bytes, (size_t)count));
}

static const struct storm_spout_class reading_spout = {
	.outputs = STORM_FIELDS("text"),
	.settings = STORM_SETTINGS({ "pipe", "a path", NULL }),
	.state_size = sizeof(struct reading),
	.open = open_pipe,
	.next = next_of_pipe,
};

struct waking {
	struct ev_timer timer;
	struct storm_task *task;
	int64_t count;
	bool due;
};

static void on_due(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct waking *waking = timer->data;

	(void)loop;
	(void)events;
	waking->due = true;
	storm_wake(waking->task);
}

static int open_waking(struct storm_task *task)
{
	struct waking *waking = storm_state(task);

	waking->task = task;
	waking->due = true;
	ev_timer_init(&waking->timer, on_due, 0.3, 0.3);
	waking->timer.data = waking;
	ev_timer_start(storm_loop(task), &waking->timer);
	return 0;
}

static int next_due(struct storm_task *task)
{
	struct waking *waking = storm_state(task);

	if (!waking->due)
		return 0;
	waking->due = false;
	return storm_emit(task, storm_integer(waking->count++));
}

static const struct storm_spout_class waking_spout = {
	.outputs = STORM_FIELDS("number"),
	.state_size = sizeof(struct waking),
	.open = open_waking,
	.next = next_due,
};

#define BOLT(bolt_name)                                              \
	{                                                            \
		.name = #bolt_name, .bolt_class = &bolt_name##_bolt, \
		.inputs = STORM_INPUTS(STORM_SHUFFLE("rated"))       \
	}
#define SPOUT(spout_name)                                               \
	{                                                               \
		.name = #spout_name, .spout_class = &spout_name##_spout \
	}

static const struct storm_topology ways = {
	.name = "ways",
	.spouts = STORM_SPOUTS(SPOUT(asking), SPOUT(sleeping), SPOUT(resting), SPOUT(rated),
		SPOUT(reading), SPOUT(waking)),
	.bolts = STORM_BOLTS(BOLT(later), BOLT(sized), BOLT(ticked), BOLT(timed), BOLT(grouped),
		BOLT(ids), BOLT(record), BOLT(misspelled), BOLT(values), BOLT(death),
		BOLT(measuring), BOLT(noisy)),
};

int main(int argc, char **argv)
{
	return storm_main(&ways, argc, argv);
}
