/* The spout of what is measured in whole topologies. */
#ifndef BENCH_SOURCE_H
#define BENCH_SOURCE_H

#include <cstorm.h>

/*
 * Emits the lines of a file, over and over, and writes down when they were acked. The configuration says all:
 *   bench.input    the file
 *   bench.count    how many tuples
 *   bench.at_once  how many are emitted by a call of next(): 32, if it is not set
 *   bench.report   where to write, as JSON, when all are acked: the times (seconds since 1970) of the first ack ("first"), of
 *                  that of the first quarter ("warm") and of the last one ("end"), how many were acked between the last two
 *                  ("measured"), how many failed ("failed"), and in microseconds the median of the times from emit to ack
 *                  ("p50") and what 1 % of them exceed ("p99")
 * java/Source.java and pystorm_source.py do the same.
 */
extern const struct storm_spout_class source_spout;

#endif
