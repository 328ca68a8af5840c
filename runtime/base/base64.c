/* Base64. */
#include "base/base64.h"

#include <errno.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_append(struct buffer *buffer, struct span bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.data;
	const unsigned char *end = at + bytes.length;

	if (buffer_reserve(buffer, (bytes.length + 2) / 3 * 4) < 0) {
		buffer->failed = true;
		return;
	}
	for (; at < end; at += 3) {
		size_t left = (size_t)(end - at);
		uint32_t bits = (uint32_t)at[0] << 16;
		char out[4];

		if (left > 1)
			bits |= (uint32_t)at[1] << 8;
		if (left > 2)
			bits |= at[2];
		out[0] = alphabet[bits >> 18];
		out[1] = alphabet[bits >> 12 & 0x3F];
		out[2] = left > 1 ? alphabet[bits >> 6 & 0x3F] : '=';
		out[3] = left > 2 ? alphabet[bits & 0x3F] : '=';
		buffer_append(buffer, out, 4);
		if (left < 3)
			break;
	}
}

/* The value of a digit, or -1. */
static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

int base64_decode(struct span text, char *out, size_t *length)
{
	size_t padding = 0;
	char *start = out;

	if (text.length % 4 != 0)
		return -EINVAL;
	while (padding < 2 && padding < text.length && text.data[text.length - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < text.length; i += 4) {
		size_t digits = i + 4 == text.length ? 4 - padding : 4;
		uint32_t bits = 0;

		for (size_t j = 0; j < 4; j++) {
			int value = j < digits ? digit(text.data[i + j]) : 0;

			if (value < 0)
				return -EINVAL;
			bits = bits << 6 | (uint32_t)value;
		}
		/* What the padding leaves over must be zero: one text for the same bytes. */
		if ((digits == 2 && (bits & 0xFFFF)) || (digits == 3 && (bits & 0xFF)))
			return -EINVAL;
		*out++ = (char)(bits >> 16);
		if (digits > 2)
			*out++ = (char)(bits >> 8);
		if (digits > 3)
			*out++ = (char)bits;
	}
	*length = (size_t)(out - start);
	return 0;
}
