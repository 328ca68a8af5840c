/* Bytes on their way to a descriptor: written in large blocks, and in part where it would block. */
#ifndef PROTOCOL_OUTPUT_H
#define PROTOCOL_OUTPUT_H

#include "base/bytes.h"

struct output {
	struct buffer buffer; /* append to it */
	size_t sent; /* of the buffer's bytes */
};

static inline size_t output_pending(const struct output *output)
{
	return output->buffer.length - output->sent;
}

/*
 * Write what is pending: 1 when all is written, 0 when the descriptor takes no more now, or a
 * negative errno.
 */
int output_flush(struct output *output, int fd);

/* Forget what is pending. */
void output_clear(struct output *output);

void output_free(struct output *output);

#endif
