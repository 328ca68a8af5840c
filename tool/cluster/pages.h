/* What Nimbus's pages say of a topology: those that Storm's web interface shows. */
#ifndef CLUSTER_PAGES_H
#define CLUSTER_PAGES_H

#include "cluster/nimbus.h"

/* Storm's windows: the last so many seconds, and all time. */
#define PAGES_ALL_TIME ":all-time"
extern const char *const pages_windows[4];

struct pages_wanted {
	const char *name; /* of the topology */
	const char *window; /* of the counts */
	bool system; /* Storm's own components, too */
};

/* The topology's own page, a new reference: 0, or as nimbus_call. */
int pages_topology(struct nimbus *nimbus, const struct pages_wanted *wanted, json_t **page,
	struct buffer *problem);

/* That and those of its components: {"topology": {...}, "components": {NAME: {...}}}. */
int pages_all(struct nimbus *nimbus, const struct pages_wanted *wanted, json_t **pages,
	struct buffer *problem);

/* The executors and the errors of a topology, as TopologyInfo of storm.thrift. */
int pages_info(struct nimbus *nimbus, const char *name, json_t **info, struct buffer *problem);

/*
 * The errors of a topology: an object of lists by component. Those of TopologyInfo go with the worker that has reported them,
 * when its session with ZooKeeper ends; the last one of each component stays, and is among them.
 */
int pages_errors(struct nimbus *nimbus, const char *name, json_t **errors, struct buffer *problem);

#endif
