/*
 * Access log: the requests of a web server's log that went wrong.
 *
 * Shows a struct mapping: `parse` emits whole structs, `pick` receives them, and neither names a
 * field anywhere but in the mapping.
 */
#include <cstorm.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct request {
	struct storm_string client;
	struct storm_string method;
	struct storm_string path;
	int status;
	long long bytes;
};

static const struct storm_mapping request_mapping =
	STORM_MAPPING(struct request, STORM_MEMBER(struct request, client),
		STORM_MEMBER(struct request, method), STORM_MEMBER(struct request, path),
		STORM_MEMBER(struct request, status), STORM_MEMBER(struct request, bytes));

/* The text up to one of the delimiters, which is skipped. */
static struct storm_string take(const char **at, const char *delimiters)
{
	size_t length = strcspn(*at, delimiters);
	const struct storm_string text = { *at, length };

	*at += length;
	*at += **at != '\0';
	return text;
}

/* One line of the Common Log Format: client - user [time] "method path version" status bytes */
static int parse(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct request request = { .bytes = 0 };
	struct storm_string line;
	const char *at;
	int err = storm_tuple_string_at(tuple, 0, &line);

	if (err < 0)
		return err;
	at = line.data;
	request.client = take(&at, " ");
	take(&at, "\"");
	request.method = take(&at, " \"");
	request.path = take(&at, " \"");
	take(&at, "\"");
	if (sscanf(at, " %d %lld", &request.status, &request.bytes) < 1) {
		storm_log_warn(task, "not of the Common Log Format: %s", line.data);
		return 0; /* to fail it would bring the same line again */
	}
	return storm_emit_struct(task, NULL, &request_mapping, &request);
}

static const struct storm_bolt_class parse_bolt = {
	.summary = "takes lines of the Common Log Format apart",
	.outputs = STORM_OUTPUTS(STORM_STREAM_OF("default", request_mapping)),
	.process = parse,
};

static int pick(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct request request;
	char *text;
	int err = storm_tuple_get_struct(tuple, &request_mapping, &request);

	if (err < 0 || request.status < 400)
		return err;
	if (asprintf(&text, "%d %s %s (%s)", request.status, request.method.data, request.path.data,
		    request.client.data) < 0)
		return -ENOMEM;
	err = storm_emit(task, storm_text(text));
	free(text);
	return err;
}

static const struct storm_bolt_class pick_bolt = {
	.summary = "those with a status of 400 and more",
	.outputs = STORM_FIELDS("line"),
	.input = &request_mapping,
	.process = pick,
};

static const struct storm_topology accesslog = {
	.name = "accesslog",
	.summary = "the requests of a web server's log that went wrong",
	.spouts = STORM_SPOUTS({ .name = "lines", .spout_class = &storm_lines_spout }),
	.bolts = STORM_BOLTS(
		{
			.name = "parse",
			.bolt_class = &parse_bolt,
			.parallelism = 2,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("lines")),
		},
		{
			.name = "pick",
			.bolt_class = &pick_bolt,
			.inputs = STORM_INPUTS(STORM_SHUFFLE("parse")),
		},
		{
			.name = "write",
			.bolt_class = &storm_write_bolt,
			.inputs = STORM_INPUTS(STORM_GLOBAL("pick")),
		}),
	.config = STORM_CONFIG({ "topology.max.spout.pending", "2000" }),
};

int main(int argc, char **argv)
{
	return storm_main(&accesslog, argc, argv);
}
