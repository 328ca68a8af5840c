/* A table of entries found by number. */
#include "base/slots.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PLACE_BITS 24
#define PLACE_MASK ((UINT64_C(1) << PLACE_BITS) - 1)
#define FIRST_CAPACITY 64

struct slot {
	uint64_t uses; /* how often it was taken; the part of the number above the place */
	uint32_t next_free; /* the next free place plus one; of no meaning while in use */
	bool in_use;
};

#define HEADER_SIZE ((sizeof(struct slot) + 15) / 16 * 16)

static size_t stride(const struct slots *slots)
{
	return HEADER_SIZE + (slots->entry_size + 15) / 16 * 16;
}

static struct slot *slot_at(const struct slots *slots, uint32_t place)
{
	return (struct slot *)(void *)(slots->data + place * stride(slots));
}

static void *entry_of(struct slot *slot)
{
	return (char *)slot + HEADER_SIZE;
}

void slots_free(struct slots *slots)
{
	free(slots->data);
	*slots = (struct slots){ .entry_size = slots->entry_size };
}

static bool grow(struct slots *slots)
{
	uint32_t capacity = slots->capacity == 0 ? FIRST_CAPACITY : slots->capacity * 2;
	char *data;

	if (capacity > PLACE_MASK + 1)
		return false;
	data = realloc(slots->data, capacity * stride(slots));
	if (!data)
		return false;
	slots->data = data;
	memset(slots->data + slots->capacity * stride(slots), 0,
		(capacity - slots->capacity) * stride(slots));
	slots->capacity = capacity;
	return true;
}

uint64_t slots_take(struct slots *slots, void **entry)
{
	struct slot *slot;
	uint32_t place;

	if (slots->free > 0) {
		place = slots->free - 1;
		slots->free = slot_at(slots, place)->next_free;
	} else {
		if (slots->fresh == slots->capacity && !grow(slots))
			return 0;
		place = slots->fresh++;
	}
	slot = slot_at(slots, place);
	slot->in_use = true;
	slot->uses++;
	slots->used++;
	*entry = entry_of(slot);
	return slot->uses << PLACE_BITS | place;
}

static struct slot *find(const struct slots *slots, uint64_t number)
{
	uint32_t place = (uint32_t)(number & PLACE_MASK);
	struct slot *slot;

	if (place >= slots->fresh)
		return NULL;
	slot = slot_at(slots, place);
	return slot->in_use && slot->uses == number >> PLACE_BITS ? slot : NULL;
}

void *slots_get(const struct slots *slots, uint64_t number)
{
	struct slot *slot = find(slots, number);

	return slot ? entry_of(slot) : NULL;
}

void slots_release(struct slots *slots, uint64_t number)
{
	struct slot *slot = find(slots, number);

	if (!slot)
		return;
	slot->in_use = false;
	slot->next_free = slots->free;
	slots->free = (uint32_t)(number & PLACE_MASK) + 1;
	slots->used--;
}

void *slots_next(const struct slots *slots, uint32_t *place, uint64_t *number)
{
	while (*place < slots->fresh) {
		uint32_t here = (*place)++;
		struct slot *slot = slot_at(slots, here);

		if (!slot->in_use)
			continue;
		*number = slot->uses << PLACE_BITS | here;
		return entry_of(slot);
	}
	return NULL;
}

void *slots_next_ever(const struct slots *slots, uint32_t *place)
{
	if (*place >= slots->fresh)
		return NULL;
	return entry_of(slot_at(slots, (*place)++));
}
