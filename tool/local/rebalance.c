#include "local/rebalance.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "local/run.h"

#define TASKS_LIMIT 10000

/* Those of a task, and of the runner itself. */
#define DESCRIPTORS_OF_TASK 3
#define DESCRIPTORS_OF_RUNNER 64

/* What is to become of a component; none if there are no tasks. */
struct change {
	size_t task_count; /* 0: it stays as it is */
	struct task **tasks;
};

/* Checking */

static struct component *find_component(struct run *run, const char *name)
{
	for (size_t i = 0; i < run->component_count; i++) {
		if (strcmp(run->components[i].spec->name, name) == 0)
			return &run->components[i];
	}
	return NULL;
}

static int read_changes(
	struct run *run, const json_t *tasks, struct change *changes, struct buffer *problem)
{
	const char *name;
	json_t *count;

	json_object_foreach((json_t *)tasks, name, count) {
		const struct component *component = find_component(run, name);

		if (!component) {
			buffer_append_format(problem, "the topology has no component %s", name);
			return -EINVAL;
		}
		if (!json_is_integer(count) || json_integer_value(count) < 1 ||
			json_integer_value(count) > TASKS_LIMIT) {
			buffer_append_format(
				problem, "%s must have 1 to %d tasks", name, TASKS_LIMIT);
			return -EINVAL;
		}
		changes[component - run->components].task_count = (size_t)json_integer_value(count);
	}
	if (json_object_size(tasks) == 0) {
		buffer_append_format(problem, "no component is named");
		return -EINVAL;
	}
	return 0;
}

static bool emits_directly_to(const struct component *source, const struct component *receiver)
{
	for (size_t i = 0; i < receiver->spec->input_count; i++) {
		const struct spec_input *input = &receiver->spec->inputs[i];

		if (input->grouping == STORM_GROUPING_DIRECT &&
			&source->run->components[input->source] == source)
			return true;
	}
	return false;
}

/* Who names the tasks that are to receive its tuples has to know them: it begins anew as well. */
static void add_direct_sources(struct run *run, struct change *changes)
{
	for (size_t i = 0; i < run->component_count; i++) {
		const struct component *receiver = &run->components[i];

		if (changes[i].task_count == 0 || changes[i].task_count == receiver->task_count)
			continue;
		for (size_t j = 0; j < run->component_count; j++) {
			if (changes[j].task_count == 0 &&
				emits_directly_to(&run->components[j], receiver))
				changes[j].task_count = run->components[j].task_count;
		}
	}
}

/* Old and new tasks are never there at once, but those of several components may be. */
static int check_descriptors(
	const struct run *run, const struct change *changes, struct buffer *problem)
{
	struct rlimit limit;
	size_t task_count = 0;
	size_t needed;

	for (size_t i = 0; i < run->component_count; i++) {
		size_t before = run->components[i].task_count;
		size_t after = changes[i].task_count;

		task_count += after > before ? after : before;
	}
	needed = task_count * DESCRIPTORS_OF_TASK + DESCRIPTORS_OF_RUNNER;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || needed <= limit.rlim_cur)
		return 0;
	buffer_append_format(problem,
		"%zu tasks need %zu descriptors, but the run may have %llu (see ulimit -n)",
		task_count, needed, (unsigned long long)limit.rlim_cur);
	return -EMFILE;
}

/* Exchanging */

/* Have all the memory that is needed, so that nothing fails half way. */
static int reserve(struct run *run, struct change *changes)
{
	size_t count = run->task_count + 1;
	struct task **tasks;
	int err = 0;

	for (size_t i = 0; i < run->component_count && err == 0; i++) {
		if (changes[i].task_count > 0)
			err = tasks_make(
				&changes[i].tasks, &run->components[i], changes[i].task_count);
		count += changes[i].task_count;
	}
	if (err < 0)
		return err;
	tasks = realloc(run->tasks, count * sizeof(*tasks));
	if (!tasks)
		return -ENOMEM;
	run->tasks = tasks;
	return loops_make_room(run, count);
}

static void free_changes(const struct run *run, struct change *changes)
{
	for (size_t i = 0; i < run->component_count; i++) {
		if (changes[i].tasks)
			tasks_free(changes[i].tasks, changes[i].task_count);
	}
	free(changes);
}

/* An id that tasks of this component had when they were more. */
static int unused_id(const struct component *component)
{
	const struct run *run = component->run;

	for (size_t id = 1; id <= run->id_count; id++) {
		const struct task *task = run->tasks[id];

		if (task->component == component && task->retired && task->state == TASK_GONE)
			return (int)id;
	}
	return 0;
}

/* A task that comes in another one's place has its id and its loop. */
static void take_place(struct task *task, const struct task *before)
{
	task->id = before->id;
	task->earlier_lives = before->earlier_lives + before->restarts + 1;
	task->run->tasks[task->id] = task;
	loop_add(before->loop, task);
}

static struct loop *emptiest_loop(struct run *run)
{
	struct loop *found = &run->loops[0];

	for (size_t i = 1; i < run->loop_count; i++) {
		if (run->loops[i].task_count < found->task_count)
			found = &run->loops[i];
	}
	return found;
}

/* One more than there were. */
static void find_place(struct task *task)
{
	struct run *run = task->run;
	int id = unused_id(task->component);

	if (id > 0) {
		struct task *before = run->tasks[id];

		take_place(task, before);
		loop_remove(before);
		task_free(before);
		return;
	}
	task->id = (int)++run->id_count;
	run->tasks[++run->task_count] = run->tasks[task->id];
	run->tasks[task->id] = task;
	loop_add(emptiest_loop(run), task);
}

static void retire(struct task *task)
{
	task->retired = true;
	task->component->earlier_restarts += task->restarts;
	if (task->component->spec->is_spout)
		spout_deactivate(task); /* it closes when its tuples are settled */
	else
		task_close(task);
}

static void exchange(struct component *component, struct change *change)
{
	struct run *run = component->run;
	struct task **before = component->tasks;
	size_t count = component->task_count;

	log_line(STORM_LOG_INFO, NULL, "%s: tasks from %zu to %zu; the old ones finish first",
		component->spec->name, count, change->task_count);
	component->tasks = change->tasks;
	component->task_count = change->task_count;
	component->change = CHANGE_DRAINING;
	change->tasks = NULL;
	for (size_t i = 0; i < component->task_count; i++) {
		if (i < count) {
			take_place(component->tasks[i], before[i]);
			run->tasks[++run->task_count] = before[i];
		} else {
			find_place(component->tasks[i]);
		}
	}
	for (size_t i = 0; i < count; i++)
		retire(before[i]);
	free(before);
}

static void exchange_all(struct run *run, struct change *changes)
{
	for (size_t i = 0; i < run->component_count; i++) {
		if (changes[i].task_count > 0)
			exchange(&run->components[i], &changes[i]);
	}
	for (size_t i = 0; i < run->component_count; i++) {
		struct component *component = &run->components[i];

		for (size_t j = 0; changes[i].task_count > 0 && j < component->task_count; j++)
			task_prepare(component->tasks[j]);
	}
	for (size_t i = 0; i < run->loop_count; i++) {
		for (size_t j = 0; j < run->target_count; j++)
			run->loops[i].targets[j].next = 0;
	}
}

int rebalance_begin(struct run *run, const json_t *tasks, struct buffer *problem)
{
	struct change *changes = calloc(run->component_count, sizeof(*changes));
	int err = changes ? 0 : -ENOMEM;

	if (err == 0 && (run->phase != RUN_RUNNING || run->rebalancing)) {
		buffer_append_format(problem, "%s",
			run->rebalancing                 ? "another rebalance is not done yet" :
				run->phase < RUN_RUNNING ? "the run is not ready yet" :
							   "the run is ending");
		err = -EBUSY;
	}
	if (err == 0)
		err = read_changes(run, tasks, changes, problem);
	if (err == 0) {
		add_direct_sources(run, changes);
		err = check_descriptors(run, changes, problem);
	}
	if (err == 0)
		err = reserve(run, changes);
	if (err == 0) {
		mail_settle_all(run); /* letters know the old tasks */
		exchange_all(run, changes);
		run->rebalancing = true;
		run_changed(run);
	}
	if (err == -ENOMEM)
		buffer_append_format(problem, "out of memory");
	if (changes)
		free_changes(run, changes);
	return err;
}

/* Going on */

/* Retired spouts close when nothing is left that they would have to emit again. */
static void close_settled_spouts(struct run *run)
{
	for (size_t i = 1; i <= run->task_count; i++) {
		struct task *task = run->tasks[i];

		if (task->retired && !task->closing && task->state != TASK_GONE &&
			task->commands.count == 0 && task->pending == 0)
			task_close(task);
	}
}

static bool has_retired(const struct component *component)
{
	const struct run *run = component->run;

	for (size_t i = 1; i <= run->task_count; i++) {
		const struct task *task = run->tasks[i];

		if (task->component == component && task->retired && task->state != TASK_GONE)
			return true;
	}
	return false;
}

static bool has_started(const struct component *component)
{
	for (size_t i = 0; i < component->task_count; i++) {
		enum task_state state = component->tasks[i]->state;

		if (state != TASK_RUNNING && state != TASK_GONE)
			return false;
	}
	return true;
}

static void advance_component(struct component *component)
{
	if (component->change == CHANGE_DRAINING && !has_retired(component)) {
		component->change = CHANGE_STARTING;
		for (size_t i = 0; i < component->task_count; i++)
			task_launch(component->tasks[i]);
	}
	if (component->change == CHANGE_STARTING && has_started(component)) {
		component->change = CHANGE_NONE;
		log_line(STORM_LOG_INFO, NULL, "%s: the new ones run", component->spec->name);
	}
}

/* Free those that are gone and whose ids others have. */
static void free_replaced(struct run *run)
{
	size_t i = run->id_count + 1;

	while (i <= run->task_count) {
		struct task *task = run->tasks[i];

		if (task->state != TASK_GONE || task->dirty) {
			i++;
			continue;
		}
		run->tasks[i] = run->tasks[run->task_count--];
		loop_remove(task);
		task_free(task);
	}
}

void rebalance_advance(struct run *run)
{
	bool done = true;

	if (!run->rebalancing || run->phase >= RUN_ABORTING)
		return;
	close_settled_spouts(run);
	for (size_t i = 0; i < run->component_count; i++) {
		advance_component(&run->components[i]);
		done &= run->components[i].change == CHANGE_NONE;
	}
	free_replaced(run);
	run->rebalancing = !done;
}
