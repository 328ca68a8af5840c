/* cstorm new: begin a project. */
#include "embedded.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"

static const char help[] =
	"Usage: cstorm new [OPTION]... NAME\n"
	"\n"
	"Begin a project: write a small topology in C into the new folder NAME, with its build, its\n"
	"tests and a README. All of it is there to be changed.\n"
	"\n"
	"Options:\n"
	"  --python          add a bolt in Python, with pystorm\n"
	"  -h, --help        print this\n"
	"\n"
	"NAME begins with a letter; letters, digits, dashes and underscores may follow.\n"
	"\n"
	"Exit status: 0 written, 1 failed, 2 wrong usage.\n";

/* A longer one gets too long as a part of the names of files that the build makes. */
#define NAME_LIMIT 64

struct request {
	const char *name;
	bool python;
};

static int refuse(const char *what, const char *argument)
{
	fprintf(stderr, "cstorm new: %s%s\n`cstorm new --help` says more.\n", what, argument);
	return EXIT_STATUS_USAGE;
}

/*
 * The program has the project's name, which must be nobody else's: not of a target that meson has,
 * nor of another folder in the build folder; nor the first word of keys of the configuration, for
 * -o would take those for settings of the topology.
 */
static bool is_taken(const char *name)
{
	static const char *const taken[] = { "PHONY", "all", "benchmark", "clean", "clean-ctlist",
		"clean-gcda", "clean-gcno", "coverage", "coverage-html", "coverage-sonarqube",
		"coverage-text", "coverage-xml", "cstorm", "dist", "distcheck", "install", "phony",
		"reconfigure", "resources", "scan-build", "storm", "supervisor", "test", "tests",
		"topology", "uninstall" };

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (strcmp(name, taken[i]) == 0)
			return true;
	}
	return strncmp(name, "meson-", strlen("meson-")) == 0;
}

/* Letters as ASCII has them, whatever the locale. */
static int check_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char others[] = "0123456789-_";
	size_t length = 0;

	while (name[length] != '\0' &&
		(strchr(letters, name[length]) || (length > 0 && strchr(others, name[length]))))
		length++;
	if (length == 0 || name[length] != '\0')
		return refuse("a name begins with a letter, and has letters, digits, dashes and "
			      "underscores only, not: ",
			name);
	if (length > NAME_LIMIT)
		return refuse("a name has at most 64 characters, not: ", name);
	if (is_taken(name))
		return refuse("meson, Storm or the project itself has this name already: ", name);
	return EXIT_STATUS_DONE;
}

/* EXIT_STATUS_DONE to go on, or the status to exit with; -1: the help was printed. */
static int parse_arguments(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "python", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return fflush(stdout) == EOF ? EXIT_STATUS_FAILED : -1;
		}
		if (option != 'p')
			return refuse("the options are not understood", "");
		request->python = true;
	}
	if (optind == argc)
		return refuse("the name is missing", "");
	if (optind + 1 < argc)
		return refuse("one name only; what is this: ", argv[optind + 1]);
	request->name = argv[optind];
	return check_name(request->name);
}

/* The text of a template */

static bool has(const char *line, size_t length, const char *word)
{
	return memmem(line, length, word, strlen(word)) != NULL;
}

/* Write a line with what stands for its variables. */
static void render_line(FILE *out, const char *line, size_t length, const char *name)
{
	const struct {
		const char *variable;
		const char *text;
	} all[] = { { "@NAME@", name }, { "@VERSION@", CSTORM_VERSION } };
	const char *end = line + length;

	while (line < end) {
		size_t taken = 0;

		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && taken == 0; i++) {
			if (strncmp(line, all[i].variable, strlen(all[i].variable)) == 0) {
				taken = strlen(all[i].variable);
				fputs(all[i].text, out);
			}
		}
		if (taken == 0)
			putc(*line, out);
		line += taken > 0 ? taken : 1;
	}
}

/*
 * What is for some projects alone stands between lines with @if python@, @else@ and @end@, in
 * comments where the file's language wants it; those lines are left out.
 */
static void render(FILE *out, const char *text, const struct request *request)
{
	bool shown = true;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n") + 1;

		if (has(text, length, "@if python@"))
			shown = request->python;
		else if (has(text, length, "@else@"))
			shown = !shown;
		else if (has(text, length, "@end@"))
			shown = true;
		else if (shown)
			render_line(out, text, length, request->name);
		text += length;
	}
}

/* The folder */

/* What was made: to be listed, or to be removed when the rest cannot be made. */
struct made {
	struct made *before;
	bool is_folder;
	char path[];
};

struct project {
	const struct request *request;
	struct made *last;
};

/* Note what is about to be made, at a path in the project's folder; -ENOMEM. */
static int note(struct project *project, const char *path, size_t length, bool is_folder)
{
	const char *name = project->request->name;
	size_t size = strlen(name) + 1 + length + 1;
	struct made *made = malloc(sizeof(*made) + size);

	if (!made)
		return -ENOMEM;
	made->before = project->last;
	made->is_folder = is_folder;
	snprintf(made->path, size, "%s%s%.*s", name, length > 0 ? "/" : "", (int)length, path);
	project->last = made;
	return 0;
}

static void forget_last(struct project *project)
{
	struct made *last = project->last;

	project->last = last->before;
	free(last);
}

static int cannot(const char *do_what, const char *path, int err)
{
	fprintf(stderr, "cstorm new: cannot %s %s: %s\n", do_what, path, strerror(-err));
	return err;
}

/* Make a folder, unless it is there. */
static int make_folder(struct project *project, const char *path, size_t length)
{
	int err = note(project, path, length, true);

	if (err < 0)
		return cannot("write", path, err);
	if (mkdir(project->last->path, 0777) == 0)
		return 0;
	if (errno != EEXIST)
		err = cannot("make the folder", project->last->path, -errno);
	forget_last(project);
	return err;
}

static int make_file(struct project *project, const char *path, const char *text, size_t size)
{
	int err = note(project, path, strlen(path), false);
	FILE *file;

	if (err < 0)
		return cannot("write", path, err);
	file = fopen(project->last->path, "wxe");
	if (!file) {
		err = cannot("write", project->last->path, -errno);
		forget_last(project);
		return err;
	}
	if (fwrite(text, 1, size, file) < size)
		err = -errno;
	if (fclose(file) == EOF && err == 0)
		err = -errno;
	return err < 0 ? cannot("write", project->last->path, err) : 0;
}

/* Write what a template becomes. One that is for other projects becomes nothing. */
static int make_of_template(struct project *project, const struct embedded_file *file)
{
	const char *slash = strrchr(file->path, '/');
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	int err = 0;

	if (!out)
		return cannot("write", file->path, -errno);
	render(out, file->text, project->request);
	if (fclose(out) == EOF)
		err = cannot("write", file->path, -errno);
	if (err == 0 && size > 0 && slash)
		err = make_folder(project, file->path, (size_t)(slash - file->path));
	if (err == 0 && size > 0)
		err = make_file(project, file->path, text, size);
	free(text);
	return err;
}

/* A folder that was there must be empty, so that nothing of the user's is mixed with ours. */
static int check_empty(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool empty = true;

	if (!folder)
		return cannot("use", path, -errno);
	while ((entry = readdir(folder)))
		empty &= strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(folder);
	if (empty)
		return 0;
	fprintf(stderr, "cstorm new: %s is there already, and is not empty\n", path);
	return -ENOTEMPTY;
}

static int make_project(struct project *project)
{
	int err = make_folder(project, "", 0);

	if (err == 0 && !project->last)
		err = check_empty(project->request->name);
	for (size_t i = 0; err == 0 && new_files[i].path; i++)
		err = make_of_template(project, &new_files[i]);
	return err;
}

/* Remove what was made, the last first, and say what is left. */
static void remove_project(struct project *project)
{
	size_t left = 0;

	if (!project->last)
		return;
	while (project->last) {
		if (remove(project->last->path) < 0) {
			cannot("remove", project->last->path, -errno);
			left++;
		}
		forget_last(project);
	}
	if (left == 0)
		fprintf(stderr, "cstorm new: what had been written is removed again\n");
}

static void list(const struct made *last)
{
	if (!last)
		return;
	list(last->before);
	if (!last->is_folder)
		printf("%s\n", last->path);
}

static int tell(const struct project *project)
{
	const char *name = project->request->name;

	list(project->last);
	printf("\nBuild and test it, and run it:\n\n    cd %s\n", name);
	if (project->request->python)
		printf("    python3 -m venv .venv\n    . .venv/bin/activate\n"
		       "    pip install -r requirements.txt\n");
	printf("    meson setup build && meson test -C build\n"
	       "    cstorm run build/%s -o %s.input=tests/readings.txt\n",
		name, name);
	if (fflush(stdout) == EOF) {
		fprintf(stderr, "cstorm new: %s is written; cannot print what it has: %s\n", name,
			strerror(errno));
		return EXIT_STATUS_FAILED;
	}
	return EXIT_STATUS_DONE;
}

int command_new(int argc, char **argv)
{
	struct request request = { 0 };
	struct project project = { .request = &request };
	int status = parse_arguments(&request, argc, argv);

	if (status != EXIT_STATUS_DONE)
		return status < 0 ? EXIT_STATUS_DONE : status;
	signal(SIGXFSZ, SIG_IGN); /* a file that may not be so large is an error of its write */
	if (make_project(&project) < 0) {
		remove_project(&project);
		return EXIT_STATUS_FAILED;
	}
	status = tell(&project);
	while (project.last)
		forget_last(&project);
	return status;
}
