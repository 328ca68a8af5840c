#include "cluster/nimbus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cluster/storm_yaml.h"
#include "spec/project.h"

#define DEFAULT_SECONDS 30

/* As Storm's own client sends. A frame of nimbus.thrift.max_buffer_size, 1 MiB, or more would be refused. */
#define CHUNK_SIZE ((size_t)300 << 10)

int nimbus_option(struct nimbus_options *options, int option, const char *argument)
{
	char *end;

	if (option == NIMBUS_SEEDS) {
		options->seeds = argument;
		return 1;
	}
	if (option != NIMBUS_TIMEOUT)
		return 0;
	options->seconds = strtod(argument, &end);
	return end != argument && *end == '\0' && options->seconds > 0 &&
			options->seconds <= 86400 ?
		1 :
		-EINVAL;
}

/* Calls */

/* What an exception says, and what to do. */
static int say_exception(const char *name, const json_t *exception, struct buffer *problem)
{
	const char *text = json_string_value(json_object_get(exception, "msg"));

	if (strcmp(name, AUTHORIZATION) == 0)
		buffer_append_format(problem, "not authorized: %s", text ? text : "");
	else
		buffer_append_format(problem, "%s", text && *text ? text : name);
	return -EREMOTEIO;
}

/* The result of a call: 0, or an exception. */
static int take_result(json_t *all, json_t **result, struct buffer *problem)
{
	const char *name;
	json_t *member;
	int err = 0;

	json_object_foreach(all, name, member) {
		if (strcmp(name, "success") == 0 && result)
			*result = json_incref(member);
		else if (strcmp(name, "success") != 0)
			err = say_exception(name, member, problem);
	}
	json_decref(all);
	return err;
}

static int say_garbage(const struct nimbus *nimbus, const char *call, struct buffer *problem)
{
	buffer_append_format(problem, "%s: the answer to %s is none: is it a Nimbus?",
		nimbus->connection.address, call);
	return -EBADMSG;
}

/* Thrift's own exception: Nimbus does not know the call, or has failed in it. */
static int say_application_exception(
	const struct nimbus *nimbus, const char *call, struct span text, struct buffer *problem)
{
	json_t *exception = NULL;
	const char *message;

	if (thrift_read(&text, &thrift_application_exception, &exception) < 0)
		return say_garbage(nimbus, call, problem);
	message = json_string_value(json_object_get(exception, "message"));
	buffer_append_format(problem,
		"%s: Nimbus has failed in %s: %s (its log, nimbus.log, says more; one that has "
		"just been started may not lead yet)",
		nimbus->connection.address, call, message ? message : "it does not say why");
	json_decref(exception);
	return -EREMOTEIO;
}

/* Send a call that is written, and take its result. */
static int exchange(struct nimbus *nimbus, const struct nimbus_call *call, struct span request,
	json_t **result, struct buffer *problem)
{
	enum thrift_message message;
	struct span answer;
	struct span name;
	int32_t sequence;
	json_t *all = NULL;
	int err = connection_exchange(&nimbus->connection, request, &answer, problem);

	if (result)
		*result = NULL;
	if (err < 0)
		return err;
	if (thrift_read_reply(&answer, &message, &name, &sequence) < 0 ||
		sequence != nimbus->sequence)
		return say_garbage(nimbus, call->name, problem);
	if (message == THRIFT_EXCEPTION)
		return say_application_exception(nimbus, call->name, answer, problem);
	err = thrift_read(&answer, call->result, &all);
	if (err < 0)
		return say_garbage(nimbus, call->name, problem);
	return take_result(all, result, problem);
}

int nimbus_call(struct nimbus *nimbus, const struct nimbus_call *call, json_t *arguments,
	json_t **result, struct buffer *problem)
{
	struct buffer request = { 0 };
	int err;

	thrift_begin_call(&request, call->name, ++nimbus->sequence);
	err = thrift_write(&request, arguments, call->arguments);
	if (err == 0 && request.failed)
		err = -ENOMEM;
	if (err < 0)
		buffer_append_format(problem, "%s: %s", call->name,
			err == -ENOMEM ? "out of memory" :
					 "the arguments are not as it wants them");
	else
		err = exchange(nimbus, call, buffer_span(&request), result, problem);
	buffer_free(&request);
	json_decref(arguments);
	return err;
}

/* Uploading */

static int upload_chunk(
	struct nimbus *nimbus, const char *location, struct span chunk, struct buffer *problem)
{
	struct buffer request = { 0 };
	int err;

	thrift_begin_call(&request, nimbus_upload_chunk.name, ++nimbus->sequence);
	thrift_write_field(&request, THRIFT_STRING, 1);
	thrift_write_bytes(&request, span_of(location));
	thrift_write_field(&request, THRIFT_STRING, 2);
	thrift_write_bytes(&request, chunk);
	thrift_write_stop(&request);
	err = request.failed ?
		-ENOMEM :
		exchange(nimbus, &nimbus_upload_chunk, buffer_span(&request), NULL, problem);
	buffer_free(&request);
	return err;
}

static int upload_all(struct nimbus *nimbus, int fd, long long size, const char *location,
	void (*progress)(long long, long long), struct buffer *problem)
{
	char *chunk = malloc(CHUNK_SIZE);
	long long uploaded = 0;
	int err = chunk ? 0 : -ENOMEM;

	while (err == 0) {
		ssize_t count = read(fd, chunk, CHUNK_SIZE);

		if (count == 0)
			break;
		if (count < 0 && errno == EINTR)
			continue;
		err = count < 0 ? -errno :
				  upload_chunk(nimbus, location,
					  (struct span){ chunk, (size_t)count }, problem);
		uploaded += count;
		if (err == 0)
			progress(uploaded, size);
	}
	free(chunk);
	return err;
}

int nimbus_upload(struct nimbus *nimbus, const char *path, void (*progress)(long long, long long),
	char **location, struct buffer *problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	json_t *place = NULL;
	struct stat status;
	int err;

	*location = NULL;
	if (fd < 0 || fstat(fd, &status) < 0) {
		buffer_append_format(problem, "cannot read %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -EIO;
	}
	err = nimbus_call(nimbus, &nimbus_begin_upload, json_object(), &place, problem);
	if (err == 0 && !json_is_string(place))
		err = say_garbage(nimbus, nimbus_begin_upload.name, problem);
	if (err == 0)
		err = upload_all(nimbus, fd, (long long)status.st_size, json_string_value(place),
			progress, problem);
	if (err == 0)
		err = nimbus_call(nimbus, &nimbus_finish_upload,
			json_pack("{s:O}", "location", place), NULL, problem);
	if (err == 0)
		*location = strdup(json_string_value(place));
	json_decref(place);
	close(fd);
	return err == 0 && !*location ? -ENOMEM : err;
}

/* Connecting */

/* Cut "HOST:PORT" in two: whether it is one. An IPv6 address with a port has brackets. */
static bool cut(char *seed, int *port)
{
	char *colon = strrchr(seed, ':');
	bool is_bare_ipv6 = colon && strchr(seed, ':') != colon && colon > seed && colon[-1] != ']';
	char *end;
	long number;

	if (!colon || is_bare_ipv6)
		return *seed != '\0';
	number = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end != '\0' || number < 1 || number > 65535)
		return false;
	*port = (int)number;
	*colon = '\0';
	if (seed[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		memmove(seed, seed + 1, strlen(seed));
	}
	return *seed != '\0';
}

/* Where it is looked for: what the command line says, the environment, or storm.yaml. */
struct search {
	json_t *seeds;
	int port; /* of those without */
	double seconds;
	char *gateway; /* a destination of ssh; NULL: none */
	char *source; /* who says so, for messages */
	bool misses_leader; /* who leads cannot be reached: another one will, soon */
};

static void search_free(struct search *search)
{
	json_decref(search->seeds);
	free(search->gateway);
	free(search->source);
}

/* Ask a connected Nimbus who leads: whoever does is connected then. */
static int follow(struct nimbus *nimbus, struct search *search, struct buffer *problem)
{
	bool is_only = json_array_size(search->seeds) == 1;
	struct nimbus leader = NIMBUS_INIT;
	json_t *summary = NULL;
	struct buffer why = { 0 };
	struct endpoint place = { .gateway = search->gateway };
	int err = nimbus_call(nimbus, &nimbus_get_leader, json_object(), &summary, problem);

	if (err < 0)
		return err;
	place.host = json_string_value(json_object_get(summary, "host"));
	place.port = (int)json_integer_value(json_object_get(summary, "port"));
	/* The one there is leads, by whatever name it knows itself. */
	if (!is_only && place.host && place.port > 0) {
		err = connection_open(&leader.connection, &place, search->seconds, &why);
		search->misses_leader = err < 0;
		if (err < 0)
			buffer_append_format(problem,
				"the leader is %s:%d, as %s says, which cannot be reached: %s",
				place.host, place.port, nimbus->connection.address,
				buffer_text(&why));
	} else {
		leader = *nimbus;
		*nimbus = (struct nimbus)NIMBUS_INIT;
	}
	nimbus_disconnect(nimbus);
	*nimbus = leader;
	buffer_free(&why);
	json_decref(summary);
	return err;
}

/* Try one seed. */
static int try(
	struct nimbus *nimbus, const char *seed, struct search *search, struct buffer *problem)
{
	char *host = strdup(seed);
	struct endpoint place = { host, search->port, search->gateway };
	int err = -ENOMEM;

	if (host && !cut(host, &place.port)) {
		buffer_append_format(problem, "%s is no HOST or HOST:PORT", seed);
		err = -EINVAL;
	} else if (host) {
		err = connection_open(&nimbus->connection, &place, search->seconds, problem);
	}
	if (err == 0)
		err = follow(nimbus, search, problem);
	if (err < 0)
		nimbus_disconnect(nimbus);
	free(host);
	return err;
}

static json_t *split(const char *words)
{
	json_t *list = json_array();

	while (*words != '\0') {
		size_t length = strcspn(words, ",");

		if (length > 0)
			json_array_append_new(list, json_stringn(words, length));
		words += length;
		words += *words == ',';
	}
	return list;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* Take seeds where there are some, with who says so, in place of those that are there. */
static void take_seeds(struct search *search, json_t *seeds, char *source)
{
	if (!seeds) {
		free(source);
		return;
	}
	json_decref(search->seeds);
	free(search->source);
	search->seeds = seeds;
	search->source = source;
}

static int search_storm_yaml(struct search *search, struct buffer *problem)
{
	struct storm_yaml conf = { 0 };
	int err = storm_yaml_read(&conf, problem);

	if (err < 0)
		return err;
	search->port = conf.port;
	take_seeds(search, json_incref(conf.seeds), copy(conf.source));
	storm_yaml_free(&conf);
	return 0;
}

/* The environment that is chosen; NULL where there is none to choose. */
static int choose_environment(const struct nimbus_options *options, struct project *project,
	const char **name, struct problems *problems)
{
	int err = project_read(project, problems);

	*name = options->environment;
	if (err == 0 && *name && !project_environment(project, *name))
		err = project_refuse_environment(project, *name, problems);
	if (err == 0 && !*name && !options->seeds)
		err = project_only_environment(project, name, problems);
	return err;
}

static int search_project(
	struct search *search, const struct nimbus_options *options, struct buffer *problem)
{
	struct problems problems = { 0 };
	struct project project = { 0 };
	const char *name;
	int err = choose_environment(options, &project, &name, &problems);

	if (err < 0) {
		problems_explain(&problems, problem);
	} else if (name) {
		const json_t *environment = project_environment(&project, name);
		const json_t *nimbus = json_object_get(environment, "nimbus");
		char *source;

		if (asprintf(&source, "as %s says of %s", project.path, name) < 0)
			source = NULL;
		take_seeds(search,
			json_is_string(nimbus) ? split(json_string_value(nimbus)) :
						 json_deep_copy(nimbus),
			source);
		search->gateway = copy(json_string_value(json_object_get(environment, "ssh")));
		search->seconds = json_number_value(json_object_get(environment, "timeout"));
	}
	project_free(&project);
	problems_free(&problems);
	return err;
}

static int search_begin(
	struct search *search, const struct nimbus_options *options, struct buffer *problem)
{
	int err = search_storm_yaml(search, problem);

	if (err == 0)
		err = search_project(search, options, problem);
	if (options->seeds)
		take_seeds(search, split(options->seeds), copy("as --nimbus says"));
	if (options->seconds > 0)
		search->seconds = options->seconds;
	if (search->seconds == 0)
		search->seconds = DEFAULT_SECONDS;
	if (err == 0 && json_array_size(search->seeds) == 0) {
		buffer_append_format(problem, "no host is named, %s", search->source);
		err = -EINVAL;
	}
	return err;
}

static int search_all(struct nimbus *nimbus, struct search *search, struct buffer *problem)
{
	int err = -ENOTCONN;
	const json_t *seed;
	size_t index;

	search->misses_leader = false;
	buffer_truncate(problem, 0);
	json_array_foreach(search->seeds, index, seed) {
		if (err == 0)
			break;
		if (problem->length > 0)
			buffer_append_literal(problem, "; ");
		err = try(nimbus, json_string_value(seed), search, problem);
	}
	if (err == 0)
		buffer_truncate(problem, 0);
	else
		buffer_append_format(problem, " (%s)", search->source);
	return err;
}

int nimbus_connect(
	struct nimbus *nimbus, const struct nimbus_options *options, struct buffer *problem)
{
	const struct timespec pause = { .tv_nsec = 500000000 };
	struct search search = { 0 };
	int err = search_begin(&search, options, problem);
	double deadline = clock_now() + search.seconds;

	if (err == 0)
		err = search_all(nimbus, &search, problem);
	/* When a leader dies, the others know it first when its session with ZooKeeper has ended. */
	while (search.misses_leader && err < 0 && clock_now() < deadline) {
		nanosleep(&pause, NULL);
		err = search_all(nimbus, &search, problem);
	}
	search_free(&search);
	return err;
}

void nimbus_disconnect(struct nimbus *nimbus)
{
	connection_close(&nimbus->connection);
}
