#include <criterion/criterion.h>

#include "base/size.h"

Test(size, is_a_number_with_or_without_a_unit)
{
	const struct {
		const char *text;
		uint64_t size;
	} sizes[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "64M", 64 << 20 },
		{ "3g", 3ull << 30 },
		{ "2K", 2048 },
		{ "1T", 1ull << 40 },
		{ "18446744073709551615", UINT64_MAX },
		{ "16777215T", 16777215ull << 40 },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t size = 1;

		cr_assert(size_parse(sizes[i].text, &size), "%s", sizes[i].text);
		cr_assert_eq(size, sizes[i].size, "%s", sizes[i].text);
	}
}

Test(size, is_nothing_else)
{
	const char *texts[] = { "", "K", "-1", "+1", " 1", "1 K", "1KB", "1X", "0x10", "1.5M",
		"18446744073709551616", "16777216T" };
	uint64_t size;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_not(size_parse(texts[i], &size), "%s", texts[i]);
}
