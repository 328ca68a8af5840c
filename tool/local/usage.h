/* What a process uses. */
#ifndef LOCAL_USAGE_H
#define LOCAL_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
	double cpu_seconds; /* user and system */
	int64_t memory; /* resident bytes */
};

/* Of a process; all zero where it is not there. */
struct usage usage_of(pid_t pid);

#endif
