/* Takes JSON text apart without building a tree. */
#include "protocol/json_scan.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
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

static inline void skip_space(struct json_scanner *scanner)
{
	while (scanner->at < scanner->end && is_space(*scanner->at))
		scanner->at++;
}

static inline bool is_digit(const struct json_scanner *scanner)
{
	return scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9';
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

/* Scan the escape at `at`, which has more than one letter. */
static int scan_long_escape(struct json_scanner *scanner, const char *at)
{
	int32_t unit;

	if (scanner->end - at < 2)
		return json_fail(scanner, scanner->end, "the string does not end");
	if (at[1] != 'u')
		return json_fail(scanner, at, "no such escape");
	unit = unicode_escape(at, scanner->end);
	if (unit < 0)
		return json_fail(scanner, at, "\\u needs four hexadecimal digits");
	if (is_low_surrogate(unit))
		return json_fail(scanner, at, "a low surrogate without a high one");
	at += 6;
	if (is_high_surrogate(unit)) {
		if (!is_low_surrogate(unicode_escape(at, scanner->end)))
			return json_fail(scanner, at - 6, "a high surrogate without a low one");
		at += 6;
	}
	scanner->at = at;
	return 0;
}

/* Scan the string whose opening quote is here. */
static int scan_string(struct json_scanner *scanner, bool *escaped)
{
	const char *at = scanner->at + 1;
	const char *end = scanner->end;

	*escaped = false;
	for (;;) {
		unsigned char c;

		at = plain_skip_escapes(at, end, escaped);
		if (at == end)
			return json_fail(scanner, at, "the string does not end");
		c = (unsigned char)*at;
		if (c == '"') {
			scanner->at = at + 1;
			return 0;
		}
		if (c == '\\') {
			*escaped = true;
			if (scan_long_escape(scanner, at) < 0)
				return -EBADMSG;
			at = scanner->at;
		} else if (c < 0x20) {
			return json_fail(scanner, at, "a control character in a string");
		} else {
			size_t length = utf8_sequence(at, end);

			if (length == 0)
				return json_fail(scanner, at, "not UTF-8");
			at += length;
		}
	}
}

static int scan_digits(struct json_scanner *scanner)
{
	if (!is_digit(scanner))
		return json_fail(scanner, scanner->at, "expected a digit");
	while (is_digit(scanner))
		scanner->at++;
	return 0;
}

static int scan_number(struct json_scanner *scanner, enum storm_type *type)
{
	*type = STORM_INTEGER;
	if (*scanner->at == '-')
		scanner->at++;
	if (scanner->at < scanner->end && *scanner->at == '0') {
		scanner->at++;
		if (is_digit(scanner))
			return json_fail(scanner, scanner->at, "a number with a leading zero");
	} else if (scan_digits(scanner) < 0) {
		return -EBADMSG;
	}
	if (scanner->at < scanner->end && *scanner->at == '.') {
		*type = STORM_DOUBLE;
		scanner->at++;
		if (scan_digits(scanner) < 0)
			return -EBADMSG;
	}
	if (scanner->at < scanner->end && (*scanner->at == 'e' || *scanner->at == 'E')) {
		*type = STORM_DOUBLE;
		scanner->at++;
		if (scanner->at < scanner->end && (*scanner->at == '+' || *scanner->at == '-'))
			scanner->at++;
		if (scan_digits(scanner) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int scan_literal(struct json_scanner *scanner, struct span literal)
{
	if ((size_t)(scanner->end - scanner->at) < literal.length ||
		memcmp(scanner->at, literal.data, literal.length) != 0)
		return json_fail(scanner, scanner->at, "expected a value");
	scanner->at += literal.length;
	return 0;
}

/* Scan a value that is not an array or object; white space is skipped already. */
static int scan_scalar(struct json_scanner *scanner, enum storm_type *type, bool *escaped)
{
	*escaped = false;
	switch (scanner->at < scanner->end ? *scanner->at : '\0') {
	case '"':
		*type = STORM_STRING;
		return scan_string(scanner, escaped);
	case 't':
		*type = STORM_BOOLEAN;
		return scan_literal(scanner, SPAN("true"));
	case 'f':
		*type = STORM_BOOLEAN;
		return scan_literal(scanner, SPAN("false"));
	case 'n':
		*type = STORM_NULL;
		return scan_literal(scanner, SPAN("null"));
	case '-':
	case '0' ... '9':
		return scan_number(scanner, type);
	default:
		return json_fail(scanner, scanner->at, "expected a value");
	}
}

char json_scan_peek(struct json_scanner *scanner)
{
	skip_space(scanner);
	return scanner->at < scanner->end ? *scanner->at : '\0';
}

int json_scan_key(struct json_scanner *scanner, bool first, struct encoded *key)
{
	char c = json_scan_peek(scanner);
	const char *start;

	if (c == '}') {
		scanner->at++;
		return 0;
	}
	if (!first) {
		if (c != ',')
			return json_fail(scanner, scanner->at, "expected , or }");
		scanner->at++;
		c = json_scan_peek(scanner);
	}
	if (c != '"')
		return json_fail(scanner, scanner->at, "expected a key in quotes");
	start = scanner->at;
	if (scan_string(scanner, &key->escaped) < 0)
		return -EBADMSG;
	key->type = STORM_STRING;
	key->wire = WIRE_JSON;
	key->text = (struct span){ start, (size_t)(scanner->at - start) };
	if (json_scan_peek(scanner) != ':')
		return json_fail(scanner, scanner->at, "expected :");
	scanner->at++;
	skip_space(scanner);
	return 1;
}

int json_scan_element(struct json_scanner *scanner, bool first)
{
	char c = json_scan_peek(scanner);

	if (c == ']') {
		scanner->at++;
		return 0;
	}
	if (first)
		return 1;
	if (c != ',')
		return json_fail(scanner, scanner->at, "expected , or ]");
	scanner->at++;
	if (json_scan_peek(scanner) == ']')
		return json_fail(scanner, scanner->at, "expected a value");
	return 1;
}

/* Which of the open arrays and objects are objects, one bit a level. */
struct nesting {
	uint64_t is_object[JSON_DEPTH / 64];
	size_t depth;
};

static int enter(struct json_scanner *scanner, struct nesting *nesting, char bracket)
{
	uint64_t bit = UINT64_C(1) << nesting->depth % 64;

	if (nesting->depth == JSON_DEPTH)
		return json_fail(scanner, scanner->at, "nested too deep");
	if (bracket == '{')
		nesting->is_object[nesting->depth / 64] |= bit;
	else
		nesting->is_object[nesting->depth / 64] &= ~bit;
	nesting->depth++;
	json_scan_enter(scanner);
	return 0;
}

/* Go on in the innermost array or object: 1 when a value comes next, 0 behind its end. */
static int go_on(struct json_scanner *scanner, const struct nesting *nesting, bool first)
{
	size_t level = nesting->depth - 1;
	struct encoded key;

	if (nesting->is_object[level / 64] >> level % 64 & 1)
		return json_scan_key(scanner, first, &key);
	return json_scan_element(scanner, first);
}

/* Scan an array or object with all that is in it. */
static int scan_nested(struct json_scanner *scanner)
{
	struct nesting nesting = { .depth = 0 };

	for (;;) {
		char c = json_scan_peek(scanner);
		bool entered = c == '{' || c == '[';
		struct encoded scalar;
		int more = 0;

		if (entered ? enter(scanner, &nesting, c) < 0 :
			      scan_scalar(scanner, &scalar.type, &scalar.escaped) < 0)
			return -EBADMSG;
		while (more == 0) {
			more = go_on(scanner, &nesting, entered);
			if (more < 0)
				return -EBADMSG;
			if (more == 0 && --nesting.depth == 0)
				return 0;
			entered = false;
		}
	}
}

int json_scan_value(struct json_scanner *scanner, struct encoded *value)
{
	char c = json_scan_peek(scanner);
	const char *start = scanner->at;
	int err;

	value->wire = WIRE_JSON;
	if (c == '{' || c == '[') {
		value->type = c == '{' ? STORM_OBJECT : STORM_ARRAY;
		value->escaped = false;
		err = scan_nested(scanner);
	} else {
		err = scan_scalar(scanner, &value->type, &value->escaped);
	}
	value->text = (struct span){ start, (size_t)(scanner->at - start) };
	return err;
}

int json_scan_end(struct json_scanner *scanner)
{
	skip_space(scanner);
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
