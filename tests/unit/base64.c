/* Base64: what is written, and that nothing else is read. */
#include "base/base64.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "random.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The vectors of RFC 4648, section 10, and some whose bytes are not text. */
static const struct {
	struct span bytes;
	struct span text;
} pairs[] = {
	{ { "", 0 }, { "", 0 } },
	{ { "f", 1 }, { "Zg==", 4 } },
	{ { "fo", 2 }, { "Zm8=", 4 } },
	{ { "foo", 3 }, { "Zm9v", 4 } },
	{ { "foob", 4 }, { "Zm9vYg==", 8 } },
	{ { "fooba", 5 }, { "Zm9vYmE=", 8 } },
	{ { "foobar", 6 }, { "Zm9vYmFy", 8 } },
	{ { "\0", 1 }, { "AA==", 4 } },
	{ { "\0\0\0\0", 4 }, { "AAAAAA==", 8 } },
	{ { "\xFF", 1 }, { "/w==", 4 } },
	{ { "\xFF\xFF", 2 }, { "//8=", 4 } },
	{ { "\xFF\xFF\xFF", 3 }, { "////", 4 } },
	{ { "\xFB\xEF\xBE", 3 }, { "++++", 4 } },
};

#define PAIR_COUNT (sizeof(pairs) / sizeof(pairs[0]))

Test(base64, writes_what_the_rfc_says)
{
	for (size_t i = 0; i < PAIR_COUNT; i++) {
		struct buffer text = { 0 };

		base64_append(&text, pairs[i].bytes);
		cr_assert(span_equals(buffer_span(&text), pairs[i].text), "%s: %s",
			pairs[i].text.data, buffer_text(&text));
		buffer_free(&text);
	}
}

Test(base64, goes_behind_what_is_there)
{
	struct buffer text = { 0 };

	buffer_append_literal(&text, "\"");
	base64_append(&text, SPAN("fo"));
	base64_append(&text, (struct span){ NULL, 0 });
	base64_append(&text, SPAN("foo"));
	cr_assert_str_eq(buffer_text(&text), "\"Zm8=Zm9v");
	buffer_free(&text);
}

/* A buffer that fails says so: what it holds must not pass for the whole. */
Test(base64, that_has_no_room_makes_the_buffer_fail)
{
	struct buffer text = { 0 };

	buffer_append_literal(&text, "before");
	base64_append(&text, (struct span){ "", SIZE_MAX / 4 });
	cr_assert(text.failed);
	base64_append(&text, SPAN("foo"));
	cr_assert(text.failed);
	cr_assert_eq(text.length, 6);
	buffer_free(&text);
}

/* Decode a text into exactly as much memory as is promised, so that a sanitizer sees more. */
static int decode(struct span text, struct buffer *bytes)
{
	char *out = malloc(text.length > 0 ? text.length : 1);
	size_t length = 0;
	int err;

	cr_assert_not_null(out);
	err = base64_decode(text, out, &length);
	buffer_truncate(bytes, 0);
	buffer_append(bytes, out, length);
	free(out);
	return err;
}

Test(base64, reads_what_the_rfc_says)
{
	struct buffer bytes = { 0 };

	for (size_t i = 0; i < PAIR_COUNT; i++) {
		cr_assert_eq(decode(pairs[i].text, &bytes), 0, "%s", pairs[i].text.data);
		cr_assert(
			span_equals(buffer_span(&bytes), pairs[i].bytes), "%s", pairs[i].text.data);
	}
	buffer_free(&bytes);
}

Test(base64, may_be_decoded_where_it_stands)
{
	for (size_t i = 0; i < PAIR_COUNT; i++) {
		char place[16];
		size_t length = 99;

		memcpy(place, pairs[i].text.data, pairs[i].text.length);
		cr_assert_eq(
			base64_decode((struct span){ place, pairs[i].text.length }, place, &length),
			0);
		cr_assert(span_equals((struct span){ place, length }, pairs[i].bytes), "%s",
			pairs[i].text.data);
	}
}

Test(base64, of_any_length_reads_back_the_same)
{
	struct random random = { 1 };
	struct buffer text = { 0 };
	struct buffer bytes = { 0 };
	char data[300];

	for (size_t length = 0; length <= sizeof(data); length++) {
		for (size_t i = 0; i < length; i++)
			data[i] = (char)random_next(&random);
		buffer_truncate(&text, 0);
		base64_append(&text, (struct span){ data, length });
		cr_assert_eq(text.length, (length + 2) / 3 * 4);
		cr_assert_eq(decode(buffer_span(&text), &bytes), 0);
		cr_assert(span_equals(buffer_span(&bytes), (struct span){ data, length }));
	}
	buffer_free(&text);
	buffer_free(&bytes);
}

static void check_refused(struct span text)
{
	struct buffer bytes = { 0 };

	cr_assert_eq(decode(text, &bytes), -EINVAL, "passes: '%.*s'", (int)text.length, text.data);
	buffer_free(&bytes);
}

Test(base64, is_a_multiple_of_four_letters)
{
	static const char text[] = "Zm9vYmFyZm9v";

	for (size_t length = 0; length < sizeof(text); length++) {
		if (length % 4 != 0)
			check_refused((struct span){ text, length });
	}
	check_refused(SPAN("Zg="));
	check_refused(SPAN("="));
	check_refused(SPAN("=="));
}

Test(base64, has_its_padding_at_its_end_and_nowhere_else)
{
	static const char *const texts[] = { "====", "A===", "=AAA", "A=AA", "AA=A",
		"Zg==Zg==", "Zm8=Zm9v", "Zm9v====", "Zm9vA===", "Zm9v=AA=", "Zm9v=A==" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_refused(span_of(texts[i]));
}

/* Each byte at each place of a group, the last of which may end in padding. */
Test(base64, has_the_letters_of_its_alphabet_and_no_others)
{
	for (unsigned int byte = 0; byte < 256; byte++) {
		bool is_letter = byte != 0 && strchr(alphabet, (int)byte);

		for (size_t place = 0; place < 8; place++) {
			char text[] = "AAAAAAAA";
			struct buffer bytes = { 0 };
			/* One sign of padding makes the very last group a shorter one. */
			bool passes = is_letter || (byte == '=' && place == 7);

			text[place] = (char)byte;
			cr_assert_eq(decode((struct span){ text, 8 }, &bytes), passes ? 0 : -EINVAL,
				"byte %#x at %zu", byte, place);
			buffer_free(&bytes);
		}
	}
}

/* Of the texts that differ in the bits that padding leaves over, one is right. */
Test(base64, has_one_text_for_the_same_bytes)
{
	for (size_t digit = 0; digit < 64; digit++) {
		const char two[] = { 'A', alphabet[digit], '=', '=' };
		const char three[] = { 'A', 'A', alphabet[digit], '=' };
		struct buffer bytes = { 0 };

		cr_assert_eq(decode((struct span){ two, 4 }, &bytes), digit % 16 ? -EINVAL : 0);
		cr_assert_eq(decode((struct span){ three, 4 }, &bytes), digit % 4 ? -EINVAL : 0);
		buffer_free(&bytes);
	}
}
