/* The ready-made components, each by itself. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstorm/components.h>
#include <cstorm/testing.h>

static struct storm_test *test;
static char path[64];

static void make_file(void)
{
	int fd;

	strcpy(path, "/tmp/cstorm-components-XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0);
	close(fd);
}

static void forget(void)
{
	storm_test_free(test);
	unlink(path);
}

TestSuite(components, .init = make_file, .fini = forget);

static const char *with_path(const char *setting)
{
	static char config[128];

	snprintf(config, sizeof(config), "{\"%s\": \"%s\"}", setting, path);
	return config;
}

static void write_file(const char *data, size_t length)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(data, 1, length, file), length);
	fclose(file);
}

static void expect_file(const char *expected)
{
	char found[256] = "";
	FILE *file = fopen(path, "r");

	cr_assert_not_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	cr_expect_str_eq(found, expected);
}

static void expect_words(const char *text, const char *words)
{
	storm_test_forget(test);
	cr_assert(storm_test_process(test, storm_text(text)) > 0, "%s", storm_test_error(test));
	cr_expect_str_eq(storm_test_emitted(test, NULL), words);
}

Test(components, split)
{
	test = storm_test_bolt(&storm_split_bolt, STORM_FIELDS("line"), NULL);
	storm_test_process(test, storm_text("to be"));
	cr_expect_str_eq(
		storm_test_said(test), "emit [\"to\"] anchors 1\nemit [\"be\"] anchors 1\nack 1\n");
	expect_words("", "[]");
	expect_words(" \t\v\f\r\n", "[]");
	expect_words("  a\tb\r\n", "[[\"a\"],[\"b\"]]");
	expect_words(
		"\302\240\303\251 \342\200\203x", "[[\"\302\240\303\251\"],[\"\342\200\203x\"]]");
	storm_test_forget(test);
	cr_expect_eq(storm_test_process(test, storm_integer(5)), 6);
	cr_expect_eq(storm_test_outcome(test, 6), STORM_TEST_FAILED);
	cr_expect_str_eq(storm_test_emitted(test, NULL), "[]");
}

Test(components, count_emits_what_has_changed)
{
	test = storm_test_bolt(&storm_count_bolt, STORM_FIELDS("word"), NULL);
	storm_test_process(test, storm_text("a"));
	storm_test_process(test, storm_text("b"));
	storm_test_process(test, storm_text("a"));
	cr_expect_str_eq(storm_test_said(test), "ack 1\nack 2\nack 3\n");
	storm_test_forget(test);
	storm_test_tick(test);
	cr_expect_str_eq(storm_test_said(test), "emit [\"b\",1]\nemit [\"a\",2]\n");
	storm_test_forget(test);
	storm_test_tick(test);
	cr_expect_str_eq(storm_test_said(test), "");
	storm_test_process(test, storm_string("a\0b", 3));
	storm_test_process(test, storm_text("b"));
	storm_test_forget(test);
	cr_expect_eq(storm_test_close(test), 0);
	cr_expect_str_eq(storm_test_emitted(test, NULL), "[[\"b\",2],[\"a\\u0000b\",1]]");
}

Test(components, table)
{
	test = storm_test_bolt(
		&storm_table_bolt, STORM_FIELDS("word", "count"), with_path("bolt.output"));
	storm_test_process(test, storm_text("a"), storm_integer(1));
	storm_test_process(test, storm_text("b"), storm_integer(3));
	storm_test_process(test, storm_text("ab"), storm_integer(1));
	storm_test_process(test, storm_text("a"), storm_integer(3));
	storm_test_process(test, storm_text("c"), storm_text("3"));
	cr_expect_eq(storm_test_outcome(test, 4), STORM_TEST_ACKED);
	cr_expect_eq(storm_test_outcome(test, 5), STORM_TEST_FAILED);
	expect_file("");
	cr_expect_eq(storm_test_close(test), 0);
	expect_file("a\t3\nb\t3\nab\t1\n");
}

Test(components, table_at_ticks)
{
	test = storm_test_bolt(
		&storm_table_bolt, STORM_FIELDS("word", "count"), with_path("bolt.output"));
	storm_test_process(test, storm_text("a"), storm_integer(1));
	cr_expect_eq(storm_test_tick(test), 0);
	expect_file("a\t1\n");
	storm_test_process(test, storm_text("b"), storm_integer(2));
	expect_file("a\t1\n");
	cr_expect_eq(storm_test_tick(test), 0);
	expect_file("b\t2\na\t1\n");
	storm_test_process(test, storm_text("a"), storm_integer(3));
	cr_expect_eq(storm_test_close(test), 0);
	expect_file("a\t3\nb\t2\n");
}

Test(components, table_at_ticks_to_what_is_no_file)
{
	test = storm_test_bolt(&storm_table_bolt, STORM_FIELDS("word", "count"),
		"{\"bolt.output\": \"/dev/null\"}");
	storm_test_process(test, storm_text("a"), storm_integer(1));
	cr_expect_eq(storm_test_tick(test), 0);
	cr_expect_eq(storm_test_close(test), 0);
	cr_expect_str_eq(storm_test_said(test), "ack 1\n");
}

Test(components, table_on_a_full_disk)
{
	test = storm_test_bolt(&storm_table_bolt, STORM_FIELDS("word", "count"),
		"{\"bolt.output\": \"/dev/full\"}");
	storm_test_process(test, storm_text("a"), storm_integer(1));
	cr_expect_eq(storm_test_close(test), 1);
	cr_expect(strstr(storm_test_said(test),
			  "error: cannot close: cannot write /dev/full: No space left"),
		"%s", storm_test_said(test));
}

Test(components, write)
{
	write_file("before\n", 7);
	test = storm_test_bolt(&storm_write_bolt, STORM_FIELDS("value"), with_path("bolt.output"));
	storm_test_process(test, storm_text("text"));
	storm_test_process(test, storm_json("{\"a\": [1]}", 10));
	cr_expect_eq(storm_test_outcome(test, 1), STORM_TEST_PENDING);
	cr_expect_eq(storm_test_wait(test, 10), 0);
	cr_expect_str_eq(storm_test_said(test), "ack 1\nack 2\n");
	expect_file("before\ntext\n{\"a\": [1]}\n");
	storm_test_process(test, storm_null());
	cr_expect_eq(storm_test_close(test), 0);
	cr_expect_eq(storm_test_outcome(test, 3), STORM_TEST_ACKED);
	expect_file("before\ntext\n{\"a\": [1]}\nnull\n");
}

Test(components, write_on_a_full_disk)
{
	test = storm_test_bolt(
		&storm_write_bolt, STORM_FIELDS("value"), "{\"bolt.output\": \"/dev/full\"}");
	storm_test_process(test, storm_text("lost"));
	cr_expect_eq(storm_test_close(test), 0);
	cr_expect_eq(storm_test_outcome(test, 1), STORM_TEST_FAILED);
}

Test(components, write_needs_its_output)
{
	test = storm_test_bolt(
		&storm_write_bolt, STORM_FIELDS("value"), "{\"bolt.output\": \"/none/none\"}");
	cr_expect(storm_test_ended(test));
	cr_expect_str_eq(storm_test_said(test),
		"error: cannot start: cannot open the output /none/none: "
		"No such file or directory\n");
}

Test(components, lines)
{
	static const char text[] = "first\r\n\n\xff\nwithout an end";

	write_file(text, sizeof(text) - 1);
	test = storm_test_spout(&storm_lines_spout, with_path("spout.input"));
	while (storm_test_next(test) == 0)
		;
	cr_expect_str_eq(storm_test_emitted(test, NULL),
		"[[\"first\"],[\"\"],[\"\357\277\275\"],[\"without an end\"]]");
	storm_test_forget(test);
	storm_test_ack(test, "1");
	storm_test_fail(test, "4");
	cr_expect_eq(storm_test_next(test), STORM_FINISHED);
	cr_expect_str_eq(storm_test_emitted(test, NULL), "[[\"without an end\"]]");
	cr_expect_eq(storm_test_close(test), 0);
}

Test(components, lines_needs_its_input)
{
	test = storm_test_spout(&storm_lines_spout, "{\"spout.input\": \"/none\"}");
	cr_expect(storm_test_ended(test));
	cr_expect_str_eq(storm_test_said(test),
		"error: cannot start: cannot open the input /none: No such file or directory\n");
}
