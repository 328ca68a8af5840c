/* The table of entries that are found by number. */
#include "base/slots.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

/* Larger than one granule of the table, and no multiple of it. */
struct entry {
	uint64_t value;
	char text[13];
};

static struct entry *take(struct slots *slots, uint64_t *number)
{
	void *entry;

	*number = slots_take(slots, &entry);
	cr_assert_neq(*number, 0);
	cr_assert_eq(slots_get(slots, *number), entry);
	return entry;
}

Test(slots, finds_nothing_when_empty)
{
	struct slots slots = SLOTS_INIT(struct entry);
	uint32_t place = 0;
	uint64_t number;

	cr_assert_null(slots_get(&slots, 0));
	cr_assert_null(slots_get(&slots, 1));
	cr_assert_null(slots_get(&slots, UINT64_MAX));
	cr_assert_null(slots_next(&slots, &place, &number));
	cr_assert_null(slots_next_ever(&slots, &place));
	slots_release(&slots, 1);
	cr_assert_eq(slots.used, 0);
	slots_free(&slots);
}

Test(slots, finds_no_number_that_was_never_given)
{
	struct slots slots = SLOTS_INIT(struct entry);
	struct random random = { 4 };
	uint64_t number;

	take(&slots, &number);
	cr_assert_null(slots_get(&slots, 0));
	for (int bit = 0; bit < 64; bit++)
		cr_assert_null(slots_get(&slots, number ^ UINT64_C(1) << bit));
	for (int i = 0; i < 100000; i++) {
		uint64_t other = random_next(&random) >> random_below(&random, 64);

		cr_assert_eq(slots_get(&slots, other) != NULL, other == number);
	}
	slots_free(&slots);
}

Test(slots, finds_no_number_of_the_past)
{
	struct slots slots = SLOTS_INIT(struct entry);
	uint64_t numbers[1000];

	for (size_t i = 0; i < 1000; i++) {
		take(&slots, &numbers[i]);
		slots_release(&slots, numbers[i]);
		for (size_t past = 0; past <= i; past++)
			cr_assert_null(slots_get(&slots, numbers[past]));
	}
	/* All of them were one place. */
	cr_assert_eq(slots.fresh, 1);

	/* To release one again does nothing to the entry that has its place now. */
	take(&slots, &numbers[999]);
	for (size_t past = 0; past < 999; past++)
		slots_release(&slots, numbers[past]);
	cr_assert_not_null(slots_get(&slots, numbers[999]));
	cr_assert_eq(slots.used, 1);
	slots_free(&slots);
}

Test(slots, releases_once)
{
	struct slots slots = SLOTS_INIT(struct entry);
	uint64_t first;
	uint64_t second;
	uint64_t third;

	take(&slots, &first);
	slots_release(&slots, first);
	slots_release(&slots, first);
	cr_assert_eq(slots.used, 0);

	/* A place that was given back twice would be taken twice. */
	take(&slots, &second);
	take(&slots, &third);
	cr_assert_neq(slots_get(&slots, second), slots_get(&slots, third));
	slots_free(&slots);
}

Test(slots, leaves_the_bytes_of_the_last_user)
{
	static const struct entry zeros;
	struct slots slots = SLOTS_INIT(struct entry);
	struct entry *entry;
	uint64_t number;

	for (int i = 0; i < 500; i++) {
		entry = take(&slots, &number);
		cr_assert_eq(memcmp(entry, &zeros, sizeof(zeros)), 0);
		entry->value = 1;
	}
	strcpy(entry->text, "remember me");
	slots_release(&slots, number);
	entry = take(&slots, &number);
	cr_assert_str_eq(entry->text, "remember me");
	cr_assert_eq(entry->value, 1);
	slots_free(&slots);
}

Test(slots, aligns_entries_of_every_size)
{
	for (size_t size = 0; size <= 70; size++) {
		struct slots slots = { .entry_size = size };
		uint64_t numbers[100];
		void *entry;

		for (int i = 0; i < 100; i++) {
			numbers[i] = slots_take(&slots, &entry);
			cr_assert_neq(numbers[i], 0);
			cr_assert_eq((uintptr_t)entry % alignof(max_align_t), 0);
			/* No entry lies over another one or its header. */
			memset(entry, 0xFF, size);
		}
		cr_assert_eq(slots.used, 100);
		for (int i = 0; i < 100; i++)
			cr_assert_not_null(slots_get(&slots, numbers[i]));
		slots_free(&slots);
	}
}

Test(slots, keeps_the_entries_when_it_grows)
{
	struct slots slots = SLOTS_INIT(struct entry);
	uint64_t *numbers = malloc(10000 * sizeof(*numbers));

	for (size_t i = 0; i < 10000; i++)
		take(&slots, &numbers[i])->value = i;
	cr_assert_eq(slots.used, 10000);
	for (size_t i = 0; i < 10000; i++) {
		struct entry *entry = slots_get(&slots, numbers[i]);

		cr_assert_not_null(entry);
		cr_assert_eq(entry->value, i);
	}
	free(numbers);
	slots_free(&slots);
}

Test(slots, does_not_grow_while_it_holds_few)
{
	struct slots slots = SLOTS_INIT(struct entry);
	uint64_t numbers[64] = { 0 };
	uint32_t capacity = 0;

	for (size_t i = 0; i < 10000; i++) {
		slots_release(&slots, numbers[i % 64]);
		take(&slots, &numbers[i % 64]);
		if (i == 64)
			capacity = slots.capacity;
	}
	cr_assert_eq(slots.capacity, capacity);
	slots_free(&slots);
}

Test(slots, walks_over_the_entries_in_use)
{
	struct slots slots = SLOTS_INIT(struct entry);
	uint64_t numbers[300];
	bool seen[300] = { false };
	struct entry *entry;
	uint32_t place = 0;
	uint64_t number;
	size_t count = 0;

	for (size_t i = 0; i < 300; i++)
		take(&slots, &numbers[i])->value = i;
	for (size_t i = 0; i < 300; i += 3)
		slots_release(&slots, numbers[i]);
	while ((entry = slots_next(&slots, &place, &number))) {
		size_t i = entry->value;

		cr_assert_neq(i % 3, 0);
		cr_assert_not(seen[i]);
		cr_assert_eq(number, numbers[i]);
		seen[i] = true;
		count++;
		slots_release(&slots, number);
	}
	cr_assert_eq(count, 200);
	cr_assert_eq(slots.used, 0);
	place = 0;
	cr_assert_null(slots_next(&slots, &place, &number));

	/* What the entries own is found even so. */
	place = 0;
	for (count = 0; slots_next_ever(&slots, &place); count++)
		;
	cr_assert_eq(count, 300);
	slots_free(&slots);
}

Test(slots, is_empty_after_free)
{
	struct slots slots = SLOTS_INIT(struct entry);
	uint64_t number;

	for (int i = 0; i < 100; i++)
		take(&slots, &number);
	slots_free(&slots);
	cr_assert_eq(slots.used, 0);
	cr_assert_null(slots_get(&slots, number));
	take(&slots, &number)->value = 1;
	cr_assert_eq(slots.used, 1);
	slots_free(&slots);
}

Test(slots, has_sixteen_million_places)
{
	/* The smallest entries there are: this still takes 256 MiB for a moment. */
	struct slots slots = { .entry_size = 0 };
	uint64_t last = 0;
	uint64_t number;
	void *entry;

	while ((number = slots_take(&slots, &entry)) != 0 && slots.used <= 1 << 24)
		last = number;
	cr_assert_eq(slots.used, 1 << 24);

	/* It goes on with the places that are given back. */
	slots_release(&slots, last);
	number = slots_take(&slots, &entry);
	cr_assert_neq(number, 0);
	cr_assert_neq(number, last);
	cr_assert_eq(slots_take(&slots, &entry), 0);
	slots_free(&slots);
}

/* What the table should hold: entries in use, and numbers of the past. */
struct model {
	uint64_t *numbers;
	uint64_t *values;
	size_t count;
	uint64_t past[1000];
};

static void check_all(const struct slots *slots, const struct model *model)
{
	uint32_t place = 0;
	uint64_t number;
	size_t count = 0;

	cr_assert_eq(slots->used, model->count);
	for (size_t i = 0; i < model->count; i++) {
		struct entry *entry = slots_get(slots, model->numbers[i]);

		cr_assert_not_null(entry);
		cr_assert_eq(entry->value, model->values[i]);
	}
	for (size_t i = 0; i < 1000; i++)
		cr_assert_null(slots_get(slots, model->past[i]));
	while (slots_next(slots, &place, &number))
		count++;
	cr_assert_eq(count, model->count);
}

Test(slots, is_like_an_array_of_numbers_and_values)
{
	const size_t most = 3000;
	struct slots slots = SLOTS_INIT(struct entry);
	struct random random = { 5 };
	struct model model = {
		.numbers = malloc(most * sizeof(uint64_t)),
		.values = malloc(most * sizeof(uint64_t)),
	};

	for (size_t i = 0; i < 200000; i++) {
		/* Now it fills, now it empties. */
		bool fill = random_below(&random, 100) < (i / 10000 % 2 ? 42 : 58);

		if ((fill && model.count < most) || model.count == 0) {
			uint64_t *number = &model.numbers[model.count];
			struct entry *entry = take(&slots, number);

			entry->value = model.values[model.count++] = random_next(&random);
			memset(entry->text, (int)i, sizeof(entry->text));
		} else {
			size_t which = random_below(&random, model.count);

			RANDOM_OF(&random, model.past) = model.numbers[which];
			slots_release(&slots, model.numbers[which]);
			model.numbers[which] = model.numbers[--model.count];
			model.values[which] = model.values[model.count];
		}
		if (i % 5000 == 0)
			check_all(&slots, &model);
	}
	check_all(&slots, &model);
	free(model.numbers);
	free(model.values);
	slots_free(&slots);
}
