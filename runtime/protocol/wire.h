/*
 * The wire: the encoding of the messages between a component and its parent.
 *
 * Storm's own is JSON, a frame with an end a message. pystorm's MessagePack serializer has the same
 * messages as bare maps and lists, one after the other. A process speaks one of the two, for its
 * whole life; the first byte of its handshake tells which.
 */
#ifndef PROTOCOL_WIRE_H
#define PROTOCOL_WIRE_H

#include "base/bytes.h"

enum wire {
	WIRE_JSON,
	WIRE_MSGPACK,
};

/* The serializers of Storm's configuration, topology.multilang.serializer, that speak these. */
#define SERIALIZER_JSON "org.apache.storm.multilang.JsonSerializer"
#define SERIALIZER_MSGPACK "cstorm.multilang.MessagePackSerializer"

/* The same part of a message on both wires. */
struct phrase {
	struct span json;
	struct span msgpack;
};

#define PHRASE_INIT(json_literal, msgpack_literal)                      \
	{                                                               \
		{ "" json_literal, sizeof(json_literal) - 1 },          \
		{                                                       \
			"" msgpack_literal, sizeof(msgpack_literal) - 1 \
		}                                                       \
	}
#define PHRASE(json_literal, msgpack_literal) \
	((struct phrase)PHRASE_INIT(json_literal, msgpack_literal))

static inline struct span phrase_on(struct phrase phrase, enum wire wire)
{
	return wire == WIRE_JSON ? phrase.json : phrase.msgpack;
}

static inline void buffer_append_phrase(struct buffer *buffer, enum wire wire, struct phrase phrase)
{
	buffer_append_span(buffer, phrase_on(phrase, wire));
}

#endif
