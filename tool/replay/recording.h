/* A recording of `cstorm run --record`, as it is read again. */
#ifndef REPLAY_RECORDING_H
#define REPLAY_RECORDING_H

#include <jansson.h>
#include <stdio.h>

#include "protocol/wire.h"

struct recording {
	struct span input; /* all that the task was sent */
	size_t handshake; /* the length of its first message, with the end of it */
	enum wire wire;
	int answers; /* a descriptor of what it answered; -1: that was not recorded */
	FILE *times; /* behind the first line; NULL: they were not recorded */
	json_t *start; /* the first line of the times; NULL: none */
};

#define RECORDING_INIT ((struct recording){ .answers = -1 })

/* Open the recording whose input is this file: 0, or a negative errno, which has been said. */
int recording_open(struct recording *recording, const char *path);

/*
 * The next time at which the input grew, in seconds from the start, and by how many bytes: whether there is
 * one.
 */
bool recording_next_time(struct recording *recording, double *seconds, size_t *count);

/* How the process ended when it was recorded, an owned text; NULL: nobody knows. */
char *recording_end(struct recording *recording);

/* The handshake, for a process that notes its pid in another folder: 0 or a negative errno. */
int recording_handshake(
	const struct recording *recording, const char *pids, struct buffer *handshake);

/*
 * Give each difference its tuple, where there is one: in place of the tuple's id an object of its id,
 * component, stream and values.
 */
void recording_find_tuples(const struct recording *recording, json_t *differences);

void recording_close(struct recording *recording);

#endif
