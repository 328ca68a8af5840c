/*
 * Skips the bytes of a string in JSON that stand for themselves: printable ASCII other than the quote and the backslash. There is one
 * for any machine and one for those with SSE2, which all of x86-64 have; they find the same, and tests/unit/plain.c compares
 * them.
 */
#ifndef PROTOCOL_PLAIN_H
#define PROTOCOL_PLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline int plain_is(char c)
{
	return (signed char)c >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
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
	const uint64_t last = UINT64_C(0x7F7F7F7F7F7F7F7F);

	while (end - at >= 8) {
		uint64_t word;
		uint64_t quote;
		uint64_t backslash;
		uint64_t delete;
		uint64_t marks;

		memcpy(&word, at, 8);
		quote = word ^ ones * '"';
		backslash = word ^ ones * '\\';
		delete = word ^ last;
		marks = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
			((delete - ones) & ~delete) | ((word - ones * 0x20) & ~word) | word;
		marks &= tops;
		if (marks != 0)
			return at + __builtin_ctzll(marks) / 8;
		at += 8;
	}
#endif
	return plain_skip_bytes(at, end);
}

#ifdef __SSE2__
/* Of sixteen bytes, a bit for each that is not plain. Signed, bytes that are no ASCII are below the space, too. */
static inline unsigned int plain_marks_sse2(const char *at)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i marks = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
					     _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F))),
		_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
			_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));

	return (unsigned int)_mm_movemask_epi8(marks);
}

static inline const char *plain_skip_sse2(const char *at, const char *end)
{
	for (; end - at >= 16; at += 16) {
		unsigned int marks = plain_marks_sse2(at);

		if (marks != 0)
			return at + __builtin_ctz(marks);
	}
	return plain_skip_words(at, end);
}
#endif

/* The first byte of the next sixteen that is not plain; NULL: look further, there is none, or there are no sixteen. */
static inline const char *plain_end_near(const char *at, const char *end)
{
#ifdef __SSE2__
	unsigned int marks = end - at >= 16 ? plain_marks_sse2(at) : 0;

	return marks != 0 ? at + __builtin_ctz(marks) : NULL;
#else
	(void)at;
	(void)end;
	return NULL;
#endif
}

static inline const char *plain_skip(const char *at, const char *end)
{
#ifdef __SSE2__
	return plain_skip_sse2(at, end);
#else
	return plain_skip_words(at, end);
#endif
}

/* Behind a backslash, a letter that is the whole escape. */
static inline int plain_is_letter(char c)
{
	return c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' ||
		c == 't';
}

/* The same, and escapes of one letter, which `escaped` is set for: Storm escapes every slash, and texts have quotes. */
static inline const char *plain_skip_escapes_bytes(const char *at, const char *end, bool *escaped)
{
	for (;;) {
		at = plain_skip(at, end);
		if (end - at < 2 || at[0] != '\\' || !plain_is_letter(at[1]))
			return at;
		*escaped = true;
		at += 2;
	}
}

#ifdef __SSE2__
/* All the escapes of sixteen bytes by what was found out about them at once; the letter of the last one is behind them. */
static inline const char *plain_skip_escapes_sse2(const char *at, const char *end, bool *escaped)
{
	while (end - at >= 17) {
		unsigned int marks = plain_marks_sse2(at);
		unsigned int next = 16;

		while (marks != 0) {
			unsigned int i = (unsigned int)__builtin_ctz(marks);

			if (at[i] != '\\' || !plain_is_letter(at[i + 1]))
				return at + i;
			*escaped = true;
			next = i < 15 ? 16 : 17;
			marks &= ~3u << i;
		}
		at += next;
	}
	return plain_skip_escapes_bytes(at, end, escaped);
}
#endif

static inline const char *plain_skip_escapes(const char *at, const char *end, bool *escaped)
{
#ifdef __SSE2__
	return plain_skip_escapes_sse2(at, end, escaped);
#else
	return plain_skip_escapes_bytes(at, end, escaped);
#endif
}

#endif
