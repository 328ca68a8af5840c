/*
 * What reads topologies, from the file to what the commands print.
 *
 * An input is a file's text. Lines in it that begin with #file or #with are for the fuzzer alone:
 *
 *     #file NAME       what follows is another file beside the first: to be included, a program, ...
 *     #with -o a=1     an option of the commands: one of -e, -o, -p, --filter and --env-filter
 */
#ifndef FUZZ_TOPOLOGY_H
#define FUZZ_TOPOLOGY_H

#include "fuzz.h"

/*
 * Check an input, whose file has this name. Where it is a topology without errors, also describe,
 * draw and translate it, and check that what comes out is the same topology.
 */
void fuzz_topology(const char *name, const uint8_t *data, size_t size);

#endif
