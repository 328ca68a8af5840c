/* The main function of a topology's program. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "component/task.h"

static int print_description(const struct storm_topology *topology)
{
	json_t *description = describe_topology(topology);
	int err = -1;

	if (description)
		err = json_dumpf(description, stdout, JSON_INDENT(2));
	json_decref(description);
	if (err < 0 || putchar('\n') == EOF || fflush(stdout) == EOF) {
		fprintf(stderr, "%s: cannot print the description\n", topology->name);
		return 1;
	}
	return 0;
}

static void print_component(const json_t *component, const char *kind)
{
	const char *summary = json_string_value(json_object_get(component, "summary"));

	printf("  %-12s %s x%d%s%s\n", json_string_value(json_object_get(component, "name")), kind,
		(int)json_integer_value(json_object_get(component, "parallelism")),
		summary ? ": " : "", summary ? summary : "");
}

static bool has_setting(const json_t *component, const char *name)
{
	size_t i;
	json_t *setting;

	json_array_foreach(json_object_get(component, "settings"), i, setting) {
		if (strcmp(json_string_value(json_object_get(setting, "name")), name) == 0)
			return true;
	}
	return false;
}

static size_t count_with_setting(const json_t *components, const char *name)
{
	size_t count = 0;
	size_t i;
	json_t *component;

	json_array_foreach(components, i, component)
		count += has_setting(component, name);
	return count;
}

/* A setting that only one component has can be given for the topology. */
static void print_settings(const json_t *description, const json_t *component)
{
	const json_t *spouts = json_object_get(description, "spouts");
	const json_t *bolts = json_object_get(description, "bolts");
	size_t i;
	json_t *setting;

	json_array_foreach(json_object_get(component, "settings"), i, setting) {
		const char *name = json_string_value(json_object_get(setting, "name"));
		const char *summary = json_string_value(json_object_get(setting, "summary"));
		const char *value = json_string_value(json_object_get(setting, "default"));
		bool is_alone =
			count_with_setting(spouts, name) + count_with_setting(bolts, name) == 1;
		const json_t *owner = is_alone ? description : component;

		printf("  %s.%s  %s", json_string_value(json_object_get(owner, "name")), name,
			summary ? summary : "");
		if (value)
			printf(" (default: %s)", value);
		printf("\n");
	}
}

static int print_help(const struct storm_topology *topology, const char *program)
{
	json_t *description = describe_topology(topology);
	const json_t *spouts = json_object_get(description, "spouts");
	const json_t *bolts = json_object_get(description, "bolts");
	size_t i;
	json_t *component;

	printf("%s: %s\n\n", topology->name,
		topology->summary ? topology->summary : "a Storm topology");
	printf("Run it on this machine:\n  cstorm run %s [-o KEY=VALUE]... [-p COMPONENT=N]...\n\n",
		program);
	printf("Options:\n"
	       "  --component NAME  be this component, whatever name the topology at hand gives it\n"
	       "  --describe        print the topology as JSON\n"
	       "  --help            print this\n"
	       "  --version         print the version of cstorm that it is built with\n"
	       "With no option it is a component: it speaks Storm's multi-lang protocol on its\n"
	       "standard input and output.\n\nComponents:\n");
	json_array_foreach(spouts, i, component)
		print_component(component, "spout");
	json_array_foreach(bolts, i, component)
		print_component(component, "bolt");
	printf("\nSettings (-o KEY=VALUE):\n");
	json_array_foreach(spouts, i, component)
		print_settings(description, component);
	json_array_foreach(bolts, i, component)
		print_settings(description, component);
	for (const struct storm_config_entry *entry = topology->config; entry && entry->key;
		entry++)
		printf("  %s  (here: %s)\n", entry->key, entry->value);
	json_decref(description);
	return fflush(stdout) == EOF ? 1 : 0;
}

static int refuse(const struct storm_topology *topology, const char *program, const char *what)
{
	fprintf(stderr, "%s: %s.\nRun the topology with `cstorm run %s`; `%s --help` says more.\n",
		topology->name, what, program, program);
	return 2;
}

int storm_main(const struct storm_topology *topology, int argc, char **argv)
{
	static const struct option options[] = {
		{ "component", required_argument, NULL, 'c' },
		{ "describe", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	const char *program = argc > 0 ? argv[0] : topology->name;
	const char *part = NULL;

	switch (getopt_long(argc, argv, "h", options, NULL)) {
	case -1:
		break;
	case 'c':
		part = optarg;
		break;
	case 'd':
		return print_description(topology);
	case 'h':
		return print_help(topology, program);
	case 'v':
		printf("%s, with cstorm %s\n", topology->name, CSTORM_VERSION);
		return fflush(stdout) == EOF ? 1 : 0;
	default:
		return 2; /* getopt has said why */
	}
	if (optind < argc)
		return refuse(topology, program, "it takes no arguments");
	if (isatty(STDIN_FILENO))
		return refuse(topology, program,
			"as a component it reads Storm's multi-lang protocol, not a terminal");
	return task_run(topology, part);
}
