#include <errno.h>
#include <math.h>
#include <string.h>

#include "fuzz.h"

#define DEPTH_LIMIT 20

char *fuzz_copy(const uint8_t *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	REQUIRE(copy);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

static void walk_string(const struct encoded *string)
{
	char *text = malloc(string->text.length + 1);
	size_t length = encoded_string(string, text);
	struct span plain = encoded_plain(string);

	REQUIRE(length <= string->text.length);
	REQUIRE(encoded_equals(string, (struct span){ text, length }));
	REQUIRE(!plain.data ||
		(plain.length == length && (length == 0 || memcmp(plain.data, text, length) == 0)));
	free(text);
}

static void walk_binary(const struct encoded *value)
{
	char *bytes = malloc(value->text.length + 1);
	size_t length = 0;
	int err = encoded_binary(value, bytes, &length);

	REQUIRE(err == 0 || err == -EINVAL);
	REQUIRE(err < 0 || length <= value->text.length);
	free(bytes);
}

static void walk_number(const struct encoded *number)
{
	int64_t integer = 0;
	double real = 0;
	int err = encoded_double(number, &real);

	REQUIRE(err == 0 || err == -ERANGE);
	REQUIRE(err < 0 || isfinite(real));
	if (number->type != STORM_INTEGER)
		return;
	err = encoded_integer(number, &integer);
	REQUIRE(err == 0 || err == -ERANGE);
	REQUIRE(err < 0 || fabs((double)integer - real) <= fabs(real) / 1e15);
}

/* Each level scans all that is in it again: deep ones would take the time of many inputs. */
static void walk(const struct encoded *value, int depth)
{
	struct encoded_list list = encoded_list(value);
	struct encoded element;

	switch (value->type) {
	case STORM_STRING:
		walk_string(value);
		break;
	case STORM_INTEGER:
	case STORM_DOUBLE:
		walk_number(value);
		break;
	case STORM_ARRAY:
		while (depth < DEPTH_LIMIT && encoded_list_next(&list, &element))
			walk(&element, depth + 1);
		break;
	default:
		break;
	}
	if (value->type == STORM_STRING || value->type == STORM_ARRAY ||
		value->type == STORM_BINARY)
		walk_binary(value);
}

void fuzz_walk(const struct encoded *value)
{
	REQUIRE(encoded_excerpt(value).text[0] != '\0');
	walk(value, 0);
}
