/* The local runner: runs a topology as processes on this machine, with no JVM. */
#ifndef LOCAL_LOCAL_H
#define LOCAL_LOCAL_H

#include "spec/spec.h"

/*
 * What the errors have in common that components in other languages report because their input has
 * ended, which is none: storm.py's "Read EOF from stdin", EOFError of Python and Ruby.
 */
#define LOCAL_END_OF_INPUT "EOF"

struct log_options {
	const char *path; /* NULL: the standard error */
	uint64_t size; /* of a file, in bytes, before a new one begins */
	unsigned old_files; /* kept beside the current one: PATH.1 is the youngest */
};

struct local_options {
	double seconds; /* stop gracefully after this time; 0: never */
	size_t loops; /* threads that pass tuples on; 0: as many as fit the machine */
	const char *stats_path; /* write the statistics there as JSON; NULL: do not */
	const char *metrics_address; /* serve them there over HTTP, [HOST:]PORT; NULL: do not */
	const char *record_path; /* a folder for recordings of the tasks; NULL: none */
	struct log_options log;
	int verbosity; /* -1 quiet, 0 usual, 1 verbose */
};

/* Check what the runner itself heeds of the configuration: 0, or -EINVAL with the problems said. */
int local_check_config(const struct spec *spec, struct problems *problems);

/*
 * Check what the runner itself heeds of the configuration, and that it can run all components: 0, or
 * -EINVAL with the problems said.
 */
int local_check(const struct spec *spec, struct problems *problems);

/* Run a checked topology until its end. Returns an exit status (see command.h). */
int local_run(const struct spec *spec, const struct local_options *options);

#endif
