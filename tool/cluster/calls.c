#include "cluster/calls.h"

#include <stddef.h>

/* The names and numbers are those of storm.thrift. */

#define STRUCT(name, ...)                                                                      \
	static const struct thrift_field name##_fields[] = { __VA_ARGS__, { 0, NULL, NULL } }; \
	static const struct thrift_type name = { .kind = THRIFT_STRUCT, .fields = name##_fields }

#define LIST(name, of) \
	static const struct thrift_type name = { .kind = THRIFT_LIST, .value = &(of) }

#define MAP(name, from, to)                      \
	static const struct thrift_type name = { \
		.kind = THRIFT_MAP,              \
		.key = &(from),                  \
		.value = &(to),                  \
	}

#define FIELD(id, name, type)         \
	{                             \
		(id), (name), &(type) \
	}

static const struct thrift_field no_fields[] = { { 0, NULL, NULL } };
static const struct thrift_type null_struct = { .kind = THRIFT_STRUCT, .fields = no_fields };

LIST(strings, thrift_string);

/* Topologies */

STRUCT(global_stream_id, FIELD(1, "componentId", thrift_string),
	FIELD(2, "streamId", thrift_string));
STRUCT(java_argument, FIELD(1, "int_arg", thrift_i32), FIELD(2, "long_arg", thrift_i64),
	FIELD(3, "string_arg", thrift_string), FIELD(4, "bool_arg", thrift_bool),
	FIELD(6, "double_arg", thrift_double));
LIST(java_arguments, java_argument);
STRUCT(java_object, FIELD(1, "full_class_name", thrift_string),
	FIELD(2, "args_list", java_arguments));
STRUCT(grouping, FIELD(1, "fields", strings), FIELD(2, "shuffle", null_struct),
	FIELD(3, "all", null_struct), FIELD(4, "none", null_struct),
	FIELD(5, "direct", null_struct), FIELD(6, "custom_object", java_object),
	FIELD(7, "custom_serialized", thrift_base64), FIELD(8, "local_or_shuffle", null_struct));
STRUCT(stream_info, FIELD(1, "output_fields", strings), FIELD(2, "direct", thrift_bool));
STRUCT(shell_component, FIELD(1, "execution_command", thrift_string),
	FIELD(2, "script", thrift_string));
STRUCT(component_object, FIELD(2, "shell", shell_component), FIELD(3, "java_object", java_object));
MAP(inputs, global_stream_id, grouping);
MAP(streams, thrift_string, stream_info);
STRUCT(component_common, FIELD(1, "inputs", inputs), FIELD(2, "streams", streams),
	FIELD(3, "parallelism_hint", thrift_i32), FIELD(4, "json_conf", thrift_string));
STRUCT(spout_spec, FIELD(1, "spout_object", component_object),
	FIELD(2, "common", component_common));
STRUCT(bolt, FIELD(1, "bolt_object", component_object), FIELD(2, "common", component_common));
STRUCT(state_spout_spec, FIELD(1, "state_spout_object", component_object),
	FIELD(2, "common", component_common));
MAP(spouts, thrift_string, spout_spec);
MAP(bolts, thrift_string, bolt);
MAP(state_spouts, thrift_string, state_spout_spec);
STRUCT(storm_topology, FIELD(1, "spouts", spouts), FIELD(2, "bolts", bolts),
	FIELD(3, "state_spouts", state_spouts), FIELD(7, "storm_version", thrift_string));
STRUCT(submit_options, FIELD(1, "initial_status", thrift_i32));

/* Answers */

STRUCT(exception, FIELD(1, "msg", thrift_string));
STRUCT(nimbus_summary, FIELD(1, "host", thrift_string), FIELD(2, "port", thrift_i32),
	FIELD(3, "uptime_secs", thrift_i32), FIELD(4, "isLeader", thrift_bool),
	FIELD(5, "version", thrift_string));
STRUCT(topology_summary, FIELD(1, "id", thrift_string), FIELD(2, "name", thrift_string),
	FIELD(3, "num_tasks", thrift_i32), FIELD(4, "num_executors", thrift_i32),
	FIELD(5, "num_workers", thrift_i32), FIELD(6, "uptime_secs", thrift_i32),
	FIELD(7, "status", thrift_string), FIELD(8, "storm_version", thrift_string),
	FIELD(514, "owner", thrift_string));
LIST(topology_summaries, topology_summary);

STRUCT(error_info, FIELD(1, "error", thrift_string), FIELD(2, "error_time_secs", thrift_i32),
	FIELD(3, "host", thrift_string), FIELD(4, "port", thrift_i32));
LIST(error_infos, error_info);

STRUCT(common_stats, FIELD(1, "num_executors", thrift_i32), FIELD(2, "num_tasks", thrift_i32),
	FIELD(3, "emitted", thrift_i64), FIELD(4, "transferred", thrift_i64),
	FIELD(5, "acked", thrift_i64), FIELD(6, "failed", thrift_i64));
STRUCT(spout_stats, FIELD(1, "complete_latency_ms", thrift_double));
STRUCT(bolt_stats, FIELD(1, "execute_latency_ms", thrift_double),
	FIELD(2, "process_latency_ms", thrift_double), FIELD(3, "executed", thrift_i64),
	FIELD(4, "capacity", thrift_double));
STRUCT(specific_stats, FIELD(1, "bolt", bolt_stats), FIELD(2, "spout", spout_stats));
STRUCT(component_stats, FIELD(2, "common_stats", common_stats),
	FIELD(3, "specific_stats", specific_stats), FIELD(4, "last_error", error_info));
MAP(stats_by_name, thrift_string, component_stats); /* of a component, a stream, a window */
MAP(stats_by_input, global_stream_id, component_stats);

STRUCT(executor_info, FIELD(1, "task_start", thrift_i32), FIELD(2, "task_end", thrift_i32));
STRUCT(executor, FIELD(1, "executor_info", executor_info), FIELD(2, "component_id", thrift_string),
	FIELD(3, "host", thrift_string), FIELD(4, "port", thrift_i32),
	FIELD(5, "uptime_secs", thrift_i32));
LIST(executors, executor);
STRUCT(executor_stats, FIELD(1, "exec_summary", executor), FIELD(2, "stats", component_stats));
LIST(executor_stats_list, executor_stats);

MAP(count_by_window, thrift_string, thrift_i64);
MAP(latency_by_window, thrift_string, thrift_double);
STRUCT(topology_stats, FIELD(1, "window_to_emitted", count_by_window),
	FIELD(2, "window_to_transferred", count_by_window),
	FIELD(3, "window_to_complete_latencies_ms", latency_by_window),
	FIELD(4, "window_to_acked", count_by_window),
	FIELD(5, "window_to_failed", count_by_window));

STRUCT(topology_page, FIELD(1, "id", thrift_string), FIELD(2, "name", thrift_string),
	FIELD(3, "uptime_secs", thrift_i32), FIELD(4, "status", thrift_string),
	FIELD(5, "num_tasks", thrift_i32), FIELD(6, "num_workers", thrift_i32),
	FIELD(7, "num_executors", thrift_i32), FIELD(9, "id_to_spout_agg_stats", stats_by_name),
	FIELD(10, "id_to_bolt_agg_stats", stats_by_name), FIELD(11, "sched_status", thrift_string),
	FIELD(12, "topology_stats", topology_stats), FIELD(13, "owner", thrift_string),
	FIELD(17, "storm_version", thrift_string));
STRUCT(component_page, FIELD(1, "component_id", thrift_string),
	FIELD(5, "num_executors", thrift_i32), FIELD(6, "num_tasks", thrift_i32),
	FIELD(7, "window_to_stats", stats_by_name), FIELD(8, "gsid_to_input_stats", stats_by_input),
	FIELD(9, "sid_to_output_stats", stats_by_name),
	FIELD(10, "exec_stats", executor_stats_list), FIELD(11, "errors", error_infos));
MAP(errors_by_component, thrift_string, error_infos);
STRUCT(topology_info, FIELD(1, "id", thrift_string), FIELD(2, "name", thrift_string),
	FIELD(3, "uptime_secs", thrift_i32), FIELD(4, "executors", executors),
	FIELD(5, "status", thrift_string), FIELD(6, "errors", errors_by_component),
	FIELD(513, "sched_status", thrift_string));

STRUCT(log_level, FIELD(1, "action", thrift_i32), FIELD(2, "target_log_level", thrift_string),
	FIELD(3, "reset_log_level_timeout_secs", thrift_i32),
	FIELD(4, "reset_log_level_timeout_epoch", thrift_i64),
	FIELD(5, "reset_log_level", thrift_string));
MAP(log_levels, thrift_string, log_level);
STRUCT(log_config, FIELD(2, "named_logger_level", log_levels));

#define AUTHORIZED(id) FIELD(id, AUTHORIZATION, exception)

STRUCT(nothing, AUTHORIZED(1));
STRUCT(leader, FIELD(0, "success", nimbus_summary), AUTHORIZED(1));
STRUCT(topologies, FIELD(0, "success", topology_summaries), AUTHORIZED(1));
STRUCT(found, FIELD(0, "success", topology_summary), FIELD(1, NOT_ALIVE, exception), AUTHORIZED(2));
STRUCT(paged_topology, FIELD(0, "success", topology_page), FIELD(1, NOT_ALIVE, exception),
	AUTHORIZED(2));
STRUCT(paged_component, FIELD(0, "success", component_page), FIELD(1, NOT_ALIVE, exception),
	AUTHORIZED(2));
STRUCT(informed, FIELD(0, "success", topology_info), FIELD(1, NOT_ALIVE, exception), AUTHORIZED(2));
STRUCT(log_configured, FIELD(0, "success", log_config));
STRUCT(location, FIELD(0, "success", thrift_string), AUTHORIZED(1));
STRUCT(submitted, FIELD(1, ALREADY_ALIVE, exception), FIELD(2, INVALID_TOPOLOGY, exception),
	AUTHORIZED(3));
STRUCT(changed, FIELD(1, NOT_ALIVE, exception), AUTHORIZED(2));
STRUCT(rebalanced, FIELD(1, NOT_ALIVE, exception), FIELD(2, INVALID_TOPOLOGY, exception),
	AUTHORIZED(3));

/* Calls */

STRUCT(of_name, FIELD(1, "name", thrift_string));
STRUCT(of_topology, FIELD(1, "id", thrift_string), FIELD(2, "window", thrift_string),
	FIELD(3, "is_include_sys", thrift_bool));
STRUCT(of_component, FIELD(1, "topology_id", thrift_string),
	FIELD(2, "component_id", thrift_string), FIELD(3, "window", thrift_string),
	FIELD(4, "is_include_sys", thrift_bool));
STRUCT(of_location, FIELD(1, "location", thrift_string));
STRUCT(submission, FIELD(1, "name", thrift_string), FIELD(2, "uploadedJarLocation", thrift_string),
	FIELD(3, "jsonConf", thrift_string), FIELD(4, "topology", storm_topology),
	FIELD(5, "options", submit_options));
STRUCT(kill_options, FIELD(1, "wait_secs", thrift_i32));
MAP(count_by_component, thrift_string, thrift_i32);
STRUCT(rebalance_options, FIELD(1, "wait_secs", thrift_i32), FIELD(2, "num_workers", thrift_i32),
	FIELD(3, "num_executors", count_by_component));
STRUCT(rebalancing, FIELD(1, "name", thrift_string), FIELD(2, "options", rebalance_options));
STRUCT(log_configuring, FIELD(1, "name", thrift_string), FIELD(2, "config", log_config));
STRUCT(of_id, FIELD(1, "id", thrift_string));
STRUCT(killing, FIELD(1, "name", thrift_string), FIELD(2, "options", kill_options));

static const struct thrift_field application_exception_fields[] = {
	FIELD(1, "message", thrift_string),
	FIELD(2, "type", thrift_i32),
	{ 0, NULL, NULL },
};
const struct thrift_type thrift_application_exception = {
	.kind = THRIFT_STRUCT,
	.fields = application_exception_fields,
};

const struct nimbus_call nimbus_get_leader = { "getLeader", &null_struct, &leader };
const struct nimbus_call nimbus_get_topologies = { "getTopologySummaries", &null_struct,
	&topologies };
const struct nimbus_call nimbus_find_topology = { "getTopologySummaryByName", &of_name, &found };
const struct nimbus_call nimbus_get_topology_page = { "getTopologyPageInfo", &of_topology,
	&paged_topology };
const struct nimbus_call nimbus_get_component_page = { "getComponentPageInfo", &of_component,
	&paged_component };
const struct nimbus_call nimbus_get_topology = { "getTopologyInfo", &of_id, &informed };
const struct nimbus_call nimbus_begin_upload = { "beginFileUpload", &null_struct, &location };
const struct nimbus_call nimbus_upload_chunk = { "uploadChunk", &of_location, &nothing };
const struct nimbus_call nimbus_finish_upload = { "finishFileUpload", &of_location, &nothing };
const struct nimbus_call nimbus_submit = { "submitTopologyWithOpts", &submission, &submitted };
const struct nimbus_call nimbus_kill = { "killTopologyWithOpts", &killing, &changed };
const struct nimbus_call nimbus_activate = { "activate", &of_name, &changed };
const struct nimbus_call nimbus_deactivate = { "deactivate", &of_name, &changed };
const struct nimbus_call nimbus_rebalance = { "rebalance", &rebalancing, &rebalanced };
const struct nimbus_call nimbus_get_log_config = { "getLogConfig", &of_id, &log_configured };
const struct nimbus_call nimbus_set_log_config = { "setLogConfig", &log_configuring, &nothing };
