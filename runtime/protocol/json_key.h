/* A key that is looked for as it most often stands in a text, with its quotes and its colon: by one look at sixteen bytes. */
#ifndef PROTOCOL_JSON_KEY_H
#define PROTOCOL_JSON_KEY_H

#include <stdbool.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define JSON_KEY_ROOM 16

struct json_key {
	char text[JSON_KEY_ROOM + 1];
	unsigned char length;
};

#define JSON_KEY(name)                                             \
	{                                                          \
		"\"" name "\":", (unsigned char)(sizeof(name) + 2) \
	}

static inline bool json_key_equals(const char *at, const struct json_key *key)
{
	return memcmp(at, key->text, key->length) == 0;
}

/* Whether it stands at `at`. False also where fewer than sixteen bytes are left: who then scans finds it. */
static inline bool json_key_is_at(const char *at, const char *end, const struct json_key *key)
{
	if (end - at < JSON_KEY_ROOM)
		return false;
#ifdef __SSE2__
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i wanted = _mm_loadu_si128((const __m128i *)(const void *)key->text);
	unsigned int equal = (unsigned int)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted));

	return (equal | ~0u << key->length) == ~0u;
#else
	return json_key_equals(at, key);
#endif
}

#endif
