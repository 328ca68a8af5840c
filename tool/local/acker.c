/*
 * Acking: the account of every tuple tree, with Storm's XOR.
 *
 * Storm keeps it in a component of its own, __acker, that all tasks send to; here all tuples pass
 * through one process anyway.
 */
#include <errno.h>
#include <stdlib.h>
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

static struct tree *find(const struct run *run, uint64_t number)
{
	return slots_get(&run->acker.trees, number);
}

uint64_t acker_begin(struct run *run, struct task *spout, struct route *route, struct span id)
{
	struct acker *acker = &run->acker;
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
	tree->since = run->now;
	buffer_truncate(&tree->id, 0);
	buffer_append_span(&tree->id, id);
	if (tree->id.failed) {
		slots_release(&acker->trees, number);
		return 0;
	}
	tree->older = acker->newest;
	tree->newer = 0;
	if (acker->newest != 0)
		find(run, acker->newest)->newer = number;
	else
		acker->oldest = number;
	acker->newest = number;
	spout->pending++;
	return number;
}

void acker_mix(struct run *run, uint64_t number, uint64_t value)
{
	struct tree *tree = find(run, number);

	if (tree)
		tree->value ^= value;
}

/* Take a tree off the account. */
static void end_tree(struct run *run, uint64_t number, struct tree *tree)
{
	struct acker *acker = &run->acker;

	if (tree->older != 0)
		find(run, tree->older)->newer = tree->newer;
	else
		acker->oldest = tree->newer;
	if (tree->newer != 0)
		find(run, tree->newer)->older = tree->older;
	else
		acker->newest = tree->older;
	tree->spout->pending--;
	slots_release(&acker->trees, number);
}

static void complete(struct run *run, uint64_t number, struct tree *tree)
{
	struct task *spout = tree->spout;

	tree->route->outcome.acked++;
	tree->route->outcome.latency_sum += run->now - tree->since;
	histogram_add(&tree->route->outcome.latencies, run->now - tree->since);
	end_tree(run, number, tree);
	spout_settle(spout, buffer_span(&tree->id), true);
}

static void fail(struct run *run, uint64_t number)
{
	struct tree *tree = find(run, number);
	struct task *spout;

	if (!tree)
		return;
	spout = tree->spout;
	tree->route->outcome.failed++;
	end_tree(run, number, tree);
	spout_settle(spout, buffer_span(&tree->id), false);
}

void acker_sent(struct run *run, uint64_t number)
{
	struct tree *tree = find(run, number);

	if (tree && tree->value == 0)
		complete(run, number, tree);
}

struct edge *delivery_edges(struct delivery *delivery)
{
	return delivery->edge_count > 1 ? delivery->more : &delivery->first;
}

int delivery_add_edge(struct delivery *delivery, uint64_t tree, uint64_t value)
{
	struct edge *edges = delivery_edges(delivery);

	for (uint32_t i = 0; i < delivery->edge_count; i++) {
		if (edges[i].tree == tree) {
			edges[i].value ^= value;
			return 0;
		}
	}
	if (delivery->edge_count == 0) {
		delivery->first = (struct edge){ tree, value };
		delivery->edge_count = 1;
		return 0;
	}
	if (delivery->edge_count + 1 > delivery->edge_capacity) {
		uint32_t capacity = delivery->edge_capacity == 0 ? 4 : delivery->edge_capacity * 2;

		edges = realloc(delivery->more, capacity * sizeof(*edges));
		if (!edges)
			return -ENOMEM;
		delivery->more = edges;
		delivery->edge_capacity = capacity;
	}
	if (delivery->edge_count == 1)
		delivery->more[0] = delivery->first;
	delivery->more[delivery->edge_count++] = (struct edge){ tree, value };
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

static void settle_edges(struct run *run, struct delivery *delivery, bool acked)
{
	struct edge *edges = delivery_edges(delivery);

	for (uint32_t i = 0; i < delivery->edge_count; i++) {
		struct tree *tree = find(run, edges[i].tree);

		if (!acked) {
			fail(run, edges[i].tree);
		} else if (tree) {
			tree->value ^= edges[i].value;
			if (tree->value == 0)
				complete(run, edges[i].tree, tree);
		}
	}
}

int acker_settle(struct task *task, uint64_t number, bool acked)
{
	struct delivery *delivery = slots_get(&task->deliveries, number);
	struct outcome_stats *outcome;

	if (!delivery)
		return -ENOENT;
	settle_edges(task->run, delivery, acked);
	if (delivery->target) {
		outcome = &delivery->target->outcome;
		outcome->acked += acked;
		outcome->failed += !acked;
		if (acked) {
			outcome->latency_sum += task->run->now - delivery->since;
			histogram_add(&outcome->latencies, task->run->now - delivery->since);
		}
	}
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

void acker_forget_spout(struct run *run, struct task *spout)
{
	uint64_t number = run->acker.oldest;

	while (number != 0) {
		struct tree *tree = find(run, number);
		uint64_t newer = tree->newer;

		if (tree->spout == spout)
			end_tree(run, number, tree);
		number = newer;
	}
}

void acker_expire(struct run *run)
{
	struct tree *tree;

	if (!run->message_timeouts)
		return;
	while ((tree = find(run, run->acker.oldest)) &&
		run->now - tree->since >= run->message_timeout) {
		tree->route->outcome.timed_out++;
		fail(run, run->acker.oldest);
	}
}
