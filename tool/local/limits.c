#include "local/limits.h"

#include <errno.h>

#include "base/size.h"
#include "local/cgroup.h"

#define NICE_KEY "cstorm.nice"
#define RLIMITS_KEY "cstorm.rlimits"
#define ENV_KEY "cstorm.env"

/* As setrlimit(2) names them. */
static const struct {
	const char *name;
	int resource;
} resources[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "stack", RLIMIT_STACK },
};

#define RESOURCE_COUNT (sizeof(resources) / sizeof(resources[0]))

_Static_assert(RESOURCE_COUNT <= PROCESS_LIMITS_MOST, "a process can have all limits");

/* Reading */

/* "unlimited", a number, or one with a unit: whether it is one. */
static bool read_limit(const json_t *value, rlim_t *limit)
{
	const char *text = json_string_value(value);

	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*limit = (rlim_t)json_integer_value(value);
		return true;
	}
	if (text && strcmp(text, "unlimited") == 0) {
		*limit = RLIM_INFINITY;
		return true;
	}
	return text && size_parse(text, limit);
}

static size_t find_resource(const char *name)
{
	size_t i = 0;

	while (i < RESOURCE_COUNT && strcmp(resources[i].name, name) != 0)
		i++;
	return i;
}

/* Checking */

static void check_rlimits(const struct spec *spec, const json_t *config, struct problems *problems)
{
	json_t *limits = json_object_get(config, RLIMITS_KEY);
	const char *names[RESOURCE_COUNT];
	const char *name;
	json_t *value;
	rlim_t limit;

	for (size_t i = 0; i < RESOURCE_COUNT; i++)
		names[i] = resources[i].name;
	if (limits && !json_is_object(limits))
		problems_error(problems, spec_place(spec, limits, config),
			RLIMITS_KEY " must be an object, as {\"as\": \"2G\", \"core\": 0}");
	json_object_foreach(limits, name, value) {
		if (find_resource(name) == RESOURCE_COUNT) {
			problems_error(problems, spec_place(spec, value, config),
				RLIMITS_KEY ": there is no limit %s", name);
			problems_suggest(problems, name, names, RESOURCE_COUNT);
		} else if (!read_limit(value, &limit)) {
			problems_error(problems, spec_place(spec, value, config),
				RLIMITS_KEY
				": %s must be a number, one as \"512M\", or \"unlimited\"",
				name);
		}
	}
}

static void check_env(const struct spec *spec, const json_t *config, struct problems *problems)
{
	json_t *env = json_object_get(config, ENV_KEY);
	const char *name;
	json_t *value;

	if (env && !json_is_object(env))
		problems_error(problems, spec_place(spec, env, config),
			ENV_KEY " must be an object of strings");
	json_object_foreach(env, name, value) {
		if (!json_is_string(value) || *name == '\0' || strchr(name, '='))
			problems_error(problems, spec_place(spec, value, config),
				ENV_KEY
				": %s must be the name of a variable, and its value a string",
				name);
	}
}

static void check_config(const struct spec *spec, const json_t *config, struct problems *problems)
{
	const json_t *nice = json_object_get(config, NICE_KEY);

	if (nice &&
		(!json_is_integer(nice) || json_integer_value(nice) < -20 ||
			json_integer_value(nice) > 19))
		problems_error(problems, spec_place(spec, nice, config),
			NICE_KEY " must be an integer from -20 to 19");
	check_rlimits(spec, config, problems);
	check_env(spec, config, problems);
	cgroup_check(spec, config, problems);
}

void limits_check(const struct spec *spec, struct problems *problems)
{
	check_config(spec, spec->config, problems);
	for (size_t i = 0; i < spec->component_count; i++)
		check_config(spec, spec->components[i].config, problems);
}

/* Taking */

/* The entries of the topology's object, and over them those of the component's. A new reference. */
static json_t *merged(
	const struct spec *spec, const struct spec_component *component, const char *key)
{
	json_t *all = json_object();

	json_object_update(all, json_object_get(spec->config, key));
	json_object_update(all, json_object_get(component->config, key));
	return all;
}

static void take_rlimits(struct process_setup *setup, json_t *limits)
{
	const char *name;
	json_t *value;
	rlim_t limit;

	json_object_foreach(limits, name, value) {
		size_t index = find_resource(name);

		if (index < RESOURCE_COUNT && read_limit(value, &limit))
			setup->limits[setup->limit_count++] = (struct process_limit){
				.name = resources[index].name,
				.resource = resources[index].resource,
				.limit = limit,
			};
	}
}

int limits_take(struct process_setup *setup, const struct spec *spec,
	const struct spec_component *component)
{
	json_t *limits = merged(spec, component, RLIMITS_KEY);
	const json_t *nice = json_object_get(component->config, NICE_KEY);

	setup->env = merged(spec, component, ENV_KEY);
	if (!limits || !setup->env) {
		json_decref(limits);
		return -ENOMEM;
	}
	json_object_update(setup->env, (json_t *)component->env);
	setup->nice =
		(int)json_integer_value(nice ? nice : json_object_get(spec->config, NICE_KEY));
	take_rlimits(setup, limits);
	json_decref(limits);
	return 0;
}
