/* cstorm map: process lines with one bolt. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "command.h"
#include "map/map.h"
#include "protocol/write.h"
#include "topology.h"

#define PROCESSES_MOST 1024
#define TURN_SECONDS 0.25

static const char help[] =
	"Usage: cstorm map [OPTION]... BOLT [INPUT]...\n"
	"       cstorm map [OPTION]... [INPUT]... -- COMMAND [ARGUMENT]...\n"
	"\n"
	"Process each line of the inputs (- or none: the standard input) with a bolt, in several\n"
	"processes, and write what it emits, a line for each tuple, once it has acked the line.\n"
	"BOLT is the name of a ready-made bolt (`cstorm-components --help` lists them), or\n"
	"TOPOLOGY:COMPONENT, a bolt of a topology's program or file. COMMAND is any component that\n"
	"speaks Storm's multi-lang protocol.\n"
	"\n"
	"Options:\n"
	"  -p, --processes N  so many processes (as many as there are processors)\n"
	"  -o KEY=VALUE       set a key of the bolt's configuration; VALUE is JSON or plain text\n"
	"  --unordered        write results as they come, not in the order of the lines\n"
	"  --from FORMAT      lines: each is a string (the default); json: each is JSON\n"
	"  --to FORMAT        text: values with tabs between them (the default); json: JSON\n"
	"  --fields NAMES     the fields of the bolt's input, with commas between them (line)\n"
	"  --stream NAME      write the tuples of this stream (default)\n"
	"  --retries N        try a line that fails N times more (2)\n"
	"  --timeout SECONDS  a process that settles no line for so long is started anew (30)\n"
	"  --failures FILE    write the lines that failed to FILE\n"
	"  --stats FILE       write the statistics to FILE as JSON\n"
	"  -e, --environment NAME  take what the topology has for this environment\n"
	"  --filter FILE      YAML: replace ${NAME} by the properties of FILE\n"
	"  --env-filter       YAML: replace ${ENV-NAME} by the environment's variables\n"
	"  -q, --quiet        log errors only, and show no progress\n"
	"  -v, --verbose      log everything\n"
	"  -h, --help         print this\n"
	"\n"
	"Exit status: 0 all lines were processed, 1 some failed or something else did, 2 wrong usage.\n";

struct request {
	struct topology_options topology;
	struct local_options local;
	struct map_options options;
	struct map_bolt bolt;
	const char *stats_path;
};

volatile sig_atomic_t map_signal;
volatile sig_atomic_t map_signals;

static void on_signal(int number)
{
	map_signal = number;
	map_signals++;
}

/* Usage */

static int refuse(const struct request *request, const char *what, const char *argument)
{
	return topology_refuse(&request->topology, what, argument);
}

static int parse_count(const struct request *request, const char *text, size_t least, size_t most,
	const char *rule, size_t *count)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || number < least || number > most)
		return refuse(request, rule, text);
	*count = number;
	return EXIT_STATUS_DONE;
}

static int parse_format(const struct request *request, const char *text, const char *plain,
	const char *rule, enum map_format *format)
{
	if (strcmp(text, plain) != 0 && strcmp(text, "json") != 0)
		return refuse(request, rule, text);
	*format = strcmp(text, "json") == 0 ? MAP_JSON : MAP_TEXT;
	return EXIT_STATUS_DONE;
}

static int parse_timeout(struct request *request, const char *text)
{
	char *end;

	request->options.timeout = strtod(text, &end);
	if (end == text || *end != '\0' || !(request->options.timeout > 0) ||
		request->options.timeout > 1e9)
		return refuse(request, "--timeout must be a number of seconds above 0, not ", text);
	return EXIT_STATUS_DONE;
}

static int parse_option(struct request *request, int option)
{
	struct map_options *options = &request->options;

	switch (option) {
	case 'p':
		return parse_count(request, optarg, 1, PROCESSES_MOST,
			"-p must be a number of processes from 1 to 1024, not ",
			&request->bolt.processes);
	case 'u':
		options->unordered = true;
		return EXIT_STATUS_DONE;
	case 'f':
		return parse_format(request, optarg, "lines", "--from must be lines or json, not ",
			&options->from);
	case 't':
		return parse_format(
			request, optarg, "text", "--to must be text or json, not ", &options->to);
	case 'F':
		request->bolt.fields = optarg;
		return EXIT_STATUS_DONE;
	case 'S':
		options->stream = request->bolt.stream = optarg;
		return EXIT_STATUS_DONE;
	case 'r':
		return parse_count(request, optarg, 0, 1000000,
			"--retries must be a number from 0 to 1000000, not ", &options->retries);
	case 'T':
		return parse_timeout(request, optarg);
	case 'L':
		options->failures_path = optarg;
		return EXIT_STATUS_DONE;
	case 's':
		request->stats_path = optarg;
		return EXIT_STATUS_DONE;
	case 'q':
	case 'v':
		request->local.verbosity = option == 'q' ? -1 : 1;
		return EXIT_STATUS_DONE;
	default:
		if (topology_option(&request->topology, option, optarg))
			return EXIT_STATUS_DONE;
		return refuse(request, "the options are not understood", "");
	}
}

/* The words behind -- are a command: cut them off. */
static void take_command(struct request *request, int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			request->bolt.command = argv + i + 1;
			argv[i] = NULL;
			*argc = i;
			return;
		}
	}
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		TOPOLOGY_LONG_OPTIONS,
		{ "processes", required_argument, NULL, 'p' },
		{ "unordered", no_argument, NULL, 'u' },
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "fields", required_argument, NULL, 'F' },
		{ "stream", required_argument, NULL, 'S' },
		{ "retries", required_argument, NULL, 'r' },
		{ "timeout", required_argument, NULL, 'T' },
		{ "failures", required_argument, NULL, 'L' },
		{ "stats", required_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	take_command(request, &argc, argv);
	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, "p:o:e:qvh", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) == EOF || fflush(stdout) == EOF ?
				EXIT_STATUS_FAILED :
				-1;
		status = parse_option(request, option);
	}
	if (status != EXIT_STATUS_DONE)
		return status;
	if (request->bolt.command && !request->bolt.command[0])
		return refuse(request, "the command behind -- is missing", "");
	if (!request->bolt.command && optind == argc)
		return refuse(request, "the bolt is missing", "");
	if (!request->bolt.command)
		request->bolt.name = argv[optind++];
	request->options.paths = argv + optind;
	request->options.path_count = (size_t)(argc - optind);
	return EXIT_STATUS_DONE;
}

/* The bolt */

/* Whether the bolt can have results at all. */
static int check_stream(
	const struct spec *spec, const struct request *request, struct problems *problems)
{
	const struct spec_component *bolt = &spec->components[1];
	const char **names = calloc(bolt->output_count + 1, sizeof(*names));
	bool found = false;

	for (size_t i = 0; names && i < bolt->output_count; i++) {
		names[i] = bolt->outputs[i].name;
		found |= strcmp(names[i], request->options.stream) == 0;
	}
	if (!found) {
		problems_error(problems, (struct place){ 0 }, "%s has no stream %s (see --stream)",
			bolt->name, request->options.stream);
		problems_suggest(problems, request->options.stream, names, bolt->output_count);
	}
	free(names);
	return found ? 0 : -EINVAL;
}

static int load(struct spec *spec, struct request *request)
{
	struct problems problems = { 0 };
	int err;

	request->bolt.source = request->topology.source;
	err = map_describe(spec, &request->bolt, &problems);
	if (err == 0) {
		topology_apply(spec, &request->topology, &problems);
		err = spec_check(spec, &problems);
	}
	if (err == 0)
		err = local_check(spec, &problems);
	if (err == 0)
		err = check_stream(spec, request, &problems);
	problems_print(&problems, stderr);
	if (err == -ENOMEM || problems.failed)
		fprintf(stderr, "cstorm map: out of memory\n");
	problems_free(&problems);
	return err < 0 ? EXIT_STATUS_USAGE : EXIT_STATUS_DONE;
}

/* Running */

/*
 * Bolts of libcstorm speak lines where lines come and go, which is the fastest, else MessagePack; unless the configuration
 * says what is spoken.
 */
static void choose_wire(struct map *map, const struct request *request)
{
	const struct map_options *options = map->options;

	if (!request->bolt.is_ours ||
		json_object_get(map->run.spec->config, "topology.multilang.serializer"))
		return;
	map->run.wire = WIRE_MSGPACK;
	if (options->from == MAP_TEXT && options->to == MAP_TEXT &&
		strcmp(options->stream, STREAM_DEFAULT) == 0)
		map->run.wire = WIRE_LINES;
}

static void write_head(struct map *map)
{
	buffer_append_phrase(&map->head, map->run.wire,
		PHRASE(",\"comp\":\"" MAP_INPUT "\",\"stream\":\"" STREAM_DEFAULT "\",\"task\":",
			"\xA4"
			"comp\xA9" MAP_INPUT "\xA6stream\xA7" STREAM_DEFAULT "\xA4task"));
	write_integer(&map->head, map->run.wire, map->run.components[0].tasks[0]->id);
	buffer_append_phrase(&map->head, map->run.wire, PHRASE(",\"tuple\":", "\xA5tuple"));
}

static int set_up(struct map *map, const struct request *request)
{
	json_t *config;
	int err = input_check(map);

	if (err < 0)
		return err;
	err = run_set_up(&map->run);
	if (err < 0)
		return err;
	map->bolt = &map->run.components[1];
	map->receiver = map->run.components[2].tasks[0]->id;
	config = handshake_config(&map->run, map->bolt);
	map->tick_seconds =
		json_number_value(json_object_get(config, "topology.tick.tuple.freq.secs"));
	json_decref(config);
	if (request->bolt.command) {
		/* It runs where the user is, whatever folders are there. */
		free(map->run.components[1].setup.folder);
		map->run.components[1].setup.folder = NULL;
	}
	choose_wire(map, request);
	write_head(map);
	map->first = map->next = map->unsent = 1;
	map->items = calloc(ITEMS_MOST, sizeof(*map->items));
	map->worker_count = request->bolt.processes;
	map->workers = calloc(map->worker_count, sizeof(*map->workers));
	if (!map->items || !map->workers || map->head.failed)
		return -ENOMEM;
	for (size_t i = 0; i < map->worker_count; i++)
		worker_init(map, i);
	if (map->options->failures_path) {
		map->failures = fopen(map->options->failures_path, "we");
		if (!map->failures) {
			err = -errno;
			log_line(STORM_LOG_ERROR, NULL, "cannot write %s: %s",
				map->options->failures_path, strerror(errno));
		}
	}
	return err;
}

/* Take the lines that were read: whether more may be read. */
static int take_lines(struct map *map)
{
	struct span line;

	if (map_signals > 0)
		return 0;
	while (items_have_room(map)) {
		if (input_next(map, &line) == 0)
			return !map->input.ended;
		if (items_add(map, line) == 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether nothing is left of what is to be processed. */
static bool is_done(const struct map *map, int wants_more)
{
	return map->first == map->next && (map_signals > 0 || (!wants_more && map->input.ended));
}

static bool have_ended(const struct map *map)
{
	for (size_t i = 0; i < map->worker_count; i++) {
		if (!map->workers[i].ended)
			return false;
	}
	return true;
}

/* Wait for what any process or the input has, but no longer than until a clock needs to be looked at. */
static int exchange(struct map *map, struct pollfd *fds, int wants_more)
{
	bool reads_now = wants_more && map->input.fd < 0; /* the next file is to be opened */
	double wait = TURN_SECONDS;
	int err = 0;

	for (size_t i = 0; i < map->worker_count; i++) {
		const struct worker *worker = &map->workers[i];
		bool writes = output_pending(&worker->output) > 0;

		fds[3 * i] = (struct pollfd){ writes ? worker->process.input : -1, POLLOUT, 0 };
		fds[3 * i + 1] = (struct pollfd){ worker->process.output, POLLIN, 0 };
		fds[3 * i + 2] = (struct pollfd){ worker->process.errors, POLLIN, 0 };
		if (worker->process.pid == 0 && !worker->ended && worker->restart - map->now < wait)
			wait = worker->restart > map->now ? worker->restart - map->now : 0;
		if (worker->next_tick > 0 && worker->next_tick - map->now < wait)
			wait = worker->next_tick > map->now ? worker->next_tick - map->now : 0;
	}
	fds[3 * map->worker_count] = (struct pollfd){ wants_more ? map->input.fd : -1, POLLIN, 0 };
	poll(fds, 3 * map->worker_count + 1, reads_now ? 0 : (int)(wait * 1000) + 1);
	map->now = clock_now();
	for (size_t i = 0; i < map->worker_count && err == 0; i++) {
		struct worker *worker = &map->workers[i];

		if (fds[3 * i + 2].revents)
			worker_read_errors(worker);
		if (fds[3 * i].revents)
			worker_write(worker);
		if (fds[3 * i + 1].revents)
			err = worker_read(worker);
	}
	if (err == 0 && (reads_now || fds[3 * map->worker_count].revents))
		err = input_read(map);
	return err;
}

static int feed_all(struct map *map)
{
	int err = 0;

	for (size_t i = 0; i < map->worker_count && err == 0; i++) {
		struct worker *worker = &map->workers[i];

		worker_check(worker);
		err = worker_start(worker);
		if (err == 0)
			err = worker_feed(worker);
		worker_write(worker);
	}
	return err;
}

/* Until all is done: 0 or a negative errno, the reason of which was said. */
static int turn_until_done(struct map *map, struct pollfd *fds)
{
	int err = 0;

	while (err == 0 && !have_ended(map) && map_signals < 2) {
		int wants_more = take_lines(map);

		if (wants_more < 0)
			return wants_more;
		if (is_done(map, wants_more)) {
			for (size_t i = 0; i < map->worker_count; i++)
				worker_close(&map->workers[i]);
		}
		err = feed_all(map);
		if (err == 0)
			err = items_write(map);
		if (err == 0)
			err = exchange(map, fds, wants_more);
		progress_show(map);
	}
	return err == 0 ? items_write(map) : err;
}

static int run_map(struct map *map)
{
	struct pollfd *fds = calloc(3 * map->worker_count + 1, sizeof(*fds));
	int err;

	map->started = map->shown = map->now = clock_now();
	err = fds ? turn_until_done(map, fds) : -ENOMEM;
	free(fds);
	progress_end();
	if (err == -ENOMEM)
		log_line(STORM_LOG_ERROR, NULL, "out of memory");
	return err;
}

/* Reporting */

static int close_failures(struct map *map)
{
	bool failed;

	if (!map->failures)
		return 0;
	failed = ferror(map->failures);
	if (fclose(map->failures) == EOF || failed) {
		log_line(STORM_LOG_ERROR, NULL, "cannot write %s", map->options->failures_path);
		return -EIO;
	}
	return 0;
}

static int write_stats(const struct map *map, const char *path)
{
	double seconds = clock_now() - map->started;
	uint64_t lines = map->first - 1;
	json_t *stats =
		json_pack("{s:s, s:I, s:I, s:I, s:i, s:f, s:f}", "bolt", map->bolt->spec->name,
			"lines", (json_int_t)lines, "results", (json_int_t)map->result_count,
			"failed", (json_int_t)map->fail_count, "restarts", (int)map->restarts,
			"seconds", seconds, "lines_per_second", (double)lines / seconds);
	int err = stats && json_dump_file(stats, path, JSON_INDENT(2)) == 0 ? 0 : -EIO;

	if (err < 0)
		log_line(STORM_LOG_ERROR, NULL, "cannot write %s: %s", path, strerror(errno));
	json_decref(stats);
	return err;
}

static void report(const struct map *map)
{
	if (map_signals > 0)
		log_line(STORM_LOG_ERROR, NULL, "interrupted: %llu lines were processed, %s",
			(unsigned long long)(map->first - 1),
			map_signals > 1 ? "some more perhaps" : "no other was begun");
	if (map->repaired_count > 0)
		log_line(STORM_LOG_WARN, NULL,
			"%llu lines were not UTF-8: U+FFFD stands for what is wrong in them",
			(unsigned long long)map->repaired_count);
	if (map->other_count > 0)
		log_line(STORM_LOG_WARN, NULL,
			"%llu tuples of other streams than %s were not written (see --stream)",
			(unsigned long long)map->other_count, map->options->stream);
	if (map->fail_count > 0)
		log_line(STORM_LOG_ERROR, NULL, "%llu of %llu lines failed",
			(unsigned long long)map->fail_count, (unsigned long long)(map->first - 1));
}

static int run_request(const struct spec *spec, const struct request *request)
{
	struct map map = { .options = &request->options, .input.fd = -1 };
	int err;

	map.run.spec = spec;
	map.run.options = &request->local;
	err = set_up(&map, request);
	if (err == 0) {
		err = run_map(&map);
		if (!map.gone)
			report(&map);
		if (request->stats_path && write_stats(&map, request->stats_path) < 0)
			map.failed = true;
	}
	if (close_failures(&map) < 0)
		map.failed = true;
	for (size_t i = 0; map.workers && i < map.worker_count; i++)
		worker_free(&map.workers[i]);
	free(map.workers);
	process_kill_descendants();
	run_free(&map.run);
	items_free(&map);
	input_free(&map.input);
	message_free(&map.message);
	buffer_free(&map.text);
	buffer_free(&map.head);
	/* As any filter ends whose reader has gone, or that is interrupted. */
	if (map.gone || map_signals > 0) {
		signal(map.gone ? SIGPIPE : map_signal, SIG_DFL);
		raise(map.gone ? SIGPIPE : map_signal);
	}
	return err < 0 || map.failed || map.fail_count > 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

static void handle_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int command_map(int argc, char **argv)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct request request = {
		.local.loops = 1,
		.options = { .stream = STREAM_DEFAULT, .retries = 2, .timeout = 30 },
		.bolt = { .processes = processors > 0 ? (size_t)processors : 1,
			.fields = "line",
			.stream = STREAM_DEFAULT },
	};
	struct spec spec = { 0 };
	int status;

	topology_begin(&request.topology, "cstorm map");
	status = parse_arguments(&request, argc, argv);
	if (status == EXIT_STATUS_DONE)
		status = load(&spec, &request);
	if (status == EXIT_STATUS_DONE) {
		log_set_verbosity(request.local.verbosity);
		handle_signals();
		process_adopt_orphans();
		process_raise_file_limit();
		status = run_request(&spec, &request);
	}
	spec_free(&spec);
	map_bolt_free(&request.bolt);
	topology_options_free(&request.topology);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
