/*
 * The jar of a topology: a zip whose folder `resources` holds all that its components need on a worker.
 *
 * Storm extracts the folder on each worker and starts a shell component there, as two words. Each component gets
 * a script of its own, which Storm runs as `sh cstorm/components/NAME`, and which becomes what the topology says. Native
 * programs are in cstorm/bin, one folder a machine; cstorm/start.sh chooses.
 */
#ifndef JAR_JAR_H
#define JAR_JAR_H

#include "jar/entries.h"
#include "spec/spec.h"

struct jar_options {
	const char *resources; /* a folder; NULL: the one beside the topology, if there is one */
	const char **programs; /* builds of the topology's programs for other machines */
	size_t program_count;
	const char **libraries; /* shared libraries to pack too */
	size_t library_count;
	const char **jars; /* whose entries are packed too */
	size_t jar_count;
	int glibc; /* 2.N, which the workers have; -1: it is not said */
};

/* A native program or a shared library in the jar. */
struct jar_native {
	char *name;
	const char *machine;
	int glibc; /* as in struct elf_facts */
	bool is_library;
};

/* All zero but the spec, the options and the problems. */
struct jar {
	struct spec *spec;
	const struct jar_options *options;
	struct problems *problems;
	struct entries entries;
	struct jar_native *natives;
	size_t native_count;
	char **starters; /* by component: the second word of its command; NULL: it is Java's */
	bool has_flux; /* topology.yaml is in it */
};

/*
 * Gather what goes into it. The spec's components have the commands of the jar then. Returns 0, or a negative
 * errno with every problem that there is.
 */
int jar_gather(struct jar *jar);
void jar_free(struct jar *jar);

#endif
