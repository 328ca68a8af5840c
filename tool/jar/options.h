/* The options that say what goes into a jar, of the commands that make one. */
#ifndef JAR_OPTIONS_H
#define JAR_OPTIONS_H

#include <getopt.h>

#include "jar/jar.h"

/* For the tables of getopt_long and the help. */
#define JAR_PROGRAM 0x200
#define JAR_LIBRARY 0x201
#define JAR_RESOURCES 0x202
#define JAR_WITH 0x203
#define JAR_GLIBC 0x204
#define JAR_LONG_OPTIONS                                                 \
	{ "program", required_argument, NULL, JAR_PROGRAM },             \
		{ "library", required_argument, NULL, JAR_LIBRARY },     \
		{ "resources", required_argument, NULL, JAR_RESOURCES }, \
		{ "with", required_argument, NULL, JAR_WITH },           \
	{                                                                \
		"glibc", required_argument, NULL, JAR_GLIBC              \
	}

#define JAR_HELP                                                                                          \
	"  --program FILE    pack a build of a program for another machine too; repeatable\n"             \
	"  --library FILE    pack a shared library too; repeatable\n"                                     \
	"  --resources DIR   pack the files of DIR (default: the folder resources beside the topology)\n" \
	"  --with FILE       pack what another jar has, such as a serializer or Java bolts; repeatable\n" \
	"  --glibc VERSION   the workers' glibc, as 2.28: refuse what needs a newer one\n"

/* Take an option that getopt_long has found: 1; 0 for another one; -EINVAL for a wrong value, or -ENOMEM. */
int jar_option(struct jar_options *options, int option, const char *argument);

void jar_options_free(struct jar_options *options);

#endif
