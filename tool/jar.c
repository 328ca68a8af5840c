/* cstorm jar: pack a topology, and all that it needs on a worker, for a cluster. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "jar/options.h"
#include "topology.h"

static const char help[] =
	"Usage: cstorm jar [OPTION]... TOPOLOGY\n"
	"\n"
	"Pack a topology for a cluster: a jar with its programs, their shared libraries, its scripts,\n"
	"and a script for each component that starts it. Workers need nothing but libc and, for other\n"
	"languages, their interpreters. The same files make the same jar, byte by byte.\n"
	"\n"
	"Options:\n"
	"  -o, --output FILE  write the jar to FILE (default: NAME.jar, for the topology's name)\n" JAR_HELP
		TOPOLOGY_SOURCE_HELP
	"  --json            say what is in the jar as JSON on the standard output\n"
	"  -h, --help        print this\n"
	"\n"
	"Exit status: 0 written, 1 failed, 2 wrong usage, or a topology that cannot be packed.\n";

#define OPTION_JSON 0x400

struct request {
	struct topology_options topology;
	struct jar_options jar;
	const char *output; /* NULL: NAME.jar */
	bool json;
};

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int take_option(struct request *request, int option)
{
	int taken = jar_option(&request->jar, option, optarg);

	if (taken == -EINVAL)
		return topology_refuse(
			&request->topology, "--glibc must be a version as 2.28, not ", optarg);
	if (taken != 0)
		return taken < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
	switch (option) {
	case 'o':
		request->output = optarg;
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
		{ "output", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "help", no_argument, NULL, 'h' },
		JAR_LONG_OPTIONS,
		TOPOLOGY_LONG_OPTIONS,
		{ 0 },
	};
	int status = EXIT_STATUS_DONE;
	int option;

	while (status == EXIT_STATUS_DONE &&
		(option = getopt_long(argc, argv, "o:e:h", options, NULL)) != -1) {
		/* -o is the output here, as of all that packs. */
		if (option == 'o' || !topology_option(&request->topology, option, optarg))
			status = take_option(request, option);
	}
	return status == EXIT_STATUS_DONE ? topology_argument(&request->topology, argc, argv) :
					    status;
}

/* What is in the jar */

static long long size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? (long long)status.st_size : 0;
}

static json_t *natives_json(const struct jar *jar)
{
	json_t *list = json_array();

	for (size_t i = 0; i < jar->native_count; i++) {
		const struct jar_native *native = &jar->natives[i];
		char glibc[16];

		snprintf(glibc, sizeof(glibc), "2.%d", native->glibc);
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:s?}", "name", native->name, "kind",
				native->is_library ? "library" : "program", "machine",
				native->machine, "glibc", native->glibc >= 0 ? glibc : NULL));
	}
	return list;
}

static json_t *components_json(const struct jar *jar)
{
	json_t *components = json_object();

	for (size_t i = 0; i < jar->spec->component_count; i++) {
		if (jar->starters[i])
			json_object_set_new(components, jar->spec->components[i].name,
				json_pack("[s, s]", "sh", jar->starters[i]));
	}
	return components;
}

static json_t *files_json(const struct jar *jar)
{
	json_t *files = json_array();

	for (size_t i = 0; i < jar->entries.count; i++)
		json_array_append_new(files, json_string(jar->entries.list[i].name));
	return files;
}

static int print_json(const struct jar *jar, const char *path)
{
	json_t *all = json_pack("{s:s, s:s, s:I, s:b, s:o, s:o, s:o}", "topology", jar->spec->name,
		"jar", path, "bytes", (json_int_t)size_of(path), "flux", jar->has_flux,
		"components", components_json(jar), "natives", natives_json(jar), "files",
		files_json(jar));
	int err = json_dumpf(all, stdout, JSON_INDENT(2));

	json_decref(all);
	return err < 0 || putchar('\n') == EOF || fflush(stdout) == EOF ? EXIT_STATUS_FAILED :
									  EXIT_STATUS_DONE;
}

static void print_summary(const struct jar *jar, const char *path)
{
	fprintf(stderr, "%s: %zu files, %lld bytes\n", path, jar->entries.count, size_of(path));
	for (size_t i = 0; i < jar->native_count; i++) {
		const struct jar_native *native = &jar->natives[i];

		fprintf(stderr, "  %s %s for %s", native->is_library ? "library" : "program",
			native->name, native->machine);
		if (native->glibc >= 0)
			fprintf(stderr, ", needs glibc 2.%d", native->glibc);
		fprintf(stderr, "\n");
	}
	if (!jar->has_flux)
		fprintf(stderr,
			"  without topology.yaml: `cstorm flux` says what Flux cannot say\n");
}

static int write_jar(struct jar *jar, const struct request *request)
{
	struct buffer problem = { 0 };
	struct buffer path = { 0 };
	int status = EXIT_STATUS_DONE;

	if (request->output)
		buffer_append_format(&path, "%s", request->output);
	else
		buffer_append_format(&path, "%s.jar", jar->spec->name);
	if (entries_write(&jar->entries, buffer_text(&path), &problem) < 0) {
		fprintf(stderr, "cstorm jar: cannot write %s: %s\n", buffer_text(&path),
			buffer_text(&problem));
		status = EXIT_STATUS_FAILED;
	} else if (request->json) {
		status = print_json(jar, buffer_text(&path));
	} else {
		print_summary(jar, buffer_text(&path));
	}
	buffer_free(&problem);
	buffer_free(&path);
	return status;
}

static int make_jar(const struct request *request)
{
	struct problems problems = { 0 };
	struct spec spec = { 0 };
	struct jar jar = { .spec = &spec, .options = &request->jar, .problems = &problems };
	int err = topology_load(&spec, &request->topology, &problems);
	int status;

	if (err == 0)
		err = jar_gather(&jar);
	problems_sort(&problems);
	if (err < 0)
		fprintf(stderr, "cstorm jar: the topology cannot be packed%s\n",
			err == -ENOMEM ? ": out of memory" : ":");
	problems_print(&problems, stderr);
	if (err == 0)
		status = write_jar(&jar, request);
	else
		status = err == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
	jar_free(&jar);
	spec_free(&spec);
	problems_free(&problems);
	return status;
}

int command_jar(int argc, char **argv)
{
	struct request request = { .jar.glibc = -1 };
	int status;

	topology_begin(&request.topology, "cstorm jar");
	status = parse_arguments(&request, argc, argv);
	request.topology.source.resources = request.jar.resources;
	if (status == EXIT_STATUS_DONE)
		status = make_jar(&request);
	jar_options_free(&request.jar);
	topology_options_free(&request.topology);
	return status < 0 ? EXIT_STATUS_DONE : status;
}
