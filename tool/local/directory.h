/*
 * The folders of runs. All runs of a user are beside one another, so that they can be found. A runner
 * holds a lock on its folder; one without a lock was left by a runner that was killed, and the next one
 * removes it.
 */
#ifndef LOCAL_DIRECTORY_H
#define LOCAL_DIRECTORY_H

#include "base/bytes.h"

/* In the folder of a run: where its processes note their pids, and where it listens. */
#define DIRECTORY_PIDS "pids"
#define DIRECTORY_SOCKET "control"

struct directory {
	struct buffer path;
	int lock; /* the folder's descriptor; -1: there is no folder */
};

#define DIRECTORY_INIT ((struct directory){ .lock = -1 })

/* Append the path of the folder that has all runs of this user: 0 or -ENOMEM. */
int directory_base(struct buffer *path);

/*
 * Make the folder of a run of this process: 0 or a negative errno, with the path that was tried; -EPERM:
 * the folder of all runs is not this user's alone.
 */
int directory_make(struct directory *directory, const char *topology);

/* Remove the folder, with all that is in it. */
void directory_free(struct directory *directory);

/* Remove a folder with all files in it, and in the folders in it. */
void directory_remove(const char *path);

#endif
