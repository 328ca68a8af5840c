/* The ways to skip what is plain in a string find the same. */
#include <criterion/criterion.h>

#include "protocol/plain.h"
#include "texts.h"

static void compare(const char *at, const char *end)
{
	const char *expected = at;

	while (expected < end && (unsigned char)*expected >= 0x20 &&
		(unsigned char)*expected < 0x7F && *expected != '"' && *expected != '\\')
		expected++;
	cr_assert_eq(plain_skip_bytes(at, end), expected);
	cr_assert_eq(plain_skip_words(at, end), expected);
	cr_assert_eq(plain_skip(at, end), expected);
}

/* Escapes, too; a backslash that nothing follows is none. */
static void compare_escapes(const char *at, const char *end)
{
	const char *expected = at;
	bool expected_any = false;
	bool any = false;
	bool any_of_bytes = false;

	for (;;) {
		expected = plain_skip_bytes(expected, end);
		if (end - expected < 2 || *expected != '\\' ||
			!memchr("\"\\/bfnrt", expected[1], 8))
			break;
		expected_any = true;
		expected += 2;
	}
	cr_assert_eq(plain_skip_escapes(at, end, &any), expected);
	cr_assert_eq(any, expected_any);
	cr_assert_eq(plain_skip_escapes_bytes(at, end, &any_of_bytes), expected);
	cr_assert_eq(any_of_bytes, expected_any);
}

Test(plain, every_byte_at_every_place)
{
	check_every_byte_at_every_place(compare, 'a');
}

Test(plain, anything)
{
	check_anything(compare, 'a');
}

Test(plain, escapes)
{
	static const char alphabet[] = "aaaaaaaaaaaa\\\\\\\\\"/bnru\x7F\n\xC3";
	struct random random = { 2 };

	for (int round = 0; round < 100000; round++) {
		char text[TEXT_SIZE];
		size_t length = random_below(&random, sizeof(text));

		for (size_t i = 0; i < length; i++) {
			text[i] = alphabet[random_below(&random, sizeof(alphabet) - 1)];
			if (text[i] == '\\' && i + 1 < length && !random_once_in(&random, 4))
				text[++i] = '"';
		}
		compare_escapes(text, text + length);
	}
}
