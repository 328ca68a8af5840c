/* cstorm log-level: what the workers of a topology on a cluster log. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "asking.h"
#include "cluster/pages.h"

static const char help[] =
	"Usage: cstorm log-level [OPTION]... NAME [LOGGER=LEVEL[:SECONDS]]...\n"
	"\n"
	"Change what the workers of a topology on a Storm cluster log, while it runs; without LOGGER,\n"
	"show what is changed. LOGGER is a Java class or package, or ROOT; LEVEL is one of ALL, TRACE,\n"
	"DEBUG, INFO, WARN, ERROR, FATAL and OFF. After so many SECONDS it is as before; without them, it\n"
	"stays.\n"
	"\n"
	"Options:\n"
	"  -r, --reset LOGGER  have it as before; repeatable\n"
	"  --json            print what Nimbus has then as JSON\n" ASKING_HELP "\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

/* LogLevelAction */
#define ACTION_UPDATE 2
#define ACTION_REMOVE 3

#define LONGEST 604800 /* a week */

struct request {
	struct asking asking;
	json_t *changes; /* an object of LogLevel by logger */
};

static int parse_level(
	const struct request *request, const char *text, size_t length, const char **level)
{
	static const char *const levels[] = { "ALL", "TRACE", "DEBUG", "INFO", "WARN", "ERROR",
		"FATAL", "OFF" };

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		*level = levels[i];
		if (strlen(levels[i]) == length && strncasecmp(text, levels[i], length) == 0)
			return EXIT_STATUS_DONE;
	}
	return asking_refuse(&request->asking,
		"a level is ALL, TRACE, DEBUG, INFO, WARN, ERROR, FATAL or OFF, not ", text);
}

/* LOGGER=LEVEL[:SECONDS] */
static int parse_change(struct request *request, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *value = equals ? equals + 1 : "";
	const char *colon = strchr(value, ':');
	size_t length = colon ? (size_t)(colon - value) : strlen(value);
	const char *level;
	int seconds = 0;
	int status;

	if (!equals || equals == text)
		return asking_refuse(&request->asking,
			"it must be LOGGER=LEVEL or LOGGER=LEVEL:SECONDS: ", text);
	status = parse_level(request, value, length, &level);
	if (status == EXIT_STATUS_DONE && colon)
		status = asking_number(
			&request->asking, "the number of SECONDS", colon + 1, LONGEST, &seconds);
	if (status == EXIT_STATUS_DONE)
		json_object_setn_new(request->changes, text, (size_t)(equals - text),
			json_pack("{s:i, s:s, s:i}", "action", ACTION_UPDATE, "target_log_level",
				level, "reset_log_level_timeout_secs", seconds));
	return status;
}

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "reset", required_argument, NULL, 'r' },
		ASKING_LONG_OPTIONS,
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, ASKING_SHORT_OPTIONS "r:", options, NULL)) !=
			-1) {
		if (option == 'r')
			json_object_set_new(request->changes, optarg,
				json_pack("{s:i}", "action", ACTION_REMOVE));
		else
			status = asking_option(&request->asking, option);
	}
	if (status == EXIT_STATUS_DONE)
		status = asking_name(&request->asking, optind < argc ? optind + 1 : argc, argv);
	for (int i = optind + 1; i < argc && status == EXIT_STATUS_DONE; i++)
		status = parse_change(request, argv[i]);
	return status;
}

static int ask(
	const struct asking *asking, struct nimbus *nimbus, json_t **answer, struct buffer *problem)
{
	const struct request *request = (const struct request *)asking;
	json_t *info;
	json_t *id;
	int err = pages_info(nimbus, asking->name, &info, problem);

	id = json_object_get(info, "id");
	if (err == 0 && json_object_size(request->changes) > 0)
		err = nimbus_call(nimbus, &nimbus_set_log_config,
			json_pack("{s:O*, s:{s:O}}", "name", id, "config", "named_logger_level",
				request->changes),
			NULL, problem);
	if (err == 0)
		err = nimbus_call(nimbus, &nimbus_get_log_config, json_pack("{s:O*}", "id", id),
			answer, problem);
	json_decref(info);
	return err;
}

static void print(const struct asking *asking, const json_t *answer)
{
	json_t *levels = json_object_get(answer, "named_logger_level");
	const char *logger;
	json_t *level;

	(void)asking;
	if (json_object_size(levels) == 0)
		printf("every logger is as it was configured\n");
	json_object_foreach(levels, logger, level) {
		time_t end =
			(time_t)(asking_integer(level, "reset_log_level_timeout_epoch") / 1000);
		char time[32] = "";
		struct tm local;

		if (end > 0 && localtime_r(&end, &local))
			strftime(time, sizeof(time), "until %F %T", &local);
		printf("%s=%s %s\n", logger, asking_text(level, "target_log_level"), time);
	}
}

int command_log_level(int argc, char **argv)
{
	struct request request = {
		.asking = { .command = "cstorm log-level", .help = help },
		.changes = json_object(),
	};
	int status = parse_arguments(&request, argc, argv);

	if (status == EXIT_STATUS_DONE)
		status = asking_do(&request.asking, ask, print);
	json_decref(request.changes);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
