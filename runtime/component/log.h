/* Where log messages go, and how many. */
#ifndef COMPONENT_LOG_H
#define COMPONENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct storm_task;

struct log {
	int level; /* messages below it are dropped */

	/* So many messages a second, at most; 0: no limit. */
	double rate;
	double allowance; /* how many are allowed now */
	double since; /* when the allowance was counted */
	uint64_t suppressed; /* messages since the last one that got through */

	/* A file, in place of the parent's log; -1: none */
	int file;
	char *path;
	uint64_t size; /* of the file */
	uint64_t max_size;
	uint64_t backups;
};

#define LOG_INIT ((struct log){ .level = -1, .file = -1 })

/* Read the configuration, open the file: 0 or a negative errno. */
int log_start(struct storm_task *task);

/* Say how many messages were suppressed, close the file. */
void log_end(struct storm_task *task);

/* A line that the component, or a child of it, printed. */
void log_printed(struct storm_task *task, bool is_error, struct span line);

/* log_file.c */

int log_file_open(struct storm_task *task, const char *directory);

/* Append a line: 0 or a negative errno. */
int log_file_write(struct storm_task *task, const char *level, struct span text);

void log_file_close(struct log *log);

#endif
