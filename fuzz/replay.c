/* Runs a target on kept inputs: files, and all files of folders; or the standard input. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static int run_stream(FILE *file)
{
	struct buffer input = { 0 };
	char bytes[65536];
	size_t count;

	while ((count = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buffer_append(&input, bytes, count);
	if (ferror(file) || input.failed)
		return -1;
	LLVMFuzzerTestOneInput((const uint8_t *)buffer_text(&input), input.length);
	buffer_free(&input);
	return 0;
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	int err = file ? run_stream(file) : -1;

	if (file)
		fclose(file);
	if (err < 0)
		perror(path);
	return err;
}

/* The number of inputs, or -1. */
static int run_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	int inputs = 0;
	char name[4096];

	if (count < 0) {
		perror(path);
		return -1;
	}
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			inputs = inputs < 0 || run_file(name) < 0 ? -1 : inputs + 1;
		free(entries[i]);
	}
	free(entries);
	return inputs;
}

int main(int argc, char **argv)
{
	struct stat status;
	int total = 0;

	if (argc == 1)
		return run_stream(stdin) < 0 ? 1 : 0;
	for (int i = 1; i < argc; i++) {
		int count;

		if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
			count = run_folder(argv[i]);
		else
			count = run_file(argv[i]) < 0 ? -1 : 1;
		if (count < 0)
			return 1;
		total += count;
	}
	printf("%d inputs\n", total);
	return total > 0 ? 0 : 1;
}
