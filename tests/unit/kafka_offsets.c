/* What of a partition may be committed. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "random.h"
#include "spouts/kafka/offsets.h"

static void add(struct offsets *offsets, int64_t offset, uint64_t *sequence)
{
	cr_assert_eq(offsets_add(offsets, offset, sequence), 0);
}

static void settle(struct offsets *offsets, uint64_t sequence)
{
	struct offset *offset = offsets_find(offsets, sequence);

	cr_assert_not_null(offset);
	offsets_settle(offsets, offset);
}

Test(kafka_offsets, are_committed_up_to_the_first_that_is_not_settled)
{
	struct offsets offsets = OFFSETS_INIT;
	uint64_t sequence[4];

	cr_expect_eq(offsets_position(&offsets), -1);
	/* Not consecutive: the topic is compacted. */
	add(&offsets, 10, &sequence[0]);
	add(&offsets, 13, &sequence[1]);
	add(&offsets, 14, &sequence[2]);
	add(&offsets, 20, &sequence[3]);
	cr_expect_eq(offsets_position(&offsets), 10);
	settle(&offsets, sequence[2]);
	settle(&offsets, sequence[1]);
	cr_expect_eq(offsets_position(&offsets), 10);
	cr_expect_eq(offsets.unsettled, 2);
	settle(&offsets, sequence[0]);
	cr_expect_eq(offsets_position(&offsets), 20);
	settle(&offsets, sequence[3]);
	cr_expect_eq(offsets_position(&offsets), 21);
	cr_expect_eq(offsets.unsettled, 0);
	offsets_free(&offsets);
}

Test(kafka_offsets, are_settled_once)
{
	struct offsets offsets = OFFSETS_INIT;
	uint64_t first;
	uint64_t second;

	cr_expect_null(offsets_find(&offsets, 0));
	add(&offsets, 0, &first);
	add(&offsets, 1, &second);
	settle(&offsets, second);
	cr_expect_null(offsets_find(&offsets, second));
	settle(&offsets, first);
	cr_expect_null(offsets_find(&offsets, first));
	cr_expect_null(offsets_find(&offsets, second + 1));
	offsets_free(&offsets);
}

Test(kafka_offsets, are_skipped_where_nothing_comes)
{
	struct offsets offsets = OFFSETS_INIT;
	uint64_t sequence;

	offsets_skip(&offsets, 5);
	cr_expect_eq(offsets_position(&offsets), 5);
	add(&offsets, 7, &sequence);
	cr_expect_eq(offsets_position(&offsets), 7);
	offsets_skip(&offsets, 6);
	settle(&offsets, sequence);
	cr_expect_eq(offsets_position(&offsets), 8);
	offsets_skip(&offsets, 12);
	cr_expect_eq(offsets_position(&offsets), 12);
	offsets_free(&offsets);
}

/* Against a list of all, in any order, with as many on their way as there may be. */
Test(kafka_offsets, are_those_of_a_plain_list)
{
	enum {
		COUNT = 20000
	};
	struct random random = { 1 };
	struct offsets offsets = OFFSETS_INIT;
	static uint64_t sequences[COUNT];
	static bool settled[COUNT];
	size_t added = 0;
	size_t first = 0;

	while (first < COUNT) {
		/* One of the first: of the whole list, hardly any would ever be the first one. */
		size_t one = first + random_below(&random, added - first + 1);
		uint64_t walk = offsets.first;
		size_t count = 0;

		if (added < COUNT && (one == added || random_once_in(&random, 2))) {
			add(&offsets, (int64_t)added * 3, &sequences[added]);
			added++;
		} else if (one < added && !settled[one]) {
			settle(&offsets, sequences[one]);
			settled[one] = true;
		}
		while (first < added && settled[first])
			first++;
		cr_assert_eq(offsets_position(&offsets),
			added == 0            ? -1 :
				first < added ? (int64_t)first * 3 :
						(int64_t)(added - 1) * 3 + 1);
		if (!random_once_in(&random, 100))
			continue;
		while (offsets_each(&offsets, &walk))
			count++;
		cr_assert_eq(count, offsets.unsettled);
	}
	offsets_free(&offsets);
}
