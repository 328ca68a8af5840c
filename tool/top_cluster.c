/* What cstorm top shows of a topology on a cluster. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/pages.h"
#include "top.h"

struct cluster_source {
	const struct asking *asking;
	struct nimbus nimbus;
	double start; /* of the topology, on our clock; 0: it is not known yet */
	int status; /* to exit with */
};

/* The two kinds of components, as they are named in a page. */
static const char *const kinds[] = { "id_to_spout_agg_stats", "id_to_bolt_agg_stats" };

/* A topology that has ended ends the watching, too. */
static json_t *look(void *data, double *seconds)
{
	struct cluster_source *source = data;
	const struct pages_wanted wanted = { source->asking->name, PAGES_ALL_TIME, false };
	struct buffer problem = { 0 };
	json_t *page;
	int err = pages_topology(&source->nimbus, &wanted, &page, &problem);

	if (err < 0 && (err != -EREMOTEIO || source->start == 0)) {
		fprintf(stderr, "cstorm top: %s\n", buffer_text(&problem));
		source->status = EXIT_STATUS_FAILED;
	}
	if (page && source->start == 0)
		source->start = clock_now() - (double)asking_integer(page, "uptime_secs");
	*seconds = clock_now() - source->start;
	buffer_free(&problem);
	return page;
}

static bool is_same(const json_t *before, const json_t *now)
{
	return json_equal(json_object_get(before, kinds[0]), json_object_get(now, kinds[0])) &&
		json_equal(json_object_get(before, kinds[1]), json_object_get(now, kinds[1]));
}

/* Printing */

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* The statistics of a component, of what is common to both kinds, and of bolts or spouts alone. */
struct component {
	const json_t *common;
	const json_t *bolt;
	const json_t *spout;
};

static struct component find(const json_t *page, const char *kind, const char *name)
{
	const json_t *stats = json_object_get(json_object_get(page, kind), name);
	const json_t *specific = json_object_get(stats, "specific_stats");

	return (struct component){
		json_object_get(stats, "common_stats"),
		json_object_get(specific, "bolt"),
		json_object_get(specific, "spout"),
	};
}

static void print_component(
	const struct looks *looks, const char *kind, const char *name, bool is_bottleneck)
{
	struct component now = find(looks->now, kind, name);
	struct component before = find(looks->before, kind, name);
	bool is_spout = kind == kinds[0];

	printf("%-16.16s %5s %5lld %9lld %11.0f ", name, is_spout ? "spout" : "bolt",
		asking_integer(now.common, "num_tasks"),
		asking_integer(now.common, "num_executors"),
		top_rate(number(now.common, "emitted"), number(before.common, "emitted"),
			looks->seconds));
	if (is_spout)
		printf("%11s ", "");
	else
		printf("%11.0f ",
			top_rate(number(now.bolt, "executed"), number(before.bolt, "executed"),
				looks->seconds));
	printf("%11.0f %9.0f %10.3f",
		top_rate(number(now.common, "acked"), number(before.common, "acked"),
			looks->seconds),
		top_rate(number(now.common, "failed"), number(before.common, "failed"),
			looks->seconds),
		is_spout ? number(now.spout, "complete_latency_ms") :
			   number(now.bolt, "process_latency_ms"));
	if (!is_spout)
		printf(" %6.1f", number(now.bolt, "capacity") * 100);
	printf("%s\n", is_bottleneck ? "  <- bottleneck" : "");
}

/* The bolt that has the least time left, if that is little; NULL: none. */
static const char *find_bottleneck(const json_t *page)
{
	const char *bottleneck = NULL;
	double most = TOP_BUSY;
	const char *name;
	json_t *unused;

	json_object_foreach(json_object_get(page, kinds[1]), name, unused) {
		double capacity = number(find(page, kinds[1], name).bolt, "capacity");

		if (capacity >= most) {
			most = capacity;
			bottleneck = name;
		}
	}
	return bottleneck;
}

static void print(const struct looks *looks)
{
	const char *bottleneck = find_bottleneck(looks->now);
	const char *name;
	json_t *unused;

	printf("%s  %s  %lld s  %lld workers\n\n", asking_text(looks->now, "id"),
		asking_text(looks->now, "status"), asking_integer(looks->now, "uptime_secs"),
		asking_integer(looks->now, "num_workers"));
	printf("%-16s %5s %5s %9s %11s %11s %11s %9s %10s %6s\n", "COMPONENT", "", "TASKS",
		"EXECUTORS", "EMITTED/S", "EXECUTED/S", "ACKED/S", "FAILED/S", "LATENCY/MS",
		"BUSY%");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		json_object_foreach(json_object_get(looks->now, kinds[i]), name, unused)
			print_component(
				looks, kinds[i], name, bottleneck && strcmp(name, bottleneck) == 0);
	}
}

int top_cluster(const struct top_request *request)
{
	struct cluster_source data = { .asking = &request->asking, .nimbus = NIMBUS_INIT };
	const struct top_source source = {
		.data = &data,
		.look = look,
		.is_same = is_same,
		.print = print,
	};
	struct buffer problem = { 0 };
	int status = EXIT_STATUS_FAILED;

	if (nimbus_connect(&data.nimbus, &request->asking.nimbus, &problem) < 0)
		fprintf(stderr, "cstorm top: %s\n", buffer_text(&problem));
	else
		status = top_watch(request, &source);
	nimbus_disconnect(&data.nimbus);
	buffer_free(&problem);
	return status == EXIT_STATUS_DONE ? data.status : status;
}
