/*
 * Tests of components: a spout or bolt in the test's own process, with the test as its parent.
 *
 * The test hands it tuples, ticks and commands, and looks at what it emitted, acked, failed and
 * logged. Everything between is the runtime that a topology has; only the parent's end of the wire is
 * the test's. It goes with any test framework, and with none:
 *
 *   struct storm_test *test = storm_test_bolt(&split, STORM_FIELDS("line"), NULL);
 *
 *   storm_test_process(test, storm_text("to be"));
 *   assert(strcmp(storm_test_said(test), "emit [\"to\"] anchors 1\n"
 *                                        "emit [\"be\"] anchors 1\n"
 *                                        "ack 1\n") == 0);
 *   storm_test_free(test);
 *
 * `cstorm test` does the same from a file, for components in any language.
 */
#ifndef CSTORM_TESTING_H
#define CSTORM_TESTING_H

#include <cstorm/topology.h>

struct storm_test;

/**
 * Start a bolt by itself. In the topology of the test its name is "bolt", which its settings begin
 * with, and its input is a component of the name "source".
 *
 * @param input   the streams that it receives: STORM_FIELDS("line"), or STORM_OUTPUTS(...)
 * @param config  the configuration, a JSON object: "{\"bolt.output\": \"/tmp/out\"}"; NULL: none
 * @return the test: storm_test_free() it; NULL: out of memory. A component that cannot start has
 *         ended (see storm_test_ended), and has said why.
 */
STORM_API STORM_MUST_CHECK struct storm_test *storm_test_bolt(
	const struct storm_bolt_class *bolt, const struct storm_stream *input, const char *config);

/** Start a spout by itself; its name is "spout". As storm_test_bolt(). */
STORM_API STORM_MUST_CHECK struct storm_test *storm_test_spout(
	const struct storm_spout_class *spout, const char *config);

/**
 * Start the first task of a component of a topology, with the topology's configuration and with
 * `config` over it. As storm_test_bolt().
 */
STORM_API STORM_MUST_CHECK struct storm_test *storm_test_component(
	const struct storm_topology *topology, const char *component, const char *config);

/** Close the component if that is still due, and free everything. NULL is allowed. */
STORM_API void storm_test_free(struct storm_test *test);

/*
 * What the parent says. The component has handled it when the call returns; its watchers may have
 * more to do (see storm_test_wait). All of them return a negative errno with the reason in
 * storm_test_error(): -ESHUTDOWN where the component has ended, -EINVAL for a bolt's where it is a spout,
 * or the reverse.
 */

/** A tuple for a bolt. What is left out is taken from its inputs, where only one is possible. */
struct storm_test_tuple {
	const char *component; /* that emits it; NULL: the bolt's only one */
	const char *stream; /* NULL: "default", or the only one */
	const struct storm_value *values;
	size_t count;
};

/**
 * Hand a bolt a tuple.
 *
 * @return its id: the first is 1, the next 2; or -ENOENT: it has no such input; -EINVAL: the stream
 *         has another number of fields; -EILSEQ, -EDOM, -EBADMSG: a value that cannot be sent (as
 *         storm_emit_full)
 */
STORM_API int storm_test_receive(struct storm_test *test, const struct storm_test_tuple *tuple);

/** The same: storm_test_process(test, storm_text("word"), storm_integer(1)) */
#define storm_test_process(test, ...) \
	storm_test_receive((test), &(const struct storm_test_tuple){ STORM_VALUES(__VA_ARGS__) })

/** The same, from one of several inputs. */
#define storm_test_process_from(test, from_component, from_stream, ...)          \
	storm_test_receive((test),                                               \
		&(const struct storm_test_tuple){ .component = (from_component), \
			.stream = (from_stream),                                 \
			STORM_VALUES(__VA_ARGS__) })

/** A tick. */
STORM_API int storm_test_tick(struct storm_test *test);

/** Ask a spout for tuples. Returns 0; or STORM_FINISHED: it has no more, now and ever after. */
STORM_API int storm_test_next(struct storm_test *test);

/**
 * Ack or fail a tuple of a spout, by the id that it emitted it with. The tuples of a reliable spout
 * have "1" for the first, then "2".
 */
STORM_API int storm_test_ack(struct storm_test *test, const char *id);
STORM_API int storm_test_fail(struct storm_test *test, const char *id);

STORM_API int storm_test_activate(struct storm_test *test);
STORM_API int storm_test_deactivate(struct storm_test *test);

/**
 * Let the component's watchers and timers run until it says something.
 *
 * @return 0, or -ETIMEDOUT: it has said nothing for so many seconds
 */
STORM_API int storm_test_wait(struct storm_test *test, double seconds);

/**
 * Which tasks receive what it emits from now on, for components that ask (see
 * storm_emit_and_get_tasks). Without it, that is one task of the number 1000.
 *
 * @param ids  copied
 */
STORM_API int storm_test_set_receivers(struct storm_test *test, const int *ids, size_t count);

/**
 * End the component's input, as a local run does at its end: batches are completed, tuples that it
 * has kept are waited for, close() is called.
 *
 * @return the exit status that the component's process would have, 0 or 1; or -ETIMEDOUT: ten
 *         seconds later it still keeps tuples that it has not settled
 */
STORM_API int storm_test_close(struct storm_test *test);

/**
 * Everything that it has said since the start, or since storm_test_forget(): a line each, in order.
 *
 *   emit ["word",1] anchors 1,2      to the default stream, anchored to the tuples 1 and 2
 *   emit rare ["word"] task 7 id 12  to the stream "rare": directly to task 7; with a message id
 *   ack 1
 *   fail 1
 *   log warn: text
 *   error: text
 *   metric words 5
 *   finished                         a spout: it has no more
 *
 * @return borrowed, valid until the next call
 */
STORM_API const char *storm_test_said(struct storm_test *test);

/**
 * The tuples that it emitted to a stream (NULL: "default"), as a JSON list of lists of values:
 * [["to"],["be"]]. Borrowed, valid until the next call.
 */
STORM_API const char *storm_test_emitted(struct storm_test *test, const char *stream);

/**
 * The messages themselves, as the protocol has them: a jansson list of objects. Borrowed, valid until
 * the component says more.
 */
STORM_API const struct json_t *storm_test_messages(const struct storm_test *test);

/** Forget what it has said. Numbers and outcomes of tuples stay. */
STORM_API void storm_test_forget(struct storm_test *test);

/** What has become of a tuple. */
enum storm_test_outcome {
	STORM_TEST_PENDING,
	STORM_TEST_ACKED,
	STORM_TEST_FAILED,
};

STORM_API enum storm_test_outcome storm_test_outcome(const struct storm_test *test, int id);

/** Whether the component has ended: by an error, or because storm_test_close() was called. */
STORM_API bool storm_test_ended(const struct storm_test *test);

/** Why the last call failed. Borrowed, valid until the next call; "" if it has not. */
STORM_API const char *storm_test_error(struct storm_test *test);

/** The task itself: for storm_state() and the like. Borrowed. */
STORM_API struct storm_task *storm_test_task(struct storm_test *test);

#endif
