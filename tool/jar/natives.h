/* The native programs of a jar, and their shared libraries. */
#ifndef JAR_NATIVES_H
#define JAR_NATIVES_H

#include "jar/jar.h"

#define NATIVE_FOLDER "resources/cstorm/bin/"

/* Whether a file is a native program that a jar can have. */
bool native_is(const char *path);

/* Pack one, with its libraries; `component` is whose command names it, for problems. 0 or a negative errno. */
int native_pack(struct jar *jar, const char *path, const struct spec_component *component);

/* Pack the libraries that the options name, before the programs that need them: 0 or -ENOMEM. */
int natives_pack_libraries(struct jar *jar);

/* Pack the builds for other machines that the options name, after those of the topology: 0 or -ENOMEM. */
int natives_pack_builds(struct jar *jar);

#endif
