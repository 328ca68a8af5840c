/* The protocol is a datagram; a library for it would be larger than all of this. */
#include "local/notify.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fd = -1;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_length;
static bool has_watchdog;

void notify_start(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const char *pid = getenv("WATCHDOG_PID");

	if (path && (path[0] == '/' || path[0] == '@') && strlen(path) < sizeof(address.sun_path)) {
		strcpy(address.sun_path, path);
		address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
		if (path[0] == '@')
			address.sun_path[0] = '\0'; /* a name that is no file */
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	}
	has_watchdog = getenv("WATCHDOG_USEC") && (!pid || strtol(pid, NULL, 10) == getpid());
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify(const char *format, ...)
{
	char text[512];
	va_list arguments;

	if (fd < 0)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* A manager that does not listen is no reason to wait. */
	sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		(const struct sockaddr *)&address, address_length);
}

void notify_alive(void)
{
	if (has_watchdog)
		notify("WATCHDOG=1");
}
