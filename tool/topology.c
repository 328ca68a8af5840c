/* The options and the argument of the commands that take a topology. */
#include "topology.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "spec/commands.h"

/* What needs the topology first: kept until it is loaded. */
struct topology_override {
	int option;
	const char *argument;
};

bool topology_override(struct topology_options *options, int option, const char *argument)
{
	struct topology_override *overrides =
		realloc(options->overrides, (options->override_count + 1) * sizeof(*overrides));

	if (!overrides)
		abort(); /* before anything has begun */
	options->overrides = overrides;
	overrides[options->override_count++] = (struct topology_override){ option, argument };
	return true;
}

bool topology_option(struct topology_options *options, int option, const char *argument)
{
	switch (option) {
	case 'o':
	case 'p':
		return topology_override(options, option, argument);
	case 'e':
		options->source.environment = argument;
		return true;
	case TOPOLOGY_FILTER:
		options->source.filter = argument;
		return true;
	case TOPOLOGY_ENVIRONMENT_FILTER:
		options->source.environment_filter = true;
		return true;
	default:
		return false;
	}
}

int topology_refuse(const struct topology_options *options, const char *what, const char *argument)
{
	fprintf(stderr, "%s: %s%s\n`%s --help` says more.\n", options->command, what, argument,
		options->command);
	return EXIT_STATUS_USAGE;
}

void topology_begin(struct topology_options *options, const char *command)
{
	options->command = command;
	options->project = calloc(1, sizeof(*options->project));
	if (!options->project)
		abort(); /* before anything has begun */
}

int topology_argument(struct topology_options *options, int argc, char **argv)
{
	if (optind == argc)
		return topology_refuse(options, "the topology is missing", "");
	if (optind + 1 < argc)
		return topology_refuse(
			options, "one topology only; what is this: ", argv[optind + 1]);
	options->source.path = argv[optind];
	return EXIT_STATUS_DONE;
}

void topology_apply(
	struct spec *spec, const struct topology_options *options, struct problems *problems)
{
	for (size_t i = 0; i < options->override_count; i++) {
		const struct topology_override *override = &options->overrides[i];

		if (!spec->config)
			break; /* nothing was loaded */
		if (override->option == 'o')
			spec_set_config(spec, override->argument, problems);
		else if (override->option == 'p')
			spec_set_parallelism(spec, override->argument, problems);
		else
			spec_set_wrapper(spec, override->argument, problems);
	}
}

/* The project matters for environments alone. */
static int choose_environment(const struct topology_options *options, struct problems *problems)
{
	struct project *project = options->project;
	int err = 0;

	if (!options->source.environment && !options->is_for_cluster)
		return 0;
	if (!project->path)
		err = project_read(project, problems);
	project->chosen = options->source.environment;
	if (err == 0 && !project->chosen)
		err = project_only_environment(project, &project->chosen, problems);
	return err;
}

/* What the project has for the environment; the command line wins. */
static void apply_project(struct spec *spec, const struct project *project)
{
	json_t *environment = project_environment(project, project->chosen);
	json_t *config = json_object_get(environment, "config");
	json_t *value;
	const char *key;

	json_object_foreach(config, key, value) {
		json_object_set(spec->config, key, value);
		places_note(&spec->places, value, places_of(&project->places, value, config),
			places_of_key(&project->places, value, config));
	}
}

int topology_load(
	struct spec *spec, const struct topology_options *options, struct problems *problems)
{
	struct spec_source source = options->source;
	int err = choose_environment(options, problems);

	source.environment = options->project->chosen;
	source.environment_is_known =
		project_environment(options->project, source.environment) != NULL;
	spec_load(spec, &source, problems);
	if (spec->config && err == 0)
		apply_project(spec, options->project);
	topology_apply(spec, options, problems);
	err = spec_check(spec, problems);
	if (err == 0) {
		commands_compare(spec, problems);
		err = problems_result(problems);
	}
	problems_sort(problems);
	return err;
}

void topology_options_free(struct topology_options *options)
{
	free(options->overrides);
	project_free(options->project);
	free(options->project);
}
