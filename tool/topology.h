/* What the commands that take a topology have in common: its options, and how it is loaded. */
#ifndef TOOL_TOPOLOGY_H
#define TOOL_TOPOLOGY_H

#include <getopt.h>

#include "spec/project.h"
#include "spec/spec.h"

struct topology_override;

struct topology_options {
	const char *command; /* "cstorm run", for messages */
	struct spec_source source;
	struct topology_override *overrides;
	size_t override_count;
	bool is_for_cluster; /* without -e, the project's only environment is in force, unless it is overruled */
	struct project
		*project; /* that of the folder, read once a topology is loaded, if it matters */
};

/* The options, for the tables of getopt_long and the help. */
#define TOPOLOGY_SHORT_OPTIONS "o:p:e:"
#define TOPOLOGY_LONG_OPTIONS                                                \
	{ "environment", required_argument, NULL, 'e' },                     \
		{ "filter", required_argument, NULL, TOPOLOGY_FILTER },      \
	{                                                                    \
		"env-filter", no_argument, NULL, TOPOLOGY_ENVIRONMENT_FILTER \
	}
#define TOPOLOGY_FILTER 0x100
#define TOPOLOGY_ENVIRONMENT_FILTER 0x101
#define TOPOLOGY_WRAP 0x102

#define TOPOLOGY_HELP                                                                                  \
	"  -o KEY=VALUE      set a key of the topology's configuration; VALUE is JSON or plain text\n" \
	"  -p COMPONENT=N    run N tasks of a component\n" TOPOLOGY_SOURCE_HELP

/* Those that say what is loaded. */
#define TOPOLOGY_SOURCE_HELP                                                                           \
	"  -e, --environment NAME  take what the topology, or cstorm.yaml, has for this environment\n" \
	"  --filter FILE     YAML: replace ${NAME} by the properties of FILE\n"                        \
	"  --env-filter      YAML: replace ${ENV-NAME} by the environment's variables\n"

/* For options that are all zero. */
void topology_begin(struct topology_options *options, const char *command);

/* Take an option that getopt_long has found: whether it is one of these. */
bool topology_option(struct topology_options *options, int option, const char *argument);

/* Override a part of the topology once it is loaded, as -o, -p and --wrap do: true. */
bool topology_override(struct topology_options *options, int option, const char *argument);

/* Take the arguments behind the options, which must be one topology: an exit status. */
int topology_argument(struct topology_options *options, int argc, char **argv);

/* Load the topology, with what the options override, and check it: as spec_load. */
int topology_load(
	struct spec *spec, const struct topology_options *options, struct problems *problems);

/* Override parts of a topology that is loaded already. */
void topology_apply(
	struct spec *spec, const struct topology_options *options, struct problems *problems);

void topology_options_free(struct topology_options *options);

/* Say that the command was used in a wrong way. Returns EXIT_STATUS_USAGE. */
int topology_refuse(const struct topology_options *options, const char *what, const char *argument);

#endif
