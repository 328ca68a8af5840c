/* What Flux does to the text of a YAML file before it is parsed. */
#ifndef SPEC_FILTER_H
#define SPEC_FILTER_H

#include "base/bytes.h"
#include "spec/problems.h"

/* Where values come from. */
struct filter {
	const char *file; /* of the text, for messages */
	const json_t *properties; /* ${NAME}, ${NAME[INDEX]}; NULL: none */
	bool environment; /* ${ENV-NAME} */
};

/* Append a text with each ${...} replaced; one that has no value is left, and warned of. */
void filter_text(const struct filter *filter, struct span text, struct buffer *filtered,
	struct problems *problems);

#endif
