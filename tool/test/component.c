/*
 * Tests one component: a process of it, with the test in the place of Storm.
 *
 * A bolt gets all its tuples, then a heartbeat: its answer says that it has seen them. A spout gets a
 * command at a time, as it does from Storm. Then the input ends, and so must the component.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "local/alone.h"
#include "local/local.h"
#include "test/tests.h"

/* So long a bolt may say nothing while it has tuples that are not settled. */
#define SETTLE_SECONDS 1
#define STEP_SECONDS 0.1

struct session {
	const struct test *test;
	const struct spec_component *component;
	struct alone *alone;
	struct differences *differences;
	json_t *emits;
	json_t *acks;
	json_t *fails;
	json_t *logs;
	json_t *errors;
	json_t *ids; /* spouts: of its tuples, as it gave them */
	json_int_t sent; /* tuples: the number of the last one */
	bool synced; /* it has answered a heartbeat or a command */
	bool finished;
	bool closing; /* its input has ended */
};

/* What it says */

/* Numbers of tuples as the test has them: ids that are none stay what they are. */
static json_t *number_of(const json_t *id)
{
	const char *text = json_string_value(id);
	char *end;
	long number = text ? strtol(text, &end, 10) : 0;

	return text && *text != '\0' && *end == '\0' ? json_integer(number) :
						       json_incref((json_t *)id);
}

static json_t *numbers_of(const json_t *ids)
{
	json_t *numbers = json_array();
	const json_t *id;
	size_t i;

	json_array_foreach(ids, i, id)
		json_array_append_new(numbers, number_of(id));
	return numbers;
}

static void take_emit(struct session *session, const json_t *message)
{
	const char *stream = json_string_value(json_object_get(message, "stream"));
	const json_t *anchors = json_object_get(message, "anchors");
	json_t *task = json_object_get(message, "task");
	json_t *id = json_object_get(message, "id");
	json_t *values = json_object_get(message, "tuple");
	json_t *tuple = json_pack("{s:s, s:O}", "stream", stream ? stream : "default", "values",
		values ? values : json_null());

	json_object_set_new(tuple, "anchors", numbers_of(anchors));
	if (task && !json_is_null(task))
		json_object_set(tuple, "task", task);
	if (id && !json_is_null(id)) {
		json_object_set(tuple, "id", id);
		json_array_append(session->ids, id);
	}
	json_array_append_new(session->emits, tuple);
	/* Storm sends the ids unless it is told not to. */
	if (!json_is_false(json_object_get(message, "need_task_ids")) &&
		(!task || json_is_null(task)))
		alone_send_receivers(session->alone, stream ? stream : "default");
}

static void take(struct session *session, const json_t *message)
{
	const char *command = json_string_value(json_object_get(message, "command"));
	json_t *text = json_object_get(message, "msg");

	if (!command)
		return;
	if (strcmp(command, "emit") == 0)
		take_emit(session, message);
	else if (strcmp(command, "ack") == 0)
		json_array_append_new(session->acks, number_of(json_object_get(message, "id")));
	else if (strcmp(command, "fail") == 0)
		json_array_append_new(session->fails, number_of(json_object_get(message, "id")));
	else if (strcmp(command, "log") == 0 && json_is_string(text) &&
		json_integer_value(json_object_get(message, "level")) > 0)
		json_array_append(session->logs, text);
	else if (strcmp(command, "error") == 0 && json_is_string(text) &&
		!(session->closing && strstr(json_string_value(text), LOCAL_END_OF_INPUT)))
		json_array_append(session->errors, text);
	else if (strcmp(command, "sync") == 0)
		session->synced = true;
	if (json_is_true(json_object_get(message, "finished")))
		session->finished = true;
}

/* Note that it did not do what it must, with what it wrote to its standard error. */
static int note_failure(struct session *session, int err, const char *what)
{
	const char *errors;

	if (err == -EINTR) {
		differences_add(session->differences, "interrupted");
		return err;
	}
	if (err == -ETIMEDOUT)
		differences_add(session->differences, "%s says nothing for %g seconds, %s",
			session->component->name, session->test->seconds, what);
	else if (err == -EPIPE)
		differences_add(session->differences, "%s %s, %s", session->component->name,
			alone_end(session->alone), what);
	else
		differences_add(session->differences, "%s says what is no message, %s",
			session->component->name, what);
	errors = alone_errors(session->alone);
	if (errors[0] != '\0')
		differences_add(session->differences, "its standard error: %.*s",
			(int)(strlen(errors) - (errors[strlen(errors) - 1] == '\n')), errors);
	return err;
}

/* Wait for a message in small steps: a signal that comes between two of them must be seen, too. */
static int receive(struct session *session, double seconds, json_t **message)
{
	int err = -ETIMEDOUT;

	while (err == -ETIMEDOUT && seconds > 0 && !test_interrupted) {
		err = alone_receive(session->alone, fmin(seconds, STEP_SECONDS), message);
		seconds -= STEP_SECONDS;
	}
	return err < 0 && test_interrupted ? -EINTR : err;
}

/* Take one message: 0, or a negative errno. */
static int take_next(struct session *session, double seconds)
{
	json_t *message = NULL;
	int err = receive(session, seconds, &message);

	if (err == 0)
		take(session, message);
	json_decref(message);
	return err;
}

/* Take what it says until it answers. */
static int await_sync(struct session *session, const char *what)
{
	int err = 0;

	while (!session->synced && err == 0)
		err = take_next(session, session->test->seconds);
	session->synced = false;
	return err < 0 ? note_failure(session, err, what) : 0;
}

/* What it is told */

static int send_json(struct session *session, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	int err = text ? alone_send(session->alone, (struct span){ text, strlen(text) }) : -ENOMEM;

	free(text);
	json_decref(message);
	if (err < 0)
		differences_add(session->differences, "cannot send to %s: %s",
			session->component->name, strerror(-err));
	return err;
}

/* The messages that Storm has of its own: ticks and heartbeats. */
static int send_system(struct session *session, const char *stream)
{
	return send_json(session,
		json_pack("{s:s, s:s, s:s, s:i, s:[i]}", "id", stream, "comp", "__system", "stream",
			stream, "task", -1, "tuple", 1));
}

static int send_tuple(struct session *session, const json_t *tuple)
{
	char id[24];

	snprintf(id, sizeof(id), "%" JSON_INTEGER_FORMAT, ++session->sent);
	return send_json(session,
		json_pack("{s:s, s:O, s:O, s:i, s:O}", "id", id, "comp",
			json_object_get(tuple, "from"), "stream", json_object_get(tuple, "stream"),
			"task", 1, "tuple", json_object_get(tuple, "values")));
}

/* The tuples of the test among those that are acked or failed: the others are ticks. */
static size_t count_tuples(const json_t *ids)
{
	size_t count = 0;
	const json_t *id;
	size_t i;

	json_array_foreach(ids, i, id)
		count += json_is_integer(id);
	return count;
}

static bool is_settled(const struct session *session)
{
	return count_tuples(session->acks) + count_tuples(session->fails) >= (size_t)session->sent;
}

/* All tuples and ticks, and what comes of them. */
static int feed_bolt(struct session *session)
{
	const json_t *entry;
	int err = 0;
	size_t i;

	json_array_foreach(session->test->input, i, entry) {
		err = json_is_string(entry) ? send_system(session, "__tick") :
					      send_tuple(session, entry);
		if (err < 0)
			return err;
	}
	err = send_system(session, "__heartbeat");
	if (err == 0)
		err = await_sync(session, "and has not answered a heartbeat");
	/* It may do its work later, when another process has answered; or at the end of its input. */
	while (err == 0 && !is_settled(session)) {
		int late = take_next(session, fmin(SETTLE_SECONDS, session->test->seconds));

		if (late == -ETIMEDOUT)
			break;
		err = late < 0 ? note_failure(session, late, "with tuples that are not settled") :
				 0;
	}
	return err;
}

/* A command, and all that is said until the answer. */
static int command(struct session *session, const char *name, const json_t *id)
{
	json_t *message = json_pack("{s:s}", "command", name);
	const json_t *own = id;
	int err;

	/* A number is that of one of its tuples. */
	if (json_is_integer(id))
		own = json_array_get(session->ids, (size_t)json_integer_value(id) - 1);
	if (id && !own) {
		json_decref(message);
		differences_add(session->differences,
			"there is no tuple %" JSON_INTEGER_FORMAT " to %s: %s has emitted %zu",
			json_integer_value(id), name, session->component->name,
			json_array_size(session->ids));
		return -ENOENT;
	}
	if (id)
		json_object_set(message, "id", (json_t *)own);
	err = send_json(session, message);
	return err < 0 ? err : await_sync(session, "and has not answered a command");
}

static int obey(struct session *session, const json_t *entry)
{
	const json_t *times = json_object_get(entry, "next");
	const json_t *ack = json_object_get(entry, "ack");
	const json_t *fail = json_object_get(entry, "fail");
	json_int_t left = json_integer_value(times);
	int err = 0;

	if (json_is_string(entry))
		return command(session, json_string_value(entry), NULL);
	if (ack || fail)
		return command(session, ack ? "ack" : "fail", ack ? ack : fail);
	while (left-- > 0 && err == 0)
		err = command(session, "next", NULL);
	return err;
}

/* The commands of the test; without any, as many nexts as it needs. */
static int feed_spout(struct session *session)
{
	const json_t *emits = json_object_get(session->test->expect, "emits");
	int err = command(session, "activate", NULL);
	const json_t *entry;
	size_t i;

	if (!session->test->input) {
		while (err == 0 && !session->finished &&
			(!emits || json_array_size(session->emits) < json_array_size(emits)))
			err = command(session, "next", NULL);
		return err;
	}
	json_array_foreach(session->test->input, i, entry) {
		if (err == 0)
			err = obey(session, entry);
	}
	return err;
}

/* End its input, and take its last words. */
static void finish(struct session *session)
{
	int err = 0;

	session->closing = true;
	alone_close(session->alone);
	while (err == 0)
		err = take_next(session, session->test->seconds);
	if (err != -EPIPE)
		note_failure(session, err, "although its input has ended");
	else if (strncmp(alone_end(session->alone), "was killed", 10) == 0)
		note_failure(session, err, "when its input ended");
}

/* What came of it */

/* All tuples but those that are to fail. */
static json_t *default_acks(const struct session *session)
{
	const json_t *fails = json_object_get(session->test->expect, "fails");
	json_t *acks = json_array();

	for (json_int_t number = 1; number <= session->sent; number++) {
		const json_t *fail;
		bool is_fail = false;
		size_t i;

		json_array_foreach(fails, i, fail)
			is_fail |= json_integer_value(fail) == number;
		if (!is_fail)
			json_array_append_new(acks, json_integer(number));
	}
	return acks;
}

/* The acks and fails of ticks, which are not tuples of the test. */
static void remove_ticks(json_t *ids)
{
	for (size_t i = json_array_size(ids); i-- > 0;) {
		if (!json_is_integer(json_array_get(ids, i)))
			json_array_remove(ids, i);
	}
}

static void compare(struct session *session)
{
	json_t *expect = session->test->expect;
	const json_t *acks = json_object_get(expect, "acks");
	const json_t *emits = json_object_get(expect, "emits");
	json_t *others = acks ? NULL : default_acks(session);

	if (emits)
		compare_tuples("emits", emits, session->emits, !json_object_get(expect, "order"),
			session->differences);
	if (!session->component->is_spout) {
		remove_ticks(session->acks);
		remove_ticks(session->fails);
		compare_ids("acked", acks ? acks : others, session->acks, session->differences);
		compare_ids("failed", json_object_get(expect, "fails"), session->fails,
			session->differences);
	}
	compare_texts("logs", json_object_get(expect, "logs"), session->logs, false,
		session->differences);
	compare_texts("errors", json_object_get(expect, "errors"), session->errors, true,
		session->differences);
	json_decref(others);
}

void test_component(
	const struct test *test, const struct spec *spec, struct differences *differences)
{
	size_t index = spec_find(spec, test->component);
	struct session session = {
		.test = test,
		.component = &spec->components[index],
		.differences = differences,
		.emits = json_array(),
		.acks = json_array(),
		.fails = json_array(),
		.logs = json_array(),
		.errors = json_array(),
		.ids = json_array(),
	};
	int err = alone_start(&session.alone, spec, index);

	if (err < 0)
		differences_add(
			differences, "%s cannot be started: %s", test->component, strerror(-err));
	if (err == 0)
		err = session.component->is_spout ? feed_spout(&session) : feed_bolt(&session);
	if (err == 0)
		finish(&session);
	if (err == 0)
		compare(&session);
	alone_free(session.alone);
	json_decref(session.emits);
	json_decref(session.acks);
	json_decref(session.fails);
	json_decref(session.logs);
	json_decref(session.errors);
	json_decref(session.ids);
}
