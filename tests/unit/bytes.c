/* Spans and growing buffers. */
#include "base/bytes.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"

Test(span, equals_by_length_and_bytes)
{
	struct span nothing = { NULL, 0 };

	cr_assert(span_equals(nothing, nothing));
	cr_assert(span_equals(nothing, SPAN("")));
	cr_assert(span_equals(SPAN("word"), span_of("word")));
	cr_assert_not(span_equals(SPAN("word"), SPAN("wore")));
	cr_assert_not(span_equals(SPAN("word"), SPAN("words")));
	cr_assert_not(span_equals(SPAN("word"), nothing));
	cr_assert(span_equals_text(SPAN("word"), "word"));
	cr_assert_not(span_equals_text(SPAN("word"), "wor"));
}

Test(span, may_hold_zero_bytes)
{
	cr_assert_eq(SPAN("a\0b").length, 3);
	cr_assert_eq(span_of("a\0b").length, 1);
	cr_assert(span_equals(SPAN("a\0b"), SPAN("a\0b")));
	cr_assert_not(span_equals(SPAN("a\0b"), SPAN("a\0c")));
	cr_assert_not(span_equals_text(SPAN("a\0b"), "a"));
}

Test(buffer, is_empty_text_when_new)
{
	struct buffer buffer = { 0 };

	cr_assert_eq(buffer_span(&buffer).length, 0);
	cr_assert_str_eq(buffer_text(&buffer), "");
	cr_assert_eq(buffer.length, 0);
	buffer_free(&buffer);
}

Test(buffer, takes_empty_pieces)
{
	struct buffer buffer = { 0 };

	buffer_append(&buffer, NULL, 0);
	buffer_append_span(&buffer, (struct span){ NULL, 0 });
	buffer_append_literal(&buffer, "");
	buffer_append_format(&buffer, "%s", "");
	cr_assert_eq(buffer.length, 0);
	cr_assert_not(buffer.failed);
	buffer_append_literal(&buffer, "after");
	cr_assert_str_eq(buffer_text(&buffer), "after");
	buffer_free(&buffer);
}

Test(buffer, holds_what_was_appended_in_pieces_of_any_size)
{
	struct random random = { 1 };
	const size_t total = 300000;
	char *expected = malloc(total);
	struct buffer buffer = { 0 };

	for (size_t i = 0; i < total; i++)
		expected[i] = (char)random_next(&random);
	while (buffer.length < total) {
		size_t left = total - buffer.length;
		size_t length = random_below(&random, random_once_in(&random, 50) ? 9000 : 20);

		if (length > left)
			length = left;
		buffer_append(&buffer, expected + buffer.length, length);
		cr_assert_leq(buffer.length, buffer.capacity);
	}
	cr_assert_not(buffer.failed);
	cr_assert(span_equals(buffer_span(&buffer), (struct span){ expected, total }));
	free(expected);
	buffer_free(&buffer);
}

Test(buffer, fills_exactly_what_was_reserved)
{
	struct buffer buffer = { 0 };
	const char *data;
	size_t room;

	cr_assert_eq(buffer_reserve(&buffer, 1000), 0);
	cr_assert_eq(buffer.length, 0);
	cr_assert_geq(buffer.capacity, 1000);
	data = buffer.data;
	room = buffer.capacity;
	for (size_t i = 0; i < room; i++)
		buffer_append_literal(&buffer, "x");
	cr_assert_eq(buffer.data, data, "it moved although there was room");
	cr_assert_eq(buffer.capacity, room);
	buffer_append_literal(&buffer, "y");
	cr_assert_eq(buffer.length, room + 1);
	cr_assert_eq(buffer.data[room - 1], 'x');
	cr_assert_eq(buffer.data[room], 'y');
	buffer_free(&buffer);
}

Test(buffer, text_ends_with_a_zero_that_is_not_part_of_it)
{
	struct buffer buffer = { 0 };

	/* At every length, also where the zero needs a larger buffer. */
	for (size_t length = 1; length < 2000; length++) {
		const char *text;

		buffer_append_literal(&buffer, "x");
		text = buffer_text(&buffer);
		cr_assert_eq(strlen(text), length);
		cr_assert_eq(buffer.length, length);
	}
	buffer_free(&buffer);
}

Test(buffer, truncates_to_an_earlier_length)
{
	struct buffer buffer = { 0 };

	buffer_append_literal(&buffer, "keep, drop");
	buffer_truncate(&buffer, 4);
	cr_assert_str_eq(buffer_text(&buffer), "keep");
	buffer_append_literal(&buffer, "s on");
	cr_assert_str_eq(buffer_text(&buffer), "keeps on");
	buffer_truncate(&buffer, 0);
	cr_assert_str_eq(buffer_text(&buffer), "");
	buffer_free(&buffer);
}

Test(buffer, can_be_used_again_after_free)
{
	struct buffer buffer = { 0 };

	buffer_append_literal(&buffer, "one");
	buffer_free(&buffer);
	cr_assert_eq(buffer.length, 0);
	cr_assert_eq(buffer.capacity, 0);
	buffer_append_literal(&buffer, "two");
	cr_assert_str_eq(buffer_text(&buffer), "two");
	buffer_free(&buffer);
}

Test(buffer, refuses_lengths_that_no_memory_has)
{
	static const size_t lengths[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 };
	struct buffer buffer = { 0 };

	buffer_append_literal(&buffer, "kept");
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(buffer_reserve(&buffer, lengths[i]), -ENOMEM);
		cr_assert_str_eq(buffer_text(&buffer), "kept");
	}
	buffer_free(&buffer);
}

Test(buffer, remembers_that_memory_ended_until_it_is_truncated)
{
	volatile size_t too_much = SIZE_MAX / 2;
	struct buffer buffer = { 0 };

	buffer_append_literal(&buffer, "kept");
	buffer_append(&buffer, "", too_much);
	cr_assert(buffer.failed);
	buffer_append_literal(&buffer, "ignored");
	buffer_append_integer(&buffer, 1);
	buffer_append_format(&buffer, "%d", 2);
	cr_assert(buffer.failed);
	cr_assert_eq(buffer.length, 4);
	cr_assert_str_eq(buffer_text(&buffer), "");

	buffer_truncate(&buffer, 4);
	cr_assert_not(buffer.failed);
	cr_assert_str_eq(buffer_text(&buffer), "kept");
	buffer_append_literal(&buffer, " on");
	cr_assert_str_eq(buffer_text(&buffer), "kept on");
	buffer_free(&buffer);
}

static void check_integer(int64_t integer)
{
	struct buffer buffer = { 0 };
	char expected[32];

	snprintf(expected, sizeof(expected), "%" PRId64, integer);
	buffer_append_integer(&buffer, integer);
	cr_assert_str_eq(buffer_text(&buffer), expected);
	snprintf(expected, sizeof(expected), "%" PRIu64, (uint64_t)integer);
	buffer_truncate(&buffer, 0);
	buffer_append_unsigned(&buffer, (uint64_t)integer);
	cr_assert_str_eq(buffer_text(&buffer), expected);
	buffer_free(&buffer);
}

Test(buffer, writes_integers_as_printf_does)
{
	struct random random = { 2 };
	uint64_t power = 1;

	check_integer(INT64_MIN);
	check_integer(INT64_MAX);
	for (int digits = 1; digits <= 20; digits++, power *= 10) {
		for (int near = -1; near <= 1; near++) {
			check_integer((int64_t)(power + (uint64_t)near));
			check_integer((int64_t) - (power + (uint64_t)near));
		}
	}
	for (int i = 0; i < 20000; i++)
		check_integer((int64_t)(random_next(&random) >> random_below(&random, 64)));
}

Test(buffer, appends_formatted_text)
{
	struct buffer buffer = { 0 };
	char *word = malloc(5001);

	memset(word, 'w', 5000);
	word[5000] = '\0';
	buffer_append_literal(&buffer, "task ");
	buffer_append_format(&buffer, "%d of %s", 3, "split");
	cr_assert_str_eq(buffer_text(&buffer), "task 3 of split");

	/* Longer than what is free, and than any buffer on the stack might be. */
	buffer_append_format(&buffer, ": %s!", word);
	cr_assert_eq(buffer.length, 15 + 2 + 5000 + 1);
	cr_assert_eq(memcmp(buffer.data, "task 3 of split: www", 20), 0);
	cr_assert_eq(buffer.data[buffer.length - 1], '!');
	free(word);
	buffer_free(&buffer);
}
