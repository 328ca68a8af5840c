/* Envelopes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "protocol/message.h"

static struct message message;
static struct json_error error;

static int scan(const char *text)
{
	return message_scan(&message, span_of(text), &error);
}

static void check_fails(const char *text, size_t offset, const char *what)
{
	cr_expect_eq(scan(text), -EBADMSG, "%s", text);
	cr_expect_eq(error.offset, offset, "%s: at %zu", text, error.offset);
	cr_expect_str_eq(error.what, what, "%s", text);
}

static void check_bolt_message(void)
{
	cr_assert(span_equals(message.id.text, SPAN("\"-12\"")));
	cr_assert(json_string_equals(&message.comp, SPAN("lines")));
	cr_assert(message_stream_is(&message, "default"));
	cr_assert_eq(message_task(&message), 3);
	cr_assert(span_equals(message.tuple.text, SPAN("[\"a b\",5]")));
	cr_assert_eq(message.value_count, 2);
	cr_assert(span_equals(message.values[0].text, SPAN("\"a b\"")));
	cr_assert(span_equals(message.values[1].text, SPAN("5")));
	cr_assert_eq(message.values[1].type, STORM_INTEGER);
}

Test(message, takes_keys_in_any_order)
{
	static const char *const members[] = { "\"id\":\"-12\"", "\"comp\":\"lines\"",
		"\"stream\":\"default\"", "\"task\":3", "\"tuple\":[\"a b\",5]" };
	int order[5];
	int count = 0;

	for (int code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
		char text[256] = "{";
		unsigned int seen = 0;
		int rest = code;

		for (int i = 0; i < 5; i++, rest /= 5) {
			order[i] = rest % 5;
			seen |= 1u << order[i];
		}
		if (seen != 31)
			continue;
		for (int i = 0; i < 5; i++) {
			strcat(text, members[order[i]]);
			strcat(text, i < 4 ? "," : "}");
		}
		cr_assert_eq(scan(text), 0, "%s", text);
		check_bolt_message();
		count++;
	}
	cr_assert_eq(count, 120);
}

Test(message, skips_keys_that_it_does_not_know)
{
	cr_assert_eq(scan("{\"new\":{\"id\":[1,{\"tuple\":[2]}]},\"id\":\"-12\",\"x\":\"\\u0041\","
			  "\"comp\":\"lines\",\"stream\":\"default\",\"i\":null,\"task\":3,"
			  "\"tuple\":[\"a b\",5],\"ids\":7}"),
		0);
	check_bolt_message();
}

Test(message, knows_keys_and_values_with_escapes)
{
	cr_assert_eq(scan("{\"\\u0063ommand\":\"e\\u006dit\",\"i\\u0064\":1}"), 0);
	cr_assert(message_is(&message, SPAN("emit")));
	cr_assert(span_equals(message.id.text, SPAN("1")));
}

Test(message, takes_null_for_absent)
{
	cr_assert_eq(scan("{\"id\":null,\"stream\":null,\"tuple\":null,\"task\":null}"), 0);
	cr_assert_eq(message.id.type, STORM_NULL);
	cr_assert_eq(message.tuple.type, STORM_NULL);
	cr_assert_eq(message.value_count, 0);
	cr_assert_eq(message_task(&message), 0);
	cr_assert(message_stream_is(&message, "default"));
	cr_assert(!message_stream_is(&message, "other"));
	cr_assert(!message_is(&message, SPAN("emit")));
}

Test(message, takes_the_last_of_equal_keys)
{
	cr_assert_eq(scan("{\"task\":1,\"tuple\":[1,2,3],\"task\":2,\"tuple\":[4]}"), 0);
	cr_assert_eq(message_task(&message), 2);
	cr_assert_eq(message.value_count, 1);
	cr_assert_eq(scan("{\"tuple\":[1,2,3],\"tuple\":null}"), 0);
	cr_assert_eq(message.value_count, 0);
}

Test(message, forgets_the_one_before)
{
	cr_assert_eq(scan("{\"command\":\"emit\",\"tuple\":[1,2],\"anchors\":[\"7\"]}"), 0);
	cr_assert_eq(scan("{\"command\":\"ack\",\"id\":\"7\"}"), 0);
	cr_assert_eq(message.value_count, 0);
	cr_assert_eq(message.tuple.type, STORM_NULL);
	cr_assert_eq(message.anchors.type, STORM_NULL);
}

Test(message, takes_lists_of_task_ids)
{
	cr_assert_eq(scan(" [4,5 , 6]"), 0);
	cr_assert(message.is_task_ids);
	cr_assert_eq(message.value_count, 3);
	cr_assert_eq(scan("[]"), 0);
	cr_assert(message.is_task_ids);
	cr_assert_eq(scan("{}"), 0);
	cr_assert(!message.is_task_ids);
}

Test(message, refuses_wrong_types_and_says_where)
{
	check_fails("{\"command\":5}", 11, "command must be a string");
	check_fails("{\"id\":1,\"tuple\":\"x\"}", 16, "tuple must be an array");
	check_fails("{\"tuple\":{}}", 9, "tuple must be an array");
	check_fails("{\"task\":1.5}", 8, "task must be an integer");
	check_fails("{\"stream\":[]}", 10, "stream must be a string");
	check_fails("{\"anchors\":5}", 11, "anchors must be an array");
	check_fails("{\"need_task_ids\":0}", 17, "need_task_ids must be true or false");
	check_fails("{\"pid\":\"4\"}", 7, "pid must be an integer");
	check_fails("[1,\"2\"]", 0, "a list must hold task ids");
}

Test(message, refuses_what_is_no_message)
{
	check_fails("", 0, "a message must be an object or a list");
	check_fails("\"emit\"", 0, "a message must be an object or a list");
	check_fails("{\"id\":1} x", 9, "something follows the value");
	check_fails("{\"tuple\":[1,]}", 12, "expected a value");
	check_fails("{\"unknown\":tru}", 11, "expected a value");
}

Test(message, knows_no_task_that_is_out_of_range)
{
	cr_assert_eq(scan("{\"task\":-1}"), 0);
	cr_assert_eq(message_task(&message), -1);
	cr_assert_eq(scan("{\"task\":4294967297}"), 0);
	cr_assert_eq(message_task(&message), 0);
}

Test(message, holds_many_values)
{
	char text[20000] = "{\"tuple\":[0";

	for (int i = 1; i < 2000; i++)
		sprintf(text + strlen(text), ",%d", i);
	strcat(text, "]}");
	cr_assert_eq(scan(text), 0);
	cr_assert_eq(message.value_count, 2000);
	cr_assert(span_equals(message.values[1999].text, SPAN("1999")));
	message_free(&message);
}
