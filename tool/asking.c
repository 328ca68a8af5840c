#include "asking.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int asking_refuse(const struct asking *asking, const char *what, const char *argument)
{
	fprintf(stderr, "%s: %s%s\n`%s --help` says more.\n", asking->command, what, argument,
		asking->command);
	return EXIT_STATUS_USAGE;
}

int asking_option(struct asking *asking, int option)
{
	int taken = nimbus_option(&asking->nimbus, option, optarg);

	if (taken == -EINVAL)
		return asking_refuse(
			asking, "--timeout must be a number of seconds, up to a day, not ", optarg);
	if (taken == 1)
		return EXIT_STATUS_DONE;
	switch (option) {
	case 'c':
		asking->component = optarg;
		return EXIT_STATUS_DONE;
	case 'e':
		asking->nimbus.environment = optarg;
		return EXIT_STATUS_DONE;
	case ASKING_CLUSTER:
		asking->cluster = true;
		return EXIT_STATUS_DONE;
	case 'j':
		asking->json = true;
		return EXIT_STATUS_DONE;
	case 'h':
		fputs(asking->help, stdout);
		return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
	default:
		return asking_refuse(asking, "the options are not understood", "");
	}
}

bool asking_means_cluster(const struct asking *asking)
{
	return asking->cluster || asking->nimbus.seeds || asking->nimbus.environment;
}

int asking_name(struct asking *asking, int argc, char **argv)
{
	if (optind == argc)
		return asking_refuse(asking, "the name of a topology is missing", "");
	if (optind + 1 < argc)
		return asking_refuse(asking, "one topology only; what is this: ", argv[optind + 1]);
	asking->name = argv[optind];
	return EXIT_STATUS_DONE;
}

int asking_choose(const struct asking *asking, json_t *by_component, struct buffer *problem)
{
	json_t *wanted;

	if (!asking->component)
		return 0;
	wanted = json_incref(json_object_get(by_component, asking->component));
	if (!wanted) {
		buffer_append_format(problem, "the topology %s has no component %s", asking->name,
			asking->component);
		return -EINVAL;
	}
	json_object_clear(by_component);
	return json_object_set_new(by_component, asking->component, wanted) < 0 ? -ENOMEM : 0;
}

int asking_number(
	const struct asking *asking, const char *option, const char *text, int most, int *number)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end != text && *end == '\0' && value >= 0 && value <= most) {
		*number = (int)value;
		return EXIT_STATUS_DONE;
	}
	fprintf(stderr, "%s: %s must be a whole number, up to %d, not %s\n`%s --help` says more.\n",
		asking->command, option, most, text, asking->command);
	return EXIT_STATUS_USAGE;
}

static int print_answer(const struct asking *asking, const json_t *answer, asking_print *print)
{
	if (asking->json && json_dumpf(answer, stdout, JSON_INDENT(2)) == 0)
		putchar('\n');
	else if (print && !asking->json)
		print(asking, answer);
	if (fflush(stdout) != EOF && !ferror(stdout))
		return EXIT_STATUS_DONE;
	fprintf(stderr, "%s: cannot print: %s\n", asking->command, strerror(errno));
	return EXIT_STATUS_FAILED;
}

int asking_do(const struct asking *asking, asking_question *ask, asking_print *print)
{
	struct nimbus nimbus = NIMBUS_INIT;
	struct buffer problem = { 0 };
	json_t *answer = NULL;
	int status = EXIT_STATUS_FAILED;
	int err = nimbus_connect(&nimbus, &asking->nimbus, &problem);

	if (err == 0)
		err = ask(asking, &nimbus, &answer, &problem);
	if (err < 0)
		fprintf(stderr, "%s: %s\n", asking->command, buffer_text(&problem));
	else
		status = print_answer(asking, answer, print);
	json_decref(answer);
	nimbus_disconnect(&nimbus);
	buffer_free(&problem);
	return status;
}

const char *asking_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

long long asking_integer(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}
