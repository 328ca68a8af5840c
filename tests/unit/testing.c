/* The testing of components: everything that a test can tell one, and hear of it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <ev.h>
#include <jansson.h>

#include <cstorm.h>
#include <cstorm/testing.h>

/* A bolt that does what its tuples say. */

struct puppet {
	struct storm_tuple *kept;
	struct ev_timer timer;
	int ticks;
};

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct storm_task *task = timer->data;
	struct puppet *puppet = storm_state(task);

	(void)loop;
	(void)events;
	storm_emit_to(task, "rare", storm_text("late"));
	storm_ack(task, puppet->kept);
	storm_tuple_release(puppet->kept);
	puppet->kept = NULL;
}

static int keep(struct storm_task *task, const struct storm_tuple *tuple, double seconds)
{
	struct puppet *puppet = storm_state(task);

	puppet->kept = storm_tuple_keep(tuple);
	ev_timer_init(&puppet->timer, on_timer, seconds, 0);
	puppet->timer.data = task;
	ev_timer_start(storm_loop(task), &puppet->timer);
	return puppet->kept ? 0 : -ENOMEM;
}

static int emit_and_ask(struct storm_task *task)
{
	struct storm_value word = storm_text("asked");
	const int *ids;
	size_t count;
	int err = storm_emit_and_get_tasks(
		task, &(struct storm_emission){ .values = &word, .count = 1 }, &ids, &count);

	for (size_t i = 0; i < count && err == 0; i++)
		storm_log_info(task, "to task %d", ids[i]);
	return err;
}

static int obey(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string order;
	int err = storm_tuple_get_string(tuple, "order", &order);

	if (err < 0)
		return err;
	if (strcmp(order.data, "emit") == 0)
		err = storm_emit(task, storm_text("word"));
	else if (strcmp(order.data, "direct") == 0)
		err = storm_emit_full(task,
			&(struct storm_emission){
				.stream = "direct", STORM_VALUES(storm_integer(1)), .task = 7 });
	else if (strcmp(order.data, "ask") == 0)
		err = emit_and_ask(task);
	else if (strcmp(order.data, "log") == 0)
		storm_log_warn(task, "careful");
	else if (strcmp(order.data, "fail") == 0)
		return storm_error(task, -EINVAL, "as it was told");
	else if (strcmp(order.data, "keep") == 0)
		return keep(task, tuple, 0.001);
	else if (strcmp(order.data, "keep long") == 0)
		return keep(task, tuple, 1000);
	else if (strcmp(order.data, "die") == 0)
		storm_fatal(task, -EIO, "as it was told");
	return err == 0 ? storm_ack(task, tuple) : err;
}

static int count_tick(struct storm_task *task)
{
	struct puppet *puppet = storm_state(task);

	return storm_emit(task, storm_integer(++puppet->ticks));
}

static int begin(struct storm_task *task)
{
	const char *mode = storm_setting(task, "mode");

	return strcmp(mode, "broken") == 0 ? storm_error(task, -ENOENT, "a thing") : 0;
}

static int end(struct storm_task *task)
{
	struct puppet *puppet = storm_state(task);

	ev_timer_stop(storm_loop(task), &puppet->timer);
	storm_tuple_release(puppet->kept);
	return storm_emit(task, storm_text("end"));
}

static const struct storm_bolt_class puppet_bolt = {
	.outputs = STORM_OUTPUTS(STORM_STREAM("default", "word"), STORM_STREAM("rare", "word"),
		STORM_DIRECT_STREAM("direct", "number")),
	.settings = STORM_SETTINGS({ .name = "mode", .value = "good" }),
	.state_size = sizeof(struct puppet),
	.manual_ack = true,
	.prepare = begin,
	.process = obey,
	.tick = count_tick,
	.close = end,
};

static struct storm_test *test;

static void start_puppet(void)
{
	test = storm_test_bolt(&puppet_bolt, STORM_FIELDS("order"), NULL);
	cr_assert_not_null(test);
}

static void stop(void)
{
	storm_test_free(test);
	test = NULL;
}

static void expect_said(const char *said)
{
	cr_expect_str_eq(storm_test_said(test), said);
	storm_test_forget(test);
}

TestSuite(testing_bolt, .init = start_puppet, .fini = stop);

Test(testing_bolt, says_what_it_emits_and_acks)
{
	cr_expect_eq(storm_test_process(test, storm_text("emit")), 1);
	cr_expect_eq(storm_test_outcome(test, 1), STORM_TEST_ACKED);
	expect_said("emit [\"word\"] anchors 1\nack 1\n");
	cr_expect_eq(storm_test_process(test, storm_text("direct")), 2);
	expect_said("emit direct [1] anchors 2 task 7\nack 2\n");
	cr_expect_eq(storm_test_process(test, storm_text("log")), 3);
	expect_said("log warn: careful\nack 3\n");
}

Test(testing_bolt, fails_tuples)
{
	cr_expect_eq(storm_test_process(test, storm_text("fail")), 1);
	cr_expect_eq(storm_test_outcome(test, 1), STORM_TEST_FAILED);
	expect_said("log warn: failed a tuple from source, stream default: as it was told: "
		    "Invalid argument\nfail 1\n");
	cr_expect_eq(storm_test_process(test, storm_integer(1)), 2);
	cr_expect_eq(storm_test_outcome(test, 2), STORM_TEST_FAILED);
	cr_expect_eq(storm_test_outcome(test, 3), STORM_TEST_PENDING);
	cr_expect_eq(storm_test_outcome(test, 0), STORM_TEST_PENDING);
}

Test(testing_bolt, has_lists_of_what_was_emitted)
{
	const json_t *messages;

	storm_test_process(test, storm_text("emit"));
	storm_test_process(test, storm_text("keep"));
	cr_expect_str_eq(storm_test_emitted(test, NULL), "[[\"word\"]]");
	cr_expect_str_eq(storm_test_emitted(test, "rare"), "[]");
	cr_expect_eq(storm_test_outcome(test, 2), STORM_TEST_PENDING);
	cr_expect_eq(storm_test_wait(test, 10), 0);
	cr_expect_str_eq(storm_test_emitted(test, "rare"), "[[\"late\"]]");
	cr_expect_eq(storm_test_outcome(test, 2), STORM_TEST_ACKED);
	messages = storm_test_messages(test);
	cr_expect_eq(json_array_size(messages), 4);
	cr_expect_str_eq(
		json_string_value(json_object_get(json_array_get(messages, 3), "command")), "ack");
}

Test(testing_bolt, waits_no_longer_than_it_is_told)
{
	cr_expect_eq(storm_test_wait(test, 0.001), -ETIMEDOUT);
	cr_expect_str_eq(storm_test_error(test), "the component says nothing");
	storm_test_process(test, storm_text("log"));
	cr_expect_str_eq(storm_test_error(test), "");
}

Test(testing_bolt, answers_for_the_tasks_that_receive)
{
	cr_expect_eq(storm_test_process(test, storm_text("ask")), 1);
	expect_said("emit [\"asked\"] anchors 1\nlog info: to task 1000\nack 1\n");
	cr_expect_eq(storm_test_set_receivers(test, (const int[]){ 3, 5 }, 2), 0);
	cr_expect_eq(storm_test_process(test, storm_text("ask")), 2);
	expect_said(
		"emit [\"asked\"] anchors 2\nlog info: to task 3\nlog info: to task 5\nack 2\n");
	cr_expect_eq(storm_test_set_receivers(test, NULL, 0), 0);
	cr_expect_eq(storm_test_process(test, storm_text("ask")), 3);
	expect_said("emit [\"asked\"] anchors 3\nack 3\n");
}

Test(testing_bolt, ticks)
{
	struct puppet *puppet = storm_state(storm_test_task(test));

	cr_expect_eq(storm_test_tick(test), 0);
	cr_expect_eq(storm_test_tick(test), 0);
	cr_expect_eq(puppet->ticks, 2);
	expect_said("emit [1]\nemit [2]\n");
}

Test(testing_bolt, closes)
{
	storm_test_process(test, storm_text("keep"));
	cr_expect_not(storm_test_ended(test));
	cr_expect_eq(storm_test_close(test), 0);
	cr_expect(storm_test_ended(test));
	expect_said("emit rare [\"late\"]\nack 1\nemit [\"end\"]\n");
	cr_expect_eq(storm_test_process(test, storm_text("emit")), -ESHUTDOWN);
	cr_expect_eq(storm_test_tick(test), -ESHUTDOWN);
	cr_expect_str_eq(storm_test_error(test), "the component has ended");
	cr_expect_eq(storm_test_close(test), 0);
	expect_said("");
}

Test(testing_bolt, is_closed_by_free_at_the_latest)
{
	storm_test_process(test, storm_text("keep long"));
}

Test(testing_bolt, ends_with_its_errors)
{
	cr_expect_eq(storm_test_process(test, storm_text("die")), 1);
	cr_expect(storm_test_ended(test));
	cr_expect_eq(storm_test_close(test), 1);
	expect_said("error: as it was told: Input/output error\nack 1\nemit [\"end\"]\n");
}

Test(testing_bolt, refuses_tuples_that_cannot_be)
{
	cr_expect_eq(storm_test_next(test), -EINVAL);
	cr_expect_eq(storm_test_activate(test), -EINVAL);
	cr_expect_eq(storm_test_ack(test, "1"), -EINVAL);
	cr_expect_eq(storm_test_process(test, storm_text("a"), storm_text("b")), -EINVAL);
	cr_expect_eq(storm_test_process(test, storm_string("\xff", 1)), -EILSEQ);
	cr_expect_eq(storm_test_process_from(test, "source", "other", storm_text("a")), -ENOENT);
	cr_expect_eq(storm_test_process_from(test, "other", NULL, storm_text("a")), -ENOENT);
	cr_expect_str_neq(storm_test_error(test), "");
	expect_said("");
	cr_expect_eq(storm_test_process_from(test, "source", "default", storm_text("emit")), 1);
}

Test(testing, a_bolt_that_cannot_start, .fini = stop)
{
	test = storm_test_bolt(&puppet_bolt, STORM_FIELDS("order"), "{\"bolt.mode\": \"broken\"}");
	cr_assert(storm_test_ended(test));
	expect_said("error: cannot start: a thing: No such file or directory\n");
	cr_expect_eq(storm_test_close(test), 1);
	stop();
	test = storm_test_bolt(&puppet_bolt, STORM_FIELDS("order"), "[]");
	cr_assert(storm_test_ended(test));
	expect_said("error: the configuration is no JSON object: []\n");
}

Test(testing, several_inputs, .fini = stop)
{
	test = storm_test_bolt(&puppet_bolt,
		STORM_OUTPUTS(STORM_STREAM("a", "order"), STORM_STREAM("b", "x", "order")), NULL);
	cr_expect_eq(storm_test_process(test, storm_text("emit")), -ENOENT);
	cr_expect_eq(storm_test_process_from(test, NULL, "a", storm_text("emit")), 1);
	cr_expect_eq(storm_test_process_from(test, NULL, "b", storm_null(), storm_text("emit")), 2);
	expect_said("emit [\"word\"] anchors 1\nack 1\nemit [\"word\"] anchors 2\nack 2\n");
}

/* Spouts */

static int emit_numbers(struct storm_task *task)
{
	int64_t *number = storm_state(task);

	if (*number == 2)
		return STORM_FINISHED;
	++*number;
	return storm_emit_full(task,
		&(struct storm_emission){
			STORM_VALUES(storm_integer(*number)), .tag = (uint64_t)*number });
}

static void note_acked(struct storm_task *task, uint64_t tag)
{
	storm_log_info(task, "%llu is done", (unsigned long long)tag);
}

static void note_active(struct storm_task *task)
{
	storm_log_info(task, "active");
}

static void note_inactive(struct storm_task *task)
{
	storm_log_info(task, "not active");
}

static const struct storm_spout_class numbers_spout = {
	.outputs = STORM_FIELDS("number"),
	.state_size = sizeof(int64_t),
	.reliable = true,
	.next = emit_numbers,
	.acked = note_acked,
	.activate = note_active,
	.deactivate = note_inactive,
};

Test(testing, a_spout, .fini = stop)
{
	test = storm_test_spout(&numbers_spout, NULL);
	cr_expect_eq(storm_test_tick(test), -EINVAL);
	cr_expect_eq(storm_test_process(test, storm_text("a")), -ENOENT);
	cr_expect_eq(storm_test_activate(test), 0);
	cr_expect_eq(storm_test_next(test), 0);
	cr_expect_eq(storm_test_next(test), 0);
	cr_expect_eq(storm_test_next(test), STORM_FINISHED);
	expect_said("log info: active\nemit [1] id 1\nemit [2] id 2\nfinished\n");
	cr_expect_eq(storm_test_ack(test, "1"), 0);
	cr_expect_eq(storm_test_fail(test, "2"), 0);
	expect_said("log info: 1 is done\n");
	cr_expect_eq(storm_test_next(test), STORM_FINISHED);
	expect_said("emit [2] id 2\nfinished\n");
	cr_expect_eq(storm_test_ack(test, "2"), 0);
	cr_expect_eq(storm_test_deactivate(test), 0);
	cr_expect_eq(storm_test_next(test), STORM_FINISHED);
	cr_expect_eq(storm_test_close(test), 0);
}

/* In a topology */

static const struct storm_topology numbers = {
	.name = "numbers",
	.spouts = STORM_SPOUTS({ .name = "numbers", .spout_class = &numbers_spout }),
	.bolts = STORM_BOLTS({ .name = "foreign",
				     .foreign = STORM_SHELL(STORM_FIELDS("order"), "order"),
				     .inputs = STORM_INPUTS(STORM_SHUFFLE("numbers")) },
		{ .name = "puppet",
			.bolt_class = &puppet_bolt,
			.parallelism = 2,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("foreign"), STORM_SHUFFLE("numbers")),
			.config = STORM_CONFIG({ "puppet.mode", "broken" }) }),
};

Test(testing, a_component_of_a_topology, .fini = stop)
{
	test = storm_test_component(&numbers, "puppet", NULL);
	cr_expect(storm_test_ended(test));
	stop();
	test = storm_test_component(&numbers, "puppet", "{\"puppet.mode\": \"good\"}");
	cr_expect_not(storm_test_ended(test), "%s", storm_test_said(test));
	cr_expect_eq(storm_task_id(storm_test_task(test)), 3);
	cr_expect_eq(storm_component_tasks(storm_test_task(test), "puppet", NULL), 2);
	cr_expect_eq(storm_test_process_from(test, "foreign", NULL, storm_text("emit")), 1);
	expect_said("emit [\"word\"] anchors 1\nack 1\n");
	stop();
	test = storm_test_component(&numbers, "foreign", NULL);
	cr_expect(storm_test_ended(test));
	stop();
	test = storm_test_component(&numbers, "nobody", NULL);
	cr_expect(storm_test_ended(test));
	cr_expect(strstr(storm_test_said(test), "no class for the component nobody"));
}
