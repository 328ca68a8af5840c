/* Bolt: counts equal strings. */
#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

#include <cstorm/components.h>

struct entry {
	UT_hash_handle hh;
	int64_t count;
	struct entry *next_changed;
	bool changed; /* since it was emitted last */
	size_t length;
	char word[];
};

struct counts {
	struct entry *entries;
	struct entry *changed; /* a list */
};

static struct entry *add_entry(struct counts *counts, struct storm_string word)
{
	struct entry *entry = calloc(1, sizeof(*entry) + word.length);

	if (!entry)
		return NULL;
	entry->length = word.length;
	memcpy(entry->word, word.data, word.length);
	HASH_ADD_KEYPTR(hh, counts->entries, entry->word, entry->length, entry);
	return entry;
}

static int count(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct counts *counts = storm_state(task);
	struct storm_string word;
	struct entry *entry;
	int err = storm_tuple_string_at(tuple, 0, &word);

	if (err < 0)
		return err;
	HASH_FIND(hh, counts->entries, word.data, word.length, entry);
	if (!entry)
		entry = add_entry(counts, word);
	if (!entry)
		return storm_error(task, -ENOMEM, "counting a string of %zu bytes", word.length);
	entry->count++;
	if (!entry->changed) {
		entry->changed = true;
		entry->next_changed = counts->changed;
		counts->changed = entry;
	}
	return 0;
}

static int emit_changed(struct storm_task *task)
{
	struct counts *counts = storm_state(task);
	int err = 0;

	while (counts->changed && err == 0) {
		struct entry *entry = counts->changed;

		err = storm_emit(task, storm_string(entry->word, entry->length),
			storm_integer(entry->count));
		if (err == 0) {
			entry->changed = false;
			counts->changed = entry->next_changed;
		}
	}
	return err;
}

static int close_counts(struct storm_task *task)
{
	struct counts *counts = storm_state(task);
	struct entry *entry;
	struct entry *next;
	int err = emit_changed(task);

	HASH_ITER(hh, counts->entries, entry, next) {
		HASH_DEL(counts->entries, entry);
		free(entry);
	}
	return err;
}

const struct storm_bolt_class storm_count_bolt = {
	.summary = "counts equal strings",
	.outputs = STORM_FIELDS("word", "count"),
	.state_size = sizeof(struct counts),
	.process = count,
	.tick = emit_changed,
	.close = close_counts,
};
