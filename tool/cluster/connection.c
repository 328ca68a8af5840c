#include "cluster/connection.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* More than Nimbus sends, and less than would hurt. */
#define ANSWER_LIMIT ((size_t)256 << 20)

/* Wait until it can be read or written: 0, or -ETIMEDOUT. */
static int await(int fd, short events, double deadline)
{
	struct pollfd ready = { .fd = fd, .events = events };
	double left;

	while ((left = deadline - clock_now()) > 0) {
		int count = poll(&ready, 1, (int)(left * 1000) + 1);

		if (count > 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return -errno;
	}
	return -ETIMEDOUT;
}

/* Connect to one address: a descriptor or a negative errno. */
static int connect_to(const struct addrinfo *address, double deadline)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(int);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
		if (errno == EINPROGRESS)
			err = await(fd, POLLOUT, deadline);
		else
			err = -errno;
	}
	if (err == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) == 0)
		err = -err;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

/* Connect from here: a descriptor, or a negative errno. */
static int connect_directly(
	const struct endpoint *endpoint, double deadline, struct buffer *problem)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found = NULL;
	char service[16];
	int err;
	int fd = -EADDRNOTAVAIL;

	snprintf(service, sizeof(service), "%d", endpoint->port);
	err = getaddrinfo(endpoint->host, service, &hints, &found);
	if (err != 0) {
		buffer_append_format(problem, "%s: %s", endpoint->host, gai_strerror(err));
		return -EADDRNOTAVAIL;
	}
	for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
		fd = connect_to(at, deadline);
	freeaddrinfo(found);
	if (fd < 0)
		buffer_append_format(
			problem, "%s:%d: %s", endpoint->host, endpoint->port, strerror(-fd));
	return fd;
}

/*
 * ssh passes on what comes and goes on its standard input and output (-W): no port is taken here, and it asks for what
 * it must on the terminal.
 */
static int start_ssh(
	struct connection *connection, const struct endpoint *endpoint, struct buffer *problem)
{
	bool is_ipv6 = strchr(endpoint->host, ':') != NULL;
	const char *words[] = { "ssh", "-W", NULL, "--", endpoint->gateway, NULL };
	posix_spawn_file_actions_t actions;
	struct buffer target = { 0 };
	int ends[2];
	int err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	buffer_append_format(
		&target, is_ipv6 ? "[%s]:%d" : "%s:%d", endpoint->host, endpoint->port);
	words[2] = buffer_text(&target);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	err = posix_spawnp(&connection->ssh, "ssh", &actions, NULL, (char *const *)words, environ);
	posix_spawn_file_actions_destroy(&actions);
	buffer_free(&target);
	close(ends[1]);
	if (err == 0) {
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		return ends[0];
	}
	close(ends[0]);
	connection->ssh = 0;
	buffer_append_format(problem, "ssh cannot be started: %s", strerror(err));
	return -err;
}

int connection_open(struct connection *connection, const struct endpoint *endpoint, double seconds,
	struct buffer *problem)
{
	int fd = endpoint->gateway ? start_ssh(connection, endpoint, problem) :
				     connect_directly(endpoint, clock_now() + seconds, problem);

	if (fd < 0)
		return fd;
	connection->fd = fd;
	connection->seconds = seconds;
	if (asprintf(&connection->address, "%s:%d%s%s", endpoint->host, endpoint->port,
		    endpoint->gateway ? " through ssh " : "",
		    endpoint->gateway ? endpoint->gateway : "") < 0)
		connection->address = NULL;
	return 0;
}

void connection_close(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	if (connection->ssh > 0) {
		kill(connection->ssh, SIGTERM);
		while (waitpid(connection->ssh, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	free(connection->address);
	buffer_free(&connection->answer);
	*connection = (struct connection)CONNECTION_INIT;
}

static int send_all(const struct connection *connection, struct span bytes, double deadline)
{
	while (bytes.length > 0) {
		ssize_t count = send(connection->fd, bytes.data, bytes.length, MSG_NOSIGNAL);

		if (count < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (count > 0) {
			bytes.data += count;
			bytes.length -= (size_t)count;
		} else if (await(connection->fd, POLLOUT, deadline) < 0) {
			return -ETIMEDOUT;
		}
	}
	return 0;
}

static int receive_all(
	const struct connection *connection, char *bytes, size_t length, double deadline)
{
	while (length > 0) {
		ssize_t count = recv(connection->fd, bytes, length, 0);

		if (count == 0)
			return -ECONNRESET;
		if (count < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		} else if (await(connection->fd, POLLIN, deadline) < 0) {
			return -ETIMEDOUT;
		}
	}
	return 0;
}

static int receive(struct connection *connection, double deadline)
{
	uint32_t length;
	int err = receive_all(connection, (char *)&length, sizeof(length), deadline);

	if (err < 0)
		return err;
	length = be32toh(length);
	if (length > ANSWER_LIMIT)
		return -EBADMSG;
	buffer_truncate(&connection->answer, 0);
	if (buffer_reserve(&connection->answer, length) < 0)
		return -ENOMEM;
	connection->answer.length = length;
	return receive_all(connection, connection->answer.data, length, deadline);
}

int connection_exchange(struct connection *connection, struct span request, struct span *answer,
	struct buffer *problem)
{
	double deadline = clock_now() + connection->seconds;
	uint32_t length = htobe32((uint32_t)request.length);
	int err = send_all(
		connection, (struct span){ (const char *)&length, sizeof(length) }, deadline);

	if (err == 0)
		err = send_all(connection, request, deadline);
	if (err == 0)
		err = receive(connection, deadline);
	*answer = buffer_span(&connection->answer);
	if (err == -ETIMEDOUT)
		buffer_append_format(problem, "%s: no answer within %g s (see --timeout)",
			connection->address, connection->seconds);
	else if (err == -EBADMSG)
		buffer_append_format(problem,
			"%s: what answers there does not speak Thrift in frames: is it Nimbus's "
			"nimbus.thrift.port?",
			connection->address);
	else if (err == -ECONNRESET || err == -EPIPE)
		buffer_append_format(problem, "%s: the connection was closed%s",
			connection->address,
			connection->ssh > 0 ? ": what ssh says of it is above" : "");
	else if (err < 0)
		buffer_append_format(problem, "%s: %s", connection->address, strerror(-err));
	return err;
}
