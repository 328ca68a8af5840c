#include "cluster/waiting.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cluster/pages.h"

/* What ends sooner has not really begun. */
#define STEADY_SECONDS 3

/* A process that dies at its start is started again after some seconds. */
#define TROUBLE_SECONDS 15

static void pause_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = 200000000 };

	nanosleep(&moment, NULL);
}

int wait_is_there(struct nimbus *nimbus, const char *name, struct buffer *problem)
{
	json_t *topologies = NULL;
	const json_t *topology;
	size_t index;
	int there =
		nimbus_call(nimbus, &nimbus_get_topologies, json_object(), &topologies, problem);

	json_array_foreach(topologies, index, topology) {
		const char *other = json_string_value(json_object_get(topology, "name"));

		if (there >= 0 && other && strcmp(other, name) == 0)
			there = 1;
	}
	json_decref(topologies);
	return there;
}

int wait_until_gone(struct nimbus *nimbus, const char *name, struct buffer *problem)
{
	double deadline = clock_now() + WAITING_SECONDS;
	int there;

	while ((there = wait_is_there(nimbus, name, problem)) > 0) {
		if (clock_now() > deadline) {
			buffer_append_format(problem, "%s is killed, but is not gone after %d s",
				name, WAITING_SECONDS);
			return -ETIMEDOUT;
		}
		pause_a_moment();
	}
	return there;
}

int wait_until_balanced(struct nimbus *nimbus, const char *name, struct buffer *problem)
{
	const struct pages_wanted wanted = { .name = name, .window = PAGES_ALL_TIME };
	double deadline = clock_now() + WAITING_SECONDS;
	const char *status;
	bool goes_on = true;
	int err = 0;

	while (err == 0 && goes_on) {
		json_t *page;

		err = pages_topology(nimbus, &wanted, &page, problem);
		status = json_string_value(json_object_get(page, "status"));
		goes_on = status && strcmp(status, "REBALANCING") == 0;
		json_decref(page);
		if (err == 0 && goes_on && clock_now() > deadline) {
			buffer_append_format(problem, "%s is still being rebalanced after %d s",
				name, WAITING_SECONDS);
			err = -ETIMEDOUT;
		}
		if (goes_on)
			pause_a_moment();
	}
	return err;
}

/* How many tasks of each component run. */
static json_t *count_tasks(const json_t *info)
{
	json_t *counts = json_object();
	const json_t *executor;
	size_t index;

	json_array_foreach(json_object_get(info, "executors"), index, executor) {
		const json_t *tasks = json_object_get(executor, "executor_info");
		const char *name = json_string_value(json_object_get(executor, "component_id"));
		json_int_t count = json_integer_value(json_object_get(tasks, "task_end")) -
			json_integer_value(json_object_get(tasks, "task_start")) + 1;

		if (name &&
			json_integer_value(json_object_get(executor, "uptime_secs")) >=
				STEADY_SECONDS)
			json_object_set_new(counts, name,
				json_integer(
					count + json_integer_value(json_object_get(counts, name))));
	}
	return counts;
}

/* The component that lacks tasks; NULL: none. */
static const char *find_missing(json_t *tasks, const json_t *running)
{
	const char *name;
	json_t *count;

	json_object_foreach(tasks, name, count) {
		if (json_integer_value(json_object_get(running, name)) < json_integer_value(count))
			return name;
	}
	return NULL;
}

/* An error that has one of the words in it; NULL: there is none. */
static const char *find_error(const json_t *errors, const char *const *words)
{
	const json_t *error;
	size_t index;

	json_array_foreach(errors, index, error) {
		const char *text = json_string_value(json_object_get(error, "error"));

		for (size_t i = 0; text && words[i]; i++) {
			const char *found = strstr(text, words[i]);

			if (found)
				return found;
		}
	}
	return NULL;
}

/* How much an error tells of why a topology does not run. */
enum telling {
	TELLS_AN_ERROR,
	TELLS_A_DEATH, /* of a process: of one that was ended with its worker, too */
	TELLS_A_STATUS, /* with which it ended itself, and what stood on its standard error */
	TELLS_OWN_WORDS, /* of the process that has died */
};

/* What the errors of a topology come to, by the component that tells the most. */
struct trouble {
	const char *component; /* NULL: there is none */
	const char *text;
	enum telling telling;
};

static struct trouble weigh(const char *component, const json_t *errors)
{
	static const char *const any[] = { "", NULL };
	static const char *const deaths[] = { "exitCode:", "Pipe to subprocess", NULL };
	static const char *const status[] = { "exitCode:", NULL };
	static const char *const words[] = { "Shell Process Exception: ", NULL };
	const char *death = find_error(errors, deaths);
	const char *found;

	if (death && (found = find_error(errors, words)))
		return (struct trouble){ component, found + strlen(words[0]), TELLS_OWN_WORDS };
	if ((found = find_error(errors, status)))
		return (struct trouble){ component, found, TELLS_A_STATUS };
	if (death)
		return (struct trouble){ component, death, TELLS_A_DEATH };
	return (struct trouble){ component, find_error(errors, any), TELLS_AN_ERROR };
}

static struct trouble find_trouble(json_t *errors)
{
	struct trouble worst = { 0 };
	const char *component;
	json_t *list;

	json_object_foreach(errors, component, list) {
		struct trouble trouble = weigh(component, list);

		if (trouble.text && (!worst.text || trouble.telling > worst.telling))
			worst = trouble;
	}
	return worst;
}

static int say_trouble(const char *name, struct trouble trouble, struct buffer *problem)
{
	bool is_death = trouble.telling > TELLS_AN_ERROR;

	buffer_append_format(problem, "%s%s %s: %.*s (`cstorm errors %s`)",
		is_death ? "a process of " : "", trouble.component,
		is_death ? "has died" : "does not run", (int)strcspn(trouble.text, "\n"),
		trouble.text, name);
	return -EIO;
}

/* Errors go with the worker that has reported them, but the last one of each component. */
static int say_what_stays(
	struct nimbus *nimbus, const char *name, struct trouble trouble, struct buffer *problem)
{
	struct trouble other;
	json_t *errors;
	int err = pages_errors(nimbus, name, &errors, problem);

	if (err < 0)
		return err;
	other = find_trouble(errors);
	err = say_trouble(name, other.telling > trouble.telling ? other : trouble, problem);
	json_decref(errors);
	return err;
}

/*
 * 0, or -EIO where a process has died, or where errors keep tasks from running; -EAGAIN for a while: Storm may hear of a
 * process's own words later, at the latest when it has started, and died, once more.
 */
static int check_errors(struct nimbus *nimbus, const char *name, const json_t *info, bool all_run,
	double *first_seen, struct buffer *problem)
{
	struct trouble trouble = find_trouble(json_object_get(info, "errors"));

	if (!trouble.text || (all_run && trouble.telling == TELLS_AN_ERROR))
		return 0;
	if (*first_seen == 0)
		*first_seen = clock_now();
	if (trouble.telling == TELLS_OWN_WORDS)
		return say_trouble(name, trouble, problem);
	if (clock_now() < *first_seen + TROUBLE_SECONDS)
		return -EAGAIN;
	return say_what_stays(nimbus, name, trouble, problem);
}

static int say_missing(const char *name, const char *component, const json_t *tasks,
	const json_t *running, const json_t *info, struct buffer *problem)
{
	const char *schedule = json_string_value(json_object_get(info, "sched_status"));

	buffer_append_format(problem, "not all tasks of %s run after %d s: %s has %lld of %lld",
		name, WAITING_SECONDS, component,
		(long long)json_integer_value(json_object_get(running, component)),
		(long long)json_integer_value(json_object_get(tasks, component)));
	if (schedule && *schedule != '\0')
		buffer_append_format(problem, "; Nimbus says of its schedule: %s", schedule);
	return -ETIMEDOUT;
}

/* Look once: 0 when all run, -EAGAIN to look again, or another negative errno with the reason in `problem`. */
static int look_for_tasks(struct nimbus *nimbus, const char *name, json_t *tasks, double deadline,
	double *first_seen, struct buffer *problem)
{
	json_t *info;
	int err = pages_info(nimbus, name, &info, problem);
	json_t *running = count_tasks(info);
	const char *missing = find_missing(tasks, running);

	if (err == 0)
		err = check_errors(nimbus, name, info, !missing, first_seen, problem);
	if (err == 0 && missing)
		err = clock_now() > deadline ?
			say_missing(name, missing, tasks, running, info, problem) :
			-EAGAIN;
	json_decref(running);
	json_decref(info);
	return err;
}

int wait_for_tasks(
	struct nimbus *nimbus, const char *name, const json_t *tasks, struct buffer *problem)
{
	double deadline = clock_now() + WAITING_SECONDS;
	json_t *wanted = json_deep_copy(tasks);
	double first_seen = 0; /* an error */
	int err;

	while ((err = look_for_tasks(nimbus, name, wanted, deadline, &first_seen, problem)) ==
		-EAGAIN)
		pause_a_moment();
	json_decref(wanted);
	return err;
}
