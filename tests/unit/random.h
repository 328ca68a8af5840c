/* Random numbers that are the same in every run. */
#ifndef UNIT_RANDOM_H
#define UNIT_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any seed will do, and neighbouring ones give sequences that have nothing in common. */
struct random {
	uint64_t state;
};

/* SplitMix64. */
static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* A number from 0 to one less than the bound. */
static inline size_t random_below(struct random *random, size_t bound)
{
	return (size_t)(random_next(random) % bound);
}

/* True once in so many times. */
static inline bool random_once_in(struct random *random, size_t times)
{
	return random_below(random, times) == 0;
}

#define RANDOM_OF(random, array) \
	((array)[random_below((random), sizeof(array) / sizeof((array)[0]))])

#endif
