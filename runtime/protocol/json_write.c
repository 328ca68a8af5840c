/* Writes JSON into a buffer. */
#include "protocol/json_write.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "protocol/json_scan.h"
#include "protocol/plain.h"

/* For ASCII: the letter of a short escape, 'u' for \u00XX, 0 where the byte stands for itself. */
static const char escapes[128] = {
	[0 ... '\b' - 1] = 'u',
	['\b'] = 'b',
	['\t'] = 't',
	['\n'] = 'n',
	['\v'] = 'u',
	['\f'] = 'f',
	['\r'] = 'r',
	['\r' + 1 ... 0x1F] = 'u',
	['"'] = '"',
	['\\'] = '\\',
	[0x7F] = 'u', /* Storm's parser drops it in a string with another escape */
};

static void write_escape(struct buffer *buffer, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char escape[6] = { '\\', escapes[c], '0', '0', digits[c >> 4], digits[c & 0xF] };

	buffer_append(buffer, escape, escape[1] == 'u' ? 6 : 2);
}

/* The bytes from `at` on that can be copied as they are. */
static size_t plain_length(const char *at, const char *end)
{
	const char *start = at;

	while ((at = plain_skip(at, end)) < end) {
		size_t length = (unsigned char)*at < 0x80 ? 0 : utf8_sequence(at, end);

		if (length == 0)
			break;
		at += length;
	}
	return (size_t)(at - start);
}

static int write_string(struct buffer *buffer, struct span contents, bool lossy)
{
	const char *at = contents.data;
	const char *end = at + contents.length;
	size_t before = buffer->length;

	buffer_append_literal(buffer, "\"");
	while (at < end) {
		size_t plain = plain_length(at, end);

		buffer_append(buffer, at, plain);
		at += plain;
		if (at == end)
			break;
		if ((unsigned char)*at < 0x80) {
			write_escape(buffer, (unsigned char)*at++);
		} else if (lossy) {
			buffer_append_literal(buffer, UTF8_REPLACEMENT);
			at += utf8_invalid_length(at, end);
		} else {
			buffer->length = before;
			return -EILSEQ;
		}
	}
	buffer_append_literal(buffer, "\"");
	return 0;
}

int json_write_string(struct buffer *buffer, struct span contents)
{
	return write_string(buffer, contents, false);
}

void json_write_string_lossy(struct buffer *buffer, struct span contents)
{
	write_string(buffer, contents, true);
}

int json_write_double(struct buffer *buffer, double number)
{
	char text[40];
	bool whole = true;
	int length = 0;

	if (!isfinite(number))
		return -EDOM;
	/* The shortest of these that reads back the same. */
	for (int digits = 15; digits <= 17; digits++) {
		length = snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	/* Whatever the program's locale has for a decimal point, JSON has a dot. */
	for (int i = 0; i < length; i++) {
		if (text[i] == 'e') {
			whole = false;
		} else if (!strchr("+-0123456789", text[i])) {
			int extra = (int)strcspn(text + i, "0123456789") - 1;

			text[i] = '.';
			memmove(text + i + 1, text + i + 1 + extra, (size_t)(length - i - extra));
			length -= extra;
			whole = false;
		}
	}
	buffer_append(buffer, text, (size_t)length);
	if (whole)
		buffer_append_literal(buffer, ".0");
	return 0;
}

static int write_json(struct buffer *buffer, struct span text)
{
	struct json_scanner scanner = json_scanner(text);
	struct encoded value;
	int err = json_scan_document(&scanner, &value);

	if (err < 0)
		return err;
	buffer_append_span(buffer, value.text);
	return 0;
}

int json_write_value(struct buffer *buffer, const struct storm_value *value)
{
	switch (value->type) {
	case STORM_NULL:
		buffer_append_literal(buffer, "null");
		return 0;
	case STORM_BOOLEAN:
		if (value->boolean)
			buffer_append_literal(buffer, "true");
		else
			buffer_append_literal(buffer, "false");
		return 0;
	case STORM_INTEGER:
		buffer_append_integer(buffer, value->integer);
		return 0;
	case STORM_DOUBLE:
		return json_write_double(buffer, value->number);
	case STORM_STRING:
		return json_write_string(
			buffer, (struct span){ value->string.data, value->string.length });
	case STORM_BINARY:
		buffer_append_literal(buffer, "\"");
		base64_append(buffer, (struct span){ value->string.data, value->string.length });
		buffer_append_literal(buffer, "\"");
		return 0;
	case STORM_JSON:
		return write_json(
			buffer, (struct span){ value->string.data, value->string.length });
	case STORM_VERBATIM:
		buffer_append(buffer, value->string.data, value->string.length);
		return 0;
	case STORM_TREE:
	case STORM_ARRAY:
	case STORM_OBJECT:
		break;
	}
	return -EINVAL;
}
