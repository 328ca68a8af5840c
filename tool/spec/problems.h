/* What is wrong with a topology, where, and what was probably meant. */
#ifndef SPEC_PROBLEMS_H
#define SPEC_PROBLEMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cstorm/macros.h>

#include "base/bytes.h"

/* A place in a file, counted from 1. */
struct place {
	const char *file; /* borrowed; NULL: no file */
	int line; /* 0: not known */
	int column; /* 0: not known */
};

enum severity {
	SEVERITY_WARNING,
	SEVERITY_ERROR,
};

struct problem {
	enum severity severity;
	struct place place;
	char *what;
	char *suggestion; /* the name that was meant; NULL: none is known */
	size_t order; /* in which they were found */
};

/* All zero: none. */
struct problems {
	struct problem *list;
	size_t count;
	size_t capacity;
	size_t error_count;
	bool failed; /* out of memory: some are missing */
};

void problems_free(struct problems *problems);

/* Add an error. Returns -EINVAL. */
STORM_PRINTF(3, 4)
int problems_error(struct problems *problems, struct place place, const char *format, ...);

STORM_PRINTF(3, 4)
void problems_warn(struct problems *problems, struct place place, const char *format, ...);

/*
 * Add to the last problem which of the names was probably meant by a word, if one is like it: to the
 * first thousand problems.
 */
void problems_suggest(
	struct problems *problems, const char *word, const char *const *names, size_t count);

/* Whether there is an error at a place that is known: a second one would say the same in other words. */
bool problems_are_at(const struct problems *problems, struct place place);

/* -EINVAL where there are errors, -ENOMEM where some are missing, else 0. */
int problems_result(const struct problems *problems);

/* Put them in the order of their places; those without one come first. */
void problems_sort(struct problems *problems);

/* Print them, a line each: file:line:column: error: what it is; did you mean this? */
void problems_print(const struct problems *problems, FILE *file);

/* Append the first one to a message: file:line: what it is; did you mean this? */
void problems_explain(const struct problems *problems, struct buffer *message);

/* As a list of objects: severity, file, line, column, message, suggestion. A new reference. */
json_t *problems_json(const struct problems *problems);

#endif
