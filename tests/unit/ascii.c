/* What skips sixteen bytes at a time finds what a look at each byte finds. */
#include <criterion/criterion.h>

#include "base/ascii.h"
#include "random.h"

#define SIZE 100

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
	char text[SIZE];

	memset(text, 'a', sizeof(text));
	for (size_t length = 0; length <= 40; length++) {
		for (size_t place = 0; place < length; place++) {
			for (int byte = 0; byte < 256; byte++) {
				text[place] = (char)byte;
				compare(text, text + length);
			}
			text[place] = 'a';
		}
		compare(text, text + length);
	}
}

Test(ascii, anything)
{
	struct random random = { 1 };

	for (int round = 0; round < 100000; round++) {
		char text[SIZE];
		size_t length = random_below(&random, sizeof(text));

		for (size_t i = 0; i < length; i++)
			text[i] = (char)(random_once_in(&random, 8) ? random_next(&random) : 'a');
		compare(text, text + length);
	}
}
