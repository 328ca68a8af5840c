/* What was probably meant. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

static const char *const names[] = { "lines", "split", "count", "table" };

Test(nearest, finds_what_is_alike)
{
	cr_assert_str_eq(nearest_name("splt", names, 4), "split");
	cr_assert_str_eq(nearest_name("lines", names, 4), "lines");
	cr_assert_str_eq(nearest_name("cuont", names, 4), "count");
	cr_assert_str_eq(nearest_name("tables", names, 4), "table");
}

Test(nearest, has_no_use_for_a_very_long_word)
{
	size_t length = (size_t)1 << 26;
	char *word = malloc(length + 1);

	cr_assert_not_null(word);
	memset(word, 'l', length);
	word[length] = '\0';
	cr_assert_null(nearest_name(word, names, 4));
	free(word);
}

Test(nearest, finds_nothing_where_nothing_is_alike)
{
	cr_assert_null(nearest_name("kafka", names, 4));
	cr_assert_null(nearest_name("x", names, 4));
	cr_assert_null(nearest_name("x", (const char *const[]){ "" }, 1));
	cr_assert_null(nearest_name("split", names, 0));
}
