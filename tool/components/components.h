/* Components that are made for one run: what `cstorm test` puts around those that it tests. */
#ifndef COMPONENTS_COMPONENTS_H
#define COMPONENTS_COMPONENTS_H

/*
 * A spout that emits the tuples of a file, a JSON object: "streams" as in a description, "tuples" of
 * "values", "stream" and "task". Returns the exit status.
 */
int feed_main(const char *path);

/* A bolt that appends each tuple to a file as a line of JSON. Returns the exit status. */
int collect_main(const char *path);

#endif
