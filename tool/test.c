/* cstorm test: test components and topologies, as files say. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "command.h"
#include "local/local.h"
#include "local/process.h"
#include "test/tests.h"
#include "topology.h"

static const char help[] =
	"Usage: cstorm test [OPTION]... FILE [NAME]...\n"
	"\n"
	"Run the tests of a file, or those that have a name: what goes into a component or a\n"
	"topology, and what must come out of it. cstorm-test(5) describes the file.\n"
	"\n"
	"Options:\n"
	"  --topology FILE   test this topology, not the one that the file names\n" TOPOLOGY_HELP
	"  --json            print the results as a JSON list on the standard output\n"
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 all passed, 1 some failed, 2 wrong usage, or a file that is not valid.\n";

struct request {
	struct topology_options topology;
	bool json;
	const char *path; /* of the file of tests */
	char **names; /* of the tests to run; NULL after the last; none: all */
};

struct results {
	json_t *list;
	size_t passed;
	size_t failed;
};

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "topology", required_argument, NULL, 'T' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		TOPOLOGY_LONG_OPTIONS,
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, TOPOLOGY_SHORT_OPTIONS "h", options, NULL)) !=
		-1) {
		if (topology_option(&request->topology, option, optarg))
			continue;
		switch (option) {
		case 'T':
			request->topology.source.path = optarg;
			break;
		case 'j':
			request->json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
		default:
			return topology_refuse(
				&request->topology, "the options are not understood", "");
		}
	}
	if (optind == argc)
		return topology_refuse(&request->topology, "the file of tests is missing", "");
	request->path = argv[optind];
	request->names = argv + optind + 1;
	return EXIT_STATUS_DONE;
}

static bool is_chosen(const struct request *request, const struct test *test)
{
	for (char **name = request->names; *name; name++) {
		if (strcmp(*name, test->name) == 0)
			return true;
	}
	return !request->names[0];
}

/* Names that no test has. */
static int check_names(
	const struct request *request, const struct test_file *file, struct problems *problems)
{
	const char **known = calloc(file->count + 1, sizeof(*known));

	if (!known)
		return -ENOMEM;
	for (size_t i = 0; i < file->count; i++)
		known[i] = file->tests[i].name;
	for (char **name = request->names; *name; name++) {
		size_t i = 0;

		while (i < file->count && strcmp(known[i], *name) != 0)
			i++;
		if (i < file->count)
			continue;
		problems_error(problems, (struct place){ .file = file->path },
			"there is no test %s", *name);
		problems_suggest(problems, *name, known, file->count);
	}
	free(known);
	return problems_result(problems);
}

/* The topology of a test, with the test's configuration. Every test has one of its own. */
static int load(struct spec *spec, const struct request *request, struct test_file *file,
	const struct test *test, struct problems *problems)
{
	struct topology_options options = request->topology;
	int err;

	if (!options.source.path)
		options.source.path = file->topology;
	err = topology_load(spec, &options, problems);
	if (err == 0 && test->config)
		json_object_update(spec->config, test->config);
	if (err == 0)
		err = local_check_config(spec, problems);
	return err == 0 ? test_check(file, test, spec, problems) : err;
}

/* Print a text of several lines, each with some spaces before it. */
static void print_indented(const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		if (length > 0)
			printf("      %.*s\n", (int)length, text);
		text += length;
		text += *text == '\n';
	}
}

static void note(struct results *results, const struct request *request,
	const struct test_file *file, const struct test *test, double seconds,
	struct differences *differences)
{
	bool passed = differences->count == 0;
	struct place place = places_of(&file->places, test->json, file->json);

	results->passed += passed;
	results->failed += !passed;
	json_array_append_new(results->list,
		json_pack("{s:s, s:b, s:s, s:i, s:f, s:s}", "name", test->name, "passed", passed,
			"file", file->path, "line", place.line, "seconds", seconds, "differences",
			buffer_text(&differences->text)));
	if (request->json)
		return;
	if (passed)
		printf("ok    %s\n", test->name);
	else
		printf("FAIL  %s (%s:%d)\n", test->name, file->path, place.line);
	print_indented(buffer_text(&differences->text));
	fflush(stdout);
}

/* Run one test: 0, or -EINVAL where it is not valid. */
static int run_test(struct results *results, const struct request *request, struct test_file *file,
	const struct test *test)
{
	struct problems problems = { 0 };
	struct differences differences = { 0 };
	struct spec spec = { 0 };
	double started = clock_now();
	int err = load(&spec, request, file, test, &problems);

	/* Its places are of the topology's files: it is printed while that is there. */
	if (err < 0) {
		problems_sort(&problems);
		problems_print(&problems, stderr);
	} else {
		if (test->component)
			test_component(test, &spec, &differences);
		else
			test_whole(test, &spec, &differences);
		note(results, request, file, test, clock_now() - started, &differences);
	}
	buffer_free(&differences.text);
	problems_free(&problems);
	spec_free(&spec);
	return err;
}

static int print_results(const struct request *request, const struct results *results)
{
	if (request->json) {
		json_dumpf(results->list, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		printf("%zu passed, %zu failed\n", results->passed, results->failed);
	}
	return fflush(stdout) == EOF || ferror(stdout) || results->failed > 0 ? EXIT_STATUS_FAILED :
										EXIT_STATUS_DONE;
}

static int test_file(const struct request *request)
{
	struct results results = { .list = json_array() };
	struct problems problems = { 0 };
	struct test_file file;
	int status = EXIT_STATUS_USAGE;
	int err = test_file_read(&file, request->path, &problems);

	if (err == 0 && !file.topology && !request->topology.source.path)
		err = problems_error(&problems, (struct place){ .file = file.path },
			"topology is missing: the path of the topology, seen from here");
	if (err == 0)
		err = check_names(request, &file, &problems);
	problems_sort(&problems);
	problems_print(&problems, stderr);
	for (size_t i = 0; i < file.count && err == 0 && !test_interrupted; i++) {
		if (is_chosen(request, &file.tests[i]))
			err = run_test(&results, request, &file, &file.tests[i]);
	}
	if (err == 0)
		status = print_results(request, &results);
	test_file_free(&file);
	problems_free(&problems);
	json_decref(results.list);
	return status;
}

volatile sig_atomic_t test_interrupted;

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	test_interrupted = 1;
}

int command_test(int argc, char **argv)
{
	const struct sigaction interrupt = { .sa_handler = on_interrupt };
	struct request request = { 0 };
	int status;

	topology_begin(&request.topology, "cstorm test");
	status = parse_arguments(&request, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGTERM, &interrupt, NULL);
	process_adopt_orphans();
	if (status == EXIT_STATUS_DONE)
		status = test_file(&request);
	topology_options_free(&request.topology);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
