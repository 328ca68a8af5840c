/* Bolt: the latest number for each key, written as a table when the bolt closes, and into a file at ticks, too. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#include "output.h"

#include <cstorm/components.h>

struct row {
	UT_hash_handle hh;
	int64_t number;
	size_t length;
	char key[];
};

struct table {
	struct row *rows;
	FILE *output; /* NULL: it was replaced */
	bool is_file; /* that can be replaced */
};

static int prepare(struct storm_task *task)
{
	struct table *table = storm_state(task);
	struct stat status;
	int fd;

	if (storm_component_tasks(task, storm_task_component(task), NULL) > 1)
		return storm_error(task, -EINVAL, "%s writes one table: its parallelism must be 1",
			storm_task_component(task));
	fd = output_open(task, O_TRUNC);
	if (fd < 0)
		return fd;
	table->output = fdopen(fd, "w");
	if (!table->output) {
		close(fd);
		return storm_error(task, -ENOMEM, "opening the output");
	}
	table->is_file = strcmp(storm_setting(task, "output"), "-") != 0 &&
		fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	return 0;
}

static int set_row(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct table *table = storm_state(task);
	struct storm_string key;
	struct row *row;
	int64_t number;
	int err = storm_tuple_string_at(tuple, 0, &key);

	if (err == 0)
		err = storm_tuple_integer_at(tuple, 1, &number);
	if (err < 0)
		return err;
	HASH_FIND(hh, table->rows, key.data, key.length, row);
	if (!row) {
		row = calloc(1, sizeof(*row) + key.length);
		if (!row)
			return storm_error(task, -ENOMEM, "a key of %zu bytes", key.length);
		row->length = key.length;
		memcpy(row->key, key.data, key.length);
		HASH_ADD_KEYPTR(hh, table->rows, row->key, row->length, row);
	}
	row->number = number;
	return 0;
}

/* The largest number first, then by the bytes of the key. */
static int compare_rows(const struct row *a, const struct row *b)
{
	size_t shorter = a->length < b->length ? a->length : b->length;
	int order;

	if (a->number != b->number)
		return a->number > b->number ? -1 : 1;
	order = memcmp(a->key, b->key, shorter);
	if (order != 0)
		return order;
	return (a->length > b->length) - (a->length < b->length);
}

/* Write the table, and close what it is written to. */
static int write_rows(struct storm_task *task, struct table *table, FILE *output)
{
	bool failed = false;
	int err = 0;

	HASH_SORT(table->rows, compare_rows);
	for (const struct row *row = table->rows; row && !failed; row = row->hh.next) {
		fwrite(row->key, 1, row->length, output);
		failed = fprintf(output, "\t%" PRId64 "\n", row->number) < 0;
	}
	errno = 0;
	if (failed || ferror(output) || fflush(output) == EOF)
		err = storm_error(task, errno ? -errno : -EIO, "cannot write %s",
			storm_setting(task, "output"));
	if (fclose(output) == EOF && err == 0)
		err = storm_error(task, -errno, "cannot write %s", storm_setting(task, "output"));
	return err;
}

/* Whoever reads the file meanwhile has the old table or the new one, never a part. */
static int replace_file(struct storm_task *task, struct table *table)
{
	const char *path = storm_setting(task, "output");
	FILE *output;
	char *new;
	int err = 0;

	if (asprintf(&new, "%s.new", path) < 0)
		return storm_error(task, -ENOMEM, "the name of a file");
	output = fopen(new, "we");
	if (!output)
		err = storm_error(task, -errno, "cannot write %s", new);
	if (err == 0)
		err = write_rows(task, table, output);
	if (err == 0 && rename(new, path) < 0)
		err = storm_error(task, -errno, "cannot write %s", path);
	free(new);
	return err;
}

static int write_now(struct storm_task *task)
{
	struct table *table = storm_state(task);

	if (!table->is_file)
		return 0;
	if (table->output)
		fclose(table->output);
	table->output = NULL;
	return replace_file(task, table);
}

static int close_table(struct storm_task *task)
{
	struct table *table = storm_state(task);
	int err =
		table->output ? write_rows(task, table, table->output) : replace_file(task, table);
	struct row *row;
	struct row *next;

	HASH_ITER(hh, table->rows, row, next) {
		HASH_DEL(table->rows, row);
		free(row);
	}
	return err;
}

const struct storm_bolt_class storm_table_bolt = {
	.summary = "writes the latest number for each key, the largest first",
	.settings = STORM_SETTINGS(OUTPUT_SETTING),
	.state_size = sizeof(struct table),
	.prepare = prepare,
	.process = set_row,
	.tick = write_now,
	.close = close_table,
};
