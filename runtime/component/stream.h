/* The fields of a stream, whether they are listed or those of a mapping. */
#ifndef COMPONENT_STREAM_H
#define COMPONENT_STREAM_H

#include <cstorm/topology.h>

size_t stream_field_count(const struct storm_stream *stream);

/* The name of a field; there must be so many. */
const char *stream_field(const struct storm_stream *stream, size_t index);

#endif
