/* A queue of numbers. */
#ifndef BASE_FIFO_H
#define BASE_FIFO_H

#include <stddef.h>
#include <stdint.h>

struct fifo {
	uint64_t *items; /* a ring; the capacity is a power of two */
	size_t capacity;
	size_t head;
	size_t count;
};

void fifo_free(struct fifo *fifo);

/* 0 or -ENOMEM. */
int fifo_push(struct fifo *fifo, uint64_t item);

/* Take the oldest one; there must be one. */
uint64_t fifo_pop(struct fifo *fifo);

#endif
