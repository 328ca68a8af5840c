/* Nimbus, which is asked for everything: where it is, and how. */
#ifndef CLUSTER_NIMBUS_H
#define CLUSTER_NIMBUS_H

#include <getopt.h>

#include "cluster/calls.h"
#include "cluster/connection.h"

/* All zero: nothing is said. */
struct nimbus_options {
	const char *environment; /* of cstorm.yaml; NULL: without seeds, the only one it has */
	const char *
		seeds; /* HOST[:PORT], several with commas; NULL: what the environment says, or storm.yaml */
	double seconds; /* without an answer; 0: that of the environment, or the default */
};

/* The options, for the tables of getopt_long and the help. */
#define NIMBUS_LONG_OPTIONS                                        \
	{ "nimbus", required_argument, NULL, NIMBUS_SEEDS },       \
	{                                                          \
		"timeout", required_argument, NULL, NIMBUS_TIMEOUT \
	}
#define NIMBUS_SEEDS 0x300
#define NIMBUS_TIMEOUT 0x301

#define NIMBUS_HELP                                                                                    \
	"  --nimbus HOST[:PORT]  the cluster's Nimbus, or several with commas (default: that of the\n" \
	"                    environment, or of storm.yaml, or localhost)\n"                           \
	"  --timeout SECONDS  give up after so long without an answer (default: 30)\n"

/* Take an option that getopt_long has found: 1, or 0 for another one, or -EINVAL for a wrong value. */
int nimbus_option(struct nimbus_options *options, int option, const char *argument);

struct nimbus {
	struct connection connection;
	int sequence;
};

#define NIMBUS_INIT                           \
	{                                     \
		.connection = CONNECTION_INIT \
	}

/* Connect to the leader: 0, or a negative errno with the reason in `problem`. */
int nimbus_connect(
	struct nimbus *nimbus, const struct nimbus_options *options, struct buffer *problem);
void nimbus_disconnect(struct nimbus *nimbus);

/*
 * Call: 0 with the result (NULL: it has none), a new reference, or a negative errno with the reason in `problem`; for an
 * exception -EREMOTEIO. The arguments are decref'd.
 */
int nimbus_call(struct nimbus *nimbus, const struct nimbus_call *call, json_t *arguments,
	json_t **result, struct buffer *problem);

/*
 * Upload a file: 0 with where Nimbus has it, owned by the caller, or as above. `progress` is called with what is
 * uploaded and with the whole.
 */
int nimbus_upload(struct nimbus *nimbus, const char *path, void (*progress)(long long, long long),
	char **location, struct buffer *problem);

#endif
