#include "component/replays.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

struct replay {
	double due;
	uint64_t order;
	uint64_t number;
};

void replays_free(struct replays *replays)
{
	free(replays->items);
	*replays = (struct replays){ 0 };
}

static bool is_before(const struct replay *a, const struct replay *b)
{
	return a->due < b->due || (a->due == b->due && a->order < b->order);
}

static int grow(struct replays *replays)
{
	size_t capacity = replays->capacity == 0 ? 16 : replays->capacity * 2;
	struct replay *items = reallocarray(replays->items, capacity, sizeof(*items));

	if (!items)
		return -ENOMEM;
	replays->items = items;
	replays->capacity = capacity;
	return 0;
}

int replays_push(struct replays *replays, uint64_t number, double due)
{
	struct replay replay = { due, replays->pushed, number };
	size_t at = replays->count;

	if (replays->count == replays->capacity && grow(replays) < 0)
		return -ENOMEM;
	while (at > 0 && is_before(&replay, &replays->items[(at - 1) / 2])) {
		replays->items[at] = replays->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	replays->items[at] = replay;
	replays->count++;
	replays->pushed++;
	return 0;
}

double replays_due(const struct replays *replays)
{
	return replays->items[0].due;
}

uint64_t replays_pop(struct replays *replays)
{
	uint64_t first = replays->items[0].number;
	struct replay last = replays->items[--replays->count];
	size_t at = 0;
	size_t child;

	while ((child = 2 * at + 1) < replays->count) {
		if (child + 1 < replays->count &&
			is_before(&replays->items[child + 1], &replays->items[child]))
			child++;
		if (!is_before(&replays->items[child], &last))
			break;
		replays->items[at] = replays->items[child];
		at = child;
	}
	replays->items[at] = last;
	return first;
}
