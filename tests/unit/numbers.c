/* The growing list of numbers. */
#include "base/numbers.h"

#include <criterion/criterion.h>

Test(numbers, keeps_what_was_added_in_order)
{
	struct numbers numbers = { 0 };

	for (uint64_t i = 0; i < 10000; i++)
		cr_assert_eq(numbers_add(&numbers, UINT64_MAX - i * i), 0);
	cr_assert_eq(numbers.count, 10000);
	for (uint64_t i = 0; i < 10000; i++)
		cr_assert_eq(numbers.items[i], UINT64_MAX - i * i);
	numbers_free(&numbers);
	cr_assert_eq(numbers.count, 0);
}

Test(numbers, is_used_again_without_new_memory)
{
	struct numbers numbers = { 0 };
	size_t capacity;

	for (uint64_t i = 0; i < 100; i++)
		cr_assert_eq(numbers_add(&numbers, i), 0);
	capacity = numbers.capacity;
	numbers.count = 0;
	for (uint64_t i = 0; i < 100; i++)
		cr_assert_eq(numbers_add(&numbers, i + 1000), 0);
	cr_assert_eq(numbers.capacity, capacity);
	cr_assert_eq(numbers.items[0], 1000);
	cr_assert_eq(numbers.items[99], 1099);
	numbers_free(&numbers);
}
