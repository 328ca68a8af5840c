/* The keys of Storm's configuration: which there are, and what they hold. */
#ifndef SPEC_CONFIG_H
#define SPEC_CONFIG_H

#include "spec/spec.h"

/*
 * For a cluster, which is stricter than the local runner: find keys that begin with topology. or cstorm. and that nobody heeds (warned of), and values of
 * another type than the key has.
 */
void config_check(const struct spec *spec, struct problems *problems);

#endif
