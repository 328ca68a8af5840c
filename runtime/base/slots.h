/*
 * A table of fixed-size entries that are found by number, without hashing and without allocation
 * in the steady state: the tuples in flight, the tuple trees, a spout's pending tuples.
 *
 * A number holds the entry's place and how often the place was used before, so a number of the
 * past finds nothing. Entries move when the table grows: keep numbers, not pointers.
 */
#ifndef BASE_SLOTS_H
#define BASE_SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct slot; /* an entry with its header */

struct slots {
	size_t entry_size;
	char *data;
	uint32_t capacity;
	uint32_t fresh; /* places from here on were never used */
	uint32_t free; /* the last place given back, plus one; 0: none */
	uint32_t used; /* the number of entries in use */
};

#define SLOTS_INIT(type) ((struct slots){ .entry_size = sizeof(type) })

void slots_free(struct slots *slots);

/*
 * Take an entry into use. Its bytes are those that its last user left, or zeros.
 *
 * Returns its number, never 0; or 0 when memory (or the 16 million places) are used up.
 */
uint64_t slots_take(struct slots *slots, void **entry);

/* The entry in use with this number, or NULL. Borrowed until the next slots_take. */
void *slots_get(const struct slots *slots, uint64_t number);

/* Give back an entry in use. */
void slots_release(struct slots *slots, uint64_t number);

/*
 * Walk over the entries in use: start with *place = 0, ends with NULL. Entries may be released
 * on the way.
 */
void *slots_next(const struct slots *slots, uint32_t *place, uint64_t *number);

/* Walk over all entries that were ever used, to free what they own. */
void *slots_next_ever(const struct slots *slots, uint32_t *place);

#endif
