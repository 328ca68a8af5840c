/* The topologies that run on this machine: who they are, and how to talk with one. */
#ifndef TOOL_RUNS_H
#define TOOL_RUNS_H

#include <jansson.h>
#include <stdio.h>

/* A run of this user. */
struct found_run {
	char *name; /* of its folder: the topology's, a dot, the pid */
	long pid;
	int folder; /* a descriptor */
};

struct found_runs {
	struct found_run *list;
	size_t count;
};

/* Find those that run: 0 or a negative errno. Those that nobody listens for are left out. */
int runs_find(struct found_runs *runs);
void runs_free(struct found_runs *runs);

/* A conversation with a run. */
struct conversation {
	FILE *in;
	FILE *out;
};

/* Connect to a run: 0 or a negative errno. */
int run_connect(struct conversation *conversation, const struct found_run *run);

/*
 * Connect to the one run that a word means, a pid or a topology's name; NULL: the only one. Returns
 * EXIT_STATUS_DONE, or another exit status with the reason said on behalf of the command.
 */
int run_choose(struct conversation *conversation, const char *command, const char *word);

/* Send a request: 0 or a negative errno. The request is decref'd. */
int run_ask(struct conversation *conversation, json_t *request);

/*
 * The same for one that is granted or refused: EXIT_STATUS_DONE, or another exit status with the reason said on
 * behalf of the command.
 */
int run_request(struct conversation *conversation, const char *command, json_t *request);

/* The next line of the answer, a new reference; NULL: the run has ended. */
json_t *run_answer(struct conversation *conversation);

void run_disconnect(struct conversation *conversation);

#endif
