/* What skips sixteen bytes at a time finds what a look at each byte finds. */
#include <criterion/criterion.h>

#include "base/ascii.h"
#include "texts.h"

static void compare(const char *at, const char *end)
{
	const char *control = at;
	const char *other = at;

	while (control < end && (unsigned char)*control >= 0x20)
		control++;
	while (other < end && (unsigned char)*other >= 0x20 && (unsigned char)*other < 0x80)
		other++;
	cr_assert_eq(control_skip(at, end), control);
	cr_assert_eq(printable_skip(at, end), other);
}

Test(ascii, every_byte_at_every_place)
{
	check_every_byte_at_every_place(compare, 'a');
}

Test(ascii, anything)
{
	check_anything(compare, 'a');
}

/* What is behind the text does not count, and a text that it cannot tell of is not taken for one. */
static void compare_near(const char *at, const char *end)
{
	for (size_t length = 0; at + length <= end; length++) {
		bool expected = length <= 16 && end - at >= 16;

		for (size_t i = 0; i < length; i++)
			expected = expected && (unsigned char)at[i] < 0x80;
#ifdef __SSE2__
		cr_assert_eq(ascii_near(at, length, end), expected);
#else
		cr_assert(!ascii_near(at, length, end) || expected);
#endif
	}
}

Test(ascii, near)
{
	check_every_byte_at_every_place(compare_near, 'a');
}
