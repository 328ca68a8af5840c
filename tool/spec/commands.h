/*
 * The commands of shell components: where they run, and which files their words mean.
 *
 * Storm runs them in the folder `resources` of the topology. If there is one beside the topology's
 * file, so do we. Otherwise they run where the user is, and words that name files beside the
 * topology's file mean those.
 */
#ifndef SPEC_COMMANDS_H
#define SPEC_COMMANDS_H

#include "spec/spec.h"

/* The folder in which a component runs, owned by the caller; NULL: where the user is. */
char *command_folder(const struct spec *spec, const struct spec_component *component);

/*
 * The words that start a component, NULL after the last; owned by the caller (command_free). NULL
 * where memory ends.
 */
char **command_words(const struct spec *spec, const struct spec_component *component);
void command_free(char **words);

/* Find the components whose program or script is not there. */
void commands_check(const struct spec *spec, struct problems *problems);

/*
 * Ask the programs of components that are started with --component NAME what NAME emits, and find
 * where the topology says something else. It runs them with --describe.
 */
void commands_compare(const struct spec *spec, struct problems *problems);

#endif
