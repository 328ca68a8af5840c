#include "jar/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Remember one more of a repeatable option. */
static int append(const char ***list, size_t *count, const char *word)
{
	const char **longer = realloc(*list, (*count + 1) * sizeof(*longer));

	if (!longer)
		return -ENOMEM;
	longer[(*count)++] = word;
	*list = longer;
	return 1;
}

static int parse_glibc(struct jar_options *options, const char *text)
{
	char rest;

	return sscanf(text, "2.%d%c", &options->glibc, &rest) == 1 && options->glibc >= 0 ? 1 :
											    -EINVAL;
}

int jar_option(struct jar_options *options, int option, const char *argument)
{
	switch (option) {
	case JAR_PROGRAM:
		return append(&options->programs, &options->program_count, argument);
	case JAR_LIBRARY:
		return append(&options->libraries, &options->library_count, argument);
	case JAR_RESOURCES:
		options->resources = argument;
		return 1;
	case JAR_WITH:
		return append(&options->jars, &options->jar_count, argument);
	case JAR_GLIBC:
		return parse_glibc(options, argument);
	default:
		return 0;
	}
}

void jar_options_free(struct jar_options *options)
{
	free(options->programs);
	free(options->libraries);
	free(options->jars);
}
