/* Finds what was probably meant by a misspelled name. */
#include "base/nearest.h"

#include <string.h>

#define LONGEST 64

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* How many insertions, deletions and replacements lie between two words (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	size_t row[LONGEST + 1];
	size_t length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t above = row[j];

			row[j] =
				least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[length];
}

const char *nearest_name(const char *word, const char *const *names, size_t count)
{
	size_t length = strlen(word);
	size_t limit = length / 3 + 1;
	const char *best = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(names[i]);
		size_t away;

		/* They are as far away as one is longer, at least: words may be very long. */
		if (other == 0 || other > LONGEST ||
			(length > other ? length - other : other - length) > limit)
			continue;
		away = distance(word, names[i]);
		if (away <= limit) {
			limit = away - (away > 0);
			best = names[i];
		}
	}
	return best;
}
