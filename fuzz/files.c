#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define FILE_LIMIT 32

struct file {
	struct span name;
	struct span text;
};

static struct file files[FILE_LIMIT];
static size_t file_count;
static size_t opened;
static bool is_active; /* else the calls are the system's: the fuzzer has files of its own */

/*
 * What the linker makes of a call, and of what was called: --wrap has the names. With the files of 64
 * bits that meson asks for, open() is open64() to the linker, and stat() is stat64().
 */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_open64(const char *path, int flags, ...);
int __real_access(const char *path, int mode);
int __real_stat64(const char *path, struct stat *status);
char *__real_realpath(const char *path, char *resolved);
char *__real_getenv(const char *name);
pid_t __real_fork(void);
FILE *__real_popen(const char *command, const char *type);

int __wrap_open64(const char *path, int flags, ...);
int __wrap_access(const char *path, int mode);
int __wrap_stat64(const char *path, struct stat *status);
char *__wrap_realpath(const char *path, char *resolved);
char *__wrap_getenv(const char *name);
pid_t __wrap_fork(void);
FILE *__wrap_popen(const char *command, const char *type);

void files_begin(void)
{
	file_count = 0;
	opened = 0;
	is_active = true;
}

void files_put(struct span name, struct span text)
{
	size_t i = 0;

	while (i < file_count && !span_equals(files[i].name, name))
		i++;
	REQUIRE(i < FILE_LIMIT);
	files[i] = (struct file){ name, text };
	file_count += i == file_count;
}

size_t files_opened(void)
{
	return opened;
}

void files_end(void)
{
	is_active = false;
}

/* A path in the folder without it; one without data is elsewhere. */
static struct span name_of(const char *path)
{
	size_t length = strlen(FILES_FOLDER);

	if (strncmp(path, FILES_FOLDER, length) != 0 || path[length] != '/')
		return (struct span){ NULL, 0 };
	path += length;
	/* As the system does with /./ and // */
	for (;;) {
		if (path[0] == '/')
			path++;
		else if (path[0] == '.' && path[1] == '/')
			path += 2;
		else
			return span_of(path);
	}
}

/* NULL, with errno set: there is none. */
static const struct file *find_file(const char *path)
{
	struct span name = name_of(path);

	for (size_t i = 0; name.data && i < file_count; i++) {
		if (span_equals(files[i].name, name))
			return &files[i];
	}
	errno = ENOENT;
	return NULL;
}

/* Whether a path is that of the folder, or of one that a file is in. */
static bool is_folder(const char *path)
{
	struct span name = name_of(path);

	for (size_t i = 0; name.data && i < file_count; i++) {
		if (files[i].name.length > name.length && files[i].name.data[name.length] == '/' &&
			memcmp(files[i].name.data, name.data, name.length) == 0)
			return true;
	}
	return name.data && name.length == 0;
}

/* A file in memory, so that it is read as others are. */
static int open_text(struct span text)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	REQUIRE(fd >= 0);
	for (size_t done = 0; done < text.length;) {
		ssize_t count = pwrite(fd, text.data + done, text.length - done, (off_t)done);

		REQUIRE(count > 0);
		done += (size_t)count;
	}
	return fd;
}

int __wrap_open64(const char *path, int flags, ...)
{
	const struct file *file;
	mode_t mode = 0;
	va_list arguments;

	if (flags & O_CREAT) {
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	if (!is_active)
		return __real_open64(path, flags, mode);
	REQUIRE((flags & O_ACCMODE) == O_RDONLY && !(flags & O_CREAT));
	file = find_file(path);
	if (!file)
		return -1;
	opened++;
	return open_text(file->text);
}

int __wrap_access(const char *path, int mode)
{
	if (!is_active)
		return __real_access(path, mode);
	return find_file(path) || is_folder(path) ? 0 : -1;
}

int __wrap_stat64(const char *path, struct stat *status)
{
	if (!is_active)
		return __real_stat64(path, status);
	*status = (struct stat){ .st_mode = is_folder(path) ? S_IFDIR : S_IFREG };
	return is_folder(path) || find_file(path) ? 0 : -1;
}

char *__wrap_realpath(const char *path, char *resolved)
{
	if (!is_active)
		return __real_realpath(path, resolved);
	REQUIRE(!resolved);
	return find_file(path) ? strdup(path) : NULL;
}

/* One folder to look for programs in, and a variable of each name that begins with V. */
char *__wrap_getenv(const char *name)
{
	static char path[] = FILES_FOLDER "/bin";
	static char value[] = "a value";

	if (!is_active)
		return __real_getenv(name);
	if (strcmp(name, "PATH") == 0)
		return path;
	return name[0] == 'V' ? value : NULL;
}

/* As on a machine that is full. */
pid_t __wrap_fork(void)
{
	if (!is_active)
		return __real_fork();
	errno = EAGAIN;
	return -1;
}

FILE *__wrap_popen(const char *command, const char *type)
{
	if (!is_active)
		return __real_popen(command, type);
	errno = EAGAIN;
	return NULL;
}
/* NOLINTEND(bugprone-reserved-identifier) */
