/*
 * The router: from an emit to the queues of those that receive it.
 *
 * It looks only at what a grouping needs; the text of the values is copied as it came.
 */
#include <errno.h>
#include <stdlib.h>

#include "local/run.h"
#include "protocol/write.h"

/* What an emit gives to each of its copies. */
struct emission {
	struct task *task;
	struct loop *loop; /* of the task */
	const struct route *route;
	const struct message *message;
	uint64_t tree; /* that it begins; 0: none */
	bool wants_task_ids;
};

static const struct route *find_route(
	const struct component *component, const struct message *message)
{
	for (size_t i = 0; i < component->spec->output_count; i++) {
		if (message_stream_is(message, component->routes[i].stream->name))
			return &component->routes[i];
	}
	return NULL;
}

/* Connect the next copy to the trees of what it is anchored to. */
static int connect(struct emission *emission)
{
	struct loop *loop = emission->loop;
	struct edges *edges = &loop->edges;
	int err = 0;

	edges->count = 0;
	if (emission->tree != 0) {
		struct edge edge = { emission->tree, acker_random(&loop->acker), loop };

		acker_mix(loop, edge.tree, edge.value);
		return edges_add(edges, &edge);
	}
	for (size_t i = 0; i < loop->anchors.count && err == 0; i++) {
		struct delivery *anchor =
			slots_get(&emission->task->deliveries, loop->anchors.items[i]);
		struct edge *anchor_edges = delivery_edges(anchor);

		for (uint32_t j = 0; j < anchor->edge_count && err == 0; j++) {
			struct edge edge = anchor_edges[j];

			edge.value = acker_random(&loop->acker);
			anchor_edges[j].value ^= edge.value;
			err = edges_add(edges, &edge);
		}
	}
	return err;
}

int route_accept(const struct copy *copy)
{
	struct task *receiver = copy->receiver;
	enum wire wire = receiver->run->wire;
	struct delivery *delivery;
	struct buffer *queue;
	uint64_t number;
	void *entry;

	/* One that has been replaced can be meant by a direct emit alone, which is to be made again. */
	if (receiver->state == TASK_GONE || receiver->retired) {
		acker_settle_edges(
			receiver->loop, copy->edges, copy->edge_count, !receiver->retired);
		return 0;
	}
	number = slots_take(&receiver->deliveries, &entry);
	if (number == 0)
		return -ENOMEM;
	delivery = entry;
	delivery->target = copy->target;
	delivery->since = receiver->loop->now;
	if (delivery_set_edges(delivery, copy->edges, copy->edge_count) < 0)
		return -ENOMEM;

	queue = task_queue(receiver);
	buffer_append_phrase(queue, wire, PHRASE("{\"id\":", "\x85\xA2id"));
	write_number_string(queue, wire, number);
	buffer_append_span(queue, buffer_span(&copy->route->head));
	write_integer(queue, wire, copy->source);
	buffer_append_phrase(queue, wire, PHRASE(",\"tuple\":", "\xA5tuple"));
	buffer_append_span(queue, copy->tuple);
	buffer_append_phrase(queue, wire, PHRASE("}" FRAME_END, ""));
	return 0;
}

/* Send one copy. */
static int deliver(struct emission *emission, const struct target *target, struct task *receiver)
{
	struct loop *loop = emission->loop;
	struct copy copy = {
		.receiver = receiver,
		.route = emission->route,
		.target = target,
		.source = emission->task->id,
		.tuple = emission->message->tuple.text,
	};
	int err = connect(emission);

	if (err < 0)
		return err;
	copy.edges = loop->edges.items;
	copy.edge_count = loop->edges.count;
	err = receiver->loop == loop ? route_accept(&copy) : mail_copy(loop, &copy);
	if (err < 0)
		return err;
	loop->routes[emission->route->index].transferred++;
	loop->targets[target->index].executed++;
	if (!emission->wants_task_ids)
		return 0;
	return numbers_add(&loop->receivers, (uint64_t)receiver->id);
}

static int deliver_to_all(struct emission *emission, const struct target *target)
{
	int err = 0;

	for (size_t i = 0; i < target->component->task_count && err == 0; i++)
		err = deliver(emission, target, target->component->tasks[i]);
	return err;
}

/* The task that a grouping chooses. */
static size_t choose(const struct emission *emission, const struct target *target)
{
	struct target_account *account = &emission->loop->targets[target->index];
	size_t count = target->component->task_count;
	size_t chosen;

	switch (target->input->grouping) {
	case STORM_GROUPING_FIELDS:
		return grouping_index(
			grouping_hash(emission->message->values, target->input->field_indexes,
				target->input->field_count, &emission->loop->text),
			count);
	case STORM_GROUPING_GLOBAL:
		return 0;
	default:
		chosen = account->next;
		account->next = chosen + 1 == count ? 0 : chosen + 1;
		return chosen;
	}
}

/* To every bolt that subscribes to the stream, as its grouping says. */
static int deliver_by_groupings(struct emission *emission)
{
	int err = 0;

	for (size_t i = 0; i < emission->route->target_count && err == 0; i++) {
		const struct target *target = &emission->route->targets[i];

		if (target->input->grouping == STORM_GROUPING_ALL)
			err = deliver_to_all(emission, target);
		else
			err = deliver(emission, target,
				target->component->tasks[choose(emission, target)]);
	}
	return err;
}

/* To the task that the emit names. */
static int deliver_direct(struct emission *emission, int task)
{
	const struct run *run = emission->task->run;

	if (task < 1 || (size_t)task > run->id_count) {
		task_fault(emission->task, "it emits to task %d, which does not exist", task);
		return -EINVAL;
	}
	for (size_t i = 0; i < emission->route->target_count; i++) {
		const struct target *target = &emission->route->targets[i];

		if (target->component == run->tasks[task]->component)
			return deliver(emission, target, run->tasks[task]);
	}
	/* As in Storm: a task that does not subscribe receives nothing. */
	return 0;
}

static int check(struct emission *emission, int task)
{
	const struct spec_stream *stream = emission->route->stream;
	const struct message *message = emission->message;

	if (message->value_count != stream->field_count) {
		task_fault(emission->task, "it emits %zu values to stream %s, which has %zu fields",
			message->value_count, stream->name, stream->field_count);
		return -EINVAL;
	}
	if (stream->direct != (task != 0)) {
		task_fault(emission->task,
			stream->direct ?
				"it names no task in an emit to the direct stream %s" :
				"it names a task in an emit to stream %s, which is not direct",
			stream->name);
		return -EINVAL;
	}
	return 0;
}

/* Whether the component waits for the ids of the tasks that receive its tuple. */
static bool wants_task_ids(const struct message *message)
{
	return message_task(message) == 0 &&
		(message->need_task_ids.type == STORM_NULL ||
			encoded_boolean(&message->need_task_ids));
}

static void answer_task_ids(struct emission *emission)
{
	const struct numbers *receivers = &emission->loop->receivers;
	enum wire wire = emission->task->run->wire;
	struct buffer *queue;

	if (!emission->wants_task_ids)
		return;
	queue = task_queue(emission->task);
	write_list_start(queue, wire, receivers->count);
	for (size_t i = 0; i < receivers->count; i++) {
		if (i > 0)
			write_list_separator(queue, wire);
		write_integer(queue, wire, (int64_t)receivers->items[i]);
	}
	write_list_end(queue, wire);
	buffer_append_frame_end(queue, wire);
}

static int take_anchor(struct task *task, const struct encoded *id)
{
	uint64_t number = acker_delivery_number(id);

	if (slots_get(&task->deliveries, number))
		return numbers_add(&task->loop->anchors, number);
	task_fault(
		task, "it anchors a tuple to %s, which is not in flight", encoded_excerpt(id).text);
	return -EINVAL;
}

/* The tuples that an emit of a bolt is anchored to: a list of ids, or one id. */
static int take_anchors(struct task *task, const struct message *message)
{
	struct encoded_list anchors;
	struct encoded id;
	int err = 0;

	task->loop->anchors.count = 0;
	if (task->component->spec->is_spout || message->anchors.type == STORM_NULL)
		return 0;
	if (message->anchors.type == STORM_STRING)
		return take_anchor(task, &message->anchors);
	anchors = encoded_list(&message->anchors);
	while (err == 0 && encoded_list_next(&anchors, &id))
		err = take_anchor(task, &id);
	return err;
}

/* A spout's tuple with an id begins a tree. */
static int begin_tree(struct emission *emission)
{
	struct task *task = emission->task;
	struct span id = emission->message->id.text;

	if (!task->component->spec->is_spout || emission->message->id.type == STORM_NULL)
		return 0;
	if (!task->run->ackers) {
		spout_settle(task, id, true);
		return 0;
	}
	emission->tree = acker_begin(task, emission->route, id);
	return emission->tree == 0 ? -ENOMEM : 0;
}

int route_emit(struct task *task, const struct message *message)
{
	struct emission emission = {
		.task = task,
		.loop = task->loop,
		.message = message,
		.route = find_route(task->component, message),
		.wants_task_ids = wants_task_ids(message),
	};
	int receiver = message_task(message);
	int err;

	if (!emission.route) {
		task_fault(task, "it emits to a stream that it does not declare: %s",
			message->stream.text.data ? encoded_excerpt(&message->stream).text :
						    STREAM_DEFAULT);
		return -EINVAL;
	}
	err = check(&emission, receiver);
	if (err == 0)
		err = take_anchors(task, message);
	if (err == 0)
		err = begin_tree(&emission);
	if (err == 0) {
		task->loop->routes[emission.route->index].emitted++;
		if (task->run->control.taps > 0)
			control_show(task->run, task, message);
		task->loop->receivers.count = 0;
		err = receiver != 0 ? deliver_direct(&emission, receiver) :
				      deliver_by_groupings(&emission);
	}
	if (err == -ENOMEM)
		run_fail(task->run, "out of memory for tuples in flight");
	if (emission.tree != 0)
		acker_sent(task->loop, emission.tree);
	if (err == 0)
		answer_task_ids(&emission);
	return err;
}

bool router_is_congested(const struct task *task)
{
	const struct component *component = task->component;

	if (task->run->congested == 0)
		return false;
	for (size_t i = 0; i < component->spec->output_count; i++) {
		const struct route *route = &component->routes[i];

		for (size_t j = 0; j < route->target_count; j++) {
			const struct component *receiver = route->targets[j].component;

			for (size_t k = 0; k < receiver->task_count; k++) {
				const struct task *to = receiver->tasks[k];

				if (to->congested || (to->loop != task->loop && to->loop->flooded))
					return true;
			}
		}
	}
	return false;
}

static int add_target(
	struct route *route, struct component *component, const struct spec_input *input)
{
	struct target *targets =
		realloc(route->targets, (route->target_count + 1) * sizeof(*targets));

	if (!targets)
		return -ENOMEM;
	route->targets = targets;
	targets[route->target_count++] = (struct target){
		.component = component,
		.input = input,
		.index = component->run->target_count++,
	};
	return 0;
}

/* All messages of a stream have this between the id and the task. */
static void write_head(struct route *route, enum wire wire, const char *component)
{
	buffer_append_phrase(&route->head, wire,
		PHRASE(",\"comp\":",
			"\xA4"
			"comp"));
	write_string_lossy(&route->head, wire, span_of(component));
	buffer_append_phrase(&route->head, wire, PHRASE(",\"stream\":", "\xA6stream"));
	write_string_lossy(&route->head, wire, span_of(route->stream->name));
	buffer_append_phrase(&route->head, wire, PHRASE(",\"task\":", "\xA4task"));
}

int router_init(struct run *run)
{
	for (size_t i = 0; i < run->component_count; i++) {
		struct component *component = &run->components[i];

		component->routes =
			calloc(component->spec->output_count + 1, sizeof(*component->routes));
		if (!component->routes)
			return -ENOMEM;
		for (size_t j = 0; j < component->spec->output_count; j++) {
			struct route *route = &component->routes[j];

			route->stream = &component->spec->outputs[j];
			route->index = run->route_count++;
			write_head(route, run->wire, component->spec->name);
			if (route->head.failed)
				return -ENOMEM;
		}
	}
	for (size_t i = 0; i < run->component_count; i++) {
		struct component *component = &run->components[i];

		for (size_t j = 0; j < component->spec->input_count; j++) {
			const struct spec_input *input = &component->spec->inputs[j];
			struct component *source = &run->components[input->source];

			if (add_target(&source->routes[input->source_stream], component, input) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

void router_free(struct run *run)
{
	for (size_t i = 0; i < run->component_count; i++) {
		struct component *component = &run->components[i];

		for (size_t j = 0; component->routes && j < component->spec->output_count; j++) {
			buffer_free(&component->routes[j].head);
			free(component->routes[j].targets);
		}
		free(component->routes);
	}
}
