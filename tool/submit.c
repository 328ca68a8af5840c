/* cstorm submit: put a topology on a cluster. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster/nimbus.h"
#include "cluster/topology.h"
#include "cluster/waiting.h"
#include "command.h"
#include "jar/options.h"
#include "topology.h"

static const char help[] =
	"Usage: cstorm submit [OPTION]... TOPOLOGY\n"
	"\n"
	"Put a topology on a Storm cluster: pack it as `cstorm jar` does, upload the jar to Nimbus, and\n"
	"submit it. No Java is needed here, and nothing but libc on the workers.\n"
	"\n"
	"Options:\n" TOPOLOGY_HELP JAR_HELP
	"  --name NAME       submit it by this name (default: the topology's own)\n"
	"  --inactive        its spouts emit nothing until `cstorm activate`\n"
	"  --force           kill the topology that has this name, and wait until it is gone\n"
	"  --wait            wait until all tasks run, as far as Nimbus knows\n"
	"  --json            print what Nimbus says of the topology then as JSON\n"
	"  --dry-run         print as JSON what would be sent, and send nothing\n" NIMBUS_HELP
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 submitted, 1 failed, 2 wrong usage, or a topology that cannot be submitted.\n";

#define OPTION_NAME 0x400
#define OPTION_INACTIVE 0x401
#define OPTION_FORCE 0x402
#define OPTION_DRY_RUN 0x403
#define OPTION_WAIT 0x404
#define OPTION_JSON 0x405

/* TopologyInitialStatus */
#define STATUS_ACTIVE 1
#define STATUS_INACTIVE 2

struct request {
	struct topology_options topology;
	struct jar_options jar;
	struct nimbus_options nimbus;
	const char *name; /* NULL: the topology's own */
	bool inactive;
	bool force;
	bool dry_run;
	bool wait;
	bool json;
};

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int take_option(struct request *request, int option)
{
	int taken = jar_option(&request->jar, option, optarg);

	if (taken == -EINVAL)
		return topology_refuse(
			&request->topology, "--glibc must be a version as 2.28, not ", optarg);
	if (taken == 0)
		taken = nimbus_option(&request->nimbus, option, optarg);
	if (taken == -EINVAL)
		return topology_refuse(&request->topology,
			"--timeout must be a number of seconds, up to a day, not ", optarg);
	if (taken != 0)
		return taken < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
	switch (option) {
	case OPTION_NAME:
		request->name = optarg;
		return EXIT_STATUS_DONE;
	case OPTION_INACTIVE:
		request->inactive = true;
		return EXIT_STATUS_DONE;
	case OPTION_FORCE:
		request->force = true;
		return EXIT_STATUS_DONE;
	case OPTION_DRY_RUN:
		request->dry_run = true;
		return EXIT_STATUS_DONE;
	case OPTION_WAIT:
		request->wait = true;
		return EXIT_STATUS_DONE;
	case OPTION_JSON:
		request->json = true;
		return EXIT_STATUS_DONE;
	case 'h':
		fputs(help, stdout);
		return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
	default:
		return topology_refuse(&request->topology, "the options are not understood", "");
	}
}

static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, OPTION_NAME },
		{ "inactive", no_argument, NULL, OPTION_INACTIVE },
		{ "force", no_argument, NULL, OPTION_FORCE },
		{ "wait", no_argument, NULL, OPTION_WAIT },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ "help", no_argument, NULL, 'h' },
		NIMBUS_LONG_OPTIONS,
		JAR_LONG_OPTIONS,
		TOPOLOGY_LONG_OPTIONS,
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, TOPOLOGY_SHORT_OPTIONS "h", options, NULL)) !=
			-1) {
		if (!topology_option(&request->topology, option, optarg))
			status = take_option(request, option);
	}
	return status == EXIT_STATUS_DONE ? topology_argument(&request->topology, argc, argv) :
					    status;
}

/* What is sent: all but where the jar is. A new reference. */
static json_t *submission_of(
	const struct request *request, const struct spec *spec, struct problems *problems)
{
	json_t *topology = topology_for_nimbus(spec, problems);
	char *conf = json_dumps(spec->config, JSON_COMPACT);
	json_t *submission = NULL;

	if (topology && conf)
		submission = json_pack("{s:s, s:s, s:O, s:{s:i}}", "name",
			request->name ? request->name : spec->name, "jsonConf", conf, "topology",
			topology, "options", "initial_status",
			request->inactive ? STATUS_INACTIVE : STATUS_ACTIVE);
	json_decref(topology);
	free(conf);
	return submission;
}

/* On a terminal, how much is uploaded. */
static void show_progress(long long uploaded, long long size)
{
	if (!isatty(STDERR_FILENO) || size == 0)
		return;
	fprintf(stderr, "\ruploaded %lld %% of %.1f MB", uploaded * 100 / size, (double)size / 1e6);
	if (uploaded >= size)
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
}

static int kill_and_wait(struct nimbus *nimbus, const char *name, struct buffer *problem)
{
	int err = nimbus_call(nimbus, &nimbus_kill,
		json_pack("{s:s, s:{s:i}}", "name", name, "options", "wait_secs", 0), NULL,
		problem);

	if (err < 0)
		return err;
	fprintf(stderr, "%s is killed; waiting until it is gone\n", name);
	return wait_until_gone(nimbus, name, problem);
}

/* The name must be free. */
static int clear_name(struct nimbus *nimbus, const struct request *request, const char *name,
	struct buffer *problem)
{
	int there = wait_is_there(nimbus, name, problem);

	if (there <= 0)
		return there;
	if (request->force)
		return kill_and_wait(nimbus, name, problem);
	buffer_append_format(problem,
		"a topology %s runs already: kill it, replace it with --force, or submit this one "
		"by another --name",
		name);
	return -EEXIST;
}

/* The numbers of tasks by component, as Storm bounds them. */
static json_t *tasks_of(const struct spec *spec)
{
	const json_t *most = json_object_get(spec->config, "topology.max.task.parallelism");
	json_t *tasks = json_object();

	for (size_t i = 0; i < spec->component_count; i++) {
		json_int_t count = spec->components[i].tasks;

		if (json_is_integer(most) && json_integer_value(most) < count)
			count = json_integer_value(most);
		json_object_set_new(tasks, spec->components[i].name, json_integer(count));
	}
	return tasks;
}

static int send_all(struct nimbus *nimbus, const struct request *request, const char *path,
	json_t *submission, struct buffer *problem)
{
	const char *name = json_string_value(json_object_get(submission, "name"));
	char *location = NULL;
	int err = nimbus_connect(nimbus, &request->nimbus, problem);

	if (err == 0)
		err = clear_name(nimbus, request, name, problem);
	if (err == 0)
		err = nimbus_upload(nimbus, path, show_progress, &location, problem);
	if (err == 0) {
		json_object_set_new(submission, "uploadedJarLocation", json_string(location));
		err = nimbus_call(nimbus, &nimbus_submit, json_incref(submission), NULL, problem);
	}
	if (err == 0)
		fprintf(stderr, "%s is submitted to %s\n", name, nimbus->connection.address);
	free(location);
	return err;
}

/* What is to be done once it is submitted. */
static int follow(struct nimbus *nimbus, const struct request *request, const struct spec *spec,
	const char *name, json_t **summary, struct buffer *problem)
{
	json_t *tasks = tasks_of(spec);
	int err = request->wait ? wait_for_tasks(nimbus, name, tasks, problem) : 0;

	if (err == 0 && request->wait)
		fprintf(stderr, "all its tasks run\n");
	if (err == 0 && request->json)
		err = nimbus_call(nimbus, &nimbus_find_topology, json_pack("{s:s}", "name", name),
			summary, problem);
	json_decref(tasks);
	return err;
}

static int print_json(const json_t *value)
{
	if (json_dumpf(value, stdout, JSON_INDENT(2)) < 0 || putchar('\n') == EOF ||
		fflush(stdout) == EOF) {
		fprintf(stderr, "cstorm submit: cannot print: %s\n", strerror(errno));
		return EXIT_STATUS_FAILED;
	}
	return EXIT_STATUS_DONE;
}

static int send_submission(const struct request *request, const struct spec *spec, const char *path,
	json_t *submission)
{
	const char *name = json_string_value(json_object_get(submission, "name"));
	struct nimbus nimbus = NIMBUS_INIT;
	struct buffer problem = { 0 };
	json_t *summary = NULL;
	int status = EXIT_STATUS_DONE;
	int err = send_all(&nimbus, request, path, submission, &problem);

	if (err == 0)
		err = follow(&nimbus, request, spec, name, &summary, &problem);
	if (err < 0) {
		fprintf(stderr, "cstorm submit: %s\n", buffer_text(&problem));
		status = EXIT_STATUS_FAILED;
	} else if (summary) {
		status = print_json(summary);
	}
	json_decref(summary);
	nimbus_disconnect(&nimbus);
	buffer_free(&problem);
	return status;
}

/* With the jar in a file for a moment. */
static int write_and_send(const struct request *request, struct jar *jar, json_t *submission)
{
	const char *folder = getenv("TMPDIR");
	struct buffer problem = { 0 };
	struct buffer path = { 0 };
	int status = EXIT_STATUS_FAILED;
	int fd;

	buffer_append_format(&path, "%s/cstorm-XXXXXX", folder && *folder ? folder : "/tmp");
	fd = mkstemp((char *)buffer_text(&path));
	if (fd < 0) {
		fprintf(stderr, "cstorm submit: cannot write the jar to %s: %s (see TMPDIR)\n",
			buffer_text(&path), strerror(errno));
	} else {
		close(fd);
		if (entries_write(&jar->entries, buffer_text(&path), &problem) < 0)
			fprintf(stderr, "cstorm submit: cannot write the jar to %s: %s\n",
				buffer_text(&path), buffer_text(&problem));
		else
			status =
				send_submission(request, jar->spec, buffer_text(&path), submission);
		unlink(buffer_text(&path));
	}
	buffer_free(&problem);
	buffer_free(&path);
	return status;
}

/*
 * The environment is the cluster's too, where the project has some. One that the topology alone knows must not lead to the
 * cluster of another one, unless the command line names it.
 */
static void choose_cluster(struct request *request)
{
	const struct project *project = request->topology.project;
	bool has_some = json_object_size(json_object_get(project->all, "environments")) > 0;

	if (project_environment(project, project->chosen) || (has_some && !request->nimbus.seeds))
		request->nimbus.environment = project->chosen;
}

static int submit(struct request *request)
{
	struct problems problems = { 0 };
	struct spec spec = { 0 };
	struct jar jar = { .spec = &spec, .options = &request->jar, .problems = &problems };
	json_t *submission = NULL;
	int status = EXIT_STATUS_USAGE;
	int err = topology_load(&spec, &request->topology, &problems);

	choose_cluster(request);
	if (err == 0)
		err = jar_gather(&jar);
	if (err == 0)
		submission = submission_of(request, &spec, &problems);
	problems_sort(&problems);
	if (!submission)
		fprintf(stderr, "cstorm submit: the topology cannot be submitted:\n");
	problems_print(&problems, stderr);
	if (submission)
		status = request->dry_run ? print_json(submission) :
					    write_and_send(request, &jar, submission);
	json_decref(submission);
	jar_free(&jar);
	spec_free(&spec);
	problems_free(&problems);
	return status;
}

int command_submit(int argc, char **argv)
{
	struct request request = { .jar.glibc = -1 };
	int status;

	topology_begin(&request.topology, "cstorm submit");
	status = parse_arguments(&request, argc, argv);
	request.topology.source.resources = request.jar.resources;
	request.topology.is_for_cluster = !request.nimbus.seeds;
	if (status == EXIT_STATUS_DONE)
		status = submit(&request);
	jar_options_free(&request.jar);
	topology_options_free(&request.topology);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
