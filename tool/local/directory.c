/*
 * The folder of a run: private, with the pid files of its processes and its control socket.
 *
 * All runs of a user are beside one another, so that `cstorm ps` finds them. What a killed runner has
 * left is removed by the next one.
 */
#include "local/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A socket's path must not exceed 107 bytes. */
#define NAME_SHOWN 32

int directory_base(struct buffer *path)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *temporary = getenv("TMPDIR");

	if (runtime && access(runtime, W_OK) == 0)
		buffer_append_format(path, "%s/cstorm", runtime);
	else
		buffer_append_format(path, "%s/cstorm-%lu", temporary ? temporary : "/tmp",
			(unsigned long)geteuid());
	return path->failed ? -ENOMEM : 0;
}

/* Make a folder that is this user's alone, or find that it is. */
static int make_private(const char *path)
{
	struct stat status;

	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (lstat(path, &status) < 0)
		return -errno;
	return S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
			(status.st_mode & 077) == 0 ?
		0 :
		-EPERM;
}

/* Remove a folder with all files in it, and in the folders in it. */
static void remove_folder(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0 && (errno == EISDIR || errno == EPERM))
			remove_folder(fd, entry->d_name);
	}
	if (folder)
		closedir(folder);
	unlinkat(parent, name, AT_REMOVEDIR);
}

void directory_remove(const char *path)
{
	remove_folder(AT_FDCWD, path);
}

/* Open a folder and lock it: its descriptor, or a negative errno; -EWOULDBLOCK: somebody has it. */
static int lock_folder(int parent, const char *name, int how)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	while (flock(fd, how) < 0) {
		err = -errno;
		if (err == -EINTR)
			continue;
		close(fd);
		return err;
	}
	return fd;
}

/* Remove the folders that no runner has locked: theirs are dead. */
static void remove_leftovers(int base)
{
	DIR *folder = fdopendir(dup(base));
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		int fd = entry->d_name[0] == '.' ?
			-1 :
			lock_folder(base, entry->d_name, LOCK_EX | LOCK_NB);

		if (fd < 0)
			continue;
		remove_folder(base, entry->d_name);
		close(fd);
	}
	if (folder)
		closedir(folder);
}

/* The name of a run's folder: of the topology, so far as it can be a part of a path, and the pid. */
static void append_name(struct buffer *name, const char *topology)
{
	size_t start = name->length;

	buffer_append_format(name, "%.*s.%ld", NAME_SHOWN, topology, (long)getpid());
	for (size_t i = start; !name->failed && i < name->length; i++) {
		if (name->data[i] == '/' || (unsigned char)name->data[i] <= ' ' ||
			(i == start && name->data[i] == '.'))
			name->data[i] = '_';
	}
}

static int make_in(int base, struct directory *directory, const char *topology)
{
	struct buffer name = { 0 };
	int err = 0;

	remove_leftovers(base);
	append_name(&name, topology);
	if (mkdirat(base, buffer_text(&name), 0700) < 0)
		err = -errno;
	if (err == 0)
		err = directory->lock = lock_folder(base, buffer_text(&name), LOCK_EX | LOCK_NB);
	if (err >= 0 && mkdirat(directory->lock, DIRECTORY_PIDS, 0700) < 0)
		err = -errno;
	buffer_append_format(&directory->path, "/%s", buffer_text(&name));
	buffer_free(&name);
	return err < 0 ? err : 0;
}

static int try_to_make(struct directory *directory, const char *topology)
{
	int err = directory_base(&directory->path);
	int base;

	if (err == 0)
		err = make_private(buffer_text(&directory->path));
	if (err < 0)
		return err;
	/* While it is locked, nobody takes a folder for a leftover that is not locked yet. */
	base = lock_folder(AT_FDCWD, buffer_text(&directory->path), LOCK_EX);
	if (base < 0)
		return base;
	err = make_in(base, directory, topology);
	close(base);
	return err;
}

int directory_make(struct directory *directory, const char *topology)
{
	int err = -ENOENT;

	/* The last of other runs may remove the base in between. */
	for (int i = 0; i < 10 && err == -ENOENT; i++) {
		buffer_truncate(&directory->path, 0);
		err = try_to_make(directory, topology);
	}
	return err;
}

void directory_free(struct directory *directory)
{
	const char *path = buffer_text(&directory->path);
	struct buffer base = { 0 };

	if (directory->lock >= 0) {
		remove_folder(AT_FDCWD, path);
		close(directory->lock);
		if (directory_base(&base) == 0)
			rmdir(buffer_text(&base)); /* if this was the last run */
		buffer_free(&base);
	}
	buffer_free(&directory->path);
}
