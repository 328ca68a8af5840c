/* Bolt: the words of a text. */
#include <cstorm/components.h>

/* ASCII white space, as isspace() in the C locale has it. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int split(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct storm_string text;
	size_t at = 0;
	int err = storm_tuple_string_at(tuple, 0, &text);

	while (err == 0 && at < text.length) {
		size_t start = at;

		while (at < text.length && !is_space(text.data[at]))
			at++;
		if (at > start)
			err = storm_emit(task, storm_string(text.data + start, at - start));
		at++;
	}
	return err; /* 0 acks the tuple, an error fails it: its spout replays it */
}

const struct storm_bolt_class storm_split_bolt = {
	.summary = "the words of a text",
	.outputs = STORM_FIELDS("word"),
	.process = split,
};
