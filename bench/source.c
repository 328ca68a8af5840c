#include "source.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct source {
	char *text; /* of the file */
	struct storm_string *lines;
	size_t line_count;
	size_t count;
	size_t at_once;
	size_t emitted;
	size_t acked;
	size_t failed;
	double first;
	double warm;
	uint32_t *
		latencies; /* in microseconds, by the number of the tuple; until it is acked the time since `begin` of its emit */
	double begin;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int read_lines(struct storm_task *task, struct source *source, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0;

	if (!file || getdelim(&source->text, &size, '\0', file) < 0)
		return storm_error(task, -EIO, "cannot read %s", path);
	fclose(file);
	for (char *at = strtok(source->text, "\n"); at; at = strtok(NULL, "\n")) {
		source->lines =
			realloc(source->lines, (source->line_count + 1) * sizeof(*source->lines));
		if (!source->lines)
			return -ENOMEM;
		source->lines[source->line_count++] = (struct storm_string){ at, strlen(at) };
	}
	return 0;
}

static int open_source(struct storm_task *task)
{
	struct source *source = storm_state(task);
	const char *path = json_string_value(storm_config(task, "bench.input"));

	source->count = (size_t)json_integer_value(storm_config(task, "bench.count"));
	source->latencies = calloc(source->count, sizeof(*source->latencies));
	source->at_once = (size_t)json_integer_value(storm_config(task, "bench.at_once"));
	if (source->at_once == 0)
		source->at_once = 32;
	source->begin = now();
	if (!path || source->count == 0 || !source->latencies)
		return storm_error(task, -EINVAL, "bench.input and bench.count are needed");
	return read_lines(task, source, path);
}

static int next(struct storm_task *task)
{
	struct source *source = storm_state(task);
	uint32_t emitted = (uint32_t)((now() - source->begin) * 1e6);
	int err = 0;

	for (size_t i = 0; i < source->at_once && source->emitted < source->count && err == 0;
		i++) {
		struct storm_string line = source->lines[source->emitted % source->line_count];
		struct storm_value value = storm_string(line.data, line.length);

		source->latencies[source->emitted] = emitted;
		err = storm_emit_full(task,
			&(const struct storm_emission){
				.values = &value, .count = 1, .tag = source->emitted });
		source->emitted++;
	}
	return err < 0 ? err : source->emitted == source->count ? STORM_FINISHED : 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void write_report(struct storm_task *task, struct source *source)
{
	const char *path = json_string_value(storm_config(task, "bench.report"));
	FILE *file = path ? fopen(path, "we") : NULL;

	if (!file) {
		storm_log_error(task, "cannot write %s", path ? path : "bench.report");
		return;
	}
	qsort(source->latencies, source->count, sizeof(*source->latencies), compare);
	fprintf(file,
		"{\"first\": %.6f, \"warm\": %.6f, \"end\": %.6f, \"measured\": %zu, \"failed\": %zu, "
		"\"p50\": %u, \"p99\": %u}\n",
		source->first, source->warm, now(), source->count - source->count / 4,
		source->failed, source->latencies[source->count / 2],
		source->latencies[source->count - 1 - source->count / 100]);
	fclose(file);
}

static void settle(struct storm_task *task, uint64_t tag)
{
	struct source *source = storm_state(task);
	double time = now();

	source->latencies[tag] = (uint32_t)((time - source->begin) * 1e6) - source->latencies[tag];
	source->acked++;
	if (source->acked == 1)
		source->first = time;
	if (source->acked == source->count / 4)
		source->warm = time;
	if (source->acked == source->count)
		write_report(task, source);
}

static void count_failed(struct storm_task *task, uint64_t tag)
{
	struct source *source = storm_state(task);

	source->failed++;
	settle(task, tag);
}

static int close_source(struct storm_task *task)
{
	struct source *source = storm_state(task);

	free(source->text);
	free(source->lines);
	free(source->latencies);
	return 0;
}

const struct storm_spout_class source_spout = {
	.summary = "emits the lines of a file, over and over",
	.outputs = STORM_FIELDS("word"),
	.state_size = sizeof(struct source),
	.reliable = true,
	.max_fails = 1,
	.open = open_source,
	.next = next,
	.acked = settle,
	.failed = count_failed,
	.close = close_source,
};
