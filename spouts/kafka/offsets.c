#include "offsets.h"

#include <errno.h>
#include <stdlib.h>

static struct offset *at(const struct offsets *offsets, uint64_t sequence)
{
	return &offsets->ring[sequence & (offsets->capacity - 1)];
}

static int grow(struct offsets *offsets)
{
	struct offsets larger = *offsets;

	larger.capacity = offsets->capacity == 0 ? 64 : offsets->capacity * 2;
	larger.ring = calloc(larger.capacity, sizeof(*larger.ring));
	if (!larger.ring)
		return -ENOMEM;
	for (uint64_t i = offsets->first; i < offsets->first + offsets->count; i++)
		*at(&larger, i) = *at(offsets, i);
	free(offsets->ring);
	*offsets = larger;
	return 0;
}

int offsets_add(struct offsets *offsets, int64_t offset, uint64_t *sequence)
{
	if (offsets->count == offsets->capacity && grow(offsets) < 0)
		return -ENOMEM;
	*sequence = offsets->first + offsets->count++;
	*at(offsets, *sequence) = (struct offset){ .offset = offset };
	offsets->unsettled++;
	offsets->next = offset + 1;
	return 0;
}

struct offset *offsets_find(const struct offsets *offsets, uint64_t sequence)
{
	struct offset *offset;

	if (sequence < offsets->first || sequence >= offsets->first + offsets->count)
		return NULL;
	offset = at(offsets, sequence);
	return offset->settled ? NULL : offset;
}

void offsets_settle(struct offsets *offsets, struct offset *offset)
{
	offset->settled = true;
	offset->message = NULL;
	offsets->unsettled--;
	while (offsets->count > 0 && at(offsets, offsets->first)->settled) {
		offsets->first++;
		offsets->count--;
	}
}

void offsets_skip(struct offsets *offsets, int64_t offset)
{
	if (offset > offsets->next)
		offsets->next = offset;
}

int64_t offsets_position(const struct offsets *offsets)
{
	return offsets->count > 0 ? at(offsets, offsets->first)->offset : offsets->next;
}

struct offset *offsets_each(const struct offsets *offsets, uint64_t *sequence)
{
	while (*sequence < offsets->first + offsets->count) {
		struct offset *offset = at(offsets, (*sequence)++);

		if (!offset->settled)
			return offset;
	}
	return NULL;
}

void offsets_free(struct offsets *offsets)
{
	free(offsets->ring);
	*offsets = OFFSETS_INIT;
}
