/*
 * Topologies: classes of spouts and bolts, and how they are connected.
 *
 * All of it is static const data. A program that defines a topology hands it to storm_main() and
 * is then three things in one: a description of the topology (--describe), and whichever of its
 * components the parent asks for by Storm's multi-lang handshake.
 */
#ifndef CSTORM_TOPOLOGY_H
#define CSTORM_TOPOLOGY_H

#include <cstorm/batch.h>
#include <cstorm/mapping.h>
#include <cstorm/metrics.h>
#include <cstorm/task.h>
#include <cstorm/tuple.h>

/* Streams */

/** A stream that a component emits to. */
struct storm_stream {
	const char *name;
	const char *const *fields; /* their names, NULL after the last; NULL: no fields */
	const struct storm_mapping *mapping; /* or: those of a mapping */
	bool direct; /* the emitter names the receiving task */
};

#define STORM_NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define STORM_STREAM(stream_name, ...)                                    \
	{                                                                 \
		.name = (stream_name), .fields = STORM_NAMES(__VA_ARGS__) \
	}
#define STORM_DIRECT_STREAM(stream_name, ...)                                             \
	{                                                                                 \
		.name = (stream_name), .fields = STORM_NAMES(__VA_ARGS__), .direct = true \
	}

/** A stream whose fields are those of a mapping (see mapping.h). */
#define STORM_STREAM_OF(stream_name, stream_mapping)                \
	{                                                           \
		.name = (stream_name), .mapping = &(stream_mapping) \
	}

/** The outputs of a class that has several streams: STORM_OUTPUTS(STORM_STREAM("a", "x"), ...) */
#define STORM_OUTPUTS(...) ((const struct storm_stream[]){ __VA_ARGS__, { .name = NULL } })

/** The outputs of a class with the default stream alone: STORM_FIELDS("word", "count") */
#define STORM_FIELDS(...) STORM_OUTPUTS(STORM_STREAM("default", __VA_ARGS__))

/* Settings */

/** A setting that users of a component can give (see storm_setting). */
struct storm_setting {
	const char *name;
	const char *summary; /* one line, for --help */
	const char *value; /* the default; NULL: none */
};

#define STORM_SETTINGS(...) ((const struct storm_setting[]){ __VA_ARGS__, { .name = NULL } })

/* Classes */

/** What a spout's next() returns when it has nothing more to emit, now and ever after. */
#define STORM_FINISHED 1

/** A spout: a source of tuples. Callbacks may be NULL, except next(). */
struct storm_spout_class {
	const char *summary; /* one line, for --help */
	const struct storm_stream *outputs;
	const struct storm_setting *settings; /* may be NULL */
	const struct storm_metric *metrics; /* may be NULL */
	size_t state_size;

	/* Reliable: the runtime gives each tuple a message id, keeps it until it is acked, and emits
	 * it again when it fails. */
	bool reliable;

	/* Reliable spouts: how often one tuple may fail before it is given up. 0: no bound. */
	unsigned int max_fails;

	/* The topology names the fields of the default stream (see storm_output_fields): those of
	 * `outputs` are for a topology that does not. */
	bool fields_chosen;

	/**
	 * Start: open files, connect. A negative result ends the process, with the error reported.
	 */
	int (*open)(struct storm_task *task);

	/**
	 * Emit tuples, or none when there is nothing to emit now; do not block for long, acks wait
	 * meanwhile. A spout that has emitted none rests before it is asked again, longer each
	 * time, up to cstorm.spout.rest.max.millis (100): a spout that can say when there is
	 * something to emit should (see storm_wait_readable and storm_wake). The configuration
	 * cstorm.spout.rate bounds how many tuples a second each task emits.
	 *
	 * @return 0; STORM_FINISHED: the input is at its end (the call may have emitted its last
	 *         tuples; replays still come from the runtime, next() is not called again); a
	 *         negative errno: ends the process, with the error reported.
	 */
	int (*next)(struct storm_task *task);

	/** Reliable spouts: the tuple emitted with this tag is fully processed. */
	void (*acked)(struct storm_task *task, uint64_t tag);

	/**
	 * Reliable spouts: the tuple emitted with this tag has failed, for the fails-th time. Without
	 * this callback, max_fails decides, and a tuple is emitted again at once.
	 *
	 * @return in how many seconds it is emitted again, 0: at once; negative: it is given up
	 */
	double (*retry)(struct storm_task *task, uint64_t tag, unsigned int fails);

	/** Reliable spouts: the tuple emitted with this tag is given up: it is lost. */
	void (*failed)(struct storm_task *task, uint64_t tag);

	/** Spouts that keep their own account: Storm acks or fails the message id. */
	void (*ack)(struct storm_task *task, const char *id, size_t length);
	void (*fail)(struct storm_task *task, const char *id, size_t length);

	/** Storm pauses the topology and lets it go on; activate() is also called once at the start. */
	void (*activate)(struct storm_task *task);
	void (*deactivate)(struct storm_task *task);

	/** The end. A negative result is reported and becomes the exit status 1. */
	int (*close)(struct storm_task *task);
};

/**
 * A bolt: a function over the tuples of its inputs. Callbacks may be NULL, except process() or, in
 * its place, process_batch().
 */
struct storm_bolt_class {
	const char *summary; /* one line, for --help */
	const struct storm_stream *outputs; /* NULL: it emits nothing */
	const struct storm_mapping *input; /* fields that every input must have; may be NULL */
	const struct storm_setting *settings; /* may be NULL */
	const struct storm_metric *metrics; /* may be NULL */
	size_t state_size;

	/* Emits in process() are anchored only to what their emission names. */
	bool manual_anchor;

	/* process() does not ack by its result: storm_ack() does, then or later, with a tuple that
	 * was kept. A negative result still fails the tuple, unless it is settled already. */
	bool manual_ack;

	/* Nor does a negative result fail the tuple; the error is logged. */
	bool manual_fail;

	/** Start. A negative result ends the process, with the error reported. */
	int (*prepare)(struct storm_task *task);

	/**
	 * Process one tuple. However long that takes, the runtime gives the parent signs of life;
	 * but a callback that lasts longer than cstorm.call.timeout.secs (600; 0: no bound) is
	 * taken to hang, and the process ends with a report that says where.
	 *
	 * @param tuple  borrowed, valid until the call returns (see storm_tuple_keep)
	 * @return 0: the tuple is acked; a negative errno: it is failed, with the error logged
	 */
	int (*process)(struct storm_task *task, const struct storm_tuple *tuple);

	/** Batching bolts: process the tuples of a batch (see batch.h). */
	int (*process_batch)(struct storm_task *task, const struct storm_batch *batch);

	/**
	 * Batching bolts: the group of a tuple. Only tuples with equal keys come into the same batch.
	 *
	 * @param key  is copied; any bytes
	 * @return 0, or a negative errno: the tuple is failed
	 */
	int (*group_key)(
		struct storm_task *task, const struct storm_tuple *tuple, struct storm_string *key);

	/* Batching bolts: when a batch is complete. */
	struct storm_batching batching;

	/**
	 * A tick: comes every topology.tick.tuple.freq.secs, where that is set. A negative result is
	 * logged.
	 */
	int (*tick)(struct storm_task *task);

	/**
	 * The end: no tuple comes any more. In `cstorm run` what is emitted here still flows to the
	 * components downstream, which close later; a Storm cluster just ends the process. A negative
	 * result is reported and becomes the exit status 1.
	 */
	int (*close)(struct storm_task *task);
};

/**
 * One of several classes that a component can be of. The setting `use` of the component names it;
 * where it is not set, it is the first one. So a topology can read lines at a desk, and a message
 * queue in production.
 */
struct storm_choice {
	const char *name;
	const struct storm_spout_class *spout_class; /* of a spout */
	const struct storm_bolt_class *bolt_class; /* of a bolt */
};

#define STORM_CHOICES(...) ((const struct storm_choice[]){ __VA_ARGS__, { .name = NULL } })

/* Topologies */

/** How the tuples of a stream are shared out among the tasks of a bolt (Storm's groupings). */
enum storm_grouping {
	STORM_GROUPING_NONE, /* as shuffle: the bolt does not care */
	STORM_GROUPING_SHUFFLE, /* evenly */
	STORM_GROUPING_LOCAL_OR_SHUFFLE, /* evenly, to tasks of the same worker where there are some */
	STORM_GROUPING_FIELDS, /* equal values of the named fields to the same task */
	STORM_GROUPING_ALL, /* a copy to every task */
	STORM_GROUPING_GLOBAL, /* all to the task with the lowest number */
	STORM_GROUPING_DIRECT, /* the emitter names the task */
	STORM_GROUPING_CUSTOM, /* a Java object chooses; in a Storm cluster only */
};

/** A Java object of a Storm cluster. `cstorm run`, which has no Java, refuses it. */
struct storm_java {
	const char *class_name; /* in full: "com.example.MyBolt" */
	const char *arguments; /* of the constructor, a JSON list; NULL: none */

	/* Groupings: or the object itself, in Java's serialization and base64. */
	const char *serialized;
};

/** One input of a bolt. */
struct storm_input {
	const char *component;
	const char *stream; /* NULL is "default" */
	enum storm_grouping grouping;
	const char *const *fields; /* for STORM_GROUPING_FIELDS */
	const struct storm_java *custom; /* for STORM_GROUPING_CUSTOM */
};

#define STORM_INPUTS(...) ((const struct storm_input[]){ __VA_ARGS__, { .component = NULL } })

/* An input from the default stream of a component. For another one, add the designator:
 * { .component = "split", .stream = "rejected", .grouping = STORM_GROUPING_SHUFFLE } */
#define STORM_INPUT(source, how, ...)                                 \
	{                                                             \
		.component = (source), .grouping = (how), __VA_ARGS__ \
	}
#define STORM_SHUFFLE(source) STORM_INPUT(source, STORM_GROUPING_SHUFFLE, )
#define STORM_LOCAL_OR_SHUFFLE(source) STORM_INPUT(source, STORM_GROUPING_LOCAL_OR_SHUFFLE, )
#define STORM_ALL(source) STORM_INPUT(source, STORM_GROUPING_ALL, )
#define STORM_GLOBAL(source) STORM_INPUT(source, STORM_GROUPING_GLOBAL, )
#define STORM_DIRECT(source) STORM_INPUT(source, STORM_GROUPING_DIRECT, )
#define STORM_NONE(source) STORM_INPUT(source, STORM_GROUPING_NONE, )
#define STORM_CUSTOM(source, java_class, constructor_arguments) \
	STORM_INPUT(source, STORM_GROUPING_CUSTOM,              \
		.custom = &(const struct storm_java){ (java_class), (constructor_arguments) })
#define STORM_CUSTOM_SERIALIZED(source, base64)    \
	STORM_INPUT(source, STORM_GROUPING_CUSTOM, \
		.custom = &(const struct storm_java){ .serialized = (base64) })
#define STORM_BY_FIELDS(source, ...) \
	STORM_INPUT(source, STORM_GROUPING_FIELDS, .fields = STORM_NAMES(__VA_ARGS__))

/** A key of the configuration, with its value as JSON; what is not JSON is taken as a string. */
struct storm_config_entry {
	const char *key;
	const char *value;
};

#define STORM_CONFIG(...) ((const struct storm_config_entry[]){ __VA_ARGS__, { .key = NULL } })

/**
 * What is different in one environment, such as "production": chosen by --environment of the cstorm
 * commands. What is left out is as without.
 */
struct storm_environment {
	const char *name;
	int parallelism; /* of a component */
	int tasks; /* of a component */
	const struct storm_config_entry *config; /* over the one that is there */
};

#define STORM_ENVIRONMENTS(...) \
	((const struct storm_environment[]){ __VA_ARGS__, { .name = NULL } })

/** A component that is not a class of this program. Build it with STORM_SHELL() or STORM_JAVA(). */
struct storm_foreign {
	const char *const *command; /* the words that start it, NULL after the last */
	struct storm_java java; /* or: a Java class */
	const struct storm_stream *outputs; /* NULL: it emits nothing */
};

/**
 * A multi-lang component in any language, by the words of its command:
 * STORM_SHELL(STORM_FIELDS("word"), "python3", "split.py")
 */
#define STORM_SHELL(shell_outputs, ...) \
	(&(const struct storm_foreign){ \
		.command = STORM_NAMES(__VA_ARGS__), .outputs = (shell_outputs) })

/** A spout or bolt in Java: STORM_JAVA(STORM_FIELDS("word"), "com.example.Split", "[5, true]") */
#define STORM_JAVA(java_outputs, name, constructor_arguments) \
	(&(const struct storm_foreign){                       \
		.java = { (name), (constructor_arguments) }, .outputs = (java_outputs) })

/** A spout in a topology: of a class, or of one of several, or foreign. */
struct storm_spout {
	const char *name;
	const struct storm_spout_class *spout_class;
	const struct storm_choice *choices;
	const struct storm_foreign *foreign;
	int parallelism; /* executors: the threads of a cluster that its tasks share; 0 is 1 */
	int tasks; /* processes; 0: as parallelism */
	const struct storm_stream
		*outputs; /* its fields as this topology names them; NULL: as the class */
	const struct storm_environment *environments; /* may be NULL */
	const struct storm_config_entry *config; /* for this component alone; may be NULL */
	const struct storm_config_entry *env; /* variables of its process, as text; may be NULL */
};

/** A bolt in a topology: of a class, or of one of several, or foreign. */
struct storm_bolt {
	const char *name;
	const struct storm_bolt_class *bolt_class;
	const struct storm_choice *choices;
	const struct storm_foreign *foreign;
	int parallelism; /* executors: the threads of a cluster that its tasks share; 0 is 1 */
	int tasks; /* processes; 0: as parallelism */
	const struct storm_input *inputs;
	const struct storm_environment *environments; /* may be NULL */
	const struct storm_config_entry *config; /* for this component alone; may be NULL */
	const struct storm_config_entry *env; /* variables of its process, as text; may be NULL */
};

#define STORM_SPOUTS(...) ((const struct storm_spout[]){ __VA_ARGS__, { .name = NULL } })
#define STORM_BOLTS(...) ((const struct storm_bolt[]){ __VA_ARGS__, { .name = NULL } })

/** A topology. */
struct storm_topology {
	const char *name;
	const char *summary; /* one line, for --help */
	const struct storm_spout *spouts;
	const struct storm_bolt *bolts;
	const struct storm_environment *environments; /* their config alone counts; may be NULL */
	const struct storm_config_entry *config; /* may be NULL */
};

/**
 * The main function of a topology's program.
 *
 * With no argument it is a component: it reads the multi-lang handshake on the standard input and
 * becomes the one that the handshake names, until the input ends. With --component NAME it becomes
 * that one, whatever name it has in the topology that the handshake is of. --describe prints the
 * topology as JSON, --help says how to run it.
 *
 * @return the exit status: 0; 1 on failure; 2 on wrong usage
 */
STORM_API int storm_main(const struct storm_topology *topology, int argc, char **argv);

#endif
