/* The queue of numbers. */
#include "base/fifo.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "random.h"

Test(fifo, gives_back_in_the_order_of_coming)
{
	struct fifo fifo = { 0 };

	for (uint64_t i = 0; i < 1000; i++)
		cr_assert_eq(fifo_push(&fifo, i * 3), 0);
	cr_assert_eq(fifo.count, 1000);
	for (uint64_t i = 0; i < 1000; i++)
		cr_assert_eq(fifo_pop(&fifo), i * 3);
	cr_assert_eq(fifo.count, 0);
	fifo_free(&fifo);
}

Test(fifo, grows_wherever_the_oldest_one_stands)
{
	for (uint64_t popped = 0; popped <= 40; popped++) {
		struct fifo fifo = { 0 };
		uint64_t next = 0;
		uint64_t oldest = 0;

		/* The head moves on while the queue holds a few, then the queue grows twice. */
		for (; next < 5; next++)
			cr_assert_eq(fifo_push(&fifo, next), 0);
		for (; oldest < popped; oldest++) {
			cr_assert_eq(fifo_pop(&fifo), oldest);
			cr_assert_eq(fifo_push(&fifo, next++), 0);
		}
		while (fifo.count < 50)
			cr_assert_eq(fifo_push(&fifo, next++), 0);
		while (fifo.count > 0)
			cr_assert_eq(fifo_pop(&fifo), oldest++);
		cr_assert_eq(oldest, next);
		fifo_free(&fifo);
	}
}

Test(fifo, does_not_grow_while_it_holds_few)
{
	struct fifo fifo = { 0 };

	cr_assert_eq(fifo_push(&fifo, 0), 0);
	for (uint64_t i = 1; i < 10000; i++) {
		cr_assert_eq(fifo_push(&fifo, i), 0);
		cr_assert_eq(fifo_pop(&fifo), i - 1);
	}
	cr_assert_leq(fifo.capacity, 16);
	fifo_free(&fifo);
}

Test(fifo, can_be_used_again_after_free)
{
	struct fifo fifo = { 0 };

	cr_assert_eq(fifo_push(&fifo, 1), 0);
	fifo_free(&fifo);
	cr_assert_eq(fifo.count, 0);
	cr_assert_eq(fifo_push(&fifo, 2), 0);
	cr_assert_eq(fifo_pop(&fifo), 2);
	fifo_free(&fifo);
}

Test(fifo, is_like_an_array_read_from_the_front)
{
	const size_t pushes = 200000;
	uint64_t *array = malloc(pushes * sizeof(*array));
	struct random random = { 3 };
	struct fifo fifo = { 0 };
	size_t pushed = 0;
	size_t popped = 0;

	while (pushed < pushes) {
		/* Now more pushes, now more pops. */
		bool push = random_below(&random, 100) < (pushed / 5000 % 2 ? 40 : 60);

		if (push || pushed == popped) {
			array[pushed] = random_next(&random);
			cr_assert_eq(fifo_push(&fifo, array[pushed++]), 0);
		} else {
			cr_assert_eq(fifo_pop(&fifo), array[popped++]);
		}
		cr_assert_eq(fifo.count, pushed - popped);
	}
	free(array);
	fifo_free(&fifo);
}
