/*
 * What the fuzzers share. Each target is a file with LLVMFuzzerTestOneInput, which libFuzzer and
 * AFL++ call, and replay.c on kept inputs. A broken promise of the code aborts.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "protocol/encoded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                      \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* Decode a scanned value in every way, with all that is in it. */
void fuzz_walk(const struct encoded *value);

/* A copy of the input, so that a sanitizer sees a read beyond its end. Owned by the caller. */
char *fuzz_copy(const uint8_t *data, size_t size);

#endif
