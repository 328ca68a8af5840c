/* What the probes of ways_*.c share: a bolt that does what the first field of a tuple says. */
#ifndef WAYS_H
#define WAYS_H

#include <cstorm.h>
#include <errno.h>

/* A word, and what it makes a bolt do. */
struct action {
	const char *word;
	int (*act)(struct storm_task *task, const struct storm_tuple *tuple);
};

/* Do what the tuple says; the last action has no word, and is for all other ones. */
static inline int act(
	struct storm_task *task, const struct storm_tuple *tuple, const struct action *actions)
{
	struct storm_string word;
	int err = storm_tuple_string_at(tuple, 0, &word);

	if (err < 0)
		return err;
	while (actions->word && strcmp(actions->word, word.data) != 0)
		actions++;
	return actions->act(task, tuple);
}

static inline int unknown_word(struct storm_task *task, const struct storm_tuple *tuple)
{
	(void)tuple;
	return storm_error(task, -ENOTSUP, "what the tuple says");
}

#endif
