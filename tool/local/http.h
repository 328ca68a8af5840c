/* The statistics of a run for Prometheus, over HTTP. */
#ifndef LOCAL_HTTP_H
#define LOCAL_HTTP_H

#include <ev.h>

struct run;
struct MHD_Daemon;

struct http {
	struct MHD_Daemon *daemon; /* NULL: there is none */
	struct ev_io watcher;
	struct ev_timer timer;
};

/*
 * Serve /metrics at an address, [HOST:]PORT: 0, or -1 with the reason said. HOST is a numeric address, that of
 * the loopback if there is none; port 0 is any that is free.
 */
int http_start(struct run *run, const char *address);

void http_stop(struct run *run);

#endif
