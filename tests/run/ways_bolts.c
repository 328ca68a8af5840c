/* Bolts for the tests: asynchronous, batching, asking for task ids, mapping structs, reading values. */
#include <ev.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ways.h"

#define KEPT_COUNT 16

/* Asynchronous: keeps tuples, and settles them from watchers, the newest first. */

struct later {
	struct storm_tuple *kept[KEPT_COUNT];
	size_t count;
	struct ev_timer timer;
	struct ev_io readable;
	int pipe[2];
};

/* Those with an odd number fail; the others have an emit that is anchored to them. */
static int settle(struct storm_task *task, struct storm_tuple *kept)
{
	const struct storm_tuple *anchor = kept;
	int64_t number;
	int err = storm_tuple_get_integer(kept, "number", &number);

	if (err == 0 && number % 2 != 0)
		return storm_fail(task, kept);
	if (err == 0)
		err = storm_emit_full(task,
			&(const struct storm_emission){ STORM_VALUES(storm_integer(number)),
				.anchors = &anchor, .anchor_count = 1 });
	return err < 0 ? err : storm_ack(task, kept);
}

static void settle_all(struct storm_task *task)
{
	struct later *later = storm_state(task);

	while (later->count > 0) {
		struct storm_tuple *kept = later->kept[--later->count];

		if (settle(task, kept) < 0)
			storm_log_error(task, "a kept tuple cannot be settled");
		storm_tuple_release(kept);
	}
}

static void on_time(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	settle_all(timer->data);
}

static void on_readable(struct ev_loop *loop, struct ev_io *readable, int events)
{
	char byte;

	(void)loop;
	(void)events;
	if (read(readable->fd, &byte, 1) == 1)
		settle_all(readable->data);
}

static int prepare_later(struct storm_task *task)
{
	struct later *later = storm_state(task);

	if (pipe(later->pipe) < 0)
		return storm_error(task, -errno, "a pipe");
	ev_init(&later->timer, on_time);
	ev_io_init(&later->readable, on_readable, later->pipe[0], EV_READ);
	later->timer.data = later->readable.data = task;
	ev_io_start(storm_loop(task), &later->readable);
	return 0;
}

static int keep(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct later *later = storm_state(task);

	later->kept[later->count] = storm_tuple_keep(tuple);
	return later->kept[later->count++] ? 0 : -ENOMEM;
}

static int keep_and_fail(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	storm_tuple_release(storm_tuple_keep(tuple));
	return -EIO;
}

static int settle_in_time(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct later *later = storm_state(task);

	ev_timer_set(&later->timer, 0.05, 0);
	ev_timer_start(storm_loop(task), &later->timer);
	return storm_ack(task, tuple);
}

static int settle_by_pipe(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct later *later = storm_state(task);

	return write(later->pipe[1], "", 1) == 1 ? storm_ack(task, tuple) : -errno;
}

/* What is not settled keeps the task alive only until it is released. */
static int release_all(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct later *later = storm_state(task);

	while (later->count > 0)
		storm_tuple_release(later->kept[--later->count]);
	return storm_ack(task, tuple);
}

/* What is settled can be neither settled again nor anchored to. */
static int misuse(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_tuple *kept = storm_tuple_keep(tuple);
	const struct storm_tuple *anchor = kept;
	int ack = storm_ack(task, kept);
	int again = storm_ack(task, kept);
	int fail = storm_fail(task, kept);
	int emit = storm_emit_full(task,
		&(const struct storm_emission){
			STORM_VALUES(storm_null()), .anchors = &anchor, .anchor_count = 1 });

	storm_log_info(
		task, "%d %d %d %d", ack, again == -EALREADY, fail == -EALREADY, emit == -EINVAL);
	storm_tuple_release(kept);
	return 0;
}

static void give_up(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	storm_fatal(timer->data, -ECONNRESET, "the connection to %s", "the moon");
}

static int give_up_in_time(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct later *later = storm_state(task);

	ev_set_cb(&later->timer, give_up);
	return settle_in_time(task, tuple);
}

static int process_later(struct storm_task *task, const struct storm_tuple *tuple)
{
	static const struct action actions[] = {
		{ "keep", keep },
		{ "keep and fail", keep_and_fail },
		{ "timer", settle_in_time },
		{ "pipe", settle_by_pipe },
		{ "release", release_all },
		{ "misuse", misuse },
		{ "give up", give_up_in_time },
		{ NULL, unknown_word },
	};

	return act(task, tuple, actions);
}

static int close_later(struct storm_task *task)
{
	struct later *later = storm_state(task);

	ev_timer_stop(storm_loop(task), &later->timer);
	ev_io_stop(storm_loop(task), &later->readable);
	close(later->pipe[0]);
	close(later->pipe[1]);
	storm_log_info(task, "closed with %zu", later->count);
	while (later->count > 0)
		storm_tuple_release(later->kept[--later->count]);
	return 0;
}

static const struct storm_bolt_class later_bolt = {
	.outputs = STORM_FIELDS("number"),
	.state_size = sizeof(struct later),
	.manual_ack = true,
	.prepare = prepare_later,
	.process = process_later,
	.close = close_later,
};

/* Batching: emits the key and the texts of a batch, which say what becomes of it. */

static int process_batch(struct storm_task *task, const struct storm_batch *batch)
{
	json_t *texts = json_array();
	int result = 0;
	int err = 0;

	for (size_t i = 0; i < batch->count && err == 0; i++) {
		struct storm_string text;

		err = storm_tuple_get_string(batch->tuples[i], "text", &text);
		if (err < 0)
			break;
		json_array_append_new(texts, json_stringn(text.data, text.length));
		if (strcmp(text.data, "fail one") == 0)
			err = storm_fail(task, batch->tuples[i]);
		else if (strcmp(text.data, "ack one") == 0)
			err = storm_ack(task, batch->tuples[i]);
		else if (strcmp(text.data, "fail all") == 0)
			result = storm_error(task, -EIO, "the batch is bad");
	}
	if (err == 0)
		err = storm_emit(
			task, storm_string(batch->key.data, batch->key.length), storm_tree(texts));
	json_decref(texts);
	return err < 0 ? err : result;
}

/* The group: the number's text. */
static int group_key(
	struct storm_task *task, const struct storm_tuple *tuple, struct storm_string *key)
{
	static char text[24];
	int64_t number;
	int err = storm_tuple_get_integer(tuple, "number", &number);

	(void)task;
	if (err < 0)
		return err;
	key->length = (size_t)snprintf(text, sizeof(text), "%lld", (long long)number);
	key->data = text;
	return 0;
}

#define NEVER 1e9 /* seconds */

#define BATCHING_BOLT(...)                                                               \
	{                                                                                \
		.outputs = STORM_FIELDS("key", "texts"), .process_batch = process_batch, \
		__VA_ARGS__                                                              \
	}

static int say_tick(struct storm_task *task)
{
	storm_log_info(task, "tick");
	return 0;
}

static int say_closed(struct storm_task *task)
{
	storm_log_info(task, "closed");
	return 0;
}

static const struct storm_bolt_class by_size =
	BATCHING_BOLT(.batching = { .size = 3, .seconds = NEVER }, .close = say_closed);
static const struct storm_bolt_class by_ticks =
	BATCHING_BOLT(.batching = { .ticks = 2 }, .tick = say_tick);
static const struct storm_bolt_class by_time = BATCHING_BOLT(.batching = { .seconds = 0.05 });
static const struct storm_bolt_class by_default = BATCHING_BOLT(.batching = { .size = 3 });
static const struct storm_bolt_class by_group =
	BATCHING_BOLT(.batching = { .size = 2, .ticks = 1, .seconds = NEVER },
		.group_key = group_key);
static const struct storm_bolt_class by_hand =
	BATCHING_BOLT(.batching = { .size = 3, .seconds = NEVER }, .manual_ack = true,
		.manual_anchor = true, .manual_fail = true);

/* Asking which tasks receive an emit. */

static int say_tasks(struct storm_task *task, const struct storm_emission *emission)
{
	json_t *list = json_array();
	const int *ids;
	size_t count;
	int err = storm_emit_and_get_tasks(task, emission, &ids, &count);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_integer(ids[i]));
	if (err == 0)
		err = storm_emit_to(task, "told", storm_tree(list));
	json_decref(list);
	return err;
}

static int ask(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_value number;
	int err = storm_tuple_value_at(tuple, 1, &number);

	return err < 0 ? err :
			 say_tasks(task, &(const struct storm_emission){ STORM_VALUES(number) });
}

static int ask_twice(struct storm_task *task, const struct storm_tuple *tuple)
{
	int err = ask(task, tuple);

	return err < 0 ? err : ask(task, tuple);
}

static int ask_direct(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)tuple;
	return say_tasks(task,
		&(const struct storm_emission){
			.stream = "direct", STORM_VALUES(storm_null()), .task = 5 });
}

static void ask_on_time(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	const struct storm_emission emission = { STORM_VALUES(storm_text("later")) };

	(void)loop;
	(void)events;
	if (say_tasks(timer->data, &emission) < 0)
		storm_log_error(timer->data, "no task ids");
}

/* Ask from a watcher that is due at the same time as the input, and comes before it. */
static int ask_later(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct ev_timer *timer = storm_state(task);

	(void)tuple;
	ev_timer_init(timer, ask_on_time, 0.01, 0);
	ev_set_priority(timer, EV_MAXPRI - 1);
	timer->data = task;
	ev_timer_start(storm_loop(task), timer);
	storm_log_info(task, "asleep");
	return 0;
}

static int sleep_a_while(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)task;
	(void)tuple;
	usleep(300000);
	return 0;
}

static int pass_number(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_value number;
	int err = storm_tuple_value_at(tuple, 1, &number);

	return err < 0 ? err : storm_emit_to(task, "told", number);
}

static int process_asker(struct storm_task *task, const struct storm_tuple *tuple)
{
	static const struct action actions[] = {
		{ "ask", ask },
		{ "ask twice", ask_twice },
		{ "ask direct", ask_direct },
		{ "ask later", ask_later },
		{ "sleep", sleep_a_while },
		{ "pass", pass_number },
		{ NULL, unknown_word },
	};

	return act(task, tuple, actions);
}

static const struct storm_bolt_class asker = {
	.outputs = STORM_OUTPUTS(STORM_STREAM("default", "number"), STORM_STREAM("told", "tasks"),
		STORM_DIRECT_STREAM("direct", "number")),
	.state_size = sizeof(struct ev_timer),
	.process = process_asker,
};

/* Structs. */

struct all_types {
	bool yes;
	int small;
	long medium;
	long long large;
	float single;
	double real;
	struct storm_string text;
	struct storm_binary bytes;
	struct storm_value any;
	struct storm_string maybe_text;
	int maybe_small;
};

static const struct storm_mapping all_types_mapping = STORM_MAPPING(struct all_types,
	STORM_MEMBER(struct all_types, yes), STORM_MEMBER(struct all_types, small),
	STORM_MEMBER(struct all_types, medium), STORM_MEMBER(struct all_types, large),
	STORM_MEMBER(struct all_types, single), STORM_MEMBER(struct all_types, real),
	STORM_MEMBER_AS(struct all_types, text, "name"), STORM_MEMBER(struct all_types, bytes),
	STORM_MEMBER(struct all_types, any), STORM_OPTIONAL_MEMBER(struct all_types, maybe_text),
	STORM_OPTIONAL_MEMBER(struct all_types, maybe_small));

struct pair {
	struct storm_string text;
	int number;
};

static const struct storm_mapping pair_mapping = STORM_MAPPING(
	struct pair, STORM_MEMBER(struct pair, text), STORM_MEMBER(struct pair, number));

static int map_all_types(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct all_types record;
	int err = storm_tuple_get_struct(tuple, &all_types_mapping, &record);

	return err < 0 ? err : storm_emit_struct(task, NULL, &all_types_mapping, &record);
}

static const struct storm_bolt_class mapper = {
	.outputs = STORM_OUTPUTS(STORM_STREAM_OF("default", all_types_mapping)),
	.input = &all_types_mapping,
	.process = map_all_types,
};

/* Emits what stands in `text` and `number`, to the stream that the text names. */
static int map_pair(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct pair record;
	int err = storm_tuple_get_struct(tuple, &pair_mapping, &record);

	return err < 0 ? err : storm_emit_struct(task, record.text.data, &pair_mapping, &record);
}

static const struct storm_bolt_class pair_mapper = {
	.outputs = STORM_OUTPUTS(STORM_STREAM_OF("same", pair_mapping),
		STORM_STREAM("turned", "number", "text"),
		STORM_STREAM("more", "number", "text", "more"), STORM_STREAM("fewer", "text")),
	.input = &pair_mapping,
	.process = map_pair,
};

/* Values. */

static int read_binary(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_binary bytes;
	struct storm_binary same;
	int err = storm_tuple_get_binary(tuple, "more", &bytes);

	err = err < 0 ? err : storm_tuple_binary_at(tuple, 3, &same);
	if (err < 0)
		return err;
	if (same.length != bytes.length || memcmp(same.data, bytes.data, same.length) != 0)
		return -EIO;
	return storm_emit(task, storm_binary(bytes.data, bytes.length));
}

static int read_tree(struct storm_task *task, const struct storm_tuple *tuple)
{
	json_t *by_name;
	json_t *by_index;
	int err = storm_tuple_get_tree(tuple, "more", &by_name);

	if (err < 0)
		return err;
	err = storm_tuple_tree_at(tuple, 3, &by_index);
	if (err == 0) {
		err = json_equal(by_name, by_index) ? storm_emit(task, storm_tree(by_name)) : -EIO;
		json_decref(by_index);
	}
	json_decref(by_name);
	return err;
}

static int emit_no_tree(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)tuple;
	return storm_emit(task, storm_tree(NULL));
}

static int pass_value(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_value by_name;
	struct storm_value by_index;
	int err = storm_tuple_get_value(tuple, "more", &by_name);

	err = err < 0 ? err : storm_tuple_value_at(tuple, 3, &by_index);
	err = err < 0 ? err : storm_emit(task, by_name);
	return err < 0 ? err : storm_emit(task, by_index);
}

static int say_types(struct storm_task *task, const struct storm_tuple *tuple)
{
	storm_log_info(task, "%d %d %d %d %d", storm_tuple_type_at(tuple, 0) == STORM_STRING,
		storm_tuple_type_at(tuple, 1) == STORM_INTEGER,
		storm_tuple_type_at(tuple, 2) == STORM_BOOLEAN,
		storm_tuple_type_at(tuple, 3) == STORM_BINARY,
		storm_tuple_type_at(tuple, 9) == STORM_NULL);
	return storm_tuple_index(tuple, "flag") == 2 ? 0 : -EIO;
}

/* All that is borrowed from a tuple stays valid while more is asked for. */
static int read_several(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string texts[4];
	json_t *tree;
	int err = 0;

	for (size_t i = 0; i < 4 && err == 0; i++)
		err = storm_tuple_json_at(tuple, i, &texts[i]);
	if (err == 0)
		err = storm_tuple_tree_at(tuple, 3, &tree);
	if (err < 0)
		return err;
	json_decref(tree);
	for (size_t i = 0; i < 4 && err == 0; i++)
		err = storm_emit(task, storm_json(texts[i].data, texts[i].length));
	return err;
}

/* The same text, read as what it may be, does not change what was read before. */
static int read_text_and_binary(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string text;
	struct storm_binary bytes;
	int err = storm_tuple_string_at(tuple, 3, &text);

	err = err < 0 ? err : storm_tuple_binary_at(tuple, 3, &bytes);
	err = err < 0 ? err : storm_emit(task, storm_string(text.data, text.length));
	return err < 0 ? err : storm_emit(task, storm_string(bytes.data, bytes.length));
}

static int emit_many(struct storm_task *task, const struct storm_tuple *tuple)
{
	int64_t length;
	char *bytes;
	int err = storm_tuple_integer_at(tuple, 1, &length);

	if (err < 0)
		return err;
	bytes = malloc((size_t)length);
	if (!bytes)
		return -ENOMEM;
	memset(bytes, 'x', (size_t)length);
	err = storm_emit(task, storm_string(bytes, (size_t)length));
	free(bytes);
	return err;
}

static int process_values(struct storm_task *task, const struct storm_tuple *tuple)
{
	static const struct action actions[] = {
		{ "binary", read_binary },
		{ "tree", read_tree },
		{ "no tree", emit_no_tree },
		{ "value", pass_value },
		{ "types", say_types },
		{ "several", read_several },
		{ "text and binary", read_text_and_binary },
		{ "many", emit_many },
		{ NULL, unknown_word },
	};

	return act(task, tuple, actions);
}

static const struct storm_bolt_class values = {
	.outputs = STORM_FIELDS("value"),
	.process = process_values,
};

/* What the bolts' inputs come from; it is never run. */

static int next_of_none(struct storm_task *task)
{
	(void)task;
	return STORM_FINISHED;
}

static const struct storm_spout_class source = {
	.outputs = STORM_FIELDS("text", "number", "flag", "more"),
	.next = next_of_none,
};

#define BOLT(bolt_name, class)                                  \
	{                                                       \
		.name = (bolt_name), .bolt_class = &(class),    \
		.inputs = STORM_INPUTS(STORM_SHUFFLE("source")) \
	}

static const struct storm_topology topology = {
	.name = "ways_bolts",
	.spouts = STORM_SPOUTS({ .name = "source", .spout_class = &source }),
	.bolts = STORM_BOLTS(BOLT("later", later_bolt), BOLT("by_size", by_size),
		BOLT("by_ticks", by_ticks), BOLT("by_time", by_time),
		BOLT("by_default", by_default), BOLT("by_group", by_group),
		BOLT("by_hand", by_hand), BOLT("asker", asker), BOLT("mapper", mapper),
		BOLT("pair_mapper", pair_mapper), BOLT("values", values)),
};

int main(int argc, char **argv)
{
	return storm_main(&topology, argc, argv);
}
