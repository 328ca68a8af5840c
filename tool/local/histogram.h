/*
 * How long things took: counts by duration, in steps of an eighth of the power of two that is in it, so
 * that a quantile is exact to 6 %. From a microsecond to twelve days.
 */
#ifndef LOCAL_HISTOGRAM_H
#define LOCAL_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 304

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
};

static inline size_t histogram_bucket(double seconds)
{
	uint64_t micros = seconds > 0 ? (uint64_t)(seconds * 1e6) : 0;
	unsigned int power;
	size_t bucket;

	if (micros < 8)
		return (size_t)micros;
	power = 63 - (unsigned int)__builtin_clzll(micros);
	bucket = (power - 2) * 8 + ((micros >> (power - 3)) & 7);
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static inline void histogram_add(struct histogram *histogram, double seconds)
{
	histogram->counts[histogram_bucket(seconds)]++;
}

/* Add the counts of another one. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The duration that this share (0 to 1) of all do not exceed, in seconds; 0 where there are none. */
double histogram_quantile(const struct histogram *histogram, double share);

#endif
