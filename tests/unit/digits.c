/* The ways to skip digits find the same. */
#include <criterion/criterion.h>

#include "protocol/digits.h"
#include "texts.h"

static void compare(const char *at, const char *end)
{
	const char *expected = at;

	while (expected < end && strchr("0123456789", *expected) && *expected != '\0')
		expected++;
	cr_assert_eq(digits_skip_bytes(at, end), expected);
	cr_assert_eq(digits_skip(at, end), expected);
}

Test(digits, every_byte_at_every_place)
{
	check_every_byte_at_every_place(compare, '0');
	check_every_byte_at_every_place(compare, '9');
}

Test(digits, anything)
{
	check_anything(compare, '5');
}
