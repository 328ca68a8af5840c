/* Bolt: the latest number for each key, written as a table when the bolt closes. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uthash.h>

#include <cstorm/components.h>

#define STANDARD_OUTPUT "-"

struct row {
	UT_hash_handle hh;
	int64_t number;
	size_t length;
	char key[];
};

struct table {
	struct row *rows;
	FILE *output;
	const char *path; /* for messages */
};

static int prepare(struct storm_task *task)
{
	struct table *table = storm_state(task);
	const char *path = storm_setting(task, "output");
	int fd;

	if (storm_component_tasks(task, storm_task_component(task), NULL) > 1)
		return storm_error(task, -EINVAL, "%s writes one table: its parallelism must be 1",
			storm_task_component(task));
	if (strcmp(path, STANDARD_OUTPUT) == 0) {
		fd = storm_standard_output(task);
		if (fd < 0)
			return fd;
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	} else {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	}
	table->path = strdup(path);
	table->output = fd >= 0 && table->path ? fdopen(fd, "w") : NULL;
	if (!table->output) {
		int err = -errno;

		if (fd >= 0)
			close(fd);
		free((char *)table->path);
		return storm_error(task, err, "cannot open the output %s", path);
	}
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

static int write_rows(struct storm_task *task, struct table *table)
{
	FILE *output = table->output;
	bool failed = false;
	int err = 0;

	HASH_SORT(table->rows, compare_rows);
	for (const struct row *row = table->rows; row && !failed; row = row->hh.next) {
		fwrite(row->key, 1, row->length, output);
		failed = fprintf(output, "\t%" PRId64 "\n", row->number) < 0;
	}
	errno = 0;
	if (failed || ferror(output) || fflush(output) == EOF)
		err = storm_error(task, errno ? -errno : -EIO, "cannot write %s", table->path);
	if (fclose(output) == EOF && err == 0)
		err = storm_error(task, -errno, "cannot write %s", table->path);
	return err;
}

static int close_table(struct storm_task *task)
{
	struct table *table = storm_state(task);
	int err = write_rows(task, table);
	struct row *row;
	struct row *next;

	HASH_ITER(hh, table->rows, row, next) {
		HASH_DEL(table->rows, row);
		free(row);
	}
	free((char *)table->path);
	return err;
}

const struct storm_bolt_class storm_table_bolt = {
	.summary = "writes the latest number for each key, the largest first",
	.settings = STORM_SETTINGS({ "output", "a path, or - for the standard output", "-" }),
	.state_size = sizeof(struct table),
	.prepare = prepare,
	.process = set_row,
	.close = close_table,
};
