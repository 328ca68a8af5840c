/*
 * Acking: the account of every tuple tree, with Storm's XOR.
 *
 * Storm keeps it in a component of its own, __acker, that all tasks send to; here the loop that has
 * the spout keeps the trees of its tuples.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "local/run.h"

void acker_init(struct acker *acker)
{
	acker->trees = SLOTS_INIT(struct tree);
	if (getrandom(&acker->random, sizeof(acker->random), 0) < 0)
		acker->random = (uint64_t)(uintptr_t)acker;
}

void acker_free(struct acker *acker)
{
	struct tree *tree;
	uint32_t place = 0;

	while ((tree = slots_next_ever(&acker->trees, &place)))
		buffer_free(&tree->id);
	slots_free(&acker->trees);
}

/* SplitMix64 (Steele, Lea, Flood 2014): enough for numbers that nobody attacks. */
uint64_t acker_random(struct acker *acker)
{
	uint64_t bits;

	do {
		bits = acker->random += UINT64_C(0x9E3779B97F4A7C15);
		bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
		bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
		bits ^= bits >> 31;
	} while (bits == 0);
	return bits;
}

static struct tree *find(const struct loop *loop, uint64_t number)
{
	return slots_get(&loop->acker.trees, number);
}

uint64_t acker_begin(struct task *spout, const struct route *route, struct span id)
{
	struct loop *loop = spout->loop;
	struct acker *acker = &loop->acker;
	struct tree *tree;
	uint64_t number;
	void *entry;

	number = slots_take(&acker->trees, &entry);
	if (number == 0)
		return 0;
	tree = entry;
	tree->spout = spout;
	tree->route = route;
	tree->value = 0;
	tree->since = loop->now;
	buffer_truncate(&tree->id, 0);
	buffer_append_span(&tree->id, id);
	if (tree->id.failed) {
		slots_release(&acker->trees, number);
		return 0;
	}
	tree->older = acker->newest;
	tree->newer = 0;
	if (acker->newest != 0)
		find(loop, acker->newest)->newer = number;
	else
		acker->oldest = number;
	acker->newest = number;
	spout->pending++;
	return number;
}

void acker_mix(struct loop *loop, uint64_t number, uint64_t value)
{
	struct tree *tree = find(loop, number);

	if (tree)
		tree->value ^= value;
}

static void count_acked(struct outcome_stats *outcome, double seconds)
{
	outcome->acked++;
	outcome->latency_sum += seconds;
	histogram_add(&outcome->latencies, seconds);
}

/* Take a tree off the account. */
static void end_tree(struct loop *loop, uint64_t number, struct tree *tree)
{
	struct acker *acker = &loop->acker;

	if (tree->older != 0)
		find(loop, tree->older)->newer = tree->newer;
	else
		acker->oldest = tree->newer;
	if (tree->newer != 0)
		find(loop, tree->newer)->older = tree->older;
	else
		acker->newest = tree->older;
	tree->spout->pending--;
	slots_release(&acker->trees, number);
}

static void complete(struct loop *loop, uint64_t number, struct tree *tree)
{
	struct outcome_stats *outcome = &loop->routes[tree->route->index].outcome;
	struct task *spout = tree->spout;

	count_acked(outcome, loop->now - tree->since);
	end_tree(loop, number, tree);
	spout_settle(spout, buffer_span(&tree->id), true);
}

static void fail(struct loop *loop, uint64_t number)
{
	struct tree *tree = find(loop, number);
	struct task *spout;

	if (!tree)
		return;
	spout = tree->spout;
	loop->routes[tree->route->index].outcome.failed++;
	end_tree(loop, number, tree);
	spout_settle(spout, buffer_span(&tree->id), false);
}

void acker_sent(struct loop *loop, uint64_t number)
{
	struct tree *tree = find(loop, number);

	if (tree && tree->value == 0)
		complete(loop, number, tree);
}

int edges_add(struct edges *edges, const struct edge *edge)
{
	for (uint32_t i = 0; i < edges->count; i++) {
		if (edges->items[i].tree == edge->tree && edges->items[i].loop == edge->loop) {
			edges->items[i].value ^= edge->value;
			return 0;
		}
	}
	if (edges->count == edges->capacity) {
		uint32_t capacity = edges->capacity == 0 ? 16 : edges->capacity * 2;
		struct edge *items = realloc(edges->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		edges->items = items;
		edges->capacity = capacity;
	}
	edges->items[edges->count++] = *edge;
	return 0;
}

struct edge *delivery_edges(struct delivery *delivery)
{
	return delivery->edge_count > 1 ? delivery->more : &delivery->first;
}

int delivery_set_edges(struct delivery *delivery, const struct edge *edges, uint32_t count)
{
	if (count > 1 && count > delivery->edge_capacity) {
		struct edge *more = realloc(delivery->more, count * sizeof(*more));

		if (!more)
			return -ENOMEM;
		delivery->more = more;
		delivery->edge_capacity = count;
	}
	delivery->edge_count = count;
	if (count > 0)
		memcpy(delivery_edges(delivery), edges, count * sizeof(*edges));
	return 0;
}

uint64_t acker_delivery_number(const struct encoded *id)
{
	struct span digits = encoded_plain(id);
	uint64_t number = 0;

	if (digits.length < 1 || digits.length > 20)
		return 0;
	for (size_t i = 0; i < digits.length; i++) {
		unsigned int digit = (unsigned int)(unsigned char)digits.data[i] - '0';

		if (digit > 9)
			return 0;
		number = number * 10 + digit;
	}
	return number;
}

void acker_apply(struct loop *loop, const struct edge *edge, bool acked)
{
	struct tree *tree = find(loop, edge->tree);

	if (!acked) {
		fail(loop, edge->tree);
	} else if (tree) {
		tree->value ^= edge->value;
		if (tree->value == 0)
			complete(loop, edge->tree, tree);
	}
}

void acker_settle_edges(struct loop *loop, const struct edge *edges, uint32_t count, bool acked)
{
	for (uint32_t i = 0; i < count; i++) {
		if (edges[i].loop == loop)
			acker_apply(loop, &edges[i], acked);
		else if (mail_settle(loop, &edges[i], acked) < 0)
			run_fail(loop->run, "out of memory for tuples in flight");
	}
}

int acker_settle(struct task *task, uint64_t number, bool acked)
{
	struct delivery *delivery = slots_get(&task->deliveries, number);
	struct loop *loop = task->loop;

	if (!delivery)
		return -ENOENT;
	acker_settle_edges(loop, delivery_edges(delivery), delivery->edge_count, acked);
	if (delivery->target && acked)
		count_acked(&loop->targets[delivery->target->index].outcome,
			loop->now - delivery->since);
	else if (delivery->target)
		loop->targets[delivery->target->index].outcome.failed++;
	slots_release(&task->deliveries, number);
	return 0;
}

size_t acker_fail_deliveries(struct task *task)
{
	struct delivery *delivery;
	size_t untracked = 0;
	uint32_t place = 0;
	uint64_t number;

	while ((delivery = slots_next(&task->deliveries, &place, &number))) {
		untracked += delivery->target && delivery->edge_count == 0;
		acker_settle(task, number, false);
	}
	return untracked;
}

void acker_forget_spout(struct task *spout)
{
	struct loop *loop = spout->loop;
	uint64_t number = loop->acker.oldest;

	while (number != 0) {
		struct tree *tree = find(loop, number);
		uint64_t newer = tree->newer;

		if (tree->spout == spout)
			end_tree(loop, number, tree);
		number = newer;
	}
}

void acker_expire(struct loop *loop)
{
	struct tree *tree;

	if (!loop->run->message_timeouts)
		return;
	while ((tree = find(loop, loop->acker.oldest)) &&
		loop->now - tree->since >= loop->run->message_timeout) {
		loop->routes[tree->route->index].outcome.timed_out++;
		fail(loop, loop->acker.oldest);
	}
}
