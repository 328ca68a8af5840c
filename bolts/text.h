/* The setting `format` of bolts that write: how a tuple becomes text. */
#ifndef BOLTS_TEXT_H
#define BOLTS_TEXT_H

#include "base/bytes.h"

#include <cstorm/topology.h>

enum text_format {
	TEXT_FIRST, /* the first field: a string as it is, anything else as its JSON text */
	TEXT_JSON, /* an object of all fields, by their names */
	TEXT_TSV, /* all fields, with tabs between; white space of theirs as \t, \n and \r */
};

#define TEXT_FORMAT_SETTING                                                                  \
	{                                                                                    \
		"format", "first (field), json (an object of all), or tsv (all, with tabs)", \
			"first"                                                              \
	}

/* Read the setting: 0 or -EINVAL with a reason. */
int text_read_format(struct storm_task *task, enum text_format *format);

/* Append one field's value: a string as it is, anything else as its JSON text. */
int text_append_field(struct buffer *text, const struct storm_tuple *tuple, size_t index);

/* Append a tuple: 0, or a negative errno with a reason, and then the text is as before. */
int text_append(struct buffer *text, const struct storm_tuple *tuple, enum text_format format);

#endif
