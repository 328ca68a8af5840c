/* Where the values of a document stand in its file. */
#ifndef SPEC_PLACES_H
#define SPEC_PLACES_H

#include "spec/problems.h"

struct place_entry;

/* All zero: nothing is known but the file. */
struct places {
	const char *file; /* where no other place is known; borrowed */
	struct place_entry *entries;
	size_t copied; /* what aliases in YAML have made, in all files: bytes, see yaml.c */
};

void places_free(struct places *places);

/*
 * Note where a value stands, and the key that it has in an object (or the value's own place). The
 * values true, false and null are one object each in jansson, and have no place of their own.
 */
int places_note(struct places *places, const json_t *value, struct place own, struct place key);

/*
 * The place of a value, or else of the value that it is in; else the file. Either may be NULL.
 */
struct place places_of(const struct places *places, const json_t *value, const json_t *container);

/* The place of a value's key, in the same way. */
struct place places_of_key(
	const struct places *places, const json_t *value, const json_t *container);

#endif
