/* The tuples of a reliable spout that are to be emitted again, each at its time. */
#ifndef COMPONENT_REPLAYS_H
#define COMPONENT_REPLAYS_H

#include <stddef.h>
#include <stdint.h>

struct replay;

/* A heap: the one that is due first is at the front, and of those that are due at once the oldest. */
struct replays {
	struct replay *items;
	size_t capacity;
	size_t count;
	uint64_t pushed;
};

void replays_free(struct replays *replays);

/* 0 or -ENOMEM. */
int replays_push(struct replays *replays, uint64_t number, double due);

/* When the first one is due; there must be one. */
double replays_due(const struct replays *replays);

/* Take the first one; there must be one. */
uint64_t replays_pop(struct replays *replays);

#endif
