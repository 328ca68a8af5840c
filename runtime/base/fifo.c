/* A queue of numbers. */
#include "base/fifo.h"

#include <errno.h>
#include <stdlib.h>

void fifo_free(struct fifo *fifo)
{
	free(fifo->items);
	*fifo = (struct fifo){ 0 };
}

static int grow(struct fifo *fifo)
{
	size_t capacity = fifo->capacity == 0 ? 16 : fifo->capacity * 2;
	uint64_t *items = malloc(capacity * sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < fifo->count; i++)
		items[i] = fifo->items[(fifo->head + i) & (fifo->capacity - 1)];
	free(fifo->items);
	fifo->items = items;
	fifo->capacity = capacity;
	fifo->head = 0;
	return 0;
}

int fifo_push(struct fifo *fifo, uint64_t item)
{
	if (fifo->count == fifo->capacity && grow(fifo) < 0)
		return -ENOMEM;
	fifo->items[(fifo->head + fifo->count++) & (fifo->capacity - 1)] = item;
	return 0;
}

uint64_t fifo_pop(struct fifo *fifo)
{
	uint64_t item = fifo->items[fifo->head];

	fifo->head = (fifo->head + 1) & (fifo->capacity - 1);
	fifo->count--;
	return item;
}
