/*
 * What a component answers when it is replayed, beside what it answered when it was recorded: emits, acks,
 * fails and errors. Those of one tuple are compared in their order, but the tuples may be answered in any
 * order, as an asynchronous bolt does. Logs, metrics, syncs and pids differ from life to life.
 */
#ifndef REPLAY_ANSWERS_H
#define REPLAY_ANSWERS_H

#include <jansson.h>

#include "protocol/frame.h"
#include "protocol/message.h"

enum answers_side {
	ANSWERS_RECORDED,
	ANSWERS_REPLAYED,
	ANSWERS_SIDES,
};

struct answers {
	enum wire wire;
	int recorded; /* a descriptor; -1: the answers are counted only */
	struct frame_reader reader; /* of what was recorded */
	struct message message; /* scratch */
	json_t *open[ANSWERS_SIDES]; /* not compared yet: a list of answers, by the tuple's id */
	bool ended[ANSWERS_SIDES];
	size_t equal;
	size_t only[ANSWERS_SIDES]; /* answers that the other side does not have */
	size_t settled; /* tuples, in the replay */
	size_t emitted; /* the same */
	struct buffer error; /* what the replay reported last */
	json_t *differences; /* the first ones: {"tuple": ID or null, "recorded": [], "replayed": []} */
	size_t shown; /* so many of them, with so many answers of each side */
};

int answers_init(struct answers *answers, enum wire wire, int recorded, size_t shown);
void answers_free(struct answers *answers);

/* Take a message of the replay: 0; -EBADMSG where it is no message, here or in the recording; -ENOMEM. */
int answers_take(struct answers *answers, struct span frame);

/* There are no more: compare the rest. As answers_take. */
int answers_finish(struct answers *answers);

#endif
