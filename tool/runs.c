/* Finds runs by their folders, and talks with them over their control sockets. */
#include "runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "command.h"
#include "local/directory.h"

/* The pid in the name of a run's folder; 0: it is none. */
static long pid_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	char *end;
	long pid = dot ? strtol(dot + 1, &end, 10) : 0;

	return dot && dot > name && pid > 0 && *end == '\0' ? pid : 0;
}

static int add_run(struct found_runs *runs, int base, const char *name)
{
	int folder = openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct found_run *list;

	if (folder < 0)
		return 0; /* it has just ended */
	if (faccessat(folder, DIRECTORY_SOCKET, F_OK, 0) < 0) {
		close(folder);
		return 0;
	}
	list = realloc(runs->list, (runs->count + 1) * sizeof(*list));
	if (!list) {
		close(folder);
		return -ENOMEM;
	}
	runs->list = list;
	list[runs->count++] = (struct found_run){ strdup(name), pid_of(name), folder };
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	const struct found_run *left = a;
	const struct found_run *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

int runs_find(struct found_runs *runs)
{
	struct buffer path = { 0 };
	const struct dirent *entry;
	DIR *base = NULL;
	int err = directory_base(&path);

	*runs = (struct found_runs){ 0 };
	if (err == 0)
		base = opendir(buffer_text(&path));
	if (err == 0 && !base && errno != ENOENT)
		err = -errno;
	while (err == 0 && base && (entry = readdir(base))) {
		if (pid_of(entry->d_name) > 0)
			err = add_run(runs, dirfd(base), entry->d_name);
	}
	if (base)
		closedir(base);
	buffer_free(&path);
	if (runs->count > 0)
		qsort(runs->list, runs->count, sizeof(*runs->list), compare_pids);
	return err;
}

void runs_free(struct found_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		free(runs->list[i].name);
		close(runs->list[i].folder);
	}
	free(runs->list);
	*runs = (struct found_runs){ 0 };
}

int run_connect(struct conversation *conversation, const struct found_run *run)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = 0;
	int copy;

	*conversation = (struct conversation){ 0 };
	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" DIRECTORY_SOCKET,
		run->folder);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	conversation->in = fdopen(fd, "r");
	conversation->out = copy >= 0 ? fdopen(copy, "w") : NULL;
	return conversation->in && conversation->out ? 0 : -ENOMEM;
}

static bool is_meant(const struct found_run *run, const char *word)
{
	size_t length = (size_t)(strrchr(run->name, '.') - run->name);
	char *end;
	long pid = strtol(word, &end, 10);

	if (*end == '\0' && pid == run->pid)
		return true;
	return strlen(word) == length && strncmp(run->name, word, length) == 0;
}

static int refuse(
	const char *command, const struct found_runs *runs, size_t count, const char *word)
{
	if (runs->count == 0)
		fprintf(stderr, "%s: no topology runs here: `cstorm run` starts one\n", command);
	else if (count == 0)
		fprintf(stderr, "%s: no run is %s:\n", command, word);
	else
		fprintf(stderr, "%s: several topologies run: say which one, by its pid:\n",
			command);
	for (size_t i = 0; i < runs->count; i++)
		fprintf(stderr, "  %7ld  %.*s\n", runs->list[i].pid,
			(int)(strrchr(runs->list[i].name, '.') - runs->list[i].name),
			runs->list[i].name);
	return runs->count == 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_USAGE;
}

int run_choose(struct conversation *conversation, const char *command, const char *word)
{
	struct found_runs runs;
	const struct found_run *chosen = NULL;
	size_t count = 0;
	int status = EXIT_STATUS_DONE;
	int err = runs_find(&runs);

	for (size_t i = 0; i < runs.count; i++) {
		if (word && !is_meant(&runs.list[i], word))
			continue;
		chosen = &runs.list[i];
		count++;
	}
	if (err == 0 && count != 1)
		status = refuse(command, &runs, count, word);
	else if (err == 0)
		err = run_connect(conversation, chosen);
	if (err < 0) {
		fprintf(stderr, "%s: cannot talk with the run: %s\n", command, strerror(-err));
		status = EXIT_STATUS_FAILED;
	}
	runs_free(&runs);
	return status;
}

int run_ask(struct conversation *conversation, json_t *request)
{
	int err = json_dumpf(request, conversation->out, JSON_COMPACT);

	json_decref(request);
	if (err < 0 || putc('\n', conversation->out) == EOF || fflush(conversation->out) == EOF)
		return -EPIPE;
	return 0;
}

json_t *run_answer(struct conversation *conversation)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length = getline(&line, &size, conversation->in);
	json_t *answer = length > 0 ? json_loadb(line, (size_t)length, 0, NULL) : NULL;

	free(line);
	return answer;
}

int run_request(struct conversation *conversation, const char *command, json_t *request)
{
	json_t *answer = NULL;
	const char *error;
	int status = EXIT_STATUS_DONE;

	if (run_ask(conversation, request) == 0)
		answer = run_answer(conversation);
	error = json_string_value(json_object_get(answer, "error"));
	if (!answer || error) {
		fprintf(stderr, "%s: %s\n", command, error ? error : "the run has ended");
		status = error ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
	}
	json_decref(answer);
	return status;
}

void run_disconnect(struct conversation *conversation)
{
	if (conversation->in)
		fclose(conversation->in);
	if (conversation->out)
		fclose(conversation->out);
	*conversation = (struct conversation){ 0 };
}
