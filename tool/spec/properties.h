/* Java's property files: the values that Flux puts in place of ${NAME}. */
#ifndef SPEC_PROPERTIES_H
#define SPEC_PROPERTIES_H

#include "base/bytes.h"
#include "spec/problems.h"

/* Read NAME=VALUE lines as java.util.Properties does: an object of strings, or NULL. */
json_t *properties_read(const char *path, struct problems *problems);

#endif
