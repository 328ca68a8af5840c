/* UTF-8: the parts that are not on every path. */
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Whether some valid sequence starts with these bytes. */
static bool starts_a_sequence(const char *at, size_t length)
{
	static const unsigned char lowest[] = { 0x80, 0xA0, 0x90 };
	char candidate[4];

	/* The second byte decides; complete the rest with continuation bytes. */
	for (size_t missing = 1; missing <= 3 && length + missing <= 4; missing++) {
		memcpy(candidate, at, length);
		for (size_t first = 0; first < sizeof(lowest); first++) {
			memset(candidate + length, 0x80, missing);
			candidate[length] = (char)lowest[first];
			if (utf8_sequence(candidate, candidate + length + missing) ==
				length + missing)
				return true;
		}
	}
	return false;
}

size_t utf8_invalid_length(const char *at, const char *end)
{
	size_t length = 1;

	while (length < 3 && at + length < end && starts_a_sequence(at, length + 1))
		length++;
	return length;
}

static bool is_ascii(const char *at)
{
	uint64_t word;

	memcpy(&word, at, 8);
	return (word & 0x8080808080808080) == 0;
}

/* The first byte that is no ASCII. What is left of words is looked at once more with bytes before it. */
static const char *skip_ascii(const char *start, const char *end)
{
	const char *at = start;

#ifdef __SSE2__
	for (; end - at >= 16; at += 16) {
		if (_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)at)) != 0)
			break;
	}
#endif
	while (end - at >= 8 && is_ascii(at))
		at += 8;
	if (end - at < 8 && end - start >= 8 && is_ascii(end - 8))
		return end;
	while (at < end && (signed char)*at >= 0)
		at++;
	return at;
}

const char *utf8_first_invalid(const char *at, const char *end)
{
	while ((at = skip_ascii(at, end)) < end) {
		size_t length = utf8_sequence(at, end);

		if (length == 0)
			return at;
		at += length;
	}
	return end;
}

size_t utf8_write(uint32_t code_point, char *out)
{
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (char)(0xC0 | code_point >> 6);
		out[1] = (char)(0x80 | (code_point & 0x3F));
		return 2;
	}
	if (code_point < 0x10000) {
		out[0] = (char)(0xE0 | code_point >> 12);
		out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code_point & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code_point >> 18);
	out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code_point & 0x3F));
	return 4;
}

uint32_t utf8_read(const char *at, size_t length)
{
	static const unsigned char first_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	uint32_t code_point = (unsigned char)at[0] & first_bits[length];

	for (size_t i = 1; i < length; i++)
		code_point = code_point << 6 | ((unsigned char)at[i] & 0x3F);
	return code_point;
}
