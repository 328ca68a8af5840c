/* Histograms of durations. */
#include <criterion/criterion.h>
#include <math.h>

#include "local/histogram.h"

Test(histogram, quantiles_are_near_what_was_added)
{
	for (double seconds = 1e-6; seconds < 1e5; seconds *= 1.01) {
		struct histogram histogram = { { 0 } };
		double found;

		histogram_add(&histogram, seconds);
		found = histogram_quantile(&histogram, 0.5);
		cr_assert(fabs(found - seconds) <= seconds * 0.0626 + 1e-6, "%g is %g", seconds,
			found);
	}
}

Test(histogram, shares)
{
	struct histogram histogram = { { 0 } };
	struct histogram other = { { 0 } };

	cr_expect_eq(histogram_quantile(&histogram, 0.5), 0);
	for (int i = 0; i < 98; i++)
		histogram_add(&histogram, 0.001);
	histogram_add(&other, 1);
	histogram_add(&other, 1);
	histogram_merge(&histogram, &other);
	cr_expect_float_eq(histogram_quantile(&histogram, 0.5), 0.001, 0.0001);
	cr_expect_float_eq(histogram_quantile(&histogram, 0.98), 0.001, 0.0001);
	cr_expect_float_eq(histogram_quantile(&histogram, 0.99), 1, 0.07);
}

Test(histogram, extremes)
{
	struct histogram histogram = { { 0 } };

	histogram_add(&histogram, 0);
	histogram_add(&histogram, -1);
	cr_expect_eq(histogram_quantile(&histogram, 1), 0);
	histogram_add(&histogram, 1e12);
	cr_expect(histogram_quantile(&histogram, 1) > 1e6);
}
