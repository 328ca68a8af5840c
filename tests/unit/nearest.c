/* What was probably meant. */
#include <criterion/criterion.h>

#include "spec/nearest.h"

static const char *const names[] = { "lines", "split", "count", "table" };

Test(nearest, finds_what_is_alike)
{
	cr_assert_str_eq(nearest_name("splt", names, 4), "split");
	cr_assert_str_eq(nearest_name("lines", names, 4), "lines");
	cr_assert_str_eq(nearest_name("cuont", names, 4), "count");
	cr_assert_str_eq(nearest_name("tables", names, 4), "table");
}

Test(nearest, finds_nothing_where_nothing_is_alike)
{
	cr_assert_null(nearest_name("kafka", names, 4));
	cr_assert_null(nearest_name("x", names, 4));
	cr_assert_null(nearest_name("split", names, 0));
}
