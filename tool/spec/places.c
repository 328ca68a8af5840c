#include "spec/places.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

struct place_entry {
	UT_hash_handle hh;
	const json_t *value;
	struct place own;
	struct place key;
};

void places_free(struct places *places)
{
	struct place_entry *entry;
	struct place_entry *next;

	HASH_ITER(hh, places->entries, entry, next) {
		HASH_DEL(places->entries, entry);
		free(entry);
	}
	*places = (struct places){ 0 };
}

static struct place_entry *find(const struct places *places, const json_t *value)
{
	struct place_entry *entry = NULL;

	if (value)
		HASH_FIND_PTR(places->entries, &value, entry);
	return entry;
}

static bool is_shared(const json_t *value)
{
	return json_is_boolean(value) || json_is_null(value);
}

int places_note(struct places *places, const json_t *value, struct place own, struct place key)
{
	struct place_entry *entry;

	if (is_shared(value) || find(places, value))
		return 0;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->value = value;
	entry->own = own;
	entry->key = key;
	HASH_ADD_PTR(places->entries, value, entry);
	return 0;
}

static const struct place_entry *find_either(
	const struct places *places, const json_t *value, const json_t *container)
{
	const struct place_entry *entry = find(places, value);

	return entry ? entry : find(places, container);
}

struct place places_of(const struct places *places, const json_t *value, const json_t *container)
{
	const struct place_entry *entry = find_either(places, value, container);

	return entry ? entry->own : (struct place){ .file = places->file };
}

struct place places_of_key(
	const struct places *places, const json_t *value, const json_t *container)
{
	const struct place_entry *entry = find_either(places, value, container);

	return entry ? entry->key : (struct place){ .file = places->file };
}
