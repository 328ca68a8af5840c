/* What is asked of Nimbus: the part of Storm's storm.thrift that is used here, as tables. */
#ifndef CLUSTER_CALLS_H
#define CLUSTER_CALLS_H

#include "cluster/thrift.h"

struct nimbus_call {
	const char *name;
	const struct thrift_type *arguments;
	const struct thrift_type *result; /* "success", or the name of an exception, as below */
};

/* The members of a result that are exceptions, each with "msg". */
#define NOT_ALIVE "NotAliveException"
#define ALREADY_ALIVE "AlreadyAliveException"
#define INVALID_TOPOLOGY "InvalidTopologyException"
#define AUTHORIZATION "AuthorizationException"

extern const struct nimbus_call nimbus_get_leader;
extern const struct nimbus_call nimbus_get_topologies;
extern const struct nimbus_call nimbus_find_topology; /* by its name */
extern const struct nimbus_call nimbus_get_topology; /* its executors and errors, by its id */
extern const struct nimbus_call nimbus_get_topology_page;
extern const struct nimbus_call nimbus_get_component_page;
extern const struct nimbus_call nimbus_begin_upload;
extern const struct nimbus_call
	nimbus_upload_chunk; /* its chunk has no place in JSON: see nimbus_upload */
extern const struct nimbus_call nimbus_finish_upload;
extern const struct nimbus_call nimbus_submit;
extern const struct nimbus_call nimbus_kill;
extern const struct nimbus_call nimbus_activate;
extern const struct nimbus_call nimbus_deactivate;
extern const struct nimbus_call nimbus_rebalance;
extern const struct nimbus_call nimbus_get_log_config; /* by the topology's id */
extern const struct nimbus_call nimbus_set_log_config; /* its "name" is the topology's id, too */

/* What Thrift itself answers to a call that cannot be. */
extern const struct thrift_type thrift_application_exception;

#endif
