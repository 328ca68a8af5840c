#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "local/exposition.h"
#include "local/run.h"

#define METRICS_PATH "/metrics"
#define IDLE_SECONDS 5
#define CONNECTIONS_MOST 64

/* Answering */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
	const char *type, struct buffer *body)
{
	struct MHD_Response *response = body->failed ?
		NULL :
		MHD_create_response_from_buffer(body->length, body->data, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		buffer_free(body);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(
	struct MHD_Connection *connection, unsigned int status, const char *why)
{
	struct buffer body = { 0 };

	buffer_append_format(&body, "%s\n", why);
	return answer(connection, status, "text/plain; charset=utf-8", &body);
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **context)
{
	struct run *run = data;
	struct buffer body = { 0 };
	json_t *stats;

	(void)version;
	(void)upload;
	(void)context;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		*upload_size = 0;
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
	}
	if (strcmp(path, METRICS_PATH) != 0)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "see " METRICS_PATH);
	loops_hold(run);
	stats = stats_json(run);
	loops_release(run);
	exposition_append(&body, stats);
	json_decref(stats);
	return answer(connection, MHD_HTTP_OK, EXPOSITION_TYPE, &body);
}

/* Have the daemon do what it can; it says when it is to be called again, whatever its descriptor says. */
static void run_daemon(struct ev_loop *loop, struct http *http)
{
	MHD_UNSIGNED_LONG_LONG milliseconds;

	MHD_run(http->daemon);
	ev_timer_stop(loop, &http->timer);
	if (MHD_get_timeout(http->daemon, &milliseconds) != MHD_YES)
		return;
	ev_timer_set(&http->timer, (double)milliseconds / 1000, 0);
	ev_timer_start(loop, &http->timer);
}

static void on_event(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	(void)events;
	run_daemon(loop, watcher->data);
}

static void on_time(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)events;
	run_daemon(loop, timer->data);
}

/* Starting */

/* Take [HOST:]PORT apart; an IPv6 address stands in brackets. NULL: it is none. */
static struct addrinfo *resolve(const char *text)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	const char *colon = strrchr(text, ':');
	const char *port = colon ? colon + 1 : text;
	struct addrinfo *found = NULL;
	char host[128] = "127.0.0.1";
	size_t length = colon ? (size_t)(colon - text) : 0;

	if (colon && length > 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length >= sizeof(host) || *port < '0' || *port > '9' || strlen(port) > 5 ||
		atoi(port) > 65535)
		return NULL;
	if (colon)
		snprintf(host, sizeof(host), "%.*s", (int)length, text);
	return getaddrinfo(host, port, &hints, &found) == 0 ? found : NULL;
}

static int open_socket(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;
	int err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
		listen(fd, CONNECTIONS_MOST) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Say where it is: the port may have been chosen. */
static void say_address(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	char host[128];
	char port[16];

	if (getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
		getnameinfo((const struct sockaddr *)&address, length, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		log_line(STORM_LOG_INFO, NULL, "metrics at http://%s%s%s:%s" METRICS_PATH,
			address.ss_family == AF_INET6 ? "[" : "", host,
			address.ss_family == AF_INET6 ? "]" : "", port);
}

static int start_daemon(struct run *run, int fd)
{
	const union MHD_DaemonInfo *info;

	run->http.daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ITC, 0, NULL, NULL, on_request,
		run, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST, MHD_OPTION_END);
	info = run->http.daemon ? MHD_get_daemon_info(run->http.daemon, MHD_DAEMON_INFO_EPOLL_FD) :
				  NULL;
	if (!info)
		return -EIO;
	ev_io_init(&run->http.watcher, on_event, info->epoll_fd, EV_READ);
	ev_init(&run->http.timer, on_time);
	run->http.watcher.data = run->http.timer.data = &run->http;
	ev_io_start(run->loops[0].ev, &run->http.watcher);
	return 0;
}

int http_start(struct run *run, const char *text)
{
	struct addrinfo *address = resolve(text);
	int fd;
	int err;

	if (!address) {
		log_line(STORM_LOG_ERROR, NULL,
			"metrics need an address as 9464, 0.0.0.0:9464 or [::1]:9464, not %s",
			text);
		return -1;
	}
	fd = open_socket(address);
	freeaddrinfo(address);
	err = fd < 0 ? fd : start_daemon(run, fd);
	if (err < 0) {
		log_line(STORM_LOG_ERROR, NULL, "cannot serve metrics at %s: %s", text,
			strerror(-err));
		return -1;
	}
	say_address(fd);
	return 0;
}

void http_stop(struct run *run)
{
	if (!run->http.daemon)
		return;
	ev_io_stop(run->loops[0].ev, &run->http.watcher);
	ev_timer_stop(run->loops[0].ev, &run->http.timer);
	MHD_stop_daemon(run->http.daemon); /* closes the socket, too */
}
