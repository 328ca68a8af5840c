/* The commands that ask a cluster: what they have in common. */
#ifndef TOOL_ASKING_H
#define TOOL_ASKING_H

#include "cluster/nimbus.h"
#include "command.h"

struct asking {
	const char *command; /* "cstorm list", for messages */
	const char *help;
	struct nimbus_options nimbus;
	bool cluster; /* --cluster: of the commands that also know runs on this machine */
	bool json;
	const char *name; /* of a topology; NULL: none is asked for */
	const char *component; /* of those commands that take one; NULL: all */
};

/* The options, for the tables of getopt_long and the help. */
#define ASKING_SHORT_OPTIONS "e:h"
#define ASKING_LONG_OPTIONS                                                                  \
	{ "environment", required_argument, NULL, 'e' }, { "json", no_argument, NULL, 'j' }, \
		{ "help", no_argument, NULL, 'h' }, NIMBUS_LONG_OPTIONS
#define ASKING_HELP                                                                              \
	"  -e, --environment NAME  the cluster of this environment of cstorm.yaml\n" NIMBUS_HELP \
	"  -h, --help        print this\n"

/* For those commands: whether a cluster is meant. */
#define ASKING_CLUSTER_OPTION                                \
	{                                                    \
		"cluster", no_argument, NULL, ASKING_CLUSTER \
	}
#define ASKING_CLUSTER 0x310
#define ASKING_CLUSTER_HELP \
	"  --cluster         the topology is on a Storm cluster; --nimbus and -e say so, too\n"
bool asking_means_cluster(const struct asking *asking);

/* Take an option that getopt_long has found: EXIT_STATUS_DONE to go on; -1: the help was printed; or what to exit with. */
int asking_option(struct asking *asking, int option);

/* For commands that can be asked for one component alone. */
#define ASKING_COMPONENT_OPTION                           \
	{                                                 \
		"component", required_argument, NULL, 'c' \
	}

/* Keep the component that is wanted, if one is, in an object by component: 0, or -EINVAL where it is not there. */
int asking_choose(const struct asking *asking, json_t *by_component, struct buffer *problem);

/* Take the argument behind the options, which is the name of a topology: an exit status. */
int asking_name(struct asking *asking, int argc, char **argv);

/* Say that the command was used in a wrong way. Returns EXIT_STATUS_USAGE. */
int asking_refuse(const struct asking *asking, const char *what, const char *argument);

/* Take a whole number of an option: an exit status. */
int asking_number(
	const struct asking *asking, const char *option, const char *text, int most, int *number);

/* Ask a Nimbus that is connected: 0 with the answer, a new reference, or a negative errno with the reason in `problem`. */
typedef int asking_question(const struct asking *asking, struct nimbus *nimbus, json_t **answer,
	struct buffer *problem);

typedef void asking_print(const struct asking *asking, const json_t *answer);

/* Ask, and print the answer: an exit status. Without a way to print it, it is printed for --json alone. */
int asking_do(const struct asking *asking, asking_question *ask, asking_print *print);

/* A member of an answer; what is not there is "" or 0. */
const char *asking_text(const json_t *object, const char *name);
long long asking_integer(const json_t *object, const char *name);

#endif
