/*
 * One bolt over lines: several processes of it, a window of items between what is read and what is
 * written, and nothing of a topology's runner but how a process is started and greeted.
 *
 * input.c reads lines into items.c; worker.c sends them to processes and takes the answers, whose
 * results.c becomes text of the item; items.c writes it when the item is acked.
 */
#ifndef MAP_MAP_H
#define MAP_MAP_H

#include <signal.h>

#include "base/fifo.h"
#include "local/process.h"
#include "local/run.h"

/* The window: so many items, and so many bytes of their lines and results. */
#define ITEMS_MOST ((size_t)16384)
#define ITEMS_BYTES_MOST ((size_t)64 << 20)

/* The name of the spout that the bolt sees; and of the bolt that it emits to. */
#define MAP_INPUT LINES_COMPONENT
#define MAP_RESULTS "map.results"

enum map_format {
	MAP_TEXT,
	MAP_JSON,
};

struct map_options {
	char **paths; /* inputs; none: the standard input */
	size_t path_count;
	enum map_format from;
	enum map_format to;
	const char *stream; /* whose tuples are the results */
	bool unordered;
	size_t retries; /* of a line */
	double timeout; /* of a process that settles nothing */
	const char *failures_path; /* NULL: none */
	bool quiet;
};

/* A line on its way. */
enum item_state {
	ITEM_WAITING,
	ITEM_SENT,
	ITEM_DONE,
};

struct item {
	enum item_state state;
	size_t worker; /* that has it */
	size_t fails;
	struct buffer line;
	struct buffer results; /* as they will be written */
};

/* Where an input begins: the number of its first item. */
struct input_file {
	const char *name; /* for people */
	uint64_t first;
};

struct input {
	struct input_file *files; /* those that were begun */
	size_t file_count;
	int fd; /* -1: none is open */
	bool ended; /* all were read */
	bool ready; /* there may be something to read */
	struct buffer block;
	size_t start; /* of the line being read, in the block */
	size_t scanned;
	uint64_t read; /* bytes, of all inputs */
	uint64_t size; /* of all inputs; 0: nobody knows */
};

struct worker {
	struct map *map;
	struct task *task; /* for the handshake and the log */
	struct process process; /* pid 0: there is none */
	struct frame_reader reader;
	struct output output;
	struct buffer error_line;
	char *last_words; /* its last error; NULL: none */
	bool reported_error;
	bool complained; /* since it last settled a line */

	struct fifo sent; /* items in the order of sending, some of which are settled */
	size_t in_flight;
	size_t window; /* so many may be */
	uint64_t marker; /* an item that tells how long a window takes; 0: none is on its way */
	double marked;

	double settled; /* when it settled something, or had nothing to do */
	double next_tick; /* 0: no ticks */
	double restart; /* when it is to be started again */
	size_t deaths; /* in a row, with no item acked between */
	const char *killed_for; /* "because ..."; NULL: it was not */
	bool closing;
	bool ended; /* for good */
};

struct map {
	const struct map_options *options;
	struct run run; /* never run: for handshakes */
	const struct component *bolt;
	int receiver; /* the task that the bolt's tuples are said to go to */
	double tick_seconds; /* 0: no ticks */

	struct input input;
	struct item *items; /* a ring */
	uint64_t first; /* the number of the oldest one that is not done, from 1 */
	uint64_t next; /* of the next one */
	uint64_t unsent; /* the oldest one that was never sent */
	size_t bytes; /* of lines and results in the ring */
	struct fifo again; /* items of processes that have died */
	struct fifo retries; /* items that have failed */

	struct worker *workers;
	size_t worker_count;
	struct message message;
	struct buffer text; /* scratch */
	struct buffer head; /* of each tuple's message, behind its id */
	struct buffer ready; /* results that can be written */

	FILE *failures;
	uint64_t result_count;
	uint64_t fail_count; /* items given up */
	uint64_t other_count; /* tuples of other streams */
	uint64_t repaired_count; /* lines that were not UTF-8 */
	size_t restarts;
	double now;
	double started;
	double shown;
	bool gone; /* nobody reads what is written */
	bool failed;
};

/* Set by a signal: the first stops reading, the second ends all. */
extern volatile sig_atomic_t map_signal;
extern volatile sig_atomic_t map_signals;

/* bolt.c */

/*
 * Make a topology of one bolt: by the name of a ready-made one, as TOPOLOGY:COMPONENT, or the words of a
 * command (NULL: by its name). As spec_load; what is given of the source is how the topology is loaded.
 */
struct map_bolt {
	const char *name;
	char **command;
	size_t processes;
	const char *fields; /* of a line, separated by commas */
	const char *stream;
	struct spec_source source;

	/* Set by map_describe; the problems borrow from them. */
	char *path;
	struct spec topology; /* that it is taken from */
	bool is_ours; /* a bolt of libcstorm */
};
int map_describe(struct spec *spec, struct map_bolt *bolt, struct problems *problems);
void map_bolt_free(struct map_bolt *bolt);

/* input.c */

/* Open them all once, to find the one that is not there: 0 or a negative errno, which is said. */
int input_check(struct map *map);

/* Read once, without waiting for more: 0 or a negative errno, which is said. */
int input_read(struct map *map);

/* The next line, without its end: 1, 0: none is there. Borrowed until input_read. */
int input_next(struct map *map, struct span *line);

/* "FILE:LINE" of an item. Into `place`, which is returned. */
const char *input_place(const struct input *input, uint64_t number, struct buffer *place);

void input_free(struct input *input);

/* items.c */

struct item *items_get(struct map *map, uint64_t number);

/* Whether another line may be read. */
bool items_have_room(const struct map *map);

/* A new item of a line: its number, 0 where memory is out. */
uint64_t items_add(struct map *map, struct span line);

/* An item has been processed: write its results, once it is their turn. */
void items_finish(struct map *map, uint64_t number);

/* An item has failed: try again, or give it up. */
void items_fail(struct map *map, uint64_t number, const char *why);

/* The same at once: it can never do. */
void items_give_up(struct map *map, uint64_t number, const char *why);

/* The next item to be sent: 0 where there is none. */
uint64_t items_take(struct map *map);

/* Write what can be written: 0 or a negative errno, which is said but for -EPIPE. */
int items_write(struct map *map);

void items_free(struct map *map);

/* results.c */

/* Append a tuple of the message at hand, as it is to be written, in the order of `fields` (NULL: a list). */
int results_append(struct map *map, struct buffer *results);

/* Append a line as the values of a tuple, a list on the wire: 0, or -EBADMSG with the reason in map->text. */
int line_append(struct map *map, struct buffer *buffer, struct span line);

/* worker.c */

void worker_init(struct map *map, size_t index);

/* Start the process where it is time: 0 or a negative errno, which is said. */
int worker_start(struct worker *worker);

/* Give it items, as many as it may have; ticks, too. */
int worker_feed(struct worker *worker);

int worker_write(struct worker *worker);
int worker_read(struct worker *worker);
void worker_read_errors(struct worker *worker);

/* Whether it takes too long. */
void worker_check(struct worker *worker);

/* End its input. */
void worker_close(struct worker *worker);

void worker_free(struct worker *worker);

/* progress.c */

void progress_show(struct map *map);
void progress_end(void);

#endif
