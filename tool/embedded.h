/* Files of the source tree that the command writes: the build makes C files of them (embed.py). */
#ifndef TOOL_EMBEDDED_H
#define TOOL_EMBEDDED_H

struct embedded_file {
	const char *path; /* in the folder that it comes to; NULL after the last */
	const char *text;
};

/* A new project, as in tool/new. */
extern const struct embedded_file new_files[];

/* What the jar of a topology has in the folder cstorm. */
extern const struct embedded_file jar_files[];

#endif
