/* From one wire's encoding to the other's. */
#ifndef PROTOCOL_TRANSCODE_H
#define PROTOCOL_TRANSCODE_H

#include "protocol/encoded.h"

/*
 * Append JSON text as MessagePack: 0, -EBADMSG with the error set where it is not JSON, -EDOM for a
 * number that no double can hold, or -ENOMEM.
 */
int transcode_to_msgpack(struct span json, struct buffer *msgpack, struct wire_error *error);

/*
 * Append a scanned MessagePack value as JSON: binary data as a string in base64, keys of maps as
 * strings. Returns 0, -EDOM for a number that is not finite or a key that is an array or a map,
 * -EBADMSG where it is nested deeper than MSGPACK_DEPTH, as a whole message may be whose values are
 * not, or -ENOMEM.
 */
int transcode_to_json(struct span msgpack, struct buffer *json);

#endif
