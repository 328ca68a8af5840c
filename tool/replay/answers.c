#include "replay/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "local/alone.h"

/* What has no tuple: what a spout emits, what a bolt emits without an anchor, and errors. */
#define NO_TUPLE ""

static const char *const side_names[] = {
	[ANSWERS_RECORDED] = "recorded",
	[ANSWERS_REPLAYED] = "replayed",
};

static enum answers_side other_side(enum answers_side side)
{
	return side == ANSWERS_RECORDED ? ANSWERS_REPLAYED : ANSWERS_RECORDED;
}

int answers_init(struct answers *answers, enum wire wire, int recorded, size_t shown)
{
	*answers = (struct answers){
		.wire = wire, .recorded = recorded, .reader.wire = wire, .shown = shown
	};
	for (size_t side = 0; side < ANSWERS_SIDES; side++)
		answers->open[side] = json_object();
	answers->differences = json_array();
	return answers->open[0] && answers->open[1] && answers->differences ? 0 : -ENOMEM;
}

void answers_free(struct answers *answers)
{
	frame_reader_free(&answers->reader);
	message_free(&answers->message);
	buffer_free(&answers->error);
	for (size_t side = 0; side < ANSWERS_SIDES; side++)
		json_decref(answers->open[side]);
	json_decref(answers->differences);
}

/* Differences */

/* The difference of a tuple: a new one, unless the last one is of the same. NULL: there are enough. */
static json_t *find_difference(struct answers *answers, const char *id)
{
	size_t count = json_array_size(answers->differences);
	json_t *last = count > 0 ? json_array_get(answers->differences, count - 1) : NULL;
	const char *last_id = json_string_value(json_object_get(last, "tuple"));

	if (last && strcmp(last_id ? last_id : NO_TUPLE, id) == 0)
		return last;
	if (count == answers->shown)
		return NULL;
	json_array_append_new(answers->differences,
		json_pack("{s:s?, s:[], s:[]}", "tuple", strcmp(id, NO_TUPLE) == 0 ? NULL : id,
			"recorded", "replayed"));
	return json_array_get(answers->differences, count);
}

static void note(struct answers *answers, const char *id, enum answers_side side, json_t *answer)
{
	json_t *list = json_object_get(find_difference(answers, id), side_names[side]);

	answers->only[side]++;
	if (json_array_size(list) < answers->shown)
		json_array_append(list, answer);
}

/* Compare two lists: what they begin and end with alike is equal. */
static void compare_lists(struct answers *answers, const char *id)
{
	json_t *lists[ANSWERS_SIDES];
	size_t counts[ANSWERS_SIDES];
	size_t least;
	size_t front = 0;
	size_t back = 0;

	for (size_t side = 0; side < ANSWERS_SIDES; side++) {
		lists[side] = json_incref(json_object_get(answers->open[side], id));
		counts[side] = json_array_size(lists[side]);
		json_object_del(answers->open[side], id);
	}
	least = counts[0] < counts[1] ? counts[0] : counts[1];
	while (front < least &&
		json_equal(json_array_get(lists[0], front), json_array_get(lists[1], front)))
		front++;
	while (front + back < least &&
		json_equal(json_array_get(lists[0], counts[0] - back - 1),
			json_array_get(lists[1], counts[1] - back - 1)))
		back++;
	answers->equal += front + back;
	for (size_t side = 0; side < ANSWERS_SIDES; side++) {
		for (size_t i = front; i + back < counts[side]; i++)
			note(answers, id, side, json_array_get(lists[side], i));
		json_decref(lists[side]);
	}
}

/* What has no tuple is compared one by one, for nothing says where it ends. */
static void compare_heads(struct answers *answers, json_t *recorded, json_t *replayed)
{
	while (json_array_size(recorded) > 0 && json_array_size(replayed) > 0) {
		json_t *before = json_array_get(recorded, 0);
		json_t *now = json_array_get(replayed, 0);

		if (json_equal(before, now)) {
			answers->equal++;
		} else {
			note(answers, NO_TUPLE, ANSWERS_RECORDED, before);
			note(answers, NO_TUPLE, ANSWERS_REPLAYED, now);
		}
		json_array_remove(recorded, 0);
		json_array_remove(replayed, 0);
	}
	if (json_array_size(recorded) == 0)
		json_object_del(answers->open[ANSWERS_RECORDED], NO_TUPLE);
	if (json_array_size(replayed) == 0)
		json_object_del(answers->open[ANSWERS_REPLAYED], NO_TUPLE);
}

/* Whether all answers for a tuple are there: it was acked or failed. */
static bool is_complete(const json_t *list)
{
	const json_t *last = json_array_get(list, json_array_size(list) - 1);
	const char *command = json_string_value(json_object_get(last, "command"));

	return command && (strcmp(command, "ack") == 0 || strcmp(command, "fail") == 0);
}

/* Compare what can be compared of a tuple now. */
static void compare(struct answers *answers, const char *id)
{
	json_t *recorded = json_object_get(answers->open[ANSWERS_RECORDED], id);
	json_t *replayed = json_object_get(answers->open[ANSWERS_REPLAYED], id);

	if (!recorded || !replayed)
		return;
	if (strcmp(id, NO_TUPLE) == 0)
		compare_heads(answers, recorded, replayed);
	else if (is_complete(recorded) && is_complete(replayed))
		compare_lists(answers, id);
}

/* Taking */

static bool is_answer(const struct message *message)
{
	return message_is(message, SPAN("emit")) || message_is(message, SPAN("ack")) ||
		message_is(message, SPAN("fail")) || message_is(message, SPAN("error"));
}

static const char *tuple_of(const json_t *answer)
{
	const json_t *anchors = json_object_get(answer, "anchors");
	const char *command = json_string_value(json_object_get(answer, "command"));
	const json_t *id = NULL;

	if (command && (strcmp(command, "ack") == 0 || strcmp(command, "fail") == 0))
		id = json_object_get(answer, "id");
	else if (command && strcmp(command, "emit") == 0)
		id = json_is_array(anchors) ? json_array_get(anchors, 0) : anchors;
	return json_is_string(id) ? json_string_value(id) : NO_TUPLE;
}

/* The stack of a crash has other addresses each time: only what an error begins with is compared. */
static void shorten_error(json_t *answer)
{
	const char *text = json_string_value(json_object_get(answer, "msg"));

	if (text)
		json_object_set_new(answer, "msg", json_stringn(text, strcspn(text, "\n")));
}

/* Take an answer of one side. */
static int add(struct answers *answers, enum answers_side side, struct span frame)
{
	json_t *answer = alone_decode(answers->wire, frame);
	json_t *list;
	const char *id;

	if (!answer)
		return -EBADMSG;
	shorten_error(answer);
	id = tuple_of(answer);
	list = json_object_get(answers->open[side], id);
	if (answers->ended[other_side(side)] && !list &&
		!json_object_get(answers->open[other_side(side)], id)) {
		note(answers, id, side, answer); /* there is nothing to wait for */
	} else {
		if (!list) {
			list = json_array();
			json_object_set_new(answers->open[side], id, list);
		}
		json_array_append(list, answer);
		compare(answers, id);
	}
	json_decref(answer);
	return 0;
}

/* The next answer that was recorded: 1; 0: there are no more; or a negative errno. */
static int next_recorded(struct answers *answers, struct span *frame)
{
	struct wire_error error;
	int found;

	while (!answers->ended[ANSWERS_RECORDED]) {
		found = frame_reader_next(&answers->reader, frame);
		if (found < 0)
			return -EBADMSG;
		if (found == 0) {
			ssize_t count = frame_reader_read(&answers->reader, answers->recorded);

			/* A life that was cut short may end in the midst of a message. */
			answers->ended[ANSWERS_RECORDED] = count == 0;
			if (count < 0)
				return (int)count;
			continue;
		}
		found = message_scan(&answers->message, answers->wire, *frame, &error);
		if (found < 0)
			return found;
		if (is_answer(&answers->message))
			return 1;
	}
	return 0;
}

/* A component that fails says why. */
static void keep_error(struct answers *answers)
{
	const struct encoded *text = &answers->message.msg;

	if (!message_is(&answers->message, SPAN("error")) || text->type != STORM_STRING)
		return;
	buffer_truncate(&answers->error, 0);
	if (buffer_reserve(&answers->error, text->text.length) == 0)
		answers->error.length = encoded_string(text, answers->error.data);
}

int answers_take(struct answers *answers, struct span frame)
{
	struct wire_error error;
	struct span recorded;
	int found = message_scan(&answers->message, answers->wire, frame, &error);

	if (found < 0 || !is_answer(&answers->message))
		return found;
	keep_error(answers);
	answers->settled += message_is(&answers->message, SPAN("ack")) ||
		message_is(&answers->message, SPAN("fail"));
	answers->emitted += message_is(&answers->message, SPAN("emit"));
	if (answers->recorded < 0)
		return 0;
	found = next_recorded(answers, &recorded);
	/* The usual case needs no more than this. */
	if (found > 0 && span_equals(frame, recorded) &&
		json_object_size(answers->open[ANSWERS_RECORDED]) == 0 &&
		json_object_size(answers->open[ANSWERS_REPLAYED]) == 0) {
		answers->equal++;
		return 0;
	}
	if (found > 0)
		found = add(answers, ANSWERS_RECORDED, recorded);
	return found < 0 ? found : add(answers, ANSWERS_REPLAYED, frame);
}

int answers_finish(struct answers *answers)
{
	struct span frame;
	const char *id;
	json_t *list;
	void *next;
	int found = 0;

	answers->ended[ANSWERS_REPLAYED] = true;
	while (answers->recorded >= 0 && (found = next_recorded(answers, &frame)) > 0) {
		found = add(answers, ANSWERS_RECORDED, frame);
		if (found < 0)
			break;
	}
	for (size_t side = 0; side < ANSWERS_SIDES; side++) {
		json_object_foreach_safe(answers->open[side], next, id, list) {
			char *name = strdup(id);

			if (name)
				compare_lists(answers, name);
			free(name);
		}
	}
	return found;
}
