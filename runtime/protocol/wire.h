/*
 * The wire: the encoding of the messages between a component and its parent.
 *
 * Storm's own is JSON, a frame with an end a message. pystorm's MessagePack serializer has the same
 * messages as bare maps and lists, one after the other. `cstorm map` and bolts of libcstorm have lines,
 * where what is said most often is hardly more than the line of text that it is about:
 *
 *   ID TAB TEXT             to a bolt: a tuple of one string. From a bolt: an emit anchored to ID (to nothing, where
 *                           that is empty), its values with tabs between them as `cstorm map` writes them
 *   + ID, - ID              from a bolt: an ack, a fail
 *   what begins with { or [ any other message, as JSON on a line
 *
 * A process speaks one of the three, for its whole life; the first byte of its handshake tells which: a tab comes
 * before that of lines.
 */
#ifndef PROTOCOL_WIRE_H
#define PROTOCOL_WIRE_H

#include "base/bytes.h"

enum wire {
	WIRE_JSON,
	WIRE_MSGPACK,
	WIRE_LINES,
};

/* The serializers of Storm's configuration, topology.multilang.serializer, that speak these. */
#define SERIALIZER_JSON "org.apache.storm.multilang.JsonSerializer"
#define SERIALIZER_MSGPACK "cstorm.multilang.MessagePackSerializer"

/* The same part of a message on the wires; that of lines is JSON's. */
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
	return wire == WIRE_MSGPACK ? phrase.msgpack : phrase.json;
}

static inline void buffer_append_phrase(struct buffer *buffer, enum wire wire, struct phrase phrase)
{
	buffer_append_span(buffer, phrase_on(phrase, wire));
}

#endif
