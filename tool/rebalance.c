/* cstorm rebalance: change the numbers of tasks, or of executors, of a running topology. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asking.h"
#include "cluster/pages.h"
#include "cluster/waiting.h"
#include "runs.h"

static const char help[] =
	"Usage: cstorm rebalance [OPTION]... [NAME] COMPONENT=N...\n"
	"\n"
	"Give components of a running topology N tasks each. From one moment to the next, tuples go to\n"
	"new tasks, which wait until the old ones have finished what they have and closed; nothing is\n"
	"lost, and the other components go on. With the same N, a component's processes begin anew,\n"
	"such as those of a program that has been built again. NAME is a topology's name or a run's pid;\n"
	"without it, there must be one run only.\n"
	"\n"
	"Of a topology on a Storm cluster, give components N executors each, at most as many as they have\n"
	"tasks: Storm cannot change those. Its spouts emit no more for a while, and all workers begin anew.\n"
	"\n"
	"Options:\n" ASKING_CLUSTER_HELP "  -n, --workers N   on a cluster: run it in N workers\n"
	"  -w, --wait SECONDS  on a cluster: begin after so long (default: the topology's message time-out)\n"
	"  --no-wait         end when it has begun, not when it is done\n"
	"  --json            print what is known of the topology then as JSON\n" ASKING_HELP "\n"
	"What the old tasks had in memory is gone with them, as in Storm. Spouts close when all their\n"
	"tuples are settled.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage or a rebalance that cannot be.\n";

#define PAUSE_NANOSECONDS 50000000

#define MOST_WORKERS 65535
#define LONGEST_WAIT 86400

struct request {
	struct asking asking; /* its name: NULL for the only run */
	json_t *counts; /* a number a component */
	bool no_wait;
	int workers; /* 0: it is not said */
	int wait; /* seconds; -1: it is not said */
};

static int parse_change(struct request *request, const char *argument)
{
	const char *equals = strrchr(argument, '=');
	json_int_t count;
	char *end;

	if (!equals || equals == argument)
		return asking_refuse(
			&request->asking, "what is to change must be COMPONENT=N, not ", argument);
	errno = 0;
	count = strtoll(equals + 1, &end, 10);
	if (errno != 0 || end == equals + 1 || *end != '\0' || count < 1 || count > INT_MAX)
		return asking_refuse(
			&request->asking, "a number of tasks must be at least 1, not ", equals + 1);
	if (json_object_setn_new(request->counts, argument, (size_t)(equals - argument),
		    json_integer(count)) < 0)
		return asking_refuse(&request->asking, "this is not UTF-8: ", argument);
	return EXIT_STATUS_DONE;
}

static int take_option(struct request *request, int option)
{
	switch (option) {
	case 'n':
		return asking_number(
			&request->asking, "--workers", optarg, MOST_WORKERS, &request->workers);
	case 'w':
		return asking_number(
			&request->asking, "--wait", optarg, LONGEST_WAIT, &request->wait);
	case 'N':
		request->no_wait = true;
		return EXIT_STATUS_DONE;
	default:
		return asking_option(&request->asking, option);
	}
}

/* Whether the options go together. */
static int check_arguments(const struct request *request)
{
	const struct asking *asking = &request->asking;

	if (asking_means_cluster(asking))
		return asking->name ? EXIT_STATUS_DONE :
				      asking_refuse(asking, "which topology on the cluster?", "");
	if (request->workers > 0 || request->wait >= 0)
		return asking_refuse(
			asking, "--workers and --wait are for a cluster: see --cluster", "");
	if (json_object_size(request->counts) == 0)
		return asking_refuse(
			asking, "which components are to have other numbers of tasks?", "");
	return EXIT_STATUS_DONE;
}

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		ASKING_CLUSTER_OPTION,
		{ "workers", required_argument, NULL, 'n' },
		{ "wait", required_argument, NULL, 'w' },
		{ "no-wait", no_argument, NULL, 'N' },
		ASKING_LONG_OPTIONS,
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, ASKING_SHORT_OPTIONS "n:w:", options, NULL)) !=
			-1)
		status = take_option(request, option);
	if (status == EXIT_STATUS_DONE && optind < argc && !strchr(argv[optind], '='))
		request->asking.name = argv[optind++];
	for (int i = optind; i < argc && status == EXIT_STATUS_DONE; i++)
		status = parse_change(request, argv[i]);
	return status == EXIT_STATUS_DONE ? check_arguments(request) : status;
}

/* On this machine */

/* Ask until it is done: the run's status then, a new reference; NULL where the run has ended. */
static json_t *ask_until_done(struct conversation *conversation, bool no_wait)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NANOSECONDS };
	json_t *status = NULL;
	bool goes_on = true;

	while (goes_on) {
		json_decref(status);
		status = NULL;
		if (run_ask(conversation, json_pack("{s:s}", "do", "status")) == 0)
			status = run_answer(conversation);
		goes_on = json_is_true(json_object_get(status, "rebalancing")) && !no_wait;
		if (goes_on)
			nanosleep(&pause, NULL);
	}
	if (!status)
		fprintf(stderr, "cstorm rebalance: the run has ended meanwhile\n");
	return status;
}

static int print_json(const json_t *answer)
{
	if (json_dumpf(answer, stdout, JSON_INDENT(2)) == 0)
		putchar('\n');
	if (fflush(stdout) != EOF && !ferror(stdout))
		return EXIT_STATUS_DONE;
	fprintf(stderr, "cstorm rebalance: cannot print: %s\n", strerror(errno));
	return EXIT_STATUS_FAILED;
}

static int rebalance_run(const struct request *request)
{
	struct conversation conversation = { 0 };
	int status = run_choose(&conversation, "cstorm rebalance", request->asking.name);
	json_t *answer = NULL;

	if (status != EXIT_STATUS_DONE)
		return status;
	status = run_request(&conversation, "cstorm rebalance",
		json_pack("{s:s, s:O}", "do", "rebalance", "tasks", request->counts));
	if (status == EXIT_STATUS_DONE && (!request->no_wait || request->asking.json)) {
		answer = ask_until_done(&conversation, request->no_wait);
		status = answer ? EXIT_STATUS_DONE : EXIT_STATUS_FAILED;
	}
	if (answer && request->asking.json)
		status = print_json(answer);
	json_decref(answer);
	run_disconnect(&conversation);
	return status;
}

/* On a cluster */

/* The number of a component's tasks; 0: there is no such component. */
static json_int_t tasks_of(const json_t *page, const char *component)
{
	static const char *const kinds[] = { "id_to_spout_agg_stats", "id_to_bolt_agg_stats" };
	json_int_t tasks = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const json_t *stats = json_object_get(json_object_get(page, kinds[i]), component);

		tasks += json_integer_value(
			json_object_get(json_object_get(stats, "common_stats"), "num_tasks"));
	}
	return tasks;
}

/* Storm would take a larger number without a word, and have as many executors as there are tasks. */
static int check_counts(const struct request *request, const json_t *page, struct buffer *problem)
{
	const char *component;
	json_t *count;

	json_object_foreach(request->counts, component, count) {
		json_int_t tasks = tasks_of(page, component);

		if (tasks == 0 || json_integer_value(count) <= tasks)
			continue;
		buffer_append_format(problem,
			"%s has %lld tasks, and so %lld executors at most: submit the topology "
			"anew with more of them (numTasks of Flux, .tasks in C, or -p)",
			component, (long long)tasks, (long long)tasks);
		return -EINVAL;
	}
	return 0;
}

static json_t *options_of(const struct request *request)
{
	json_t *options = json_pack("{s:O}", "num_executors", request->counts);

	if (request->workers > 0)
		json_object_set_new(options, "num_workers", json_integer(request->workers));
	if (request->wait >= 0)
		json_object_set_new(options, "wait_secs", json_integer(request->wait));
	return options;
}

static int ask(
	const struct asking *asking, struct nimbus *nimbus, json_t **answer, struct buffer *problem)
{
	const struct request *request = (const struct request *)asking;
	const struct pages_wanted wanted = { .name = asking->name, .window = PAGES_ALL_TIME };
	json_t *page;
	int err = pages_topology(nimbus, &wanted, &page, problem);

	if (err == 0)
		err = check_counts(request, page, problem);
	if (err == 0)
		err = nimbus_call(nimbus, &nimbus_rebalance,
			json_pack(
				"{s:s, s:o}", "name", asking->name, "options", options_of(request)),
			NULL, problem);
	if (err == 0 && !request->no_wait)
		err = wait_until_balanced(nimbus, asking->name, problem);
	if (err == 0 && asking->json)
		err = nimbus_call(nimbus, &nimbus_find_topology,
			json_pack("{s:s}", "name", asking->name), answer, problem);
	json_decref(page);
	return err;
}

int command_rebalance(int argc, char **argv)
{
	struct request request = {
		.asking = { .command = "cstorm rebalance", .help = help },
		.counts = json_object(),
		.wait = -1,
	};
	int status = parse_arguments(&request, argc, argv);

	signal(SIGPIPE, SIG_IGN);
	if (status == EXIT_STATUS_DONE)
		status = asking_means_cluster(&request.asking) ?
			asking_do(&request.asking, ask, NULL) :
			rebalance_run(&request);
	json_decref(request.counts);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
