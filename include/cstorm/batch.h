/*
 * Batching bolts: tuples are collected, and processed many at a time.
 *
 * A bolt class with process_batch() in place of process() is one. Its tuples are kept until their
 * batch is complete: when it has as many as it may have, or when its time has come, by ticks of the
 * topology or by a clock of its own that needs none.
 *
 * What process_batch() emits is anchored to all tuples of the batch. Its result settles them: 0 acks
 * the whole batch, a negative errno fails it. A single tuple may be settled apart, with storm_fail()
 * or storm_ack() in process_batch(); the result is then for the others.
 */
#ifndef CSTORM_BATCH_H
#define CSTORM_BATCH_H

#include <cstorm/tuple.h>

/** When a batch is complete. With neither seconds nor ticks: after one second, too. */
struct storm_batching {
	size_t size; /* so many tuples; 0: no bound */
	double seconds; /* so long after its first tuple; 0: not by time */
	unsigned int ticks; /* so many ticks after its first tuple; 0: not by ticks */
};

/** A batch: tuples in the order in which they came. */
struct storm_batch {
	struct storm_string key; /* of its group; empty where the class does not group */
	const struct storm_tuple *const *tuples;
	size_t count;
};

#endif
