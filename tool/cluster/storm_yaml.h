/* The cluster that a user of Storm has configured: storm.yaml. */
#ifndef CLUSTER_STORM_YAML_H
#define CLUSTER_STORM_YAML_H

#include <jansson.h>

#include "base/bytes.h"

struct storm_yaml {
	json_t *seeds; /* a list of HOST or HOST:PORT, not empty */
	int port; /* of those without */
	char *source; /* who says so, for messages */
};

/*
 * Read it: in STORM_CONF_DIR, in .storm of the user's home, or in /etc/storm/conf; where there is none, Storm's
 * defaults. 0, or a negative errno with the reason in `problem`.
 */
int storm_yaml_read(struct storm_yaml *conf, struct buffer *problem);
void storm_yaml_free(struct storm_yaml *conf);

#endif
