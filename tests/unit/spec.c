/* The topology model: what is refused, and in which words. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "spec/spec.h"

#define LINES                                                                               \
	"{\"name\":\"lines\",\"outputs\":[{\"stream\":\"default\",\"fields\":[\"line\"]}]," \
	"\"settings\":[{\"name\":\"input\"}]}"
#define SPLIT                                                                                    \
	"{\"name\":\"split\",\"parallelism\":2,\"outputs\":[{\"stream\":\"default\","            \
	"\"fields\":[\"word\"]},{\"stream\":\"chosen\",\"fields\":[\"word\"],\"direct\":true}]," \
	"\"inputs\":[{\"component\":\"lines\",\"grouping\":\"shuffle\"}]}"
#define COUNT(input) "{\"name\":\"count\",\"inputs\":[" input "]}"
#define TOPOLOGY(spouts, bolts) \
	"{\"cstorm\":1,\"name\":\"words\",\"spouts\":[" spouts "],\"bolts\":[" bolts "]}"

static struct spec spec;
static struct problems problems;
static char *said; /* the problems as text */

/* All problems as text. */
static const char *problems_text(void)
{
	size_t length;
	FILE *file;

	free(said);
	file = open_memstream(&said, &length);
	problems_print(&problems, file);
	fclose(file);
	return said;
}

static int parse_as(const char *text, bool is_program, const char *environment)
{
	json_error_t why;

	problems_free(&problems);
	spec_free(&spec);
	spec.path = strdup("words");
	spec.is_program = is_program;
	spec.description = json_loads(text, 0, &why);
	cr_assert_not_null(spec.description, "%s: %s", why.text, text);
	return spec_parse(
		&spec, &(const struct spec_source){ .environment = environment }, &problems);
}

static int parse(const char *text)
{
	return parse_as(text, true, NULL);
}

static int parse_and_check(const char *text)
{
	parse(text);
	return spec_check(&spec, &problems);
}

static void expect_problem(const char *text, const char *problem)
{
	cr_expect_eq(parse_and_check(text), -EINVAL, "%s", text);
	cr_expect_not_null(strstr(problems_text(), problem), "%s\nsaid: %s", text, problems_text());
}

static void forget(void)
{
	spec_free(&spec);
	problems_free(&problems);
	free(said);
}

TestSuite(spec, .fini = forget);

Test(spec, holds_what_is_described)
{
	const struct spec_component *count;

	cr_assert_eq(parse_and_check(TOPOLOGY(LINES,
			     SPLIT "," COUNT("{\"component\":\"split\",\"grouping\":\"fields\","
					     "\"fields\":[\"word\"]}"))),
		0, "%s", problems_text());
	cr_assert_eq(spec.component_count, 3);
	cr_assert_eq(spec_find(&spec, "count"), 2);
	cr_assert_eq(spec_find(&spec, "nobody"), 3);
	cr_assert(spec.components[0].is_spout);
	cr_assert_eq(spec.components[0].parallelism, 1);
	cr_assert_eq(spec.components[1].parallelism, 2);
	cr_assert(spec.components[1].outputs[1].direct);
	cr_assert_str_eq(spec.components[0].command[0], "words");
	count = &spec.components[2];
	cr_assert_eq(count->inputs[0].grouping, STORM_GROUPING_FIELDS);
	cr_assert_eq(count->inputs[0].source, 1);
	cr_assert_eq(count->inputs[0].source_stream, 0);
	cr_assert_eq(count->inputs[0].field_indexes[0], 0);
}

Test(spec, refuses_inputs_that_lead_nowhere)
{
	expect_problem(
		TOPOLOGY(LINES, SPLIT "," COUNT("{\"component\":\"splitt\",\"grouping\":\"all\"}")),
		"count: its input splitt is no component of the topology; did you mean split?");
	expect_problem(TOPOLOGY(LINES,
			       SPLIT "," COUNT("{\"component\":\"split\",\"stream\":"
					       "\"chosn\",\"grouping\":\"direct\"}")),
		"count: its input split has no stream chosn; did you mean chosen?");
	expect_problem(TOPOLOGY(LINES,
			       SPLIT "," COUNT("{\"component\":\"split\",\"grouping\":"
					       "\"fields\",\"fields\":[\"wrod\"]}")),
		"count: stream default of split has no field wrod; did you mean word?");
	expect_problem(
		TOPOLOGY(LINES, SPLIT "," COUNT("{\"component\":\"split\",\"grouping\":\"al\"}")),
		"count: no such grouping: al; did you mean all?");
}

Test(spec, refuses_groupings_that_do_not_fit)
{
	expect_problem(
		TOPOLOGY(LINES,
			SPLIT "," COUNT("{\"component\":\"split\",\"grouping\":\"direct\"}")),
		"is not declared as direct");
	expect_problem(TOPOLOGY(LINES,
			       SPLIT "," COUNT("{\"component\":\"split\",\"stream\":"
					       "\"chosen\",\"grouping\":\"shuffle\"}")),
		"its input needs the direct grouping");
	expect_problem(
		TOPOLOGY(LINES,
			SPLIT "," COUNT("{\"component\":\"split\",\"grouping\":\"fields\"}")),
		"names no fields");
	expect_problem(TOPOLOGY(LINES,
			       SPLIT "," COUNT("{\"component\":\"split\",\"grouping\":\"all\"},"
					       "{\"component\":\"split\",\"grouping\":"
					       "\"shuffle\"}")),
		"is its input twice");
}

Test(spec, refuses_names_and_numbers_that_cannot_be)
{
	expect_problem(TOPOLOGY("", ""), "the topology has no spout");
	expect_problem(TOPOLOGY(LINES "," LINES, ""), "two components have this name");
	expect_problem(TOPOLOGY("{\"name\":\"__lines\"}", ""), "Storm's own");
	expect_problem(TOPOLOGY("{\"name\":\"a\",\"parallelism\":0}", ""),
		"parallelism must be a whole number, at least 1");
	expect_problem(TOPOLOGY("{\"name\":\"a\",\"parallelism\":\"2\"}", ""), "a whole number");
	expect_problem(TOPOLOGY(LINES, COUNT("")), "count: a bolt needs an input");
	expect_problem(TOPOLOGY("{\"name\":\"a\",\"inputs\":[{\"component\":\"a\","
				"\"grouping\":\"all\"}]}",
			       ""),
		"a: a spout has no inputs");
	expect_problem(TOPOLOGY("{\"name\":\"a\",\"outputs\":[{\"stream\":\"s\",\"fields\":"
				"[\"f\",\"f\"]}]}",
			       ""),
		"two fields have the name f");
	expect_problem(TOPOLOGY("{\"name\":\"a\",\"outputs\":[{\"stream\":\"s\"},"
				"{\"stream\":\"s\"}]}",
			       ""),
		"two streams have the name s");
	expect_problem(TOPOLOGY("{\"name\":\"a\",\"command\":[]}", ""), "command is empty");
}

/* A spout, and bolts each of which receives what the one before it emits. */
static char *write_chain(int bolts)
{
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	fputs("{\"cstorm\":1,\"name\":\"words\",\"spouts\":[{\"name\":\"0\",\"outputs\":"
	      "[{\"stream\":\"default\",\"fields\":[\"a\"]}]}],\"bolts\":[",
		file);
	for (int i = 1; i <= bolts; i++)
		fprintf(file,
			"%s{\"name\":\"%d\",\"outputs\":[{\"stream\":\"default\",\"fields\":[\"a\"]}],"
			"\"inputs\":[{\"component\":\"%d\",\"grouping\":\"all\"}]}",
			i > 1 ? "," : "", i, i - 1);
	fputs("]}", file);
	fclose(file);
	return text;
}

Test(spec, checks_a_large_topology)
{
	char *text = write_chain(3000);

	cr_expect_eq(parse_and_check(text), 0, "%s", problems_text());
	cr_expect_eq(problems.count, 0, "%s", problems_text());
	cr_expect_eq(spec.components[3000].inputs[0].source, 2999);
	free(text);
	text = write_chain(10000);
	expect_problem(text, "10001 components, more than 10000");
	cr_expect_eq(problems.count, 1);
	free(text);
}

Test(spec, says_once_that_a_name_is_there_again)
{
	static const char *const parts[] = { "\"f\"", "{\"stream\":\"s\"}",
		"{\"component\":\"lines\",\"grouping\":\"all\"}" };
	static const char *const keys[] = { "outputs\":[{\"stream\":\"s\",\"fields\":[",
		"outputs\":[", "inputs\":[" };
	static const char *const ends[] = { "]}]", "]", "]" };

	for (size_t i = 0; i < 3; i++) {
		char *text = NULL;
		size_t length;
		FILE *file = open_memstream(&text, &length);

		fprintf(file,
			"{\"cstorm\":1,\"name\":\"words\",\"spouts\":[" LINES
			"],\"bolts\":[{\"name\":\"b\",\"%s%s",
			keys[i], parts[i]);
		for (int j = 1; j < 10000; j++)
			fprintf(file, ",%s", parts[i]);
		fprintf(file, "%s}]}", ends[i]);
		fclose(file);
		cr_expect_eq(parse_and_check(text), -EINVAL);
		/* A bolt needs an input. */
		cr_expect_eq(problems.count, i == 2 ? 9999 : 10000, "%zu", problems.count);
		free(text);
	}
}

Test(spec, says_all_problems_at_once)
{
	expect_problem(TOPOLOGY("{\"name\":\"__a\",\"parallelism\":0}", COUNT("")), "Storm's own");
	cr_expect_not_null(
		strstr(problems_text(), "parallelism must be a whole number, at least 1"));
	cr_expect_not_null(strstr(problems_text(), "a bolt needs an input"));
}

Test(spec, refuses_what_is_no_description)
{
	expect_problem("{}", "not a description of a topology");
	expect_problem("{\"cstorm\":99,\"name\":\"x\"}", "a description of version 99");
	expect_problem("{\"cstorm\":1}", "name is missing");
	expect_problem(TOPOLOGY("{}", ""), "a spout: name is missing");
	expect_problem(TOPOLOGY(LINES ", 5", ""), "a spout must be an object");
	cr_expect_eq(spec.component_count, 1);
	expect_problem(TOPOLOGY(LINES, "[]"), "a bolt must be an object");
	expect_problem(TOPOLOGY("{\"name\":\"a\",\"java\":5}", ""), "a: java must be an object");
	expect_problem(TOPOLOGY("{\"name\":\"a\",\"java\":{\"classNmae\":\"A\"}}", ""),
		"a: the key classNmae means nothing; did you mean className?");
	cr_expect_not_null(
		strstr(problems_text(), "a: className is missing"), "%s", problems_text());
	expect_problem("{\"cstorm\":1,\"name\":\"x\",\"config\":[]}", "config must be an object");
}

Test(spec, says_problems_in_the_order_of_their_places)
{
	for (int i = 0; i < 100000; i++)
		problems_error(&problems,
			(struct place){ .file = i % 2 ? "b" : "a",
				.line = 1000 - i % 1000,
				.column = i % 3 },
			"%d", i);
	problems_sort(&problems);
	for (size_t i = 1; i < problems.count; i++) {
		const struct place *before = &problems.list[i - 1].place;
		const struct place *place = &problems.list[i].place;
		int files = strcmp(before->file, place->file);

		cr_assert(files < 0 ||
			(files == 0 &&
				(before->line < place->line ||
					(before->line == place->line &&
						before->column <= place->column))));
		if (files == 0 && before->line == place->line && before->column == place->column)
			cr_assert(atoi(problems.list[i - 1].what) < atoi(problems.list[i].what));
	}
}

static const json_t *set_and_get(const char *assignment, const char *key)
{
	cr_assert_eq(spec_set_config(&spec, assignment, &problems), 0, "%s", problems_text());
	return json_object_get(spec.config, key);
}

#define METRICS(list) TOPOLOGY("{\"name\":\"lines\",\"metrics\":" list "}", "")

Test(spec, has_the_metrics)
{
	cr_assert_eq(parse(METRICS("[{\"name\":\"visits\",\"kind\":\"counter\"},"
				   "{\"name\":\"wait\",\"kind\":\"timer\"}]")),
		0, "%s", problems_text());
	cr_assert_eq(spec.components[0].metric_count, 2);
	cr_expect_str_eq(spec.components[0].metrics[1].name, "wait");
	cr_expect_eq(spec.components[0].metrics[1].kind, STORM_TIMER);
	expect_problem(METRICS("[{\"name\":\"n\",\"kind\":\"x\"}]"), "lines: no such kind: x");
	expect_problem(METRICS("[{\"kind\":\"timer\"}]"), "lines: name is missing");
	expect_problem(METRICS("{}"), "metrics must be a list");
}

Test(spec, has_a_file_that_is_no_program_say_how_components_start)
{
	cr_assert_eq(parse_as(TOPOLOGY(LINES, ""), false, NULL), -EINVAL);
	cr_expect_not_null(
		strstr(problems_text(), "lines: command is missing"), "%s", problems_text());
}

Test(spec, takes_values_as_json_or_as_text)
{
	cr_assert_eq(parse(TOPOLOGY(LINES, SPLIT)), 0);
	cr_assert_eq(json_integer_value(set_and_get("a=5", "a")), 5);
	cr_assert(json_is_true(set_and_get("a=true", "a")));
	cr_assert(json_is_null(set_and_get("a=null", "a")));
	cr_assert_eq(json_array_size(set_and_get("a=[1,2]", "a")), 2);
	cr_assert_str_eq(json_string_value(set_and_get("a=/a/path", "a")), "/a/path");
	cr_assert_str_eq(json_string_value(set_and_get("a=\"5\"", "a")), "5");
	cr_assert_str_eq(json_string_value(set_and_get("a=", "a")), "");
	cr_assert_str_eq(json_string_value(set_and_get("a=b=c", "a")), "b=c");
	cr_assert_str_eq(json_string_value(set_and_get("lines.input=x", "lines.input")), "x");
	cr_assert_str_eq(json_string_value(set_and_get("words.input=y", "words.input")), "y");
}

Test(spec, refuses_settings_that_nobody_declares)
{
	cr_assert_eq(parse(TOPOLOGY(LINES, SPLIT)), 0);
	cr_expect_eq(spec_set_config(&spec, "words.inptu=x", &problems), -EINVAL);
	cr_expect_not_null(
		strstr(problems_text(), "did you mean words.input?"), "%s", problems_text());
	cr_expect_eq(spec_set_config(&spec, "lines.nothing=x", &problems), -EINVAL);
	cr_expect_eq(spec_set_config(&spec, "no-value", &problems), -EINVAL);
	cr_expect_eq(spec_set_config(&spec, "=x", &problems), -EINVAL);
}

Test(spec, sets_the_parallelism)
{
	cr_assert_eq(parse(TOPOLOGY(LINES, SPLIT)), 0);
	cr_assert_eq(spec_set_parallelism(&spec, "split=7", &problems), 0);
	cr_assert_eq(spec.components[1].parallelism, 7);
	cr_expect_eq(spec_set_parallelism(&spec, "split=0", &problems), -EINVAL);
	cr_expect_eq(spec_set_parallelism(&spec, "split=x", &problems), -EINVAL);
	cr_expect_eq(spec_set_parallelism(&spec, "split", &problems), -EINVAL);
	cr_expect_eq(spec_set_parallelism(&spec, "splti=2", &problems), -EINVAL);
	cr_expect_not_null(strstr(problems_text(), "did you mean split?"));
}
