/*
 * Letters between loops: a loop writes to another one without waiting, and sends what it has written
 * at the end of its turn. The letters of one loop to another arrive in their order, and with them
 * the tuples of each pair of tasks.
 */
#include <errno.h>

#include "local/run.h"

/* So many bytes are sent before the turn ends. */
#define SEND_SIZE ((size_t)32 << 10)

/* A loop that has so many bytes to read gets no more of the tasks that can be paused. */
#define FLOOD_SIZE ((size_t)1 << 20)

enum letter_kind {
	LETTER_COPY, /* with its edges and its tuple behind it */
	LETTER_ACK,
	LETTER_FAIL,
};

struct letter {
	size_t size; /* with all that is behind it */
	enum letter_kind kind;
	union {
		struct copy copy;
		struct edge edge;
	};
};

/* The next letter begins at an address that is good for one. */
static size_t padding(size_t length)
{
	return -length % _Alignof(struct letter);
}

static void send(struct loop *from, size_t index)
{
	struct loop *to = &from->run->loops[index];
	struct mailbox *mailbox = &to->mailboxes[from->index];
	struct buffer *letters = &from->letters[index];
	size_t length;

	pthread_mutex_lock(&mailbox->mutex);
	if (mailbox->letters.length == 0) {
		struct buffer empty = mailbox->letters;

		mailbox->letters = *letters;
		*letters = empty;
	} else {
		buffer_append_span(&mailbox->letters, buffer_span(letters));
		buffer_truncate(letters, 0);
	}
	length = mailbox->letters.length;
	pthread_mutex_unlock(&mailbox->mutex);
	if (length > FLOOD_SIZE && !atomic_exchange(&to->flooded, true))
		from->run->congested++;
	loop_wake(to);
}

static int end_letter(struct loop *from, size_t index)
{
	struct buffer *letters = &from->letters[index];

	if (letters->failed)
		return -ENOMEM;
	if (letters->length > SEND_SIZE)
		send(from, index);
	return 0;
}

int mail_copy(struct loop *from, const struct copy *copy)
{
	static const char zeros[_Alignof(struct letter)];
	size_t index = copy->receiver->loop->index;
	struct buffer *letters = &from->letters[index];
	size_t edges_size = copy->edge_count * sizeof(*copy->edges);
	size_t padded = padding(copy->tuple.length);
	struct letter letter = {
		.size = sizeof(letter) + edges_size + copy->tuple.length + padded,
		.kind = LETTER_COPY,
		.copy = *copy,
	};

	buffer_append(letters, (const char *)&letter, sizeof(letter));
	if (edges_size > 0)
		buffer_append(letters, (const char *)copy->edges, edges_size);
	buffer_append_span(letters, copy->tuple);
	buffer_append(letters, zeros, padded);
	return end_letter(from, index);
}

int mail_settle(struct loop *from, const struct edge *edge, bool acked)
{
	size_t index = edge->loop->index;
	struct letter letter = {
		.size = sizeof(letter),
		.kind = acked ? LETTER_ACK : LETTER_FAIL,
		.edge = *edge,
	};

	buffer_append(&from->letters[index], (const char *)&letter, sizeof(letter));
	return end_letter(from, index);
}

void mail_send(struct loop *from)
{
	for (size_t i = 0; i < from->run->loop_count; i++) {
		if (from->letters[i].length > 0)
			send(from, i);
	}
}

/* Its edges and its tuple have moved with it. */
static int accept_copy(const struct letter *letter)
{
	struct copy copy = letter->copy;

	copy.edges = (const struct edge *)(const void *)(letter + 1);
	copy.tuple.data = (const char *)(copy.edges + copy.edge_count);
	return route_accept(&copy);
}

static int obey(struct loop *loop, const struct letter *letter)
{
	switch (letter->kind) {
	case LETTER_COPY:
		return accept_copy(letter);
	case LETTER_ACK:
		acker_apply(loop, &letter->edge, true);
		break;
	case LETTER_FAIL:
		acker_apply(loop, &letter->edge, false);
		break;
	}
	return 0;
}

/* Take the letters of a mailbox: whether there are any. */
static bool take(struct loop *loop, struct mailbox *mailbox)
{
	struct buffer empty = loop->reading;

	pthread_mutex_lock(&mailbox->mutex);
	if (mailbox->letters.length > 0) {
		loop->reading = mailbox->letters;
		mailbox->letters = empty;
	}
	pthread_mutex_unlock(&mailbox->mutex);
	return loop->reading.length > 0;
}

/* Read the letters of a mailbox: whether there were any. */
static bool read_mailbox(struct loop *loop, struct mailbox *mailbox)
{
	struct buffer *reading = &loop->reading;
	const struct letter *letter;
	int err = 0;

	if (!take(loop, mailbox))
		return false;
	if (reading->failed)
		err = -ENOMEM;
	for (size_t at = 0; at < reading->length && err == 0; at += letter->size) {
		letter = (const struct letter *)(const void *)(reading->data + at);
		err = obey(loop, letter);
	}
	buffer_truncate(reading, 0);
	if (err < 0)
		run_fail(loop->run, "out of memory for tuples in flight");
	return true;
}

static bool read_all(struct loop *loop)
{
	bool found = false;

	for (size_t i = 0; i < loop->run->loop_count; i++)
		found |= read_mailbox(loop, &loop->mailboxes[i]);
	if (atomic_exchange(&loop->flooded, false)) {
		loop->run->congested--;
		loops_ease(loop->run);
	}
	return found;
}

void mail_read(struct loop *loop)
{
	if (loop->run->loop_count > 1)
		read_all(loop);
}

void mail_settle_all(struct run *run)
{
	bool found = run->loop_count > 1;

	while (found) {
		found = false;
		for (size_t i = 0; i < run->loop_count; i++)
			mail_send(&run->loops[i]);
		for (size_t i = 0; i < run->loop_count; i++)
			found |= read_all(&run->loops[i]);
	}
}
