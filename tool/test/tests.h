/*
 * Declarative tests of components and topologies: what goes in, and what must come out.
 *
 * A file is read and checked first (read.c). A test of a component speaks with a process of it
 * (component.c), a test of a topology runs it with other spouts (whole.c); both compare what they
 * have seen with what is expected (compare.c).
 */
#ifndef TEST_TESTS_H
#define TEST_TESTS_H

#include <jansson.h>
#include <signal.h>

#include "base/bytes.h"
#include "spec/spec.h"

#define TEST_SECONDS 30

struct test {
	const json_t *json;
	const char *name;
	const char *component; /* NULL: the topology is tested */
	const json_t
		*input; /* of a component: a list; of a topology: an object of lists; or NULL */
	json_t *expect; /* an object */
	json_t *config; /* over the topology's; NULL: none */
	double seconds; /* that it may take */
};

struct test_file {
	const char *path;
	json_t *json;
	struct places places;
	char *topology; /* the topology's path */
	struct test *tests;
	size_t count;
};

/* What is wrong, a line each; empty: the test has passed. */
struct differences {
	struct buffer text;
	size_t count;
};

/* Read a file of tests: 0, or -EINVAL with every problem that there is. */
int test_file_read(struct test_file *file, const char *path, struct problems *problems);
void test_file_free(struct test_file *file);

/*
 * Check a test against the topology, and normalise the tuples in it: each becomes an object with
 * "stream" and "values". As test_file_read().
 */
int test_check(struct test_file *file, const struct test *test, const struct spec *spec,
	struct problems *problems);

/* Run a test that has been checked; what differs is noted. */
void test_component(
	const struct test *test, const struct spec *spec, struct differences *differences);
void test_whole(const struct test *test, struct spec *spec, struct differences *differences);

/* A signal has come: whatever runs is to end, and to be removed. */
extern volatile sig_atomic_t test_interrupted;

/* compare.c */

STORM_PRINTF(2, 3)
void differences_add(struct differences *differences, const char *format, ...);

/* Compare emitted tuples with those expected: in order, or in any. */
void compare_tuples(const char *what, const json_t *expected, const json_t *found, bool ordered,
	struct differences *differences);

/* Compare the numbers of tuples that are `what`: acked or failed. */
void compare_ids(const char *what, const json_t *expected, const json_t *found,
	struct differences *differences);

/* Each of the texts must be in one of those found; if `all`, each found must have one of them. */
void compare_texts(const char *what, const json_t *expected, const json_t *found, bool all,
	struct differences *differences);

#endif
