/* Skips decimal digits: by sixteen with SSE2, one by one elsewhere. tests/unit/digits.c compares the two. */
#ifndef PROTOCOL_DIGITS_H
#define PROTOCOL_DIGITS_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline const char *digits_skip_bytes(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

static inline const char *digits_skip(const char *at, const char *end)
{
#ifdef __SSE2__
	for (; end - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		/* Moved so that the digits are the least of signed bytes. */
		__m128i moved = _mm_sub_epi8(bytes, _mm_set1_epi8((char)('0' + 128)));
		int others = _mm_movemask_epi8(_mm_cmpgt_epi8(moved, _mm_set1_epi8(9 - 128)));

		if (others != 0)
			return at + __builtin_ctz((unsigned int)others);
	}
#endif
	return digits_skip_bytes(at, end);
}

#endif
