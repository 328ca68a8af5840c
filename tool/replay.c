/* cstorm replay: send what was recorded of a task to one process alone. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "local/alone.h"
#include "local/directory.h"
#include "local/process.h"
#include "replay/answers.h"
#include "replay/recording.h"

static const char help[] =
	"Usage: cstorm replay [OPTION]... FILE [-- COMMAND [ARGUMENT]...]\n"
	"\n"
	"Send what a task was sent, as `cstorm run --record` has written it to FILE (a name such as\n"
	"split-4.stdin), to a process of COMMAND alone, and compare its answers with those that were\n"
	"recorded. Without COMMAND, the command that was recorded is run, in the folder that it had.\n"
	"\n"
	"Options:\n"
	"  --paced           send all in its own time, not as fast as it is taken\n"
	"  --speed FACTOR    the same, but so many times as fast\n"
	"  -n, --count N     show the first N tuples that differ (10)\n"
	"  --json            print the result as JSON on the standard output\n"
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 the answers are the same, 1 they differ or the process failed, 2 wrong usage.\n";

/* So much waits to be written, that the process never waits. */
#define AHEAD ((size_t)256 << 10)
#define STEP_SECONDS 0.1

struct replay {
	/* As it was asked for */
	const char *path;
	char **command; /* NULL: the recorded one */
	double speed; /* 0: as fast as it is taken */
	size_t shown;
	bool json;

	struct recording recording;
	struct answers answers;
	struct directory directory; /* where the process notes its pid */
	struct alone *alone;
	size_t sent; /* of the recording's input */
	size_t due; /* of it, so far */
	double next_time; /* when more is due, in recorded seconds */
	size_t next_count; /* so much; 0: all is due */
	double started;
	double first; /* when the first answer came; 0: none has */
	double last;
	char *recorded_end; /* NULL: nobody knows */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* Usage */

static int refuse(const char *what, const char *argument)
{
	fprintf(stderr, "cstorm replay: %s%s\n`cstorm replay --help` says more.\n", what, argument);
	return EXIT_STATUS_USAGE;
}

static int parse_speed(struct replay *replay, const char *text)
{
	char *end;

	replay->speed = strtod(text, &end);
	if (end == text || *end != '\0' || !(replay->speed > 0) || replay->speed > 1e9)
		return refuse("--speed must be a number above 0, not ", text);
	return EXIT_STATUS_DONE;
}

static int parse_count(struct replay *replay, const char *text)
{
	char *end;
	long count = strtol(text, &end, 10);

	if (end == text || *end != '\0' || count < 0 || count > INT_MAX)
		return refuse("--count must be 0 or more, not ", text);
	replay->shown = (size_t)count;
	return EXIT_STATUS_DONE;
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct replay *replay, int argc, char **argv)
{
	static const struct option options[] = {
		{ "paced", no_argument, NULL, 'p' },
		{ "speed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
		if (option == 'p')
			replay->speed = 1;
		else if (option == 's')
			status = parse_speed(replay, optarg);
		else if (option == 'n')
			status = parse_count(replay, optarg);
		else if (option == 'j')
			replay->json = true;
		else if (option == 'h')
			return fputs(help, stdout) == EOF || fflush(stdout) == EOF ?
				EXIT_STATUS_FAILED :
				-1;
		else
			status = refuse("the options are not understood", "");
	}
	if (status == EXIT_STATUS_DONE && optind == argc)
		status = refuse("the recording is missing", "");
	if (status == EXIT_STATUS_DONE) {
		replay->path = argv[optind];
		replay->command = optind + 1 < argc ? argv + optind + 1 : NULL;
	}
	return status;
}

/* Starting */

/* What the recording must have for what is asked. */
static int check_recording(const struct replay *replay)
{
	if (!replay->command && !json_object_get(replay->recording.start, "command"))
		return refuse("nothing says how the process was started, so a COMMAND is needed: ",
			replay->path);
	if (replay->speed > 0 && !replay->recording.times)
		return refuse(
			"nothing says when all was sent, so it cannot be paced: ", replay->path);
	return EXIT_STATUS_DONE;
}

static int start_recorded(struct replay *replay)
{
	const json_t *start = replay->recording.start;
	const json_t *words = json_object_get(start, "command");
	const json_t *env = json_object_get(start, "environment");
	char **command = calloc(json_array_size(words) + 1, sizeof(*command));
	int err = -ENOMEM;

	for (size_t i = 0; command && i < json_array_size(words); i++)
		command[i] = (char *)json_string_value(json_array_get(words, i));
	if (command)
		err = alone_start_command(&replay->alone,
			replay->command ? replay->command : command,
			replay->command ? NULL :
					  json_string_value(json_object_get(start, "folder")),
			json_is_object(env) ? env : NULL, replay->recording.wire);
	if (err < 0)
		fprintf(stderr, "cstorm replay: cannot start %s: %s\n",
			replay->command               ? replay->command[0] :
				command && command[0] ? command[0] :
							"the command",
			strerror(-err));
	free(command);
	return err;
}

static void next_time(struct replay *replay)
{
	if (!recording_next_time(&replay->recording, &replay->next_time, &replay->next_count))
		replay->next_count = 0;
}

/* Begin with the handshake: the folder of pids is another one. */
static int begin(struct replay *replay)
{
	struct buffer pids = { 0 };
	int err = directory_make(&replay->directory, "replay");

	if (err < 0) {
		fprintf(stderr, "cstorm replay: cannot make a directory, %s: %s\n",
			buffer_text(&replay->directory.path), strerror(-err));
		return err;
	}
	err = start_recorded(replay);
	if (err < 0)
		return err;
	buffer_append_format(&pids, "%s/" DIRECTORY_PIDS, buffer_text(&replay->directory.path));
	err = recording_handshake(
		&replay->recording, buffer_text(&pids), &alone_output(replay->alone)->buffer);
	buffer_free(&pids);
	if (err < 0)
		fprintf(stderr, "cstorm replay: the handshake: %s\n", strerror(-err));
	replay->sent = replay->recording.handshake;
	replay->started = clock_now();
	next_time(replay);
	return err;
}

/* Feeding */

/* See how much of the input is due, and after how many seconds there is more. */
static double advance(struct replay *replay)
{
	double left = 0;

	if (replay->speed == 0) {
		replay->due = replay->recording.input.length;
		return STEP_SECONDS;
	}
	while (replay->next_count > 0 &&
		(left = replay->next_time / replay->speed - (clock_now() - replay->started)) <= 0) {
		replay->due += replay->next_count;
		next_time(replay);
	}
	if (replay->next_count == 0)
		replay->due = replay->recording.input.length;
	return left > 0 && left < STEP_SECONDS ? left : STEP_SECONDS;
}

/* Queue what is due, so far as it is soon written; end its input where all was sent. */
static int feed(struct replay *replay)
{
	struct output *output = alone_output(replay->alone);
	size_t pending = output_pending(output);
	size_t most = pending < AHEAD ? AHEAD - pending : 0;
	size_t left = replay->due > replay->sent ? replay->due - replay->sent : 0;
	size_t count = left < most ? left : most;

	buffer_append(&output->buffer, replay->recording.input.data + replay->sent, count);
	replay->sent += count;
	if (replay->sent == replay->recording.input.length && pending + count == 0)
		alone_close(replay->alone);
	return output->buffer.failed ? -ENOMEM : 0;
}

static int take_answers(struct replay *replay)
{
	struct span frame;
	int found;
	int err = 0;

	while (err == 0 && (found = alone_next(replay->alone, &frame)) != 0) {
		replay->last = clock_now();
		if (replay->first == 0)
			replay->first = replay->last;
		err = found < 0 ? found : answers_take(&replay->answers, frame);
	}
	return err;
}

/* Until the process has ended: 0 or a negative errno. */
static int exchange_all(struct replay *replay)
{
	int err = 0;

	while (err == 0) {
		double seconds = advance(replay);

		err = feed(replay);
		if (err == 0)
			err = alone_exchange(replay->alone, seconds);
		if (err == 0 || err == -EPIPE) {
			int taken = take_answers(replay);

			err = taken < 0 ? taken : err;
		}
		if (err == -ETIMEDOUT)
			err = 0;
		if (interrupted)
			err = -EINTR;
	}
	if (err == -EPIPE)
		err = answers_finish(&replay->answers);
	return err;
}

/* Reporting */

/* Whether the process ended badly: as it did not when it was recorded. */
static bool has_died(const struct replay *replay)
{
	const char *end = alone_end(replay->alone);

	return end && strcmp(end, "ended with exit status 0") != 0 &&
		(strncmp(end, "was killed", 10) == 0 || !replay->recorded_end ||
			strcmp(end, replay->recorded_end) != 0);
}

static double seconds_of(const struct replay *replay)
{
	return replay->last - replay->first;
}

/* Tuples of a bolt are those that it has settled, of a spout those that it has emitted. */
static size_t tuples_of(const struct replay *replay)
{
	return replay->answers.settled > 0 ? replay->answers.settled : replay->answers.emitted;
}

static double rate_of(const struct replay *replay)
{
	return seconds_of(replay) > 0 ? (double)tuples_of(replay) / seconds_of(replay) : 0;
}

static void print_answers(const json_t *answers, char sign)
{
	const json_t *answer;
	size_t i;

	json_array_foreach(answers, i, answer) {
		char *text = json_dumps(answer, JSON_COMPACT);

		printf("%c %s\n", sign, text ? text : "");
		free(text);
	}
}

static void print_difference(const json_t *difference)
{
	const json_t *tuple = json_object_get(difference, "tuple");
	const json_t *component = json_object_get(tuple, "component");
	const json_t *id = json_is_object(tuple) ? json_object_get(tuple, "id") : tuple;
	char *values = json_dumps(json_object_get(tuple, "values"), JSON_COMPACT);

	if (!id || json_is_null(id))
		printf("for no tuple:\n");
	else if (values)
		printf("for tuple %s from %s, stream %s, %s:\n", json_string_value(id),
			json_is_string(component) ? json_string_value(component) : "nobody",
			json_string_value(json_object_get(tuple, "stream")), values);
	else
		printf("for tuple %s, which it was not sent:\n", json_string_value(id));
	free(values);
	print_answers(json_object_get(difference, "recorded"), '-');
	print_answers(json_object_get(difference, "replayed"), '+');
}

static void print_text(struct replay *replay)
{
	const struct answers *answers = &replay->answers;
	const char *error = buffer_text(&replay->answers.error);
	const char *stack = strstr(error, "\n" CRASH_STACK);
	const json_t *difference;
	size_t i;

	json_array_foreach(answers->differences, i, difference)
		print_difference(difference);
	/* The stack of a crash is on the standard error. */
	if (has_died(replay))
		printf("it %s%s%.*s\n", alone_end(replay->alone), error[0] != '\0' ? ": " : "",
			(int)(stack ? (size_t)(stack - error) : strlen(error)), error);
	if (has_died(replay) && replay->recorded_end)
		printf("when it was recorded, it %s\n", replay->recorded_end);
	if (answers->recorded >= 0)
		printf("%zu answers are the same, %zu are missing, %zu are new; ", answers->equal,
			answers->only[ANSWERS_RECORDED], answers->only[ANSWERS_REPLAYED]);
	printf("%zu tuples in %.3f s, %.0f tuples/s\n", tuples_of(replay), seconds_of(replay),
		rate_of(replay));
}

static void print_json(struct replay *replay)
{
	const struct answers *answers = &replay->answers;
	json_t *result = json_pack(
		"{s:O?, s:O?, s:b, s:I, s:I, s:I, s:O, s:s?, s:s?, s:s, s:s, s:I, s:f, s:f}",
		"component", json_object_get(replay->recording.start, "component"), "task",
		json_object_get(replay->recording.start, "task"), "compared",
		answers->recorded >= 0, "same", (json_int_t)answers->equal, "missing",
		(json_int_t)answers->only[ANSWERS_RECORDED], "new",
		(json_int_t)answers->only[ANSWERS_REPLAYED], "differences", answers->differences,
		"end", alone_end(replay->alone), "recorded_end", replay->recorded_end, "error",
		buffer_text(&replay->answers.error), "errors", alone_errors(replay->alone),
		"tuples", (json_int_t)tuples_of(replay), "seconds", seconds_of(replay),
		"tuples_per_second", rate_of(replay));

	json_dumpf(result, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(result);
}

static int report(struct replay *replay)
{
	const struct answers *answers = &replay->answers;

	recording_find_tuples(&replay->recording, answers->differences);
	if (replay->json)
		print_json(replay);
	else
		print_text(replay);
	if (fflush(stdout) == EOF || has_died(replay) || answers->only[ANSWERS_RECORDED] > 0 ||
		answers->only[ANSWERS_REPLAYED] > 0)
		return EXIT_STATUS_FAILED;
	return EXIT_STATUS_DONE;
}

/* The standard input and output of the run are the topology's; here there is nothing in their place. */
static void hand_down_nothing(void)
{
	int nothing = open("/dev/null", O_RDWR);
	char text[16];

	snprintf(text, sizeof(text), "%d", nothing);
	setenv("CSTORM_STDIN", text, 1);
	setenv("CSTORM_STDOUT", text, 1);
}

static void watch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	process_adopt_orphans();
}

static int run(struct replay *replay)
{
	int err = answers_init(
		&replay->answers, replay->recording.wire, replay->recording.answers, replay->shown);

	if (err == 0)
		err = begin(replay);
	if (err < 0)
		return EXIT_STATUS_FAILED;
	err = exchange_all(replay);
	if (err == -EBADMSG)
		fprintf(stderr,
			"cstorm replay: what it says, or what was recorded, is no message\n");
	else if (err == -EINTR)
		fprintf(stderr, "cstorm replay: interrupted\n");
	else if (err < 0)
		fprintf(stderr, "cstorm replay: %s\n", strerror(-err));
	return err < 0 ? EXIT_STATUS_FAILED : report(replay);
}

int command_replay(int argc, char **argv)
{
	struct replay replay = {
		.recording = RECORDING_INIT, .directory = DIRECTORY_INIT, .shown = 10
	};
	int status = parse_arguments(&replay, argc, argv);

	if (status == EXIT_STATUS_DONE && recording_open(&replay.recording, replay.path) < 0)
		status = EXIT_STATUS_USAGE;
	if (status == EXIT_STATUS_DONE)
		status = check_recording(&replay);
	if (status == EXIT_STATUS_DONE) {
		watch_signals();
		hand_down_nothing();
		replay.recorded_end = recording_end(&replay.recording);
		status = run(&replay);
	}
	alone_free(replay.alone);
	answers_free(&replay.answers);
	recording_close(&replay.recording);
	directory_free(&replay.directory);
	free(replay.recorded_end);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
