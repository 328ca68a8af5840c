/* UTF-8, against a reference that works the other way round: from code points to bytes. */
#include "base/utf8.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "random.h"

#define LAST_CODE_POINT 0x10FFFF

static bool is_surrogate(uint32_t code_point)
{
	return code_point >= 0xD800 && code_point <= 0xDFFF;
}

/* The reference: what RFC 3629 says in its section 3, step by step. */

static size_t reference_length(uint32_t code_point)
{
	if (code_point <= 0x7F)
		return 1;
	if (code_point <= 0x7FF)
		return 2;
	return code_point <= 0xFFFF ? 3 : 4;
}

static size_t reference_write(uint32_t code_point, unsigned char out[4])
{
	static const unsigned char marks[] = { 0, 0x00, 0xC0, 0xE0, 0xF0 };
	size_t length = reference_length(code_point);

	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (unsigned char)(0x80 + code_point % 64);
		code_point /= 64;
	}
	out[0] = (unsigned char)(marks[length] + code_point);
	return length;
}

/* Decode whatever the first byte promises; valid is what would be written just so. */
static size_t reference_sequence(const unsigned char *at, size_t left)
{
	uint32_t code_point;
	size_t length;

	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xC0 && at[0] <= 0xDF) {
		length = 2;
		code_point = at[0] % 0x20;
	} else if (at[0] >= 0xE0 && at[0] <= 0xEF) {
		length = 3;
		code_point = at[0] % 0x10;
	} else if (at[0] >= 0xF0 && at[0] <= 0xF7) {
		length = 4;
		code_point = at[0] % 0x08;
	} else {
		return 0;
	}
	if (left < length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (at[i] / 64 != 2)
			return 0;
		code_point = code_point * 64 + at[i] % 64;
	}
	if (is_surrogate(code_point) || code_point > LAST_CODE_POINT)
		return 0;
	return reference_length(code_point) == length ? length : 0;
}

static size_t sequence_of(const unsigned char *bytes, size_t length)
{
	return utf8_sequence((const char *)bytes, (const char *)bytes + length);
}

Test(utf8, writes_and_reads_every_code_point)
{
	for (uint32_t code_point = 0; code_point <= LAST_CODE_POINT; code_point++) {
		unsigned char expected[4];
		char written[4];
		size_t length = reference_write(code_point, expected);

		if (is_surrogate(code_point))
			continue;
		cr_assert_eq(utf8_write(code_point, written), length);
		cr_assert_eq(memcmp(written, expected, length), 0);
		cr_assert_eq(utf8_sequence(written, written + length), length);
		cr_assert_eq(utf8_read(written, length), code_point);
		for (size_t part = 1; part < length; part++)
			cr_assert_eq(utf8_sequence(written, written + part), 0);
	}
}

Test(utf8, has_the_boundaries_of_rfc_3629)
{
	static const struct {
		const char *bytes;
		uint32_t code_point;
	} valid[] = {
		{ "\x01", 0x1 },
		{ "\x7F", 0x7F },
		{ "\xC2\x80", 0x80 },
		{ "\xDF\xBF", 0x7FF },
		{ "\xE0\xA0\x80", 0x800 },
		{ "\xE0\xBF\xBF", 0xFFF },
		{ "\xE1\x80\x80", 0x1000 },
		{ "\xEC\xBF\xBF", 0xCFFF },
		{ "\xED\x80\x80", 0xD000 },
		{ "\xED\x9F\xBF", 0xD7FF },
		{ "\xEE\x80\x80", 0xE000 },
		{ "\xEF\xBF\xBF", 0xFFFF },
		{ "\xF0\x90\x80\x80", 0x10000 },
		{ "\xF0\xBF\xBF\xBF", 0x3FFFF },
		{ "\xF1\x80\x80\x80", 0x40000 },
		{ "\xF3\xBF\xBF\xBF", 0xFFFFF },
		{ "\xF4\x80\x80\x80", 0x100000 },
		{ "\xF4\x8F\xBF\xBF", 0x10FFFF },
	};
	/* Each with continuation bytes enough, whatever the first byte promises. */
	static const char *const invalid[] = {
		"\x80\x80\x80\x80", /* continuation bytes alone */
		"\xBF\xBF\xBF\xBF",
		"\xC0\x80\x80\x80", /* two bytes for U+0000 */
		"\xC1\xBF\xBF\xBF", /* two bytes for U+007F */
		"\xE0\x80\x80\x80", /* three bytes for U+0000 */
		"\xE0\x9F\xBF\xBF", /* three bytes for U+07FF */
		"\xED\xA0\x80\x80", /* U+D800 */
		"\xED\xAF\xBF\xBF", /* U+DBFF */
		"\xED\xB0\x80\x80", /* U+DC00 */
		"\xED\xBF\xBF\xBF", /* U+DFFF */
		"\xF0\x80\x80\x80", /* four bytes for U+0000 */
		"\xF0\x8F\xBF\xBF", /* four bytes for U+FFFF */
		"\xF4\x90\x80\x80", /* U+110000 */
		"\xF5\x80\x80\x80",
		"\xF7\xBF\xBF\xBF",
		"\xF8\x88\x80\x80\x80", /* five bytes */
		"\xFC\x84\x80\x80\x80\x80", /* six bytes */
		"\xFE\x80\x80\x80",
		"\xFF\xBF\xBF\xBF",
	};

	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		struct span bytes = span_of(valid[i].bytes);

		cr_assert_eq(utf8_sequence(bytes.data, bytes.data + bytes.length), bytes.length);
		cr_assert_eq(utf8_read(bytes.data, bytes.length), valid[i].code_point);
	}
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		struct span bytes = span_of(invalid[i]);

		cr_assert_eq(utf8_sequence(bytes.data, bytes.data + bytes.length), 0);
	}
}

Test(utf8, tells_all_sequences_of_three_bytes)
{
	for (uint32_t i = 0; i <= 0xFFFFFF; i++) {
		unsigned char bytes[3] = {
			(unsigned char)(i >> 16),
			(unsigned char)(i >> 8),
			(unsigned char)i,
		};

		cr_assert_eq(sequence_of(bytes, 3), reference_sequence(bytes, 3), "%06x", i);
	}
}

/* The bytes at which something changes, and a few between. */
static const unsigned char edges[] = { 0x00, 0x41, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x91, 0x9F, 0xA0,
	0xA1, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3,
	0xF4, 0xF5, 0xF8, 0xFF };

#define EDGE_COUNT (sizeof(edges) / sizeof(edges[0]))

Test(utf8, tells_sequences_of_four_bytes)
{
	for (uint32_t i = 0; i <= 0xFFFF; i++) {
		for (size_t j = 0; j < EDGE_COUNT * EDGE_COUNT; j++) {
			unsigned char bytes[4] = {
				(unsigned char)(i >> 8),
				(unsigned char)i,
				edges[j / EDGE_COUNT],
				edges[j % EDGE_COUNT],
			};

			cr_assert_eq(sequence_of(bytes, 4), reference_sequence(bytes, 4));
		}
	}
}

/*
 * The reference for what one U+FFFD replaces: a set of all beginnings, of two and of three bytes,
 * that the valid sequences have.
 */
struct beginnings {
	bool two[1 << 16];
	bool three[1 << 24];
};

static struct beginnings *collect_beginnings(void)
{
	struct beginnings *beginnings = calloc(1, sizeof(*beginnings));

	for (uint32_t code_point = 0; code_point <= LAST_CODE_POINT; code_point++) {
		unsigned char bytes[4];
		size_t length = reference_write(code_point, bytes);

		if (is_surrogate(code_point))
			continue;
		if (length > 2)
			beginnings->two[bytes[0] << 8 | bytes[1]] = true;
		if (length > 3)
			beginnings->three[bytes[0] << 16 | bytes[1] << 8 | bytes[2]] = true;
	}
	return beginnings;
}

static size_t reference_invalid_length(
	const struct beginnings *beginnings, const unsigned char *at, size_t left)
{
	if (left >= 3 && beginnings->three[at[0] << 16 | at[1] << 8 | at[2]])
		return 3;
	return left >= 2 && beginnings->two[at[0] << 8 | at[1]] ? 2 : 1;
}

Test(utf8, replaces_the_longest_beginning_of_a_valid_sequence)
{
	struct beginnings *beginnings = collect_beginnings();
	size_t compared = 0;

	for (uint32_t i = 0x8000; i <= 0xFFFF; i++) {
		for (size_t j = 0; j < EDGE_COUNT * EDGE_COUNT; j++) {
			unsigned char bytes[4] = {
				(unsigned char)(i >> 8),
				(unsigned char)i,
				edges[j / EDGE_COUNT],
				edges[j % EDGE_COUNT],
			};

			/* The fourth byte matters little: look at each of them only once. */
			for (size_t left = j < EDGE_COUNT ? 1 : 3; left <= 4; left++) {
				const char *at = (const char *)bytes;

				if (left == 4 && i % 16 > 0)
					continue;
				if (reference_sequence(bytes, left) > 0)
					continue;
				cr_assert_eq(utf8_invalid_length(at, at + left),
					reference_invalid_length(beginnings, bytes, left));
				compared++;
			}
		}
	}
	cr_assert_gt(compared, 10000000);
	free(beginnings);
}

Test(utf8, replaces_as_the_tables_of_the_unicode_standard)
{
	/* The lengths: those of invalid parts are negative. */
	static const struct {
		const char *name;
		struct span bytes;
		int parts[16];
	} tables[] = {
		{ "not the shortest form", { "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", 9 },
			{ -1, -1, -1, -1, -1, -1, -1, -1, 1 } },
		{ "surrogates", { "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", 9 },
			{ -1, -1, -1, -1, -1, -1, -1, -1, 1 } },
		{ "other ill-formed ones", { "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", 9 },
			{ -1, -1, -1, -1, -1, 1, -1, -1, 1 } },
		{ "truncated ones", { "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 9 },
			{ -2, -1, -3, -2, 1 } },
		{ "truncated ones among letters",
			{ "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", 13 },
			{ 1, -3, -2, -1, 1, -1, 1, -1, -1, 1 } },
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		const char *at = tables[i].bytes.data;
		const char *end = at + tables[i].bytes.length;

		for (const int *part = tables[i].parts; *part != 0; part++) {
			size_t length = utf8_sequence(at, end);

			if (*part > 0) {
				cr_assert_eq(length, *part, "%s", tables[i].name);
			} else {
				cr_assert_eq(length, 0, "%s", tables[i].name);
				length = utf8_invalid_length(at, end);
				cr_assert_eq(length, -*part, "%s", tables[i].name);
			}
			at += length;
		}
		cr_assert_eq(at, end, "%s", tables[i].name);
	}
}

/* Mostly valid text, with ASCII in long and short runs. */
static size_t random_text(struct random *random, unsigned char *out, size_t room)
{
	size_t length = 0;

	while (length + 4 <= room) {
		size_t run = random_below(random, random_once_in(random, 4) ? 20 : 3);
		uint32_t code_point = (uint32_t)random_below(random, LAST_CODE_POINT + 1);

		for (; run > 0 && length + 4 < room; run--)
			out[length++] = (unsigned char)random_below(random, 0x80);
		code_point >>= random_below(random, 14);
		if (!is_surrogate(code_point))
			length += reference_write(code_point, out + length);
		if (random_once_in(random, 10))
			break;
	}
	return length;
}

static void check_first_invalid(const unsigned char *bytes, size_t length)
{
	/* A copy of its own, so that the sanitizer sees a read beyond the end. */
	char *copy = malloc(length > 0 ? length : 1);
	size_t expected = 0;

	memcpy(copy, bytes, length);
	while (expected < length) {
		size_t sequence = reference_sequence(bytes + expected, length - expected);

		if (sequence == 0)
			break;
		expected += sequence;
	}
	cr_assert_eq(utf8_first_invalid(copy, copy + length), copy + expected);
	free(copy);
}

Test(utf8, finds_the_first_invalid_byte)
{
	struct random random = { 6 };
	unsigned char bytes[100];

	for (int i = 0; i < 100000; i++) {
		size_t length = random_text(&random, bytes, 1 + random_below(&random, 99));

		check_first_invalid(bytes, length);
		if (length == 0)
			continue;
		bytes[random_below(&random, length)] = RANDOM_OF(&random, edges);
		check_first_invalid(bytes, length);
		check_first_invalid(bytes, random_below(&random, length));
	}
}

Test(utf8, finds_the_first_invalid_byte_of_any_bytes)
{
	struct random random = { 7 };
	unsigned char bytes[16];

	for (int i = 0; i < 200000; i++) {
		size_t length = random_below(&random, sizeof(bytes) + 1);

		for (size_t j = 0; j < length; j++)
			bytes[j] = random_once_in(&random, 2) ? RANDOM_OF(&random, edges) :
								(unsigned char)random_next(&random);
		check_first_invalid(bytes, length);
	}
}
