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
