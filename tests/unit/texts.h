/* Texts of one plain byte, and others among it: for what skips several at a time. */
#ifndef UNIT_TEXTS_H
#define UNIT_TEXTS_H

#include <string.h>

#include "random.h"

#define TEXT_SIZE 100

typedef void text_check(const char *at, const char *end);

/* Every byte at every place of texts up to 40 bytes long. */
static inline void check_every_byte_at_every_place(text_check *check, char plain)
{
	char text[TEXT_SIZE];

	memset(text, plain, sizeof(text));
	for (size_t length = 0; length <= 40; length++) {
		for (size_t place = 0; place < length; place++) {
			for (int byte = 0; byte < 256; byte++) {
				text[place] = (char)byte;
				check(text, text + length);
			}
			text[place] = plain;
		}
		check(text, text + length);
	}
}

static inline void check_anything(text_check *check, char plain)
{
	struct random random = { 1 };

	for (int round = 0; round < 100000; round++) {
		char text[TEXT_SIZE];
		size_t length = random_below(&random, sizeof(text));

		for (size_t i = 0; i < length; i++)
			text[i] = random_once_in(&random, 8) ? (char)random_next(&random) : plain;
		check(text, text + length);
	}
}

#endif
