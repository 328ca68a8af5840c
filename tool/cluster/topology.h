/* A topology as Nimbus takes it. */
#ifndef CLUSTER_TOPOLOGY_H
#define CLUSTER_TOPOLOGY_H

#include "spec/spec.h"

/*
 * The spec as a StormTopology (see calls.c), a new reference; its components are started by two words, as those of
 * a jar are (jar/jar.h). NULL with the problems said, where Nimbus cannot be told all of it in this way.
 */
json_t *topology_for_nimbus(const struct spec *spec, struct problems *problems);

#endif
