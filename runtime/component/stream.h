/* The fields of a stream, whether they are listed or those of a mapping. */
#ifndef COMPONENT_STREAM_H
#define COMPONENT_STREAM_H

#include <cstorm/topology.h>

size_t stream_field_count(const struct storm_stream *stream);

/* The name of a field; there must be so many. */
const char *stream_field(const struct storm_stream *stream, size_t index);

/* What a component of a topology emits. */
static inline const struct storm_stream *spout_outputs(const struct storm_spout *spout)
{
	if (spout->outputs)
		return spout->outputs;
	if (spout->choices)
		return spout->choices->spout_class->outputs;
	if (spout->spout_class)
		return spout->spout_class->outputs;
	return spout->foreign ? spout->foreign->outputs : NULL;
}

static inline const struct storm_stream *bolt_outputs(const struct storm_bolt *bolt)
{
	if (bolt->choices)
		return bolt->choices->bolt_class->outputs;
	if (bolt->bolt_class)
		return bolt->bolt_class->outputs;
	return bolt->foreign ? bolt->foreign->outputs : NULL;
}

#endif
