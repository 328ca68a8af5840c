/* A connection to a server that speaks Thrift in frames; nothing lasts longer than it may. */
#ifndef CLUSTER_CONNECTION_H
#define CLUSTER_CONNECTION_H

#include "base/bytes.h"

struct connection {
	int fd;
	double seconds; /* for each answer */
	char *address; /* HOST:PORT, for messages */
	struct buffer answer;
};

#define CONNECTION_INIT  \
	{                \
		.fd = -1 \
	}

/* Connect: 0, or a negative errno with the reason in `problem`. */
int connection_open(struct connection *connection, const char *host, int port, double seconds,
	struct buffer *problem);
void connection_close(struct connection *connection);

/*
 * Send a frame, and wait for one: 0, or a negative errno with the reason in `problem`. What has come is borrowed until the
 * next call.
 */
int connection_exchange(struct connection *connection, struct span request, struct span *answer,
	struct buffer *problem);

#endif
