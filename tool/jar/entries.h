/* What goes into a jar: entries with their names, from files or made here, and the zip that holds them. */
#ifndef JAR_ENTRIES_H
#define JAR_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct entry {
	char *name;
	char *path; /* the file that it is a copy of; NULL: `contents` */
	char *contents;
	size_t length;
	bool executable;
};

/* All zero: none. */
struct entries {
	struct entry *list;
	size_t count;
	size_t capacity;
};

void entries_free(struct entries *entries);

/* An entry by its name; NULL: there is none. */
const struct entry *entries_find(const struct entries *entries, const char *name);

/*
 * Add a copy of a file, or one with these contents, which are copied: 0, -EEXIST where an entry of this name
 * has come from elsewhere, or -ENOMEM.
 */
int entries_add_file(struct entries *entries, const char *name, const char *path);
int entries_add_text(struct entries *entries, const char *name, struct span text);

/* Add all files in a folder, below a name: as above, or another negative errno. */
int entries_add_folder(struct entries *entries, const char *name, const char *path);

/*
 * Add all entries of a zip but those below META-INF: as above; -EINVAL where it is no zip. What failed is
 * named in `at`, owned by the caller.
 */
int entries_add_zip(struct entries *entries, const char *path, char **at);

/*
 * Write the zip: 0, or a negative errno with the reason in `problem`. The same entries make the same bytes,
 * whatever the order in which they were added, the times of the files and the time zone.
 */
int entries_write(struct entries *entries, const char *path, struct buffer *problem);

#endif
