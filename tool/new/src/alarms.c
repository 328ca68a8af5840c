/* Bolt: the readings above a limit, a line of text each. */
#include "reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct alarms {
	double limit;
};

static int prepare(struct storm_task *task)
{
	struct alarms *alarms = storm_state(task);
	const char *text = storm_setting(task, "limit");
	char *end;

	alarms->limit = strtod(text, &end);
	if (end == text || *end != '\0')
		return storm_error(task, -EINVAL, "the setting limit is no number: %s", text);
	return 0;
}

static int process(struct storm_task *task, const struct storm_tuple *tuple)
{
	const struct alarms *alarms = storm_state(task);
	struct reading reading;
	char *line;
	int err = storm_tuple_get_struct(tuple, &reading_mapping, &reading);

	if (err < 0 || reading.value <= alarms->limit)
		return err; /* 0 acks the tuple, an error fails it: its spout emits it again */
	if (asprintf(&line, "%s: %g is above %g", reading.sensor.data, reading.value,
		    alarms->limit) < 0)
		return -ENOMEM;
	err = storm_emit(task, storm_text(line));
	free(line);
	return err;
}

const struct storm_bolt_class alarms_bolt = {
	.summary = "the readings above a limit",
	.outputs = STORM_FIELDS("line"),
	.input = &reading_mapping,
	.settings = STORM_SETTINGS({ "limit", "the highest value without an alarm", "30" }),
	.state_size = sizeof(struct alarms),
	.prepare = prepare,
	.process = process,
};
