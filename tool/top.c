/* cstorm top: watch a running topology. */
#include "top.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runs.h"

static const char help[] =
	"Usage: cstorm top [OPTION]... [NAME]\n"
	"\n"
	"Watch a running topology: what each component does, how long it takes, what it uses, and\n"
	"which of them holds up the others. NAME is a topology's name or a run's pid; without it, there\n"
	"must be one run only. Latencies are those since the start.\n"
	"\n"
	"Of a topology on a Storm cluster it shows what Nimbus knows, which the workers tell it once a\n"
	"minute (executor.metrics.frequency.secs): until then, rates are the last ones.\n"
	"\n"
	"Options:\n" ASKING_CLUSTER_HELP "  --interval SECONDS  look so often (1)\n"
	"  -n, --count N     look so many times, then end\n"
	"  --json            print what is known as a line of JSON each time\n" ASKING_HELP "\n"
	"Exit status: 0 the topology or the count is at its end, 1 failed, 2 wrong usage.\n";

static int parse_interval(struct top_request *request, const char *text)
{
	char *end;

	request->interval = strtod(text, &end);
	if (end != text && *end == '\0' && request->interval >= 0.01 && request->interval <= 1e6)
		return EXIT_STATUS_DONE;
	return asking_refuse(
		&request->asking, "--interval must be a number of seconds, not ", text);
}

static int parse_count(struct top_request *request, const char *text)
{
	char *end;

	request->count = strtol(text, &end, 10);
	if (end != text && *end == '\0' && request->count >= 1)
		return EXIT_STATUS_DONE;
	return asking_refuse(&request->asking, "-n must be a number, at least 1, not ", text);
}

static int parse_arguments(struct top_request *request, int argc, char **argv)
{
	static const struct option options[] = {
		ASKING_CLUSTER_OPTION,
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'n' },
		ASKING_LONG_OPTIONS,
		{ 0 },
	};
	struct asking *asking = &request->asking;
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, ASKING_SHORT_OPTIONS "n:", options, NULL)) !=
			-1) {
		if (option == 'i')
			status = parse_interval(request, optarg);
		else if (option == 'n')
			status = parse_count(request, optarg);
		else
			status = asking_option(asking, option);
	}
	if (status != EXIT_STATUS_DONE)
		return status;
	if (optind == argc && asking_means_cluster(asking))
		return asking_refuse(asking, "which topology on the cluster?", "");
	return optind < argc ? asking_name(asking, argc, argv) : EXIT_STATUS_DONE;
}

/* Numbers of a look */

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* The sum of a key over a list. */
static double sum(const json_t *list, const char *key)
{
	const json_t *entry;
	double total = 0;
	size_t i;

	json_array_foreach(list, i, entry)
		total += number(entry, key);
	return total;
}

static double largest(const json_t *list, const char *key)
{
	const json_t *entry;
	double found = 0;
	size_t i;

	json_array_foreach(list, i, entry)
		found = fmax(found, number(entry, key));
	return found;
}

static const json_t *find_named(const json_t *list, const char *name)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		if (strcmp(json_string_value(json_object_get(entry, "name")), name) == 0)
			return entry;
	}
	return NULL;
}

double top_rate(double now, double before, double seconds)
{
	return seconds > 0 ? (now >= before ? now - before : now) / seconds : 0;
}

/* A line of the table. */
struct row {
	const char *name;
	bool is_spout;
	json_int_t tasks;
	double emitted; /* a second */
	double executed; /* a second */
	double p50; /* milliseconds */
	double p99;
	double in_flight;
	double queued; /* bytes */
	double cpu; /* of a core, all tasks */
	double busiest; /* of a core, the busiest task */
	double memory; /* bytes */
	json_int_t restarts;
};

static double busiest_task(const json_t *processes, const json_t *before, double seconds)
{
	double found = 0;

	for (size_t i = 0; i < json_array_size(processes); i++)
		found = fmax(found,
			top_rate(number(json_array_get(processes, i), "cpu_seconds"),
				number(json_array_get(before, i), "cpu_seconds"), seconds));
	return found;
}

static struct row make_row(const struct looks *looks, const json_t *component)
{
	const char *name = json_string_value(json_object_get(component, "name"));
	const json_t *before =
		find_named(json_object_get(looks->before, "components"), name ? name : "");
	const json_t *outputs = json_object_get(component, "outputs");
	const json_t *inputs = json_object_get(component, "inputs");
	const json_t *processes = json_object_get(component, "processes");
	const json_t *old = json_object_get(before, "processes");
	struct row row = { .name = name ? name : "" };

	row.is_spout = json_array_size(inputs) == 0;
	row.tasks = json_integer_value(json_object_get(component, "tasks"));
	row.restarts = json_integer_value(json_object_get(component, "restarts"));
	row.emitted = top_rate(sum(outputs, "emitted"),
		sum(json_object_get(before, "outputs"), "emitted"), looks->seconds);
	row.executed = top_rate(sum(inputs, "executed"),
		sum(json_object_get(before, "inputs"), "executed"), looks->seconds);
	row.p50 = largest(row.is_spout ? outputs : inputs, "latency_p50_ms");
	row.p99 = largest(row.is_spout ? outputs : inputs, "latency_p99_ms");
	row.in_flight = sum(processes, "in_flight");
	row.queued = sum(processes, "queued_bytes");
	row.memory = sum(processes, "memory_bytes");
	row.cpu = top_rate(sum(processes, "cpu_seconds"), sum(old, "cpu_seconds"), looks->seconds);
	row.busiest = busiest_task(processes, old, looks->seconds);
	return row;
}

/* Printing */

static void print_row(const struct row *row, bool is_bottleneck)
{
	printf("%-16.16s %5s %5" JSON_INTEGER_FORMAT " %11.0f ", row->name,
		row->is_spout ? "spout" : "bolt", row->tasks, row->emitted);
	if (row->is_spout)
		printf("%11s ", "");
	else
		printf("%11.0f ", row->executed);
	printf("%9.3f %9.3f %8.0f %9.1f %5.0f %8.1f %4" JSON_INTEGER_FORMAT "%s\n", row->p50,
		row->p99, row->in_flight, row->queued / 1024, row->cpu * 100, row->memory / 1e6,
		row->restarts, is_bottleneck ? "  <- bottleneck" : "");
}

/* Who holds up the others: the busiest of all, if it has little time left; -1: the runner, -2: none. */
static int find_bottleneck(const struct row *rows, size_t count, double runner)
{
	double most = fmax(runner, TOP_BUSY);
	int found = runner >= TOP_BUSY ? -1 : -2;

	for (size_t i = 0; i < count; i++) {
		if (rows[i].busiest >= most) {
			most = rows[i].busiest;
			found = (int)i;
		}
	}
	return found;
}

static void print_table(const struct looks *looks)
{
	const json_t *components = json_object_get(looks->now, "components");
	size_t count = json_array_size(components);
	struct row *rows = calloc(count + 1, sizeof(*rows));
	double runner = top_rate(number(looks->now, "cpu_seconds"),
		number(looks->before, "cpu_seconds"), looks->seconds);
	int bottleneck;

	if (!rows)
		return;
	for (size_t i = 0; i < count; i++)
		rows[i] = make_row(looks, json_array_get(components, i));
	bottleneck = find_bottleneck(rows, count, runner);
	printf("%s  %s  %.1f s  %.0f tuples/s  the runner: %.0f %% CPU, %.1f MB%s\n\n",
		json_string_value(json_object_get(looks->now, "topology")),
		json_string_value(json_object_get(looks->now, "status")),
		number(looks->now, "seconds"),
		top_rate(number(looks->now, "tuples"), number(looks->before, "tuples"),
			looks->seconds),
		runner * 100, number(looks->now, "memory_bytes") / 1e6,
		bottleneck == -1 ? "  <- bottleneck" : "");
	printf("%-16s %5s %5s %11s %11s %9s %9s %8s %9s %5s %8s %4s\n", "COMPONENT", "", "TASKS",
		"EMITTED/S", "EXECUTED/S", "P50/MS", "P99/MS", "FLIGHT", "QUEUE/KB", "CPU%",
		"MEM/MB", "RE");
	for (size_t i = 0; i < count; i++)
		print_row(&rows[i], bottleneck == (int)i);
	free(rows);
}

/* Watching */

static void print_look(const struct top_request *request, const struct top_source *source,
	const struct looks *looks)
{
	bool terminal = isatty(STDOUT_FILENO);

	if (request->asking.json) {
		json_dumpf(looks->now, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	if (terminal)
		printf("\033[H\033[2J");
	source->print(looks);
	if (!terminal)
		putchar('\n');
}

int top_watch(const struct top_request *request, const struct top_source *source)
{
	struct timespec interval = { (time_t)request->interval,
		(long)((request->interval - floor(request->interval)) * 1e9) };
	struct looks looks = { 0 };
	double counted_at = 0; /* what is in looks.now */
	double counted_before = 0;
	long left = request->count;
	double seconds = 0;
	json_t *now;
	int err = 0;

	while (err == 0 && (now = source->look(source->data, &seconds))) {
		if (looks.now && source->is_same && source->is_same(looks.now, now)) {
			json_decref(looks.now);
		} else {
			json_decref(looks.before);
			looks.before = looks.now;
			counted_before = looks.before ? counted_at : 0;
			counted_at = seconds;
		}
		looks.now = now;
		looks.seconds = counted_at - counted_before;
		print_look(request, source, &looks);
		if (fflush(stdout) == EOF)
			err = -errno;
		if (left > 0 && --left == 0)
			break;
		nanosleep(&interval, NULL);
	}
	json_decref(looks.now);
	json_decref(looks.before);
	if (err == 0 || err == -EPIPE) /* or nobody reads */
		return EXIT_STATUS_DONE;
	fprintf(stderr, "cstorm top: cannot print: %s\n", strerror(-err));
	return EXIT_STATUS_FAILED;
}

static json_t *look_at_run(void *data, double *seconds)
{
	struct conversation *conversation = data;
	json_t *now = NULL;

	if (run_ask(conversation, json_pack("{s:s}", "do", "status")) == 0)
		now = run_answer(conversation);
	*seconds = number(now, "seconds");
	return now;
}

static int top_run(const struct top_request *request)
{
	struct conversation conversation = { 0 };
	const struct top_source source = {
		.data = &conversation,
		.look = look_at_run,
		.print = print_table,
	};
	int status = run_choose(&conversation, "cstorm top", request->asking.name);

	if (status == EXIT_STATUS_DONE)
		status = top_watch(request, &source);
	run_disconnect(&conversation);
	return status;
}

int command_top(int argc, char **argv)
{
	struct top_request request = {
		.asking = { .command = "cstorm top", .help = help },
		.interval = 1,
	};
	int status = parse_arguments(&request, argc, argv);

	signal(SIGPIPE, SIG_IGN);
	if (status == EXIT_STATUS_DONE)
		status = asking_means_cluster(&request.asking) ? top_cluster(&request) :
								 top_run(&request);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
