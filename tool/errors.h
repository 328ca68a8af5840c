/* The errors that components have reported to a cluster. */
#ifndef TOOL_ERRORS_H
#define TOOL_ERRORS_H

#include <jansson.h>
#include <stdbool.h>

/* Print those of a component, a line each; or whole, with the stack that Java adds. How many there are. */
size_t errors_print(const char *component, const json_t *errors, bool whole);

#endif
