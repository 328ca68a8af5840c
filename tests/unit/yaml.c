/* YAML as JSON values: what scalars mean, and where everything stands. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "spec/properties.h"
#include "spec/yaml.h"

static struct problems problems;
static struct places places;

static void forget(void)
{
	problems_free(&problems);
	places_free(&places);
}

TestSuite(yaml, .fini = forget);

static json_t *read_text(const char *text)
{
	forget();
	return yaml_read(span_of(text), "file.yaml", &places, &problems);
}

static void expect(const char *yaml, const char *json)
{
	json_t *found = read_text(yaml);
	json_t *expected = json_loads(json, JSON_DECODE_ANY, NULL);
	char *text = json_dumps(found, JSON_ENCODE_ANY);

	cr_assert_not_null(expected, "%s", json);
	cr_expect(json_equal(found, expected), "%s\nis %s, not %s", yaml, text, json);
	cr_expect_eq(problems.error_count, 0, "%s", yaml);
	free(text);
	json_decref(found);
	json_decref(expected);
}

static void expect_problem(const char *yaml, const char *what, int line, int column)
{
	json_t *found = read_text(yaml);

	cr_assert_eq(problems.error_count, 1, "%s", yaml);
	cr_expect_not_null(strstr(problems.list[0].what, what), "%s", problems.list[0].what);
	cr_expect_eq(problems.list[0].place.line, line, "%s: line %d", yaml,
		problems.list[0].place.line);
	cr_expect_eq(problems.list[0].place.column, column, "%s: column %d", yaml,
		problems.list[0].place.column);
	json_decref(found);
}

Test(yaml, has_scalars_of_every_type)
{
	expect("[null, Null, ~, ]", "[null, null, null]");
	expect("a:", "{\"a\": null}");
	expect("[0x-1, 0b, 0x, -9223372036854775808, 9223372036854775808]",
		"[\"0x-1\", \"0b\", \"0x\", -9223372036854775808, \"9223372036854775808\"]");
	expect("[true, Yes, ON, false, no, Off, y, n]",
		"[true, true, true, false, false, false, \"y\", \"n\"]");
	expect("[0, 12, -7, +7, 1_000, 010, 0x1F, 0b101, 1:30, 1:00:00]",
		"[0, 12, -7, 7, 1000, 8, 31, 5, 90, 3600]");
	expect("[1.5, -.5, 1., 1e3, 1.5E-3, 6_0.5]", "[1.5, -0.5, 1.0, 1000.0, 0.0015, 60.5]");
	expect("[1.2.3, 09, 0o7, 1e, +, -, ., e5, 1:99, 0x, 2001-12-14, 127.0.0.1:80]",
		"[\"1.2.3\", \"09\", \"0o7\", \"1e\", \"+\", \"-\", \".\", \"e5\", \"1:99\", \"0x\", "
		"\"2001-12-14\", \"127.0.0.1:80\"]");
	expect("['true', \"12\", 'it''s', \"\\u00e9\\n\", é]",
		"[\"true\", \"12\", \"it's\", \"\303\251\\n\", \"\303\251\"]");
	expect("[9223372036854775807, -9223372036854775807]",
		"[9223372036854775807, -9223372036854775807]");
}

Test(yaml, has_lists_and_maps_in_both_styles)
{
	expect("a:\n  - 1\n  - b: [2, {c: 3}]\nd: {}\n",
		"{\"a\": [1, {\"b\": [2, {\"c\": 3}]}], \"d\": {}}");
	expect("text: |\n  a\n  b\nfolded: >\n  a\n  b\n",
		"{\"text\": \"a\\nb\\n\", \"folded\": \"a b\\n\"}");
	expect("1: one\ntrue: yes\n", "{\"1\": \"one\", \"true\": true}");
}

Test(yaml, has_anchors_and_merge_keys)
{
	expect("a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, l: 3}\nd: {<<: [{m: 1}, *x]}\n",
		"{\"a\": {\"k\": 1, \"l\": 2}, \"b\": {\"k\": 1, \"l\": 2}, \"c\": {\"k\": 1, \"l\": 3}, "
		"\"d\": {\"m\": 1, \"k\": 1, \"l\": 2}}");
}

Test(yaml, warns_of_a_key_that_is_there_twice)
{
	expect("a: 1\na: 2\n", "{\"a\": 2}");
	cr_assert_eq(problems.count, 1);
	cr_expect_eq(problems.list[0].place.line, 2);
}

Test(yaml, refuses_what_it_cannot_have)
{
	expect_problem("a: [1, 2", "not YAML", 2, 1);
	expect_problem("a: b\n\tc: d\n", "not YAML", 2, 1);
	expect_problem("a: .inf\n", "that JSON, and so a component, cannot have", 1, 4);
	expect_problem("a: -.NaN\n", "cannot have", 1, 4);
	expect_problem("? [a]\n: b\n", "a key must be a word", 1, 3);
	expect_problem("a: 1\n---\nb: 2\n", "a second document", 3, 1);
	expect_problem("", "the file is empty", 0, 0);
	expect_problem("a: &x [*x]\n", "nested too deep", 1, 4);
	expect_problem("a: &x {b: *x, c: *x}\n", "nested too deep", 1, 4);
	expect_problem("a: caf\xE9\n", "not YAML", 0, 0);
	expect_problem("a: \"b\\0c\"\n", "must not have a zero byte", 1, 4);
	expect_problem("\"a\\0\": b\n", "must not have a zero byte", 1, 1);
}

/* A text that is a part many times over, behind a head. Owned by the caller. */
static char *repeat(const char *head, const char *part, size_t count)
{
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	fputs(head, file);
	for (size_t i = 0; i < count; i++)
		fputs(part, file);
	fclose(file);
	return text;
}

static void expect_refusal(char *text, const char *what)
{
	cr_expect_null(read_text(text));
	cr_assert_eq(problems.count, 1);
	cr_expect_not_null(strstr(problems.list[0].what, what), "%s", problems.list[0].what);
	free(text);
}

Test(yaml, bounds_what_aliases_make)
{
	char *long_text = repeat("- &a ", "x", 1000000);
	char text[2048] = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";

	for (int i = 1; i < 10; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			"a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	expect_refusal(strdup(text), "the aliases make it too large");
	/* A long text a few times, and as a key. */
	expect_refusal(repeat(long_text, "\n- *a", 1000), "too large");
	free(long_text);
	expect_refusal(repeat("- &a {? kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: 1}",
			       "\n- *a", 100000),
		"too large");
}

Test(yaml, copies_what_is_small)
{
	char *text = repeat("- &a {key: [value, 1]}", "\n- *a", 2000);
	json_t *found = read_text(text);

	cr_expect_eq(json_array_size(found), 2001);
	cr_expect_eq(problems.count, 0);
	json_decref(found);
	free(text);
}

Test(yaml, bounds_depth_and_numbers)
{
	/* libyaml would take minutes for some. */
	expect_refusal(repeat("", "[", 1000000), "nested too deep");
	expect_refusal(repeat("", "- ", 1000000), "nested too deep");
	expect_refusal(repeat("", "? ", 1000000), "nested too deep");
	expect_refusal(repeat("", "{a: ", 1000000), "nested too deep");
	expect_refusal(repeat("- ", "\n- ", 1000000), "more than 1000000 values");
	expect_refusal(repeat("- &a x", "\n- &a x", 10000), "more than 10000 anchors");
}

Test(yaml, knows_where_values_and_keys_stand)
{
	json_t *found = read_text("first: 1\nlist:\n  - {a: text}\n  - b\nyes: true\n");
	const json_t *list = json_object_get(found, "list");
	const json_t *text = json_object_get(json_array_get(list, 0), "a");
	struct place place = places_of(&places, text, NULL);

	cr_expect_str_eq(place.file, "file.yaml");
	cr_expect_eq(place.line, 3);
	cr_expect_eq(place.column, 9);
	place = places_of_key(&places, text, NULL);
	cr_expect_eq(place.column, 6);
	place = places_of(&places, json_array_get(list, 1), NULL);
	cr_expect_eq(place.line, 4);
	/* true is one object for all: the place of what it is in stands for it. */
	place = places_of(&places, json_object_get(found, "yes"), found);
	cr_expect_eq(place.line, 1);
	json_decref(found);
}

Test(yaml, writes_what_it_reads)
{
	static const char *const words[] = { "", "plain", "two words", "yes", "No", "null", "~",
		"12", "-1", "+1", "1_000", "0x1F", "010", "1.5", "-.5", ".5", ".inf", "-.Inf",
		".nan", "1:30", "2001-12-14", "2001-12-14t21:59:43.10-05:00", "=", "<<", "-", "- a",
		"?", ": ", "a: b", "a #b", "#", "'", "\"", "[a]", "{a}", "*a", "&a", "!a", "%a",
		"@a", "`a", "|", ">", "line\nline", " led", "trailed ", "\t", "\r\n", "\x1b",
		"\303\251", "\342\200\250", "\360\237\230\200", "./a", "--a", "a,b", "y", "---",
		"..." };
	json_t *list = json_pack("[n, b, b, i, i, I, f, f, f, f, f, [], {}, [[i], {s:[]}]]", 1, 0,
		0, -7, (json_int_t)INT64_MIN, 0.5, 1e300, -1e-300, 0.1, 3.0, 1, "a");
	json_t *object = json_pack("{s:o, s:{s:s}}", "list", list, "object", "key", "value");
	struct buffer text = { 0 };
	json_t *found;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		json_array_append_new(list, json_string(words[i]));
		json_object_set_new(object, words[i], json_string(words[i]));
	}
	cr_assert_eq(yaml_write(object, &text), 0);
	found = read_text(buffer_text(&text));
	cr_expect_eq(problems.count, 0, "%s", problems.count ? problems.list[0].what : "");
	cr_expect(json_equal(found, object), "%s\n%s", buffer_text(&text), json_dumps(found, 0));
	json_decref(found);
	json_decref(object);
	buffer_free(&text);
}

Test(yaml, reads_files_of_properties)
{
	char path[] = "/tmp/cstorm-properties-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	json_t *found;
	json_t *expected;

	cr_assert_not_null(file);
	fputs("# a comment\n! another\n\na=1\nb : two words \nc\\ d\t\t3\ne=a\\\n   b\nf=\\u00e9\\n\\\\\n"
	      "g=x=y\nempty=\nh=\\ud83d\\ude00\r\nlast=z",
		file);
	fclose(file);
	found = properties_read(path, &problems);
	expected = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "a", "1", "b",
		"two words ", "c d", "3", "e", "ab", "f", "\303\251\n\\", "g", "x=y", "empty", "",
		"h", "\360\237\230\200", "last", "z");
	cr_expect(json_equal(found, expected), "%s", json_dumps(found, 0));
	json_decref(found);
	json_decref(expected);
	unlink(path);
	cr_expect_null(properties_read(path, &problems));
	cr_expect_eq(problems.error_count, 1);
}
