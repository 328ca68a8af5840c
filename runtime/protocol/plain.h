/*
 * Skips the bytes of a string in JSON that need no look: printable ASCII other than the quote and the backslash. There is one
 * for any machine and one for those with SSE2, which all of x86-64 have; they find the same, and tests/unit/plain.c compares
 * them.
 */
#ifndef PROTOCOL_PLAIN_H
#define PROTOCOL_PLAIN_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline int plain_is(char c)
{
	return (signed char)c >= 0x20 && c != '"' && c != '\\';
}

/* One by one: what is left of a string, and machines whose words end with their lowest byte. */
static inline const char *plain_skip_bytes(const char *at, const char *end)
{
	while (at < end && plain_is(*at))
		at++;
	return at;
}

/*
 * Eight at a time. In `marks`, the lowest bit that is set is exact; those above it may be the doing of a borrow, so only the
 * lowest counts.
 */
static inline const char *plain_skip_words(const char *at, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t tops = UINT64_C(0x8080808080808080);

	while (end - at >= 8) {
		uint64_t word;
		uint64_t quote;
		uint64_t backslash;
		uint64_t marks;

		memcpy(&word, at, 8);
		quote = word ^ ones * '"';
		backslash = word ^ ones * '\\';
		marks = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
			((word - ones * 0x20) & ~word) | word;
		marks &= tops;
		if (marks != 0)
			return at + __builtin_ctzll(marks) / 8;
		at += 8;
	}
#endif
	return plain_skip_bytes(at, end);
}

#ifdef __SSE2__
/* Sixteen at a time. Signed, bytes that are no ASCII are below the space, too. */
static inline const char *plain_skip_sse2(const char *at, const char *end)
{
	while (end - at >= 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)at);
		__m128i marks = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
			_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
				_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
		unsigned int mask = (unsigned int)_mm_movemask_epi8(marks);

		if (mask != 0)
			return at + __builtin_ctz(mask);
		at += 16;
	}
	return plain_skip_words(at, end);
}
#endif

static inline const char *plain_skip(const char *at, const char *end)
{
#ifdef __SSE2__
	return plain_skip_sse2(at, end);
#else
	return plain_skip_words(at, end);
#endif
}

#endif
