/*
 * The life of a run: all tasks start, spouts are activated when the bolts are ready, and when every
 * spout has finished and every tuple tree is settled the components are closed, upstream first.
 */
#include "local/cgroup.h"
#include "local/limits.h"
#include "local/notify.h"
#include "local/rebalance.h"
#include "local/record.h"
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

double run_now(const struct run *run)
{
	return run->loops[0].now;
}

void run_changed(struct run *run)
{
	if (!atomic_exchange(&run->changed, true))
		loop_wake(&run->loops[0]);
}

bool run_wants_tuples(const struct run *run)
{
	return run->phase == RUN_RUNNING;
}

/* It runs no more, from here on. */
static void leave_running(struct run *run, enum run_phase phase)
{
	run->phase = phase;
	notify("STOPPING=1");
}

/* Kill everything; the run has failed. */
static void abort_all(struct run *run)
{
	run->failed = true;
	leave_running(run, RUN_ABORTING);
	for (size_t i = 1; i <= run->task_count; i++) {
		struct task *task = run->tasks[i];

		task_kill(task);
		ev_timer_stop(run->loops[0].ev, &task->restart_timer);
		if (task->pid == 0)
			task->state = TASK_GONE;
	}
}

void run_fail(struct run *run, const char *format, ...)
{
	struct buffer text = { 0 };
	va_list arguments;

	if (atomic_exchange(&run->given_up, true))
		return;
	va_start(arguments, format);
	buffer_append_formatv(&text, format, arguments);
	va_end(arguments);
	log_line(STORM_LOG_ERROR, NULL, "%s", buffer_text(&text));
	buffer_free(&text);
	run_changed(run);
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

/* With those of its tasks that others have replaced. */
static bool is_gone(const struct component *component)
{
	const struct run *run = component->run;

	for (size_t i = 1; i <= run->task_count; i++) {
		if (run->tasks[i]->component == component && run->tasks[i]->state != TASK_GONE)
			return false;
	}
	return true;
}

static void close_component(struct component *component)
{
	component->closing = true;
	for (size_t i = 0; i < component->task_count; i++)
		task_close(component->tasks[i]);
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
	if (all_gone)
		run->phase = RUN_ENDED;
}

static void begin_running(struct run *run)
{
	run->phase = RUN_RUNNING;
	notify("READY=1");
	run->started = run_now(run);
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

size_t run_in_flight(const struct run *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->loop_count; i++)
		count += run->loops[i].acker.trees.used;
	return count;
}

/* Whether every spout has finished and every tree is settled. */
static bool is_at_end(const struct run *run)
{
	if (run_in_flight(run) > 0)
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
			leave_running(run, RUN_CLOSING);
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

/* Kill those that are to die for what they did. */
static void kill_condemned(struct run *run)
{
	for (size_t i = 1; i <= run->task_count; i++) {
		if (run->tasks[i]->killed_for)
			task_kill(run->tasks[i]);
	}
}

void run_advance(struct run *run)
{
	if (!atomic_exchange(&run->changed, false))
		return;
	loops_hold(run);
	mail_settle_all(run); /* what is still on its way is to come before the end of the input */
	kill_condemned(run);
	if (run->given_up && run->phase < RUN_ABORTING)
		abort_all(run);
	rebalance_advance(run);
	advance(run);
	loops_release(run);
}

static void stop_gracefully(struct run *run)
{
	if (run->phase != RUN_STARTING && run->phase != RUN_RUNNING)
		return;
	run_changed(run);
	run->stopped = true;
	if (run->phase == RUN_STARTING) {
		leave_running(run, RUN_CLOSING); /* nothing has been emitted yet */
		return;
	}
	leave_running(run, RUN_STOPPING);
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
	loops_hold(run);
	if (run->signalled == 0) {
		run->signalled = run_now(run);
		log_line(STORM_LOG_INFO, NULL,
			"stopping: %zu tuples are in flight; a second signal stops at once",
			run_in_flight(run));
		stop_gracefully(run);
	} else if (run_now(run) - run->signalled > SAME_SIGNAL_SECONDS) {
		run_fail(run, "stopped at once: what was in flight is lost");
	}
	loops_release(run);
}

static void on_hangup(struct ev_loop *loop, struct ev_signal *watcher, int events)
{
	(void)loop;
	(void)watcher;
	(void)events;
	log_reopen();
}

static void on_time_over(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct run *run = timer->data;

	(void)loop;
	(void)events;
	loops_hold(run);
	stop_gracefully(run);
	loops_release(run);
}

static void on_second(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct run *run = timer->data;

	(void)loop;
	(void)events;
	loops_hold(run);
	for (size_t i = 0; i < run->loop_count; i++)
		acker_expire(&run->loops[i]);
	for (size_t i = 1; i <= run->task_count; i++)
		task_check(run->tasks[i]);
	control_resume(run);
	stats_show(run);
	loops_release(run);
	notify_alive();
}

static void on_tick(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct component *component = timer->data;

	(void)loop;
	(void)events;
	loops_hold(component->run);
	for (size_t i = 0; i < component->task_count; i++)
		task_tick(component->tasks[i]);
	loops_release(component->run);
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
	struct place place = spec_place(spec, value, config);

	if (!value || json_is_null(value) ||
		(json_is_number(value) && json_number_value(value) >= least) ||
		problems_are_at(problems, place))
		return;
	problems_error(problems, place, "%s must be a number, at least %g", key, least);
}

static void check_boolean(const struct spec *spec, const char *key, struct problems *problems)
{
	const json_t *value = json_object_get(spec->config, key);
	struct place place = spec_place(spec, value, spec->config);

	if (value && !json_is_null(value) && !json_is_boolean(value) &&
		!problems_are_at(problems, place))
		problems_error(problems, place, "%s must be true or false", key);
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
	limits_check(spec, problems);
	return problems_result(problems);
}

int local_check(const struct spec *spec, struct problems *problems)
{
	local_check_config(spec, problems);
	for (size_t i = 0; i < spec->component_count; i++)
		refuse_java(spec, &spec->components[i], problems);
	return problems_result(problems);
}

static bool is_wrapped(const struct spec *spec)
{
	for (size_t i = 0; i < spec->component_count; i++) {
		if (spec->components[i].wrapper)
			return true;
	}
	return false;
}

static void read_config(struct run *run)
{
	json_t *config = handshake_config(run, NULL);

	run->wire = (enum wire)wire_of_serializer(config);
	run->message_timeout = config_number(config, "topology.message.timeout.secs", 30);
	run->message_timeouts =
		!json_is_false(json_object_get(config, "topology.enable.message.timeouts")) &&
		!is_wrapped(run->spec);
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
	if (!order || !run->tasks) {
		free(order);
		return -ENOMEM;
	}
	for (size_t i = 0; i < run->component_count; i++)
		order[i] = &run->components[i];
	qsort(order, run->component_count, sizeof(struct component *), compare_names);
	for (size_t i = 0; i < run->component_count; i++) {
		for (size_t j = 0; j < order[i]->task_count; j++) {
			order[i]->tasks[j]->id = id;
			run->tasks[id++] = order[i]->tasks[j];
		}
	}
	run->id_count = run->task_count;
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
		component->setup.folder = command_folder(run->spec, component->spec);
		if (!component->command ||
			limits_take(&component->setup, run->spec, component->spec) < 0)
			return -ENOMEM;
		if (tasks_make(&component->tasks, component, (size_t)component->spec->tasks) < 0)
			return -ENOMEM;
		component->task_count = (size_t)component->spec->tasks;
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
	ev_timer_start(component->run->loops[0].ev, &component->tick_timer);
}

static void start_tasks(struct run *run)
{
	for (size_t i = 0; i < run->component_count; i++) {
		struct component *component = &run->components[i];

		for (size_t j = 0; j < component->task_count; j++)
			task_start(component->tasks[j]);
		start_ticks(component);
	}
	run_changed(run); /* without bolts there is nothing to wait for */
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

/*
 * SIGHUP means that the log has been moved (logrotate); without a file for it, that the terminal is gone,
 * which ends the run unless nohup(1) has it ignored.
 */
static void watch_hangup(struct run *run)
{
	struct sigaction action;
	bool to_file = run->options->log.path != NULL;

	if (!to_file && sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
		return;
	ev_signal_init(&run->hangup, to_file ? on_hangup : on_signal, SIGHUP);
	run->hangup.data = run;
	ev_signal_start(run->loops[0].ev, &run->hangup);
}

static void start_watching(struct run *run)
{
	struct ev_loop *loop = run->loops[0].ev;

	ev_signal_init(&run->interrupt, on_signal, SIGINT);
	ev_signal_init(&run->terminate, on_signal, SIGTERM);
	ev_timer_init(&run->second_timer, on_second, 1, 1);
	run->interrupt.data = run->terminate.data = run->second_timer.data = run;
	ev_signal_start(loop, &run->interrupt);
	ev_signal_start(loop, &run->terminate);
	watch_hangup(run);
	ev_timer_start(loop, &run->second_timer);
	if (run->options->seconds > 0) {
		ev_timer_init(&run->end_timer, on_time_over, run->options->seconds, 0);
		run->end_timer.data = run;
		ev_timer_start(loop, &run->end_timer);
	}
}

void run_free(struct run *run)
{
	cgroups_remove(run);
	router_free(run);
	for (size_t i = 1; i <= run->task_count && run->id_count > 0; i++) {
		if (run->tasks[i]->retired)
			task_free(run->tasks[i]);
	}
	for (size_t i = 0; i < run->component_count; i++) {
		tasks_free(run->components[i].tasks, run->components[i].task_count);
		json_decref(run->components[i].metrics);
		command_free(run->components[i].command);
		free(run->components[i].setup.folder);
		json_decref(run->components[i].setup.env);
	}
	free(run->components);
	free(run->tasks);
	loops_free(run);
	directory_free(&run->directory);
	free(run->record_folder);
}

/*
 * The work of the components is about that of the runner, so each has about half of the processors.
 * The loop more keeps a processor from idling while a loop waits.
 */
static size_t choose_loops(const struct run *run)
{
	size_t count = run->options->loops;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (count == 0)
		count = processors > 1 ? (size_t)processors / 2 + 1 : 1;
	return count < run->task_count ? count : run->task_count;
}

int run_set_up(struct run *run)
{
	int err;

	run->directory = DIRECTORY_INIT;
	err = make_directory(run);
	if (err == 0)
		err = record_set_up(run);
	if (err < 0)
		return err;
	read_config(run);
	err = make_components(run);
	if (err == 0)
		err = find_cycles(run);
	if (err == 0)
		err = router_init(run);
	if (err == 0)
		err = loops_init(run, choose_loops(run));
	if (err < 0)
		log_line(STORM_LOG_ERROR, NULL, "cannot set up the run: %s", strerror(-err));
	return err;
}

int local_run(const struct spec *spec, const struct local_options *options)
{
	struct run run = { .spec = spec, .options = options, .date = time(NULL) };
	int err;

	log_set_verbosity(options->verbosity);
	if (log_open(&options->log) < 0)
		return EXIT_STATUS_FAILED;
	signal(SIGPIPE, SIG_IGN);
	process_adopt_orphans();
	process_raise_file_limit();
	notify_start();
	hand_down(STDIN_FILENO, "CSTORM_STDIN");
	hand_down(STDOUT_FILENO, "CSTORM_STDOUT");
	if (run_set_up(&run) < 0 || cgroups_make(&run) < 0 ||
		(options->metrics_address && http_start(&run, options->metrics_address) < 0)) {
		run_free(&run);
		log_close();
		return EXIT_STATUS_FAILED;
	}
	run.started = run_now(&run);
	start_watching(&run);
	err = control_start(&run);
	if (err < 0)
		log_line(STORM_LOG_WARN, NULL,
			"nobody can look at this run (cstorm ps, top, tap): %s", strerror(-err));
	start_tasks(&run);
	loops_run(&run);
	run.ended = loop_time(&run.loops[0]);
	process_kill_descendants();
	control_stop(&run);
	http_stop(&run);
	log_status(NULL);
	if (options->verbosity >= 0)
		stats_print(&run);
	if (options->stats_path && stats_write(&run, options->stats_path) != 0)
		run.failed = true;
	run_free(&run);
	log_close();
	return run.failed ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}
