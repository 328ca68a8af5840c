/* Skips what most texts have nothing but: sixteen bytes at a time where the machine can (SSE2, which all of x86-64 has). */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Whether these bytes are ASCII, by one look at sixteen that are before `end`; false: there may be others, look further. */
static inline bool ascii_near(const char *at, size_t length, const char *end)
{
#ifdef __SSE2__
	if (length <= 16 && end - at >= 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);

		return ((unsigned int)_mm_movemask_epi8(bytes) & ((1u << length) - 1)) == 0;
	}
#else
	(void)at;
	(void)length;
	(void)end;
#endif
	return false;
}

/* The first control character, of which there are few in a text. */
static inline const char *control_skip(const char *at, const char *end)
{
#ifdef __SSE2__
	const __m128i last = _mm_set1_epi8(0x1F);

	for (; end - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		__m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last), bytes);
		unsigned int marks = (unsigned int)_mm_movemask_epi8(controls);

		if (marks != 0)
			return at + __builtin_ctz(marks);
	}
#endif
	while (at < end && (unsigned char)*at > 0x1F)
		at++;
	return at;
}

/* The first byte that is a control character, or no ASCII: signed, those are below the space, too. */
static inline const char *printable_skip(const char *at, const char *end)
{
#ifdef __SSE2__
	for (; end - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		__m128i others = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
		unsigned int marks = (unsigned int)_mm_movemask_epi8(others);

		if (marks != 0)
			return at + __builtin_ctz(marks);
	}
#endif
	while (at < end && (signed char)*at >= 0x20)
		at++;
	return at;
}

#endif
