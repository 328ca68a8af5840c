/* A component under test: its life, and what it is told, in the parent's place. */
#include <errno.h>
#include <stdlib.h>

#include "component/emit.h"
#include "component/stream.h"
#include "protocol/write.h"
#include "testing/testing.h"

#define SOURCE "source"
#define RECEIVER 1000
#define CLOSE_SECONDS 10

static int set_error(struct storm_test *test, int err, const char *what)
{
	buffer_truncate(&test->error, 0);
	buffer_append_format(&test->error, "%s", what);
	return err;
}

/* The handshake */

static int task_count(int tasks, int parallelism)
{
	return tasks > 0 ? tasks : parallelism > 0 ? parallelism : 1;
}

/* Give the next numbers to the tasks of a component. */
static void add_tasks(json_t *tasks, const char *component, int count)
{
	char number[16];

	for (int i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%zu", json_object_size(tasks) + 1);
		json_object_set_new(tasks, number, json_string(component));
	}
}

static json_t *all_tasks(const struct storm_topology *topology)
{
	const struct storm_spout *spout = topology->spouts;
	const struct storm_bolt *bolt = topology->bolts;
	json_t *tasks = json_object();

	for (; spout && spout->name; spout++)
		add_tasks(tasks, spout->name, task_count(spout->tasks, spout->parallelism));
	for (; bolt && bolt->name; bolt++)
		add_tasks(tasks, bolt->name, task_count(bolt->tasks, bolt->parallelism));
	return tasks;
}

static int first_task(const json_t *tasks, const char *component)
{
	const char *number;
	json_t *name;

	json_object_foreach((json_t *)tasks, number, name) {
		if (strcmp(json_string_value(name), component) == 0)
			return atoi(number);
	}
	return 0;
}

static const struct storm_stream *outputs_of(
	const struct storm_topology *topology, const char *component)
{
	const struct storm_spout *spout = topology->spouts;
	const struct storm_bolt *bolt = topology->bolts;

	for (; spout && spout->name; spout++) {
		if (strcmp(spout->name, component) == 0)
			return spout_outputs(spout);
	}
	for (; bolt && bolt->name; bolt++) {
		if (strcmp(bolt->name, component) == 0)
			return bolt_outputs(bolt);
	}
	return NULL;
}

/* The fields of the streams that a bolt receives. */
static json_t *all_inputs(const struct storm_topology *topology, const struct storm_input *input)
{
	json_t *sources = json_object();

	for (; input && input->component; input++) {
		const struct storm_stream *stream = outputs_of(topology, input->component);
		const char *name = input->stream ? input->stream : STREAM_DEFAULT;
		json_t *fields = json_array();

		while (stream && stream->name && strcmp(stream->name, name) != 0)
			stream++;
		for (size_t i = 0; stream && stream->name && i < stream_field_count(stream); i++)
			json_array_append_new(fields, json_string(stream_field(stream, i)));
		if (!json_object_get(sources, input->component))
			json_object_set_new(sources, input->component, json_object());
		json_object_set_new(json_object_get(sources, input->component), name, fields);
	}
	return sources;
}

static json_t *whole_config(
	const struct storm_topology *topology, const struct storm_config_entry *own, json_t *config)
{
	json_t *whole = describe_config(topology->config);
	json_t *component = describe_config(own);

	json_object_update(whole, component);
	json_object_update(whole, config);
	json_decref(component);
	return whole;
}

static json_t *make_handshake(
	const struct storm_topology *topology, const char *component, json_t *config)
{
	const struct storm_spout *spout = topology->spouts;
	const struct storm_bolt *bolt = topology->bolts;
	const struct storm_config_entry *own = NULL;
	const struct storm_input *inputs = NULL;
	json_t *tasks = all_tasks(topology);

	for (; spout && spout->name; spout++) {
		if (strcmp(spout->name, component) == 0)
			own = spout->config;
	}
	for (; bolt && bolt->name; bolt++) {
		if (strcmp(bolt->name, component) == 0) {
			own = bolt->config;
			inputs = bolt->inputs;
		}
	}
	return json_pack("{s:o, s:s, s:{s:s, s:i, s:o, s:o}}", "conf",
		whole_config(topology, own, config), "pidDir", "", "context", "componentid",
		component, "taskid", first_task(tasks, component), "task->component", tasks,
		"source->stream->fields", all_inputs(topology, inputs));
}

/* Life */

/* Hand over the message in the frame; 0, or -ESHUTDOWN. */
static int tell(struct storm_test *test)
{
	struct storm_task *task = &test->task;

	buffer_truncate(&test->error, 0);
	buffer_append_frame_end(&test->frame, WIRE_JSON);
	if (task->stopping)
		return set_error(test, -ESHUTDOWN, "the component has ended");
	if (test->frame.failed ||
		frame_reader_feed(&task->reader, test->frame.data, test->frame.length) < 0)
		return set_error(test, -ENOMEM, "out of memory");
	task_handle_frames(task);
	if (!task->stopping)
		ev_run(task->loop, EVRUN_NOWAIT);
	task_flush(task);
	return 0;
}

static int tell_text(struct storm_test *test, const char *message)
{
	buffer_truncate(&test->frame, 0);
	buffer_append_format(&test->frame, "%s", message);
	return tell(test);
}

static struct storm_test *new_test(void)
{
	struct storm_test *test = calloc(1, sizeof(*test));

	if (!test)
		return NULL;
	test->task = TASK_INIT;
	test->task.test = test;
	test->task.loop = ev_loop_new(EVFLAG_AUTO);
	test->messages = json_array();
	test->numbers = json_object();
	test->ids = json_array();
	test->receivers = json_pack("[i]", RECEIVER);
	if (test->task.loop && test->messages && test->numbers && test->ids && test->receivers)
		return test;
	storm_test_free(test);
	return NULL;
}

static struct storm_test *start(struct storm_test *test, const struct storm_topology *topology,
	const char *component, const char *config_text)
{
	json_t *config = json_loads(config_text ? config_text : "{}", 0, NULL);
	json_t *handshake = make_handshake(topology, component, config);
	char *text = json_dumps(handshake, 0);

	test->task.topology = topology;
	task_watch(&test->task);
	if (json_is_object(config)) {
		tell_text(test, text ? text : "");
	} else {
		storm_report_error(
			&test->task, "the configuration is no JSON object: %s", config_text);
		test->task.status = 1;
		task_flush(&test->task);
		task_stop(&test->task);
	}
	free(text);
	json_decref(handshake);
	json_decref(config);
	return test;
}

struct storm_test *storm_test_component(
	const struct storm_topology *topology, const char *component, const char *config)
{
	struct storm_test *test = new_test();

	return test ? start(test, topology, component, config) : NULL;
}

struct storm_test *storm_test_spout(const struct storm_spout_class *spout, const char *config)
{
	struct storm_test *test = new_test();

	if (!test)
		return NULL;
	test->spouts[0] = (struct storm_spout){ .name = "spout", .spout_class = spout };
	test->topology = (struct storm_topology){ .name = "test", .spouts = test->spouts };
	return start(test, &test->topology, "spout", config);
}

struct storm_test *storm_test_bolt(
	const struct storm_bolt_class *bolt, const struct storm_stream *input, const char *config)
{
	struct storm_test *test = new_test();
	size_t count = 0;

	if (!test)
		return NULL;
	while (input && input[count].name)
		count++;
	test->inputs = calloc(count + 1, sizeof(*test->inputs));
	if (!test->inputs) {
		storm_test_free(test);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		test->inputs[i] = (struct storm_input){ .component = SOURCE,
			.stream = input[i].name,
			.grouping = STORM_GROUPING_SHUFFLE };
	test->source.outputs = input;
	test->spouts[0] = (struct storm_spout){ .name = SOURCE, .foreign = &test->source };
	test->bolts[0] =
		(struct storm_bolt){ .name = "bolt", .bolt_class = bolt, .inputs = test->inputs };
	test->topology = (struct storm_topology){
		.name = "test", .spouts = test->spouts, .bolts = test->bolts
	};
	return start(test, &test->topology, "bolt", config);
}

static void close_component(struct storm_test *test)
{
	if (test->closed)
		return;
	test->closed = true;
	if (test->task.opened)
		task_close(&test->task);
	log_end(&test->task);
	task_flush(&test->task);
	task_stop(&test->task);
}

int storm_test_close(struct storm_test *test)
{
	struct storm_task *task = &test->task;
	double deadline;

	buffer_truncate(&test->error, 0);
	if (!task->stopping)
		task_end_input(task);
	ev_now_update(task->loop);
	deadline = ev_now(task->loop) + CLOSE_SECONDS;
	while (!task->stopping && ev_now(task->loop) < deadline) {
		/* The last run finds that nothing is kept any more. */
		if (storm_test_wait(test, deadline - ev_now(task->loop)) < 0)
			break;
	}
	if (!task->stopping)
		return set_error(test, -ETIMEDOUT, "the bolt keeps tuples that it does not settle");
	close_component(test);
	return task->status;
}

void storm_test_free(struct storm_test *test)
{
	if (!test)
		return;
	if (test->task.topology) {
		close_component(test);
		task_unwatch(&test->task);
	}
	task_free(&test->task);
	json_decref(test->messages);
	json_decref(test->numbers);
	json_decref(test->ids);
	json_decref(test->receivers);
	buffer_free(&test->error);
	buffer_free(&test->frame);
	buffer_free(&test->text);
	free(test->outcomes);
	free(test->inputs);
	free(test);
}

/* Tuples */

static bool is_from(const struct source *source, const struct storm_test_tuple *tuple)
{
	return source->is_input &&
		(!tuple->component || strcmp(tuple->component, source->component) == 0) &&
		(!tuple->stream || strcmp(tuple->stream, source->stream) == 0);
}

/* The one input that a tuple can come from, or NULL: the default stream, where there are several. */
static const struct source *find_source(
	const struct storm_test *test, const struct storm_test_tuple *tuple)
{
	const struct context *context = &test->task.context;
	const struct source *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < context->source_count; i++) {
		const struct source *source = &context->sources[i];

		if (!is_from(source, tuple))
			continue;
		count++;
		if (!found || strcmp(source->stream, STREAM_DEFAULT) == 0)
			found = source;
	}
	if (count > 1 && (!found || strcmp(found->stream, STREAM_DEFAULT) != 0))
		return NULL;
	return found;
}

static int write_tuple(
	struct storm_test *test, const struct source *source, const struct storm_test_tuple *tuple)
{
	const struct peer *peer = context_peer(&test->task.context, source->component);
	struct buffer *frame = &test->frame;

	buffer_truncate(frame, 0);
	buffer_append_format(frame, "{\"id\":\"%d\",\"comp\":", test->received + 1);
	write_string_lossy(frame, WIRE_JSON, span_of(source->component));
	buffer_append_literal(frame, ",\"stream\":");
	write_string_lossy(frame, WIRE_JSON, span_of(source->stream));
	buffer_append_format(frame, ",\"task\":%d,\"tuple\":[", peer ? peer->tasks[0] : 1);
	for (size_t i = 0; i < tuple->count; i++) {
		int err;

		if (i > 0)
			write_list_separator(frame, WIRE_JSON);
		err = emit_write_value(frame, WIRE_JSON, &tuple->values[i]);
		if (err < 0)
			return set_error(test, err, "a value of the tuple cannot be sent");
	}
	buffer_append_literal(frame, "]}");
	return 0;
}

static int note_received(struct storm_test *test)
{
	size_t count = (size_t)test->received + 1;

	if (count > test->outcome_capacity) {
		enum storm_test_outcome *outcomes =
			realloc(test->outcomes, 2 * count * sizeof(*outcomes));

		if (!outcomes)
			return set_error(test, -ENOMEM, "out of memory");
		test->outcomes = outcomes;
		test->outcome_capacity = 2 * count;
	}
	test->outcomes[test->received++] = STORM_TEST_PENDING;
	return 0;
}

int storm_test_receive(struct storm_test *test, const struct storm_test_tuple *tuple)
{
	const struct source *source;
	int err;

	if (test->task.stopping)
		return set_error(test, -ESHUTDOWN, "the component has ended");
	source = find_source(test, tuple);
	if (!source)
		return set_error(test, -ENOENT,
			"the component has no such input, or several that it can be");
	if (tuple->count != source->field_count)
		return set_error(
			test, -EINVAL, "the tuple has not as many values as the stream has fields");
	err = write_tuple(test, source, tuple);
	if (err == 0)
		err = note_received(test);
	if (err == 0)
		err = tell(test);
	return err < 0 ? err : test->received;
}

/* Everything else */

int storm_test_tick(struct storm_test *test)
{
	if (test->task.spout_class)
		return set_error(test, -EINVAL, "ticks are for bolts");
	return tell_text(test,
		"{\"id\":\"" TICK_ID "\",\"comp\":\"__system\",\"stream\":\"__tick\",\"task\":-1,"
		"\"tuple\":[1]}");
}

/* A command of a spout's. */
static int tell_command(struct storm_test *test, const char *message)
{
	if (test->task.bolt_class)
		return set_error(test, -EINVAL, "commands are for spouts");
	return tell_text(test, message);
}

int storm_test_next(struct storm_test *test)
{
	int err = tell_command(test, "{\"command\":\"next\"}");

	return err < 0 ? err : test->finished ? STORM_FINISHED : 0;
}

/* The id that a spout knows a tuple by. */
static const char *own_id(const struct storm_test *test, const char *id)
{
	const struct storm_spout_class *spout = test->task.spout_class;
	const char *own = NULL;

	if (spout && spout->reliable)
		own = json_string_value(
			json_array_get(test->ids, (size_t)strtoull(id, NULL, 10) - 1));
	return own ? own : id;
}

/* The outcome of a spout's tuple. */
static int tell_outcome(struct storm_test *test, const char *command, const char *id)
{
	if (test->task.bolt_class)
		return set_error(test, -EINVAL, "commands are for spouts");
	buffer_truncate(&test->frame, 0);
	buffer_append_format(&test->frame, "{\"command\":\"%s\",\"id\":", command);
	write_string_lossy(&test->frame, WIRE_JSON, span_of(own_id(test, id)));
	buffer_append_literal(&test->frame, "}");
	return tell(test);
}

int storm_test_ack(struct storm_test *test, const char *id)
{
	return tell_outcome(test, "ack", id);
}

int storm_test_fail(struct storm_test *test, const char *id)
{
	return tell_outcome(test, "fail", id);
}

int storm_test_activate(struct storm_test *test)
{
	return tell_command(test, "{\"command\":\"activate\"}");
}

int storm_test_deactivate(struct storm_test *test)
{
	return tell_command(test, "{\"command\":\"deactivate\"}");
}

static void on_time(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)timer;
	(void)events;
	ev_break(loop, EVBREAK_ONE);
}

int storm_test_wait(struct storm_test *test, double seconds)
{
	struct storm_task *task = &test->task;
	size_t before = json_array_size(test->messages);
	struct ev_timer timer;

	buffer_truncate(&test->error, 0);
	ev_now_update(task->loop);
	ev_timer_init(&timer, on_time, seconds, 0);
	ev_timer_start(task->loop, &timer);
	while (ev_is_active(&timer) && !task->stopping &&
		json_array_size(test->messages) == before) {
		ev_run(task->loop, EVRUN_ONCE);
		task_flush(task);
	}
	if (json_array_size(test->messages) > before || task->stopping) {
		ev_timer_stop(task->loop, &timer);
		return 0;
	}
	return set_error(test, -ETIMEDOUT, "the component says nothing");
}

int storm_test_set_receivers(struct storm_test *test, const int *ids, size_t count)
{
	json_array_clear(test->receivers);
	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(test->receivers, json_integer(ids[i])) < 0)
			return set_error(test, -ENOMEM, "out of memory");
	}
	return 0;
}

bool storm_test_ended(const struct storm_test *test)
{
	return test->task.stopping;
}

const char *storm_test_error(struct storm_test *test)
{
	return buffer_text(&test->error);
}

struct storm_task *storm_test_task(struct storm_test *test)
{
	return &test->task;
}
