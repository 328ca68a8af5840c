/*
 * The same texts for the scanner and for jansson: both must accept the same ones, and read the
 * same values from them. The texts are generated, or taken from tests/data/json, and most of them
 * are then spoiled in one way or another.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <glob.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "data.h"
#include "protocol/json_scan.h"
#include "random.h"

#ifdef __SANITIZE_ADDRESS__
#define CASES 40000
#else
#define CASES 150000
#endif

/* A text that is compared */

struct counts {
	size_t accepted;
	size_t rejected;
	/* Legitimate differences: what jansson cannot hold, what is nested too deep for one of the
	 * two, and zero bytes that jansson passes over. */
	size_t overflows;
	size_t zero_keys;
	size_t too_deep;
	size_t zero_bytes;
};

static size_t differences(const struct counts *counts)
{
	return counts->overflows + counts->zero_keys + counts->too_deep + counts->zero_bytes;
}

/* What is wrong with a value, for the message of a failed test; NULL: nothing. */
static const char *compare_value(const struct encoded *text, const json_t *value);

static const char *compare_string(const struct encoded *text, const json_t *value)
{
	struct span expected = { json_string_value(value), json_string_length(value) };
	char on_stack[256];
	char *decoded = text->text.length > sizeof(on_stack) ? malloc(text->text.length) : on_stack;
	size_t length = json_decode_string(text, decoded);
	bool equal = json_is_string(value) &&
		span_equals((struct span){ decoded, length }, expected) &&
		json_string_equals(text, expected);

	if (decoded != on_stack)
		free(decoded);
	return equal ? NULL : "a string differs";
}

static const char *compare_number(const struct encoded *text, const json_t *value)
{
	double expected = json_real_value(value);
	int64_t integer;
	double number;

	if (text->type == STORM_INTEGER) {
		return json_is_integer(value) && json_decode_integer(text, &integer) == 0 &&
				integer == json_integer_value(value) ?
			NULL :
			"an integer differs";
	}
	return json_is_real(value) && json_decode_double(text, &number) == 0 &&
			memcmp(&number, &expected, sizeof(number)) == 0 ?
		NULL :
		"a double differs";
}

static const char *compare_array(const struct encoded *text, const json_t *value)
{
	struct json_scanner scanner = json_scanner(text->text);
	const char *wrong = NULL;
	size_t count = 0;
	int more;

	json_scan_enter(&scanner);
	more = json_scan_element(&scanner, true);
	while (more > 0 && !wrong) {
		struct encoded element;

		if (json_scan_value(&scanner, &element) < 0)
			return "an element does not pass any more";
		wrong = compare_value(&element, json_array_get(value, count++));
		more = json_scan_element(&scanner, false);
	}
	if (!wrong && (more != 0 || scanner.at != scanner.end || count != json_array_size(value)))
		wrong = "an array differs";
	return wrong;
}

/* Whether a key comes again in the rest of an object. */
static bool comes_again(struct json_scanner scanner, struct span name)
{
	struct encoded key;
	struct encoded skipped;
	bool found = false;

	while (!found && json_scan_key(&scanner, false, &key) > 0) {
		found = json_string_equals(&key, name);
		json_scan_value(&scanner, &skipped);
	}
	return found;
}

static const char *compare_object(const struct encoded *text, const json_t *value)
{
	struct json_scanner scanner = json_scanner(text->text);
	char *name = malloc(text->text.length);
	const char *wrong = NULL;
	struct encoded key;
	size_t count = 0;
	int more;

	json_scan_enter(&scanner);
	more = json_scan_key(&scanner, true, &key);
	while (more > 0 && !wrong) {
		struct encoded member;
		size_t length = json_decode_string(&key, name);

		if (json_scan_value(&scanner, &member) < 0) {
			wrong = "a member does not pass any more";
			break;
		}
		name[length] = '\0';
		/* The last of several members with one name is the one that counts. */
		if (!comes_again(scanner, (struct span){ name, length })) {
			wrong = compare_value(&member, json_object_get(value, name));
			count++;
		}
		more = json_scan_key(&scanner, false, &key);
	}
	free(name);
	if (!wrong && (more != 0 || scanner.at != scanner.end || count != json_object_size(value)))
		wrong = "an object differs";
	return wrong;
}

static const char *compare_value(const struct encoded *text, const json_t *value)
{
	switch (text->type) {
	case STORM_NULL:
		return json_is_null(value) ? NULL : "no null";
	case STORM_BOOLEAN:
		return json_is_boolean(value) && json_is_true(value) == (*text->text.data == 't') ?
			NULL :
			"a boolean differs";
	case STORM_INTEGER:
	case STORM_DOUBLE:
		return compare_number(text, value);
	case STORM_STRING:
		return compare_string(text, value);
	case STORM_ARRAY:
		return json_is_array(value) ? compare_array(text, value) : "no array";
	case STORM_OBJECT:
		return json_is_object(value) ? compare_object(text, value) : "no object";
	case STORM_BINARY:
	case STORM_JSON:
	case STORM_TREE:
	case STORM_VERBATIM:
		break;
	}
	return "an unknown type";
}

/*
 * Whether jansson passed over a zero byte: it does where it puts the byte behind a number or a
 * literal back, to look at it again. The scanner stops there.
 */
static bool passes_over_zero(struct span text, const struct wire_error *error)
{
	size_t at = error->offset;

	return error->what && at > 0 && at < text.length && text.data[at] == '\0' &&
		isalnum((unsigned char)text.data[at - 1]);
}

/* Count the case where it is one of the legitimate differences. */
static bool is_difference(struct span text, const struct wire_error *error, const json_t *expected,
	const json_error_t *jansson_error, struct counts *counts)
{
	enum json_error_code code = expected ? json_error_unknown : json_error_code(jansson_error);

	if (error->what && strcmp(error->what, "nested too deep") == 0)
		counts->too_deep++;
	else if (code == json_error_stack_overflow)
		counts->too_deep++;
	else if (code == json_error_numeric_overflow)
		counts->overflows++;
	else if (code == json_error_null_byte_in_key)
		counts->zero_keys++;
	else if (expected && passes_over_zero(text, error))
		counts->zero_bytes++;
	else
		return false;
	return true;
}

/* The text as it could stand in a C file. */
static const char *quote(struct span text)
{
	static struct buffer quoted;

	buffer_truncate(&quoted, 0);
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == '"' || c == '\\')
			buffer_append_format(&quoted, "\\%c", c);
		else if (c >= 0x20 && c < 0x7F)
			buffer_append_format(&quoted, "%c", c);
		else
			buffer_append_format(&quoted, "\\%03o", c);
	}
	return buffer_text(&quoted);
}

static void compare(struct span text, struct counts *counts)
{
	/* A copy without a byte to spare, so that the sanitizer sees a read beyond the end. */
	char *copy = malloc(text.length > 0 ? text.length : 1);
	struct json_scanner scanner;
	struct encoded value;
	json_error_t error;
	const char *wrong = NULL;
	json_t *expected;
	int err;

	if (text.length > 0)
		memcpy(copy, text.data, text.length);
	scanner = json_scanner((struct span){ copy, text.length });
	err = json_scan_document(&scanner, &value);
	expected = json_loadb(copy, text.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (expected && err == 0) {
		counts->accepted++;
		wrong = compare_value(&value, expected);
		cr_assert_null(wrong, "%s: \"%s\"", wrong, quote(text));
	} else if (!expected && err < 0) {
		counts->rejected += !is_difference(text, &scanner.error, expected, &error, counts);
	} else {
		cr_assert(is_difference(text, &scanner.error, expected, &error, counts),
			"the scanner %s%s, jansson %s%s: \"%s\"", err < 0 ? "rejects: " : "accepts",
			err < 0 ? scanner.error.what : "",
			expected ? "accepts" : "rejects: ", expected ? "" : error.text,
			quote(text));
	}
	json_decref(expected);
	free(copy);
}

/* Texts */

static void add_space(struct random *random, struct buffer *text)
{
	while (random_once_in(random, 8))
		buffer_append(text, &" \t\r\n"[random_below(random, 4)], 1);
}

static void add_digits(struct random *random, struct buffer *text, size_t count)
{
	while (count-- > 0)
		buffer_append_format(text, "%zu", random_below(random, 10));
}

static void add_number(struct random *random, struct buffer *text)
{
	if (random_once_in(random, 3))
		buffer_append_literal(text, "-");
	if (random_once_in(random, 4)) {
		buffer_append_literal(text, "0");
	} else if (random_once_in(random, 20)) {
		/* Around the ends of 64 bits. */
		buffer_append_literal(text, "92233720368547758");
		add_digits(random, text, 1 + random_below(random, 2));
	} else {
		buffer_append_format(text, "%zu", 1 + random_below(random, 9));
		add_digits(random, text, random_below(random, random_once_in(random, 4) ? 18 : 4));
	}
	if (random_once_in(random, 4)) {
		buffer_append_literal(text, ".");
		add_digits(
			random, text, 1 + random_below(random, random_once_in(random, 9) ? 80 : 6));
	}
	if (random_once_in(random, 5)) {
		buffer_append(text, &"eE"[random_below(random, 2)], 1);
		buffer_append_format(
			text, "%.*s", (int)random_below(random, 2), &"+-"[random_below(random, 2)]);
		add_digits(
			random, text, 1 + random_below(random, random_once_in(random, 20) ? 3 : 2));
	}
}

/* One character of a string, in one of its spellings. */
static void add_character(struct random *random, struct buffer *text)
{
	static const uint32_t edges[] = { 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF,
		0x10000, 0x10FFFF };
	uint32_t code_point = (uint32_t)random_below(random, 0x110000) >> random_below(random, 14);
	char bytes[4];

	if (random_once_in(random, 4))
		code_point = RANDOM_OF(random, edges);
	switch (random_below(random, 12)) {
	case 0:
		buffer_append_format(text, "\\%c", "\"\\/bfnrt"[random_below(random, 8)]);
		break;
	case 1:
		/* Now and then half of a pair. */
		buffer_append_format(text, "\\u%04X", code_point & 0xFFFF);
		break;
	case 2:
		code_point = 0x10000 + code_point % 0x100000;
		buffer_append_format(text, "\\u%04x\\u%04X",
			0xD800 + ((code_point - 0x10000) >> 10), 0xDC00 + (code_point & 0x3FF));
		break;
	case 3:
		if (code_point >= 0x80 && (code_point < 0xD800 || code_point > 0xDFFF))
			buffer_append(text, bytes, utf8_write(code_point, bytes));
		break;
	default:
		buffer_append(text, &"aZ 09{}[],:'/\x7f"[random_below(random, 14)], 1);
	}
}

static void add_string(struct random *random, struct buffer *text)
{
	size_t length = random_below(random, random_once_in(random, 6) ? 60 : 8);

	buffer_append_literal(text, "\"");
	while (length-- > 0)
		add_character(random, text);
	buffer_append_literal(text, "\"");
}

static void add_value(struct random *random, struct buffer *text, size_t depth)
{
	static const char *const literals[] = { "null", "true", "false" };
	size_t kind = random_below(random, depth > 4 ? 4 : 8);
	size_t count = random_below(random, 5);

	add_space(random, text);
	switch (kind) {
	case 0:
		buffer_append_format(text, "%s", RANDOM_OF(random, literals));
		break;
	case 1:
		add_number(random, text);
		break;
	case 2:
	case 3:
		add_string(random, text);
		break;
	case 4:
	case 5:
		buffer_append_literal(text, "[");
		for (size_t i = 0; i < count; i++) {
			if (i > 0)
				buffer_append_literal(text, ",");
			add_value(random, text, depth + 1);
		}
		add_space(random, text);
		buffer_append_literal(text, "]");
		break;
	default:
		buffer_append_literal(text, "{");
		for (size_t i = 0; i < count; i++) {
			if (i > 0)
				buffer_append_literal(text, ",");
			add_space(random, text);
			/* Short keys now and then, so that some come twice. */
			if (random_once_in(random, 2))
				buffer_append_format(text, "\"%c\"", 'a' + (int)count % 3);
			else
				add_string(random, text);
			add_space(random, text);
			buffer_append_literal(text, ":");
			add_value(random, text, depth + 1);
		}
		add_space(random, text);
		buffer_append_literal(text, "}");
	}
	add_space(random, text);
}

/* Deeper than the one parser or the other allows, or nearly so. */
static void add_nested(struct random *random, struct buffer *text)
{
	size_t depth = 900 + random_below(random, 1500);

	for (size_t i = 0; i < depth; i++)
		buffer_append_format(text, "%s", i % 3 == 0 ? "{\"a\":" : "[");
	buffer_append_literal(text, "1");
	for (size_t i = depth; i > 0; i--)
		buffer_append_format(text, "%s", (i - 1) % 3 == 0 ? "}" : "]");
}

/* Spoiling */

static void replace(struct buffer *text, size_t at, size_t length, struct span by)
{
	struct buffer result = { 0 };

	buffer_append(&result, text->data, at);
	buffer_append_span(&result, by);
	buffer_append(&result, text->data + at + length, text->length - at - length);
	buffer_truncate(text, 0);
	buffer_append_span(text, buffer_span(&result));
	buffer_free(&result);
}

/* Any part of a text that is not too long. */
static struct span random_part(struct random *random, struct span text)
{
	size_t at = random_below(random, text.length + 1);
	size_t length = random_below(random, text.length - at + 1);

	return (struct span){ text.data + at, length < 40 ? length : 40 };
}

static void spoil(struct random *random, struct buffer *text, struct span other)
{
	static const char *const pieces[] = { "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "-",
		"+", ".", "e", "E", "0", "1", "00", " ", "\t", "\n", "\r", "\v", "/", "//", "true",
		"null", "\\ud834", "\\udd1e", "\\u0000", "\xEF\xBB\xBF", "\xC0\x80", "\xED\xA0\x80",
		"\x80", "\xC3", "\xF4\x90\x80\x80", "\xF0\x9D\x84", "\x01", "\x1F", "\x7F" };
	size_t at = random_below(random, text->length + 1);
	size_t left = text->length - at;
	size_t few = random_below(random, 4);
	char byte = (char)random_next(random);

	switch (random_below(random, 8)) {
	case 0: /* another bit */
		if (left > 0)
			text->data[at] ^= (char)(1 << random_below(random, 8));
		break;
	case 1: /* another byte */
		if (left > 0)
			text->data[at] = byte;
		break;
	case 2:
		replace(text, at, few < left ? few : left, SPAN(""));
		break;
	case 3:
	case 4:
		replace(text, at, left > 0 && few == 0, span_of(RANDOM_OF(random, pieces)));
		break;
	case 5:
		buffer_truncate(text, at);
		break;
	case 6: /* a part of another text, or a zero byte */
		replace(text, at, few < left ? few : left,
			few == 3 ? SPAN("\0") : random_part(random, other));
		break;
	default: /* a part of itself, again */
		other = random_part(random, buffer_span(text));
		replace(text, at, 0, other);
	}
}

/* All texts of tests/data/json. */
struct corpus {
	struct buffer texts[1000];
	size_t count;
};

static void corpus_read(struct corpus *corpus)
{
	glob_t files;

	data_find("json/*valid/*.json", &files);
	for (size_t i = 0; i < files.gl_pathc && corpus->count < 1000; i++)
		data_read(files.gl_pathv[i], &corpus->texts[corpus->count++]);
	globfree(&files);
}

static void corpus_free(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++)
		buffer_free(&corpus->texts[i]);
}

static struct counts compare_many(uint64_t seed, size_t cases)
{
	static struct corpus corpus;
	struct random random = { seed };
	struct counts counts = { 0 };
	struct buffer text = { 0 };
	struct buffer last = { 0 };

	corpus_read(&corpus);
	for (size_t i = 0; i < cases; i++) {
		struct buffer before = last;
		size_t times;

		last = text;
		text = before;
		buffer_truncate(&text, 0);
		if (random_once_in(&random, 2000))
			add_nested(&random, &text);
		else if (random_once_in(&random, 5))
			buffer_append_span(&text, buffer_span(&RANDOM_OF(&random, corpus.texts)));
		else
			add_value(&random, &text, 0);
		for (times = random_below(&random, 4); times > 0; times--)
			spoil(&random, &text, buffer_span(&last));
		compare(buffer_span(&text), &counts);
	}
	buffer_free(&text);
	buffer_free(&last);
	corpus_free(&corpus);
	return counts;
}

static void check_many(uint64_t seed)
{
	struct counts counts = compare_many(seed, CASES);
	size_t compared = counts.accepted + counts.rejected;

	cr_assert_eq(compared + differences(&counts), CASES);
	/* What is left out must stay rare, and both verdicts must be common. */
	cr_assert_gt(compared, CASES / 100 * 95, "only %zu compared", compared);
	cr_assert_gt(counts.accepted, CASES / 5, "only %zu accepted", counts.accepted);
	cr_assert_gt(counts.rejected, CASES / 5, "only %zu rejected", counts.rejected);
	cr_assert_gt(counts.overflows, 0);
	cr_assert_gt(counts.zero_keys, 0);
	cr_assert_gt(counts.too_deep, 0);
	cr_assert_gt(counts.zero_bytes, 0);
}

Test(json_differential, agrees_with_jansson_on_the_data_folders)
{
	static struct corpus corpus;
	struct counts counts = { 0 };

	corpus_read(&corpus);
	for (size_t i = 0; i < corpus.count; i++)
		compare(buffer_span(&corpus.texts[i]), &counts);
	cr_assert_leq(differences(&counts), 6);
	corpus_free(&corpus);
}

Test(json_differential, agrees_with_jansson_on_random_texts)
{
	check_many(100);
}

Test(json_differential, agrees_with_jansson_on_other_random_texts)
{
	check_many(200);
}
