/* Takes JSON text apart without building a tree. */
#include "protocol/json_scan.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "protocol/digits.h"
#include "protocol/plain.h"

int json_fail(struct json_scanner *scanner, const char *at, const char *what)
{
	scanner->error.offset = (size_t)(at - scanner->start);
	scanner->error.what = what;
	return -EBADMSG;
}

static inline bool is_space(char c)
{
	return c <= ' ' && (c == ' ' || c == '\n' || c == '\t' || c == '\r');
}

/*
 * What scans a part goes from `at` on and returns what is behind it, or NULL with the error set: a place that is handed on stays
 * in a register, which one in the scanner would not.
 */

static const char *refuse(struct json_scanner *scanner, const char *at, const char *what)
{
	json_fail(scanner, at, what);
	return NULL;
}

/* The byte that comes next behind white space, which is skipped; '\0', which begins nothing, where there is none. */
static inline char next_byte(const char **at, const char *end)
{
	for (; *at < end; ++*at) {
		if (!is_space(**at))
			return **at;
	}
	return '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The code unit of \uXXXX at `at`, or -1. */
static int32_t unicode_escape(const char *at, const char *end)
{
	int32_t unit = 0;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static bool is_high_surrogate(int32_t unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(int32_t unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* The escape at `at`, which has more than one letter. */
static const char *scan_long_escape(struct json_scanner *scanner, const char *at)
{
	const char *end = scanner->end;
	int32_t unit;

	if (end - at < 2)
		return refuse(scanner, end, "the string does not end");
	if (at[1] != 'u')
		return refuse(scanner, at, "no such escape");
	unit = unicode_escape(at, end);
	if (unit < 0)
		return refuse(scanner, at, "\\u needs four hexadecimal digits");
	if (is_low_surrogate(unit))
		return refuse(scanner, at, "a low surrogate without a high one");
	if (!is_high_surrogate(unit))
		return at + 6;
	if (!is_low_surrogate(unicode_escape(at + 6, end)))
		return refuse(scanner, at, "a high surrogate without a low one");
	return at + 12;
}

/* The string whose opening quote is before `at`, of any length and with anything in it. */
__attribute__((noinline)) static const char *scan_any_string(
	struct json_scanner *scanner, const char *at, bool *escaped)
{
	const char *end = scanner->end;

	*escaped = false;
	for (;;) {
		unsigned char c;

		at = plain_skip_escapes(at, end, escaped);
		if (at == end)
			return refuse(scanner, at, "the string does not end");
		c = (unsigned char)*at;
		if (c == '"')
			return at + 1;
		if (c == '\\') {
			*escaped = true;
			at = scan_long_escape(scanner, at);
			if (!at)
				return NULL;
		} else if (c < 0x20) {
			return refuse(scanner, at, "a control character in a string");
		} else {
			size_t length = utf8_sequence(at, end);

			if (length == 0)
				return refuse(scanner, at, "not UTF-8");
			at += length;
		}
	}
}

/* The string whose opening quote is at `at`: most are short, and have nothing that needs a look. */
static inline const char *scan_string(struct json_scanner *scanner, const char *at, bool *escaped)
{
	const char *end = plain_end_near(at + 1, scanner->end);

	if (!end || *end != '"')
		return scan_any_string(scanner, at + 1, escaped);
	*escaped = false;
	return end + 1;
}

static inline bool is_digit(const char *at, const char *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

static inline const char *scan_digits(struct json_scanner *scanner, const char *at)
{
	const char *end = digits_skip(at, scanner->end);

	return end > at ? end : refuse(scanner, at, "expected a digit");
}

static const char *scan_number(struct json_scanner *scanner, const char *at, enum storm_type *type)
{
	const char *end = scanner->end;

	*type = STORM_INTEGER;
	if (*at == '-')
		at++;
	if (at < end && *at == '0') {
		at++;
		if (is_digit(at, end))
			return refuse(scanner, at, "a number with a leading zero");
	} else {
		at = scan_digits(scanner, at);
	}
	if (at && at < end && *at == '.') {
		*type = STORM_DOUBLE;
		at = scan_digits(scanner, at + 1);
	}
	if (at && at < end && (*at == 'e' || *at == 'E')) {
		*type = STORM_DOUBLE;
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		at = scan_digits(scanner, at);
	}
	return at;
}

static const char *scan_literal(struct json_scanner *scanner, const char *at, struct span literal)
{
	if ((size_t)(scanner->end - at) < literal.length ||
		memcmp(at, literal.data, literal.length) != 0)
		return refuse(scanner, at, "expected a value");
	return at + literal.length;
}

/* A value that is not an array or object, and the byte that it begins with. */
static inline const char *scan_scalar(struct json_scanner *scanner, const char *at, char first,
	enum storm_type *type, bool *escaped)
{
	*escaped = false;
	if (first == '"') {
		*type = STORM_STRING;
		return scan_string(scanner, at, escaped);
	}
	switch (first) {
	case 't':
		*type = STORM_BOOLEAN;
		return scan_literal(scanner, at, SPAN("true"));
	case 'f':
		*type = STORM_BOOLEAN;
		return scan_literal(scanner, at, SPAN("false"));
	case 'n':
		*type = STORM_NULL;
		return scan_literal(scanner, at, SPAN("null"));
	case '-':
	case '0' ... '9':
		return scan_number(scanner, at, type);
	default:
		return refuse(scanner, at, "expected a value");
	}
}

/* The key that comes next in an object, and its colon; or its end, which `ended` tells. */
static inline const char *scan_key(
	struct json_scanner *scanner, const char *at, bool first, struct encoded *key, bool *ended)
{
	const char *end = scanner->end;
	const char *start;
	char c = next_byte(&at, end);

	*ended = c == '}';
	if (*ended)
		return at + 1;
	if (!first) {
		if (c != ',')
			return refuse(scanner, at, "expected , or }");
		at++;
		c = next_byte(&at, end);
	}
	if (c != '"')
		return refuse(scanner, at, "expected a key in quotes");
	start = at;
	at = scan_string(scanner, at, &key->escaped);
	if (!at)
		return NULL;
	key->type = STORM_STRING;
	key->wire = WIRE_JSON;
	key->text = (struct span){ start, (size_t)(at - start) };
	return next_byte(&at, end) == ':' ? at + 1 : refuse(scanner, at, "expected :");
}

/* Up to the value that comes next in an array; or its end, which `ended` tells. */
static inline const char *scan_element(
	struct json_scanner *scanner, const char *at, bool first, bool *ended)
{
	const char *end = scanner->end;
	char c = next_byte(&at, end);

	*ended = c == ']';
	if (*ended)
		return at + 1;
	if (first)
		return at;
	if (c != ',')
		return refuse(scanner, at, "expected , or ]");
	at++;
	return next_byte(&at, end) != ']' ? at : refuse(scanner, at, "expected a value");
}

char json_scan_peek(struct json_scanner *scanner)
{
	return next_byte(&scanner->at, scanner->end);
}

/* What a part of the public interface returns for where it has come to. */
static inline int come_to(struct json_scanner *scanner, const char *at, bool ended)
{
	if (!at)
		return -EBADMSG;
	scanner->at = at;
	return !ended;
}

int json_scan_key(struct json_scanner *scanner, bool first, struct encoded *key)
{
	bool ended;
	const char *at = scan_key(scanner, scanner->at, first, key, &ended);

	return come_to(scanner, at, ended);
}

int json_scan_element(struct json_scanner *scanner, bool first)
{
	bool ended;
	const char *at = scan_element(scanner, scanner->at, first, &ended);

	return come_to(scanner, at, ended);
}

/* Which of the open arrays and objects are objects, one bit a level. */
struct nesting {
	uint64_t is_object[JSON_DEPTH / 64];
	size_t depth;
};

static inline const char *enter(
	struct json_scanner *scanner, const char *at, struct nesting *nesting)
{
	uint64_t bit = UINT64_C(1) << nesting->depth % 64;
	uint64_t *levels = &nesting->is_object[nesting->depth / 64];

	if (nesting->depth == JSON_DEPTH)
		return refuse(scanner, at, "nested too deep");
	/* The first of its word; to clear all of them beforehand takes longer than most values do. */
	if (bit == 1)
		*levels = 0;
	*levels = *at == '{' ? *levels | bit : *levels & ~bit;
	nesting->depth++;
	return at + 1;
}

/* Go on in the innermost array or object, to the value that comes next or behind its end. */
static inline const char *go_on(struct json_scanner *scanner, const char *at,
	const struct nesting *nesting, bool first, bool *ended)
{
	size_t level = nesting->depth - 1;
	struct encoded key;

	if (nesting->is_object[level / 64] >> level % 64 & 1)
		return scan_key(scanner, at, first, &key, ended);
	return scan_element(scanner, at, first, ended);
}

/* An array or object with all that is in it. */
static const char *scan_nested(struct json_scanner *scanner, const char *at)
{
	struct nesting nesting;

	nesting.depth = 0;
	for (;;) {
		char c = next_byte(&at, scanner->end);
		bool entered = c == '{' || c == '[';
		bool ended = true;
		struct encoded scalar;

		at = entered ? enter(scanner, at, &nesting) :
			       scan_scalar(scanner, at, c, &scalar.type, &scalar.escaped);
		while (at && ended) {
			at = go_on(scanner, at, &nesting, entered, &ended);
			if (at && ended && --nesting.depth == 0)
				return at;
			entered = false;
		}
		if (!at)
			return NULL;
	}
}

int json_scan_value(struct json_scanner *scanner, struct encoded *value)
{
	const char *start = scanner->at;
	char c = next_byte(&start, scanner->end);
	const char *at;

	value->wire = WIRE_JSON;
	if (c == '{' || c == '[') {
		value->type = c == '{' ? STORM_OBJECT : STORM_ARRAY;
		value->escaped = false;
		at = scan_nested(scanner, start);
	} else {
		at = scan_scalar(scanner, start, c, &value->type, &value->escaped);
	}
	if (!at)
		return -EBADMSG;
	value->text = (struct span){ start, (size_t)(at - start) };
	scanner->at = at;
	return 0;
}

int json_scan_end(struct json_scanner *scanner)
{
	json_scan_peek(scanner);
	if (scanner->at < scanner->end)
		return json_fail(scanner, scanner->at, "something follows the value");
	return 0;
}

int json_scan_document(struct json_scanner *scanner, struct encoded *value)
{
	int err = json_scan_value(scanner, value);

	return err < 0 ? err : json_scan_end(scanner);
}

/* Decode the escape at `at`, which is valid; returns what follows it. */
static const char *decode_escape(const char *at, const char *end, char **out)
{
	static const char letters[] = "bfnrt";
	static const char controls[] = "\b\f\n\r\t";
	const char *letter;
	int32_t unit;

	if (at[1] != 'u') {
		letter = strchr(letters, at[1]);
		*(*out)++ = letter ? controls[letter - letters] : at[1];
		return at + 2;
	}
	unit = unicode_escape(at, end);
	at += 6;
	if (is_high_surrogate(unit)) {
		int32_t low = unicode_escape(at, end);

		unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
		at += 6;
	}
	*out += utf8_write((uint32_t)unit, *out);
	return at;
}

size_t json_decode_string(const struct encoded *string, char *out)
{
	const char *at = string->text.data + 1;
	const char *end = string->text.data + string->text.length - 1;
	char *start = out;

	if (!string->escaped) {
		memcpy(out, at, (size_t)(end - at));
		return (size_t)(end - at);
	}
	while (at < end) {
		const char *backslash = memchr(at, '\\', (size_t)(end - at));
		size_t plain = (size_t)((backslash ? backslash : end) - at);

		memcpy(out, at, plain);
		out += plain;
		at += plain;
		if (backslash)
			at = decode_escape(at, end, &out);
	}
	return (size_t)(out - start);
}

bool json_string_equals(const struct encoded *string, struct span contents)
{
	const char *at;
	const char *end;

	if (string->type != STORM_STRING)
		return false;
	at = string->text.data + 1;
	end = string->text.data + string->text.length - 1;
	if (!string->escaped)
		return span_equals((struct span){ at, (size_t)(end - at) }, contents);
	while (at < end) {
		char decoded[4];
		char *out = decoded;
		size_t length;

		if (*at == '\\')
			at = decode_escape(at, end, &out);
		else
			*out++ = *at++;
		length = (size_t)(out - decoded);
		if (contents.length < length || memcmp(contents.data, decoded, length) != 0)
			return false;
		contents.data += length;
		contents.length -= length;
	}
	return contents.length == 0;
}

int json_decode_integer(const struct encoded *number, int64_t *integer)
{
	const char *at = number->text.data;
	const char *end = at + number->text.length;
	bool negative = *at == '-';
	uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	uint64_t value = 0;

	for (at += negative; at < end; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (value > (limit - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*integer = (int64_t)(negative ? -value : value);
	return 0;
}

int json_decode_double(const struct encoded *number, double *value)
{
	static locale_t c_locale; /* a program may have set one with another decimal point */
	char on_stack[64];
	char *text = on_stack;

	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (number->text.length >= sizeof(on_stack)) {
		text = malloc(number->text.length + 1);
		if (!text)
			return -ENOMEM;
	}
	memcpy(text, number->text.data, number->text.length);
	text[number->text.length] = '\0';
	*value = c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
	if (text != on_stack)
		free(text);
	return isfinite(*value) ? 0 : -ERANGE;
}
