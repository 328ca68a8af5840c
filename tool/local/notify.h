/* What a service manager is told of a run: sd_notify(3), where it has asked for it. */
#ifndef LOCAL_NOTIFY_H
#define LOCAL_NOTIFY_H

#include <cstorm/macros.h>

/* Take what the manager says in the environment, which the components do not get. */
void notify_start(void);

/* Tell it a state: lines of NAME=VALUE. */
STORM_PRINTF(1, 2)
void notify(const char *format, ...);

/* Once a second, by the main loop: that the run is alive, where it has a watchdog. */
void notify_alive(void);

#endif
