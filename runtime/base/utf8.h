/* UTF-8 as RFC 3629 defines it: shortest forms only, no surrogates, up to U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the valid sequence at `at` (before `end`), 1 to 4; 0 where it is not valid. */
static inline size_t utf8_sequence(const char *at, const char *end)
{
	const unsigned char *byte = (const unsigned char *)at;
	size_t left = (size_t)(end - at);

	if (byte[0] < 0x80)
		return 1;
	if (byte[0] < 0xC2)
		return 0;
	if (byte[0] < 0xE0)
		return left >= 2 && (byte[1] & 0xC0) == 0x80 ? 2 : 0;
	if (byte[0] < 0xF0) {
		if (left < 3 || (byte[1] & 0xC0) != 0x80 || (byte[2] & 0xC0) != 0x80)
			return 0;
		if ((byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xED && byte[1] > 0x9F))
			return 0;
		return 3;
	}
	if (byte[0] > 0xF4 || left < 4)
		return 0;
	if ((byte[1] & 0xC0) != 0x80 || (byte[2] & 0xC0) != 0x80 || (byte[3] & 0xC0) != 0x80)
		return 0;
	if ((byte[0] == 0xF0 && byte[1] < 0x90) || (byte[0] == 0xF4 && byte[1] > 0x8F))
		return 0;
	return 4;
}

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/*
 * The length of what one U+FFFD replaces at `at`, where no valid sequence starts: the longest
 * beginning of a valid one, else one byte (The Unicode Standard, 3.9, "maximal subpart").
 */
size_t utf8_invalid_length(const char *at, const char *end);

/* The first byte that does not belong to a valid sequence; `end` where all is valid. */
const char *utf8_first_invalid(const char *at, const char *end);

/* Write a code point at `out` (room for 4 bytes), return its length. */
size_t utf8_write(uint32_t code_point, char *out);

/* The code point of the valid sequence at `at`, whose length is given. */
uint32_t utf8_read(const char *at, size_t length);

#endif
