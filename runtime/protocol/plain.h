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
/* Of sixteen bytes, a bit for each that is not plain. With one added, and signed, all but quotes and backslashes are below '!'. */
static inline unsigned int plain_marks_sse2(const char *at)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i marks = _mm_or_si128(
		_mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(1)), _mm_set1_epi8('!')),
		_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
			_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));

	return (unsigned int)_mm_movemask_epi8(marks);
}

static inline const char *plain_skip_sse2(const char *at, const char *end)
{
	for (; end - at >= 16; at += 16) {
		unsigned int marks = plain_marks_sse2(at);

		if (marks != 0)
			return at + (unsigned int)__builtin_ctz(marks);
	}
	return plain_skip_words(at, end);
}
#endif

/* The first byte of the next sixteen that is not plain; NULL: look further, there is none, or there are no sixteen. */
static inline const char *plain_end_near(const char *at, const char *end)
{
#ifdef __SSE2__
	unsigned int marks = end - at >= 16 ? plain_marks_sse2(at) : 0;

	return marks != 0 ? at + (unsigned int)__builtin_ctz(marks) : NULL;
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
/* Of sixteen bytes, a bit for each that is the letter of an escape of one letter. */
static inline unsigned int plain_letters_sse2(const char *at)
{
	static const char letters[] = "\"\\/bfnrt";
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i found = _mm_setzero_si128();

	for (size_t i = 0; i < sizeof(letters) - 1; i++)
		found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(letters[i])));
	return (unsigned int)_mm_movemask_epi8(found);
}

/* Which bytes are behind a backslash that begins an escape; bit 0 of `first` is it of the first one. In a row, every second one. */
static inline unsigned int plain_behind(unsigned int backslashes, unsigned int first)
{
	unsigned int behind = backslashes << 1 | first;

	if ((backslashes & behind) == 0)
		return behind;
	behind = first;
	for (unsigned int left = backslashes & ~first; left != 0;) {
		unsigned int next = (left & -left) << 1;

		behind |= next;
		left &= ~(next | next >> 1);
	}
	return behind;
}

/*
 * Sixteen bytes by what is found out about all of them at once, so that they need not wait for those before, except for whether
 * the last of those was a backslash. Where it ends is counted from the byte before them, which that backslash may be.
 */
static inline const char *plain_skip_escapes_sse2(const char *at, const char *end, bool *escaped)
{
	unsigned int behind = 0;

	for (; end - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		unsigned int marks = plain_marks_sse2(at);
		unsigned int backslashes =
			(unsigned int)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
		unsigned int letters;
		unsigned int ends;

		if ((marks | behind) == 0)
			continue;
		behind = plain_behind(backslashes, behind);
		letters = plain_letters_sse2(at) & behind;
		ends = (marks & ~backslashes & ~behind) << 1 | (behind & ~letters & 0xFFFF);
		if (ends != 0) {
			*escaped |= (letters << 1 & ((ends & -ends) - 1)) != 0;
			return at + (unsigned int)__builtin_ctz(ends) - 1;
		}
		*escaped |= letters != 0;
		behind >>= 16;
	}
	return plain_skip_escapes_bytes(at - behind, end, escaped);
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
