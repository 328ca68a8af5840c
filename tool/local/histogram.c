/* Quantiles of durations. */
#include "local/histogram.h"

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->counts[i] += other->counts[i];
}

/* The middle of a bucket. */
static double seconds_of(size_t bucket)
{
	size_t power = bucket / 8 + 2;
	double width;

	if (bucket < 8)
		return (double)bucket / 1e6;
	width = (double)((uint64_t)1 << (power - 3));
	return ((double)(8 + bucket % 8) + 0.5) * width / 1e6;
}

double histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t total = 0;
	uint64_t below = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += histogram->counts[i];
	for (size_t i = 0; i < HISTOGRAM_BUCKETS && total > 0; i++) {
		below += histogram->counts[i];
		if ((double)below >= share * (double)total)
			return seconds_of(i);
	}
	return 0;
}
