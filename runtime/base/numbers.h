/* A growing list of numbers. */
#ifndef BASE_NUMBERS_H
#define BASE_NUMBERS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct numbers {
	uint64_t *items;
	size_t count; /* set it to 0 to use the list again */
	size_t capacity;
};

/* 0 or -ENOMEM. */
static inline int numbers_add(struct numbers *numbers, uint64_t number)
{
	if (numbers->count == numbers->capacity) {
		size_t capacity = numbers->capacity == 0 ? 16 : numbers->capacity * 2;
		uint64_t *items = realloc(numbers->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		numbers->items = items;
		numbers->capacity = capacity;
	}
	numbers->items[numbers->count++] = number;
	return 0;
}

static inline void numbers_free(struct numbers *numbers)
{
	free(numbers->items);
	*numbers = (struct numbers){ NULL, 0, 0 };
}

#endif
