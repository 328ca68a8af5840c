/* Which shared libraries a program takes from where. */
#ifndef JAR_LIBRARIES_H
#define JAR_LIBRARIES_H

#include <stdbool.h>

/* Whether a library is a part of every system with the same libc. */
bool library_is_base(const char *name);

/*
 * Ask the loader of a program of this machine for the libraries that it would load: calls `found` for each,
 * with the path, or NULL where there is none, until it fails. Returns 0, what `found` returned, or a
 * negative errno where the loader cannot be asked.
 */
int libraries_list(const char *loader, const char *program,
	int (*found)(void *context, const char *name, const char *path), void *context);

#endif
