/*
 * Tasks: one running instance of a component, in a process of its own.
 *
 * Every callback of a spout or bolt class receives its task, and every call of this page is
 * made from within a callback.
 *
 * The calls that can fail return 0 or a negative errno, and remember the reason. A callback
 * that passes the error on with `return err` has it reported in full.
 */
#ifndef CSTORM_TASK_H
#define CSTORM_TASK_H

#include <cstorm/tuple.h>
#include <cstorm/value.h>

struct ev_loop; /* libev's */
struct json_t; /* jansson's */
struct storm_mapping;
struct storm_task;

/** The task's state: state_size bytes of the class, zeroed before open() or prepare(). */
STORM_API void *storm_state(const struct storm_task *task);

/** The component's name in the topology. */
STORM_API const char *storm_task_component(const struct storm_task *task);

/** The task's number, unique in the topology. */
STORM_API int storm_task_id(const struct storm_task *task);

/** The task's place among the tasks of its component, from 0. */
STORM_API size_t storm_task_index(const struct storm_task *task);

/**
 * The tasks of a component: the targets that a direct emit can name.
 *
 * @param ids  borrowed, valid as long as the task; in ascending order. May be NULL.
 * @return their number, 0 where there is no such component
 */
STORM_API size_t storm_component_tasks(
	const struct storm_task *task, const char *component, const int **ids);

/**
 * The fields of a stream that this task emits to, as the topology names them.
 *
 * @return their names, NULL after the last; borrowed, valid as long as the task. NULL: it has no
 *         such stream
 */
STORM_API const char *const *storm_output_fields(const struct storm_task *task, const char *stream);

/**
 * How often the local runner has started this task anew after a crash. 0 in a Storm cluster,
 * where a crash ends the whole worker.
 */
STORM_API int storm_task_restarts(const struct storm_task *task);

/* Emitting */

/** Everything that an emit can say. What is left out has the meaning that is given here. */
struct storm_emission {
	const char *stream; /* one that the class declares; NULL is "default" */
	const struct storm_value *values; /* copied: they may be on the stack */
	size_t count;

	/* Or, in place of values: a struct, whose mapping has the fields of the stream. */
	const struct storm_mapping *mapping;
	const void *record;

	/* Bolts: the tuples this one is anchored to. NULL is the tuple in process(), or the batch in
	 * process_batch(), unless the class says manual_anchor; in any other callback it is none. */
	const struct storm_tuple *const *anchors;
	size_t anchor_count;

	/* The task that receives it, for streams declared as direct; 0 lets the groupings choose. */
	int task;

	/* Spouts that are reliable: handed back to acked() and failed(). */
	uint64_t tag;

	/* Spouts that are not reliable by class and keep their own account: the message id (UTF-8)
	 * that Storm hands back to ack() and fail(). No data is no id: the tuple is not tracked. */
	struct storm_string id;
};

/**
 * Emit a tuple.
 *
 * @return 0, or
 *   -ENOENT   the class declares no such stream
 *   -EINVAL   the number of values is not the stream's number of fields, or the mapping has
 *             other fields; or a task is named for a stream that is not direct, or none for one
 *             that is; or an anchor is settled
 *   -EILSEQ   a string is not UTF-8
 *   -EDOM     a double is not finite
 *   -EBADMSG  the text of a STORM_JSON value is not JSON
 *   -EMSGSIZE the tuple is larger than a message may be, 64 MiB
 *   -ENOMEM
 * With an error, nothing is sent.
 */
STORM_API int storm_emit_full(struct storm_task *task, const struct storm_emission *emission);

#define STORM_VALUES(...)                                      \
	.values = (const struct storm_value[]){ __VA_ARGS__ }, \
	.count = sizeof((const struct storm_value[]){ __VA_ARGS__ }) / sizeof(struct storm_value)

/**
 * Emit values to the default stream: storm_emit(task, storm_text("word"), storm_integer(1)).
 * Returns what storm_emit_full() returns.
 */
#define storm_emit(task, ...) \
	storm_emit_full((task), &(const struct storm_emission){ STORM_VALUES(__VA_ARGS__) })

/** Emit values to a named stream. */
#define storm_emit_to(task, name, ...) \
	storm_emit_full((task),        \
		&(const struct storm_emission){ .stream = (name), STORM_VALUES(__VA_ARGS__) })

/** Emit a struct to a named stream; NULL is "default". */
#define storm_emit_struct(task, name, struct_mapping, struct_record) \
	storm_emit_full((task),                                      \
		&(const struct storm_emission){ .stream = (name),    \
			.mapping = (struct_mapping),                 \
			.record = (struct_record) })

/**
 * Emit a tuple, and wait for the parent to say which tasks receive it. Each such emit costs a round
 * trip; what comes in meanwhile is kept, in order. A spout can ask only in a callback that answers
 * the parent (next, ack, fail, activate, deactivate).
 *
 * @param ids  borrowed, valid until the next such emit
 * @return what storm_emit_full() returns, or -EPIPE: the parent is gone; -EAGAIN: a spout that
 *         answers nothing
 */
STORM_API int storm_emit_and_get_tasks(struct storm_task *task,
	const struct storm_emission *emission, const int **ids, size_t *count);

/**
 * Ack a tuple: it, and all that was anchored to it before, is done here. Needed only in classes
 * that say manual_ack, and for kept tuples there; elsewhere a process() that returns 0 acks.
 *
 * @return 0, or -EALREADY: it is acked or failed already (nothing is sent; Storm would end the
 *         worker for an id that is not in flight)
 */
STORM_API int storm_ack(struct storm_task *task, const struct storm_tuple *tuple);

/** Fail a tuple: its spout replays it. Returns what storm_ack() returns. */
STORM_API int storm_fail(struct storm_task *task, const struct storm_tuple *tuple);

/* Events */

/**
 * The loop that the task lives in: start watchers of your own in it, for sockets, timers or the
 * descriptors of a client library. Their callbacks may emit, ack and fail kept tuples, and log; what
 * they send goes out before the loop sleeps. They must not block for long, nor break the loop; a
 * task that cannot go on says storm_fatal().
 *
 * A bolt whose input ends stays until the tuples that it has kept are acked or failed; with its
 * process() and these watchers, a bolt can have many requests on their way at a time.
 */
STORM_API struct ev_loop *storm_loop(const struct storm_task *task);

/**
 * Spouts, in next(): nothing can be emitted until this descriptor is readable (or at its end). The
 * process sleeps meanwhile, and next() is called as soon as it is, if the parent still waits for
 * the answer.
 *
 * @return 0, for next() to return
 */
STORM_API int storm_wait_readable(struct storm_task *task, int fd);

/** Spouts, in a callback of a watcher: there is something to emit now. */
STORM_API void storm_wake(struct storm_task *task);

/** End the task with an error, which is reported: for callbacks that return nothing. */
STORM_PRINTF(3, 4)
STORM_API void storm_fatal(struct storm_task *task, int error, const char *format, ...);

/* Configuration */

/**
 * A value of the topology's configuration, as a jansson value.
 *
 * @param key  NULL: all of it, an object
 * @return borrowed, valid as long as the task; NULL where the key is not set
 */
STORM_API const struct json_t *storm_config(const struct storm_task *task, const char *key);

/**
 * A setting of this component, as text.
 *
 * The setting NAME is the configuration key COMPONENT.NAME, else TOPOLOGY.NAME (the name that the
 * topology's struct gives, whatever it is submitted as), else the default that the class declares.
 * A string is given as it is, any other value as its JSON text.
 *
 * @return borrowed, valid until the next call; NULL where it is not set
 */
STORM_API const char *storm_setting(const struct storm_task *task, const char *name);

/** The same setting as a jansson value; NULL where the configuration does not have it. */
STORM_API const struct json_t *storm_setting_json(const struct storm_task *task, const char *name);

/**
 * A setting as a whole number.
 *
 * @return 0, -ENOENT (not set) or -EINVAL (not a whole number)
 */
STORM_API STORM_MUST_CHECK int storm_setting_integer(
	struct storm_task *task, const char *name, int64_t *integer);

/* Standard input and output of the whole run */

/**
 * The standard input and output of `cstorm run`, for components that read or write them. A
 * component's own descriptors 0 and 1 belong to the protocol.
 *
 * @return a descriptor, borrowed; or -ENOTCONN where there is none (in a Storm cluster)
 */
STORM_API int storm_standard_input(struct storm_task *task);
STORM_API int storm_standard_output(struct storm_task *task);

/* Logs and errors */

/** The levels of Storm's `log` command. */
enum storm_log_level {
	STORM_LOG_TRACE,
	STORM_LOG_DEBUG,
	STORM_LOG_INFO,
	STORM_LOG_WARN,
	STORM_LOG_ERROR,
};

/**
 * Log a message: to the worker's log, or the standard error of `cstorm run`.
 *
 * What the component prints on its standard output is logged too, line by line, at the level info,
 * and what it writes to its standard error at warn. The configuration decides what becomes of it:
 *
 *   cstorm.log.level         trace, debug, info, warn or error: messages below it are dropped.
 *                            info where it does not say; debug if topology.debug is true
 *   cstorm.log.rate          so many messages a second (1000), and ten times as many at once;
 *                            the others are counted and dropped. 0: all get through
 *   cstorm.log.path          a folder: the log goes to a file there, not to the parent
 *   cstorm.log.file          its name (cstorm_{topology}_{component}_{task}_{pid}.log)
 *   cstorm.log.max_bytes     when it is so large it is renamed (1000000), 0: never
 *   cstorm.log.backup_count  so many renamed ones are kept (10), at most 1000
 */
STORM_PRINTF(3, 4)
STORM_API void storm_log(
	struct storm_task *task, enum storm_log_level level, const char *format, ...);

/** Whether messages of a level get through: to save the work of making one that does not. */
STORM_API bool storm_log_enabled(const struct storm_task *task, enum storm_log_level level);

#define storm_log_debug(task, ...) storm_log((task), STORM_LOG_DEBUG, __VA_ARGS__)
#define storm_log_info(task, ...) storm_log((task), STORM_LOG_INFO, __VA_ARGS__)
#define storm_log_warn(task, ...) storm_log((task), STORM_LOG_WARN, __VA_ARGS__)
#define storm_log_error(task, ...) storm_log((task), STORM_LOG_ERROR, __VA_ARGS__)

/** Report an error: it stands in Storm's UI beside the component. */
STORM_PRINTF(2, 3)
STORM_API void storm_report_error(struct storm_task *task, const char *format, ...);

/**
 * Say why a callback fails: `return storm_error(task, -errno, "cannot open %s", path);`
 *
 * @param error  a negative errno; its text is added to the message
 * @return error
 */
STORM_PRINTF(3, 4)
STORM_API int storm_error(struct storm_task *task, int error, const char *format, ...);

#endif
