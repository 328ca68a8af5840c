/* A file for the log: it begins anew when it is full, and a number of old ones are kept. */
#ifndef LOCAL_LOG_FILE_H
#define LOCAL_LOG_FILE_H

#include "base/bytes.h"
#include "local/local.h"

struct log_file {
	const struct log_options *options;
	int fd; /* -1: it could not be opened */
	uint64_t size;
};

/*
 * Open the file, and lock it against other runs: 0 or a negative errno, -EWOULDBLOCK for the file of a
 * run that lives. Open it again when somebody has moved it. The options must stay.
 */
int log_file_open(struct log_file *file, const struct log_options *options);
void log_file_close(struct log_file *file);

/* Write lines, all or none of them: 0 or a negative errno. A file that is not open is opened. */
int log_file_write(struct log_file *file, struct span lines);

#endif
