/* The files of a new project, as they are in tool/new: the build makes one C file of them. */
#ifndef TOOL_NEW_H
#define TOOL_NEW_H

struct template
{
	const char *path; /* in the project's folder; NULL after the last */
	const char *text;
};

extern const struct template templates[];

#endif
