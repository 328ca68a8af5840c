/* The fields of a stream. */
#include "component/stream.h"

size_t stream_field_count(const struct storm_stream *stream)
{
	size_t count = 0;

	if (stream->mapping) {
		while (stream->mapping->members[count].field)
			count++;
		return count;
	}
	while (stream->fields && stream->fields[count])
		count++;
	return count;
}

const char *stream_field(const struct storm_stream *stream, size_t index)
{
	return stream->mapping ? stream->mapping->members[index].field : stream->fields[index];
}
