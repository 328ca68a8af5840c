/*
 * What of a partition may be committed: the messages that are on their way, in the order of their
 * offsets. All before the first one that is not settled is done.
 *
 * Offsets are not consecutive (a compacted topic, a transaction's marks), so a message is known by
 * its sequence: the number of messages of the partition that came before it.
 */
#ifndef KAFKA_OFFSETS_H
#define KAFKA_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct offset {
	int64_t offset;
	bool settled;
	void *message; /* the owner's */
	const char *why; /* it was given up; static, NULL: it was not */
};

struct offsets {
	struct offset *ring; /* the capacity is a power of two */
	size_t capacity;
	size_t count; /* in the ring: from the first that is not settled on */
	size_t unsettled;
	uint64_t first; /* the sequence of that one */
	int64_t next; /* behind the last one that came; -1: none did */
};

#define OFFSETS_INIT ((struct offsets){ .next = -1 })

/* A message has come: 0 or -ENOMEM. */
int offsets_add(struct offsets *offsets, int64_t offset, uint64_t *sequence);

/* One that is not settled; NULL: there is no such. Borrowed until the next one is added. */
struct offset *offsets_find(const struct offsets *offsets, uint64_t sequence);

/* One is settled; it must not be yet. */
void offsets_settle(struct offsets *offsets, struct offset *offset);

/* There is nothing before this offset but what has come. */
void offsets_skip(struct offsets *offsets, int64_t offset);

/* What may be committed: the offset of the first message that is not done. -1: nothing came yet. */
int64_t offsets_position(const struct offsets *offsets);

/* Walk over those that are not settled: start with *sequence = offsets->first, ends with NULL. */
struct offset *offsets_each(const struct offsets *offsets, uint64_t *sequence);

void offsets_free(struct offsets *offsets);

#endif
