/* A connection to a server that speaks Thrift in frames, also through ssh; nothing lasts longer than it may. */
#ifndef CLUSTER_CONNECTION_H
#define CLUSTER_CONNECTION_H

#include <sys/types.h>

#include "base/bytes.h"

struct connection {
	int fd;
	double seconds; /* for each answer */
	char *address; /* HOST:PORT, for messages */
	pid_t ssh; /* the process that it goes through; 0: none */
	struct buffer answer;
};

#define CONNECTION_INIT  \
	{                \
		.fd = -1 \
	}

struct endpoint {
	const char *host;
	int port;
	const char *
		gateway; /* a destination of ssh, which reaches the host; NULL: it is reached from here */
};

/* Connect: 0, or a negative errno with the reason in `problem`. */
int connection_open(struct connection *connection, const struct endpoint *endpoint, double seconds,
	struct buffer *problem);
void connection_close(struct connection *connection);

/*
 * Send a frame, and wait for one: 0, or a negative errno with the reason in `problem`. What has come is borrowed until the
 * next call.
 */
int connection_exchange(struct connection *connection, struct span request, struct span *answer,
	struct buffer *problem);

#endif
