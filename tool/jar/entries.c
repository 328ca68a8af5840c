#include "jar/entries.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

/* The manifest is first, as `jar` writes it, the others go by their names. */
#define MANIFEST "META-INF/MANIFEST.MF"

/* 1980-01-01 00:00, the first time that a zip can say. */
#define DOS_DATE 0x21
#define DOS_TIME 0

void entries_free(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		free(entries->list[i].name);
		free(entries->list[i].path);
		free(entries->list[i].contents);
	}
	free(entries->list);
	*entries = (struct entries){ 0 };
}

const struct entry *entries_find(const struct entries *entries, const char *name)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (strcmp(entries->list[i].name, name) == 0)
			return &entries->list[i];
	}
	return NULL;
}

/* A new entry with a name alone; NULL: out of memory. */
static struct entry *add(struct entries *entries, const char *name)
{
	struct entry *entry;

	if (entries->count == entries->capacity) {
		size_t capacity = entries->capacity ? entries->capacity * 2 : 16;
		struct entry *list = realloc(entries->list, capacity * sizeof(*list));

		if (!list)
			return NULL;
		entries->list = list;
		entries->capacity = capacity;
	}
	entry = &entries->list[entries->count];
	*entry = (struct entry){ .name = strdup(name) };
	if (!entry->name)
		return NULL;
	entries->count++;
	return entry;
}

int entries_add_file(struct entries *entries, const char *name, const char *path)
{
	const struct entry *same = entries_find(entries, name);
	struct entry *entry;
	struct stat status;

	if (same)
		return same->path && strcmp(same->path, path) == 0 ? 0 : -EEXIST;
	if (stat(path, &status) < 0)
		return -errno;
	entry = add(entries, name);
	if (!entry)
		return -ENOMEM;
	entry->executable = (status.st_mode & S_IXUSR) != 0;
	entry->path = strdup(path);
	return entry->path ? 0 : -ENOMEM;
}

int entries_add_text(struct entries *entries, const char *name, struct span text)
{
	const struct entry *same = entries_find(entries, name);
	struct entry *entry;

	if (same)
		return !same->path && same->length == text.length &&
				memcmp(same->contents, text.data, text.length) == 0 ?
			0 :
			-EEXIST;
	entry = add(entries, name);
	if (!entry)
		return -ENOMEM;
	entry->contents = malloc(text.length + 1);
	if (!entry->contents)
		return -ENOMEM;
	memcpy(entry->contents, text.data, text.length);
	entry->length = text.length;
	return 0;
}

/* What editors, version control and Python leave behind. */
static bool is_clutter(const char *name)
{
	size_t length = strlen(name);

	return name[0] == '.' || strcmp(name, "__pycache__") == 0 || name[length - 1] == '~';
}

int entries_add_folder(struct entries *entries, const char *name, const char *path)
{
	char *const roots[] = { (char *)path, NULL };
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	FTSENT *found;
	int err = walk ? 0 : -errno;

	while (err == 0 && (found = fts_read(walk))) {
		struct buffer whole = { 0 };

		if (found->fts_level > 0 && is_clutter(found->fts_name)) {
			fts_set(walk, found, FTS_SKIP);
			continue;
		}
		if (found->fts_info == FTS_DNR || found->fts_info == FTS_ERR ||
			found->fts_info == FTS_NS) {
			err = -found->fts_errno;
		} else if (found->fts_info == FTS_SLNONE) {
			err = -ENOENT;
		} else if (found->fts_info == FTS_F) {
			buffer_append_format(&whole, "%s%s", name, found->fts_path + strlen(path));
			err = entries_add_file(entries, buffer_text(&whole), found->fts_path);
		}
		buffer_free(&whole);
	}
	if (walk)
		fts_close(walk);
	return err;
}

/* Zips of others */

static int add_from_zip(struct entries *entries, zip_t *zip, zip_uint64_t index)
{
	zip_stat_t status;
	zip_file_t *file;
	char *bytes;
	int err = -EINVAL;

	if (zip_stat_index(zip, index, 0, &status) < 0)
		return -EINVAL;
	if (strncmp(status.name, "META-INF/", 9) == 0 ||
		status.name[strlen(status.name) - 1] == '/')
		return 0;
	bytes = malloc(status.size + 1);
	if (!bytes)
		return -ENOMEM;
	file = zip_fopen_index(zip, index, 0);
	if (file && zip_fread(file, bytes, status.size) == (zip_int64_t)status.size)
		err = entries_add_text(entries, status.name, (struct span){ bytes, status.size });
	if (file)
		zip_fclose(file);
	free(bytes);
	return err;
}

int entries_add_zip(struct entries *entries, const char *path, char **at)
{
	int code;
	zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
	int err = 0;

	*at = NULL;
	if (!zip)
		return code == ZIP_ER_NOENT ? -ENOENT : code == ZIP_ER_MEMORY ? -ENOMEM : -EINVAL;
	for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0) && err == 0; i++) {
		err = add_from_zip(entries, zip, (zip_uint64_t)i);
		if (err < 0)
			*at = strdup(zip_get_name(zip, (zip_uint64_t)i, 0));
	}
	zip_discard(zip);
	return err;
}

/* Writing */

static int compare(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;

	if (strcmp(a->name, MANIFEST) == 0)
		return -1;
	if (strcmp(b->name, MANIFEST) == 0)
		return 1;
	return strcmp(a->name, b->name);
}

static bool write_entry(zip_t *zip, const struct entry *entry)
{
	zip_source_t *source = entry->path ?
		zip_source_file(zip, entry->path, 0, 0) :
		zip_source_buffer(zip, entry->contents, entry->length, 0);
	mode_t mode = S_IFREG | (entry->executable ? 0755 : 0644);
	zip_int64_t index;

	if (!source)
		return false;
	index = zip_file_add(zip, entry->name, source, ZIP_FL_ENC_UTF_8);
	if (index < 0) {
		zip_source_free(source);
		return false;
	}
	return zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 0) == 0 &&
		zip_file_set_dostime(zip, (zip_uint64_t)index, DOS_TIME, DOS_DATE, 0) == 0 &&
		zip_file_set_external_attributes(
			zip, (zip_uint64_t)index, 0, ZIP_OPSYS_UNIX, (zip_uint32_t)mode << 16) == 0;
}

int entries_write(struct entries *entries, const char *path, struct buffer *problem)
{
	bool written = true;
	zip_error_t error;
	zip_t *zip;
	int code;

	qsort(entries->list, entries->count, sizeof(*entries->list), compare);
	zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
	if (!zip) {
		zip_error_init_with_code(&error, code);
		buffer_append_format(problem, "%s", zip_error_strerror(&error));
		zip_error_fini(&error);
		return -EIO;
	}
	for (size_t i = 0; i < entries->count && written; i++) {
		written = write_entry(zip, &entries->list[i]);
		if (!written)
			buffer_append_format(problem, "%s: ", entries->list[i].name);
	}
	if (written && zip_close(zip) == 0)
		return 0;
	buffer_append_format(problem, "%s", zip_strerror(zip));
	zip_discard(zip);
	return -EIO;
}
