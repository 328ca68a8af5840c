/*
 * The life of a run: all tasks start, spouts are activated when the bolts are ready, and when every
 * spout has finished and every tuple tree is settled the components are closed, upstream first.
 */
#include "local/run.h"
#include "spec/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

/* Seconds, where the configuration does not say. */
#define SILENCE_LIMIT 30
#define CHANGE_LIMIT 300

#define SAME_SIGNAL_SECONDS 0.2

double run_time(struct run *run)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	run->now = (double)time.tv_sec + (double)time.tv_nsec / 1e9;
	return run->now;
}

bool run_wants_tuples(const struct run *run)
{
	return run->phase == RUN_RUNNING;
}

void run_abort(struct run *run)
{
	run->failed = true;
	run->phase = RUN_ABORTING;
	for (size_t i = 1; i <= run->task_count; i++) {
		struct task *task = run->tasks[i];

		task_kill(task);
		ev_timer_stop(run->loop, &task->restart_timer);
		if (task->pid == 0)
			task->state = TASK_GONE;
	}
}

void run_fail(struct run *run, const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	if (run->phase == RUN_ABORTING)
		return;
	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	log_line(STORM_LOG_ERROR, NULL, "%s", buffer_text(&text));
	buffer_free(&text);
	run_abort(run);
}

static bool all_bolts_are_ready(const struct run *run)
{
	for (size_t i = 1; i <= run->task_count; i++) {
		const struct task *task = run->tasks[i];

		if (!task->component->spec->is_spout && task->state != TASK_RUNNING)
			return false;
	}
	return true;
}

static bool is_gone(const struct component *component)
{
	for (size_t i = 0; i < component->task_count; i++) {
		if (component->tasks[i].state != TASK_GONE)
			return false;
	}
	return true;
}

static void close_component(struct component *component)
{
	component->closing = true;
	for (size_t i = 0; i < component->task_count; i++)
		task_close(&component->tasks[i]);
}

/* Whether all is gone that can still send to a component, other than through a cycle. */
static bool can_close(const struct component *component)
{
	const struct run *run = component->run;

	for (size_t i = 0; i < component->spec->input_count; i++) {
		const struct component *source =
			&run->components[component->spec->inputs[i].source];

		if (!is_gone(source) && !(source->cyclic && component->cyclic))
			return false;
	}
	return true;
}

/* Close those whose sources are gone; end when none is left. */
static void close_components(struct run *run)
{
	bool all_gone = true;

	for (size_t i = 0; i < run->component_count; i++) {
		struct component *component = &run->components[i];

		all_gone &= is_gone(component);
		if (run->phase == RUN_CLOSING && !component->closing && can_close(component))
			close_component(component);
	}
	if (all_gone) {
		run->phase = RUN_ENDED;
		ev_break(run->loop, EVBREAK_ALL);
	}
}

static void begin_running(struct run *run)
{
	run->phase = RUN_RUNNING;
	run->started = run_time(run);
	log_line(STORM_LOG_DEBUG, NULL, "all bolts are ready");
	for (size_t i = 1; i <= run->task_count; i++) {
		if (run->tasks[i]->component->spec->is_spout)
			spout_activate(run->tasks[i]);
	}
}

/* Whether a spout has nothing to emit, and no command to answer. */
static bool is_done(const struct run *run, const struct task *spout)
{
	if (spout->state == TASK_GONE)
		return true;
	if (spout->killed_for)
		return false; /* it starts again */
	if (run->phase == RUN_STOPPING)
		return spout->commands.count == 0;
	return spout->state == TASK_RUNNING && spout->finished && spout->commands.count == 0;
}

/* Whether every spout has finished and every tree is settled. */
static bool is_at_end(const struct run *run)
{
	if (run->acker.trees.used > 0)
		return false;
	for (size_t i = 1; i <= run->task_count; i++) {
		if (run->tasks[i]->component->spec->is_spout && !is_done(run, run->tasks[i]))
			return false;
	}
	return true;
}

/* Go on to the next phase, if what this one waits for has come. */
static void advance(struct run *run)
{
	switch (run->phase) {
	case RUN_STARTING:
		if (all_bolts_are_ready(run))
			begin_running(run);
		break;
	case RUN_RUNNING:
	case RUN_STOPPING:
		if (is_at_end(run)) {
			run->phase = RUN_CLOSING;
			log_line(STORM_LOG_DEBUG, NULL,
				"all tuples are settled; the components close");
			close_components(run);
		}
		break;
	case RUN_CLOSING:
	case RUN_ABORTING:
		close_components(run);
		break;
	case RUN_ENDED:
		break;
	}
}

/* Before the loop sleeps: see what the last events have changed, and write all that is queued. */
static void on_prepare(struct ev_loop *loop, struct ev_prepare *watcher, int events)
{
	struct run *run = watcher->data;

	(void)loop;
	(void)events;
	advance(run);
	while (run->dirty_count > 0)
		task_flush(run->dirty[--run->dirty_count]);
}

static void stop_gracefully(struct run *run)
{
	if (run->phase != RUN_STARTING && run->phase != RUN_RUNNING)
		return;
	run->stopped = true;
	if (run->phase == RUN_STARTING) {
		run->phase = RUN_CLOSING; /* nothing has been emitted yet */
		return;
	}
	run->phase = RUN_STOPPING;
	for (size_t i = 1; i <= run->task_count; i++) {
		if (run->tasks[i]->component->spec->is_spout)
			spout_deactivate(run->tasks[i]);
	}
}

/*
 * The first signal stops the run gracefully, the second one at once. One that follows closely is the
 * same: timeout(1) signals the runner, and in the next moment the whole group.
 */
static void on_signal(struct ev_loop *loop, struct ev_signal *watcher, int events)
{
	struct run *run = watcher->data;

	(void)loop;
	(void)events;
	run_time(run);
	if (run->signalled == 0) {
		run->signalled = run->now;
		log_line(STORM_LOG_INFO, NULL,
			"stopping: %u tuples are in flight; a second signal stops at once",
			run->acker.trees.used);
		stop_gracefully(run);
	} else if (run->now - run->signalled > SAME_SIGNAL_SECONDS) {
		run_fail(run, "stopped at once: what was in flight is lost");
	}
}

static void on_time_over(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct run *run = timer->data;

	(void)loop;
	(void)events;
	run_time(run);
	stop_gracefully(run);
}

static void on_second(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct run *run = timer->data;

	(void)loop;
	(void)events;
	run_time(run);
	acker_expire(run);
	for (size_t i = 1; i <= run->task_count; i++)
		task_check(run->tasks[i]);
	stats_show(run);
}

static void on_tick(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct component *component = timer->data;

	(void)loop;
	(void)events;
	run_time(component->run);
	for (size_t i = 0; i < component->task_count; i++)
		task_tick(&component->tasks[i]);
}

/* Setting up */

/* A number of the configuration: `fallback` where it is null or absent. */
static double config_number(const json_t *config, const char *key, double fallback)
{
	const json_t *value = json_object_get(config, key);

	return json_is_number(value) ? json_number_value(value) : fallback;
}

static void check_number(const struct spec *spec, json_t *config, const char *key, double least,
	struct problems *problems)
{
	const json_t *value = json_object_get(config, key);

	if (!value || json_is_null(value) ||
		(json_is_number(value) && json_number_value(value) >= least))
		return;
	problems_error(problems, spec_place(spec, value, config),
		"%s must be a number, at least %g", key, least);
}

static void check_boolean(const struct spec *spec, const char *key, struct problems *problems)
{
	const json_t *value = json_object_get(spec->config, key);

	if (value && !json_is_null(value) && !json_is_boolean(value))
		problems_error(problems, spec_place(spec, value, spec->config),
			"%s must be true or false", key);
}

/* The wire that a serializer speaks; -1 for one that is neither of the two. */
static int wire_of_serializer(const json_t *config)
{
	const json_t *value = json_object_get(config, "topology.multilang.serializer");
	const char *name = json_string_value(value);

	if (!value || json_is_null(value) || (name && strcmp(name, SERIALIZER_JSON) == 0))
		return WIRE_JSON;
	return name && strcmp(name, SERIALIZER_MSGPACK) == 0 ? WIRE_MSGPACK : -1;
}

/* What only a cluster can run. */
static void refuse_java(
	const struct spec *spec, const struct spec_component *component, struct problems *problems)
{
	if (component->kind == SPEC_JAVA)
		problems_error(problems, spec_place(spec, component->java, component->json),
			"%s is a Java class, which a Storm cluster can run, but not this runner",
			component->name);
	for (size_t i = 0; i < component->input_count; i++) {
		const struct spec_input *input = &component->inputs[i];

		if (input->grouping == STORM_GROUPING_CUSTOM)
			problems_error(problems, spec_place(spec, input->custom, input->json),
				"%s: the custom grouping of its input from %s is a Java class, "
				"which a Storm cluster can run, but not this runner",
				component->name, input->component);
	}
}

int local_check_config(const struct spec *spec, struct problems *problems)
{
	check_number(spec, spec->config, "topology.message.timeout.secs", 0.001, problems);
	check_number(spec, spec->config, "topology.max.spout.pending", 1, problems);
	check_number(spec, spec->config, "topology.acker.executors", 0, problems);
	check_number(spec, spec->config, "topology.subprocess.timeout.secs", 0.001, problems);
	check_number(spec, spec->config, "supervisor.worker.timeout.secs", 0.001, problems);
	check_number(spec, spec->config, "cstorm.change.timeout.secs", 0.001, problems);
	check_number(spec, spec->config, "topology.tick.tuple.freq.secs", 0.001, problems);
	check_boolean(spec, "topology.enable.message.timeouts", problems);
	if (wire_of_serializer(spec->config) < 0)
		problems_error(problems,
			spec_place(spec,
				json_object_get(spec->config, "topology.multilang.serializer"),
				spec->config),
			"topology.multilang.serializer must be " SERIALIZER_JSON
			" or " SERIALIZER_MSGPACK " here");
	for (size_t i = 0; i < spec->component_count; i++)
		check_number(spec, spec->components[i].config, "topology.tick.tuple.freq.secs",
			0.001, problems);
	return problems_result(problems);
}

int local_check(const struct spec *spec, struct problems *problems)
{
	local_check_config(spec, problems);
	for (size_t i = 0; i < spec->component_count; i++)
		refuse_java(spec, &spec->components[i], problems);
	return problems_result(problems);
}

static void read_config(struct run *run)
{
	json_t *config = handshake_config(run, NULL);

	run->wire = (enum wire)wire_of_serializer(config);
	run->message_timeout = config_number(config, "topology.message.timeout.secs", 30);
	run->message_timeouts =
		!json_is_false(json_object_get(config, "topology.enable.message.timeouts"));
	run->max_pending = (size_t)config_number(config, "topology.max.spout.pending", 0);
	run->ackers = config_number(config, "topology.acker.executors", 1) > 0;
	run->silence_limit = config_number(config, "topology.subprocess.timeout.secs",
		config_number(config, "supervisor.worker.timeout.secs", SILENCE_LIMIT));
	run->change_limit = config_number(config, "cstorm.change.timeout.secs", CHANGE_LIMIT);
	json_decref(config);
}

/* Whether tuples of one component come to another one by some way. */
static bool reaches(const struct run *run, size_t from, size_t to, bool *seen)
{
	for (size_t i = 0; i < run->component_count; i++) {
		const struct spec_component *spec = run->components[i].spec;

		for (size_t j = 0; j < spec->input_count; j++) {
			if (spec->inputs[j].source != from || seen[i])
				continue;
			seen[i] = true;
			if (i == to || reaches(run, i, to, seen))
				return true;
		}
	}
	return false;
}

static int find_cycles(struct run *run)
{
	for (size_t i = 0; i < run->component_count; i++) {
		bool *seen = calloc(run->component_count, sizeof(*seen));

		if (!seen)
			return -ENOMEM;
		run->components[i].cyclic = reaches(run, i, i, seen);
		free(seen);
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct component *const *left = a;
	const struct component *const *right = b;

	return strcmp((*left)->spec->name, (*right)->spec->name);
}

/* Number the tasks as Storm does: by the names of the components. */
static int number_tasks(struct run *run)
{
	struct component **order = calloc(run->component_count + 1, sizeof(struct component *));
	int id = 1;

	run->tasks = calloc(run->task_count + 1, sizeof(struct task *));
	run->dirty = calloc(run->task_count + 1, sizeof(struct task *));
	if (!order || !run->tasks || !run->dirty) {
		free(order);
		return -ENOMEM;
	}
	for (size_t i = 0; i < run->component_count; i++)
		order[i] = &run->components[i];
	qsort(order, run->component_count, sizeof(struct component *), compare_names);
	for (size_t i = 0; i < run->component_count; i++) {
		for (size_t j = 0; j < order[i]->task_count; j++) {
			order[i]->tasks[j].id = id;
			run->tasks[id++] = &order[i]->tasks[j];
		}
	}
	free(order);
	return 0;
}

static int make_components(struct run *run)
{
	run->components = calloc(run->spec->component_count, sizeof(*run->components));
	if (!run->components)
		return -ENOMEM;
	run->component_count = run->spec->component_count;
	for (size_t i = 0; i < run->component_count; i++) {
		struct component *component = &run->components[i];

		component->spec = &run->spec->components[i];
		component->run = run;
		component->command = command_words(run->spec, component->spec);
		component->folder = command_folder(run->spec, component->spec);
		if (!component->command)
			return -ENOMEM;
		component->task_count = (size_t)component->spec->tasks;
		component->tasks = calloc(component->task_count, sizeof(*component->tasks));
		if (!component->tasks)
			return -ENOMEM;
		for (size_t j = 0; j < component->task_count; j++)
			task_init(&component->tasks[j], component, j);
		run->task_count += component->task_count;
	}
	return number_tasks(run);
}

static void start_ticks(struct component *component)
{
	json_t *config = handshake_config(component->run, component);

	component->tick_seconds = config_number(config, "topology.tick.tuple.freq.secs", 0);
	json_decref(config);
	if (component->tick_seconds <= 0 || component->spec->is_spout)
		return;
	ev_timer_init(
		&component->tick_timer, on_tick, component->tick_seconds, component->tick_seconds);
	component->tick_timer.data = component;
	ev_timer_start(component->run->loop, &component->tick_timer);
}

static void start_tasks(struct run *run)
{
	for (size_t i = 0; i < run->component_count; i++) {
		struct component *component = &run->components[i];

		for (size_t j = 0; j < component->task_count; j++)
			task_start(&component->tasks[j]);
		start_ticks(component);
	}
}

/* A private folder for the pid files and the control socket. */
static int make_directory(struct run *run)
{
	int err;

	err = directory_make(&run->directory, run->spec->name);
	if (err == -EPERM)
		log_line(STORM_LOG_ERROR, NULL,
			"%s must be a folder of yours alone (mode 0700): remove it, or set TMPDIR",
			buffer_text(&run->directory.path));
	else if (err < 0)
		log_line(STORM_LOG_ERROR, NULL, "cannot make a directory for the run, %s: %s",
			buffer_text(&run->directory.path), strerror(-err));
	return err;
}

/* Hand a descriptor of the runner down to the components, by a name in their environment. */
static void hand_down(int fd, const char *variable)
{
	int copy = fcntl(fd, F_DUPFD, 10);
	char text[16];

	unsetenv(variable);
	if (copy < 0)
		return;
	snprintf(text, sizeof(text), "%d", copy);
	setenv(variable, text, 1);
}

static void start_watching(struct run *run)
{
	ev_signal_init(&run->interrupt, on_signal, SIGINT);
	ev_signal_init(&run->terminate, on_signal, SIGTERM);
	ev_timer_init(&run->second_timer, on_second, 1, 1);
	ev_prepare_init(&run->prepare, on_prepare);
	run->interrupt.data = run->terminate.data = run->second_timer.data = run;
	run->prepare.data = run;
	ev_signal_start(run->loop, &run->interrupt);
	ev_signal_start(run->loop, &run->terminate);
	ev_timer_start(run->loop, &run->second_timer);
	ev_prepare_start(run->loop, &run->prepare);
	if (run->options->seconds > 0) {
		ev_timer_init(&run->end_timer, on_time_over, run->options->seconds, 0);
		run->end_timer.data = run;
		ev_timer_start(run->loop, &run->end_timer);
	}
}

void run_free(struct run *run)
{
	router_free(run);
	for (size_t i = 0; i < run->component_count; i++) {
		for (size_t j = 0; j < run->components[i].task_count; j++)
			task_free(&run->components[i].tasks[j]);
		free(run->components[i].tasks);
		json_decref(run->components[i].metrics);
		command_free(run->components[i].command);
		free(run->components[i].folder);
	}
	free(run->components);
	free(run->tasks);
	free(run->dirty);
	acker_free(&run->acker);
	message_free(&run->message);
	numbers_free(&run->receivers);
	numbers_free(&run->anchors);
	directory_free(&run->directory);
	if (run->loop)
		ev_loop_destroy(run->loop);
}

int run_set_up(struct run *run)
{
	int err;

	run->directory = DIRECTORY_INIT;
	run->loop = ev_default_loop(EVFLAG_AUTO);
	if (!run->loop) {
		log_line(STORM_LOG_ERROR, NULL, "cannot make an event loop");
		return -ENOSYS;
	}
	err = make_directory(run);
	if (err < 0)
		return err;
	acker_init(&run->acker);
	read_config(run);
	err = make_components(run);
	if (err == 0)
		err = find_cycles(run);
	if (err == 0)
		err = router_init(run);
	if (err < 0)
		log_line(STORM_LOG_ERROR, NULL, "cannot set up the run: %s", strerror(-err));
	return err;
}

int local_run(const struct spec *spec, const struct local_options *options)
{
	struct run run = { .spec = spec, .options = options };
	int err;

	log_set_verbosity(options->verbosity);
	signal(SIGPIPE, SIG_IGN);
	process_adopt_orphans();
	hand_down(STDIN_FILENO, "CSTORM_STDIN");
	hand_down(STDOUT_FILENO, "CSTORM_STDOUT");
	if (run_set_up(&run) < 0) {
		run_free(&run);
		return EXIT_STATUS_FAILED;
	}
	run.started = run_time(&run);
	start_watching(&run);
	err = control_start(&run);
	if (err < 0)
		log_line(STORM_LOG_WARN, NULL,
			"nobody can look at this run (cstorm ps, top, tap): %s", strerror(-err));
	start_tasks(&run);
	ev_run(run.loop, 0);
	run.ended = run_time(&run);
	process_kill_descendants();
	control_stop(&run);
	log_status(NULL);
	if (options->verbosity >= 0)
		stats_print(&run);
	if (options->stats_path && stats_write(&run, options->stats_path) != 0)
		run.failed = true;
	run_free(&run);
	return run.failed ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}
