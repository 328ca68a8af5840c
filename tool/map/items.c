/*
 * The window: lines from when they are read until their results are written. In order, results wait
 * for those of the lines before; else for their own line's ack only.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/write_all.h"
#include "map/map.h"

/* What a buffer of the ring keeps for the next item. */
#define KEPT_SIZE ((size_t)4 << 10)

struct item *items_get(struct map *map, uint64_t number)
{
	return &map->items[number % ITEMS_MOST];
}

bool items_have_room(const struct map *map)
{
	return map->next - map->first < ITEMS_MOST && map->bytes < ITEMS_BYTES_MOST;
}

uint64_t items_add(struct map *map, struct span line)
{
	uint64_t number = map->next;
	struct item *item = items_get(map, number);

	item->state = ITEM_WAITING;
	item->fails = 0;
	buffer_truncate(&item->line, 0);
	buffer_truncate(&item->results, 0);
	buffer_append_span(&item->line, line);
	if (item->line.failed)
		return 0;
	map->bytes += line.length;
	map->next++;
	return number;
}

static void empty(struct buffer *buffer)
{
	if (buffer->capacity > KEPT_SIZE)
		buffer_free(buffer);
	else
		buffer_truncate(buffer, 0);
}

static void take_results(struct map *map, struct item *item)
{
	map->bytes -= item->results.length;
	buffer_append_span(&map->ready, buffer_span(&item->results));
	empty(&item->results);
}

/* Let the oldest ones go that are done. */
static void advance(struct map *map)
{
	while (map->first < map->next) {
		struct item *item = items_get(map, map->first);

		if (item->state != ITEM_DONE)
			return;
		if (!map->options->unordered)
			take_results(map, item);
		map->bytes -= item->line.length;
		empty(&item->line);
		map->first++;
		if (map->unsent < map->first)
			map->unsent = map->first;
	}
}

void items_finish(struct map *map, uint64_t number)
{
	struct item *item = items_get(map, number);

	item->state = ITEM_DONE;
	if (map->options->unordered)
		take_results(map, item);
	advance(map);
}

static void forget_results(struct map *map, struct item *item)
{
	map->bytes -= item->results.length;
	buffer_truncate(&item->results, 0);
}

void items_give_up(struct map *map, uint64_t number, const char *why)
{
	struct item *item = items_get(map, number);
	struct buffer place = { 0 };

	log_line(STORM_LOG_ERROR, NULL, "%s: %s", input_place(&map->input, number, &place), why);
	buffer_free(&place);
	if (map->failures) {
		fwrite(item->line.data, 1, item->line.length, map->failures);
		putc('\n', map->failures);
	}
	map->fail_count++;
	forget_results(map, item);
	items_finish(map, number);
}

void items_fail(struct map *map, uint64_t number, const char *why)
{
	struct item *item = items_get(map, number);
	struct buffer text = { 0 };

	forget_results(map, item);
	item->state = ITEM_WAITING;
	if (++item->fails <= map->options->retries) {
		if (fifo_push(&map->retries, number) < 0)
			items_give_up(map, number, "out of memory");
		return;
	}
	buffer_append_format(&text, "failed%s: %s", item->fails > 1 ? " each time" : "", why);
	items_give_up(map, number, buffer_text(&text));
	buffer_free(&text);
}

/* What has failed comes last, so that one bad line after the other does not stop the good ones. */
uint64_t items_take(struct map *map)
{
	if (map->again.count > 0)
		return fifo_pop(&map->again);
	while (map->unsent < map->next) {
		uint64_t number = map->unsent++;

		if (items_get(map, number)->state == ITEM_WAITING)
			return number;
	}
	return map->retries.count > 0 ? fifo_pop(&map->retries) : 0;
}

int items_write(struct map *map)
{
	int err;

	if (map->ready.failed)
		return -ENOMEM;
	if (map->ready.length == 0)
		return 0;
	err = write_all(STDOUT_FILENO, buffer_span(&map->ready));
	buffer_truncate(&map->ready, 0);
	if (err == -EPIPE)
		map->gone = true;
	else if (err < 0)
		log_line(STORM_LOG_ERROR, NULL, "cannot write the results: %s", strerror(-err));
	return err;
}

void items_free(struct map *map)
{
	for (size_t i = 0; map->items && i < ITEMS_MOST; i++) {
		buffer_free(&map->items[i].line);
		buffer_free(&map->items[i].results);
	}
	free(map->items);
	fifo_free(&map->again);
	fifo_free(&map->retries);
	buffer_free(&map->ready);
}
