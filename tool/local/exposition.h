/* The statistics of a run in the text format that Prometheus reads. */
#ifndef LOCAL_EXPOSITION_H
#define LOCAL_EXPOSITION_H

#include <jansson.h>

#include "base/bytes.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Append what stats_json says of a run. */
void exposition_append(struct buffer *text, const json_t *stats);

#endif
