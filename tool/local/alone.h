/*
 * A component alone: one process of it, started and greeted as in a run, with the caller in the place
 * of all that is around it.
 */
#ifndef LOCAL_ALONE_H
#define LOCAL_ALONE_H

#include <jansson.h>

#include "protocol/output.h"
#include "protocol/wire.h"
#include "spec/spec.h"

struct alone;

/*
 * Start the first task of a component of a checked topology: 0 or a negative errno. Its handshake is
 * on its way, its pid has not come.
 */
int alone_start(struct alone **alone, const struct spec *spec, size_t component);

/*
 * Start a command, in a folder and with variables of its environment as process_start has them. All that
 * it is sent is the caller's, the handshake too. What it writes to its standard error is shown on ours.
 */
int alone_start_command(struct alone **alone, char *const *command, const char *folder,
	const json_t *env, enum wire wire);

/* What it is to be sent as bytes: append them to it. */
struct output *alone_output(struct alone *alone);

/*
 * Wait until something can be read or written, and do it: 0; -ETIMEDOUT: nothing within so many seconds;
 * -EPIPE: it has ended; -EINTR: a signal has come.
 */
int alone_exchange(struct alone *alone, double seconds);

/* The next message that was read, as bytes: 1; 0: there is none; -EBADMSG: it is none. As frame_reader_next. */
int alone_next(struct alone *alone, struct span *frame);

/* A message as JSON, a new reference; NULL where it is none. */
json_t *alone_decode(enum wire wire, struct span frame);

/* Send a message, given as JSON whatever the wire is: 0 or a negative errno. */
int alone_send(struct alone *alone, struct span json);

/* Send the answer to an emit that asks for task ids: the first task of each bolt that receives it. */
int alone_send_receivers(struct alone *alone, const char *stream);

/*
 * The next message that it says, a new reference: 0; -ETIMEDOUT: none has come within so many
 * seconds; -EPIPE: it has ended; -EBADMSG: what it says is no message; -EINTR: a signal has come.
 */
int alone_receive(struct alone *alone, double seconds, json_t **message);

/* End its input. */
void alone_close(struct alone *alone);

/* What it wrote to its standard error: the end of it. Borrowed. */
const char *alone_errors(struct alone *alone);

/* Once it has ended: how, for people, as "ended with exit status 1". NULL: it has not. */
const char *alone_end(struct alone *alone);

/* Kill what is left of it, and free everything. NULL is allowed. */
void alone_free(struct alone *alone);

#endif
