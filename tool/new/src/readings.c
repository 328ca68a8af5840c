/* Spout: the readings in a file, a line each: the name of a sensor, white space, a number. */
#include "reading.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct readings {
	FILE *file;
	char *line;
	size_t capacity;
};

const struct storm_mapping reading_mapping = STORM_MAPPING(
	struct reading, STORM_MEMBER(struct reading, sensor), STORM_MEMBER(struct reading, value));

static int open_readings(struct storm_task *task)
{
	struct readings *readings = storm_state(task);
	const char *path = storm_setting(task, "input");

	if (!path)
		return storm_error(task, -EINVAL, "the setting input: which file?");
	readings->file = fopen(path, "re");
	if (!readings->file)
		return storm_error(task, -errno, "cannot open %s", path);
	return 0;
}

/* The reading of a line; its sensor stays there. */
static bool parse(const char *line, struct reading *reading)
{
	size_t length = strcspn(line, " \t");
	char *end;

	reading->sensor = (struct storm_string){ line, length };
	reading->value = strtod(line + length, &end);
	return length > 0 && end > line + length && isfinite(reading->value) &&
		end[strspn(end, " \t\r\n")] == '\0';
}

/* One bad line is no reason to end. */
static int skip(struct storm_task *task, const char *line)
{
	storm_log_warn(task, "not a reading: %.*s", (int)strcspn(line, "\r\n"), line);
	return 0;
}

static int next_reading(struct storm_task *task)
{
	struct readings *readings = storm_state(task);
	struct reading reading;
	int err;

	if (getline(&readings->line, &readings->capacity, readings->file) < 0)
		return feof(readings->file) ? STORM_FINISHED :
					      storm_error(task, -errno, "cannot read the file");
	if (!parse(readings->line, &reading))
		return skip(task, readings->line);
	err = storm_emit_struct(task, NULL, &reading_mapping, &reading);

	/* A name that is not UTF-8 is refused; any other error ends the process. */
	return err == -EILSEQ ? skip(task, readings->line) : err;
}

static int close_readings(struct storm_task *task)
{
	struct readings *readings = storm_state(task);

	free(readings->line);
	fclose(readings->file);
	return 0;
}

const struct storm_spout_class readings_spout = {
	.summary = "the readings in a file",
	.outputs = STORM_OUTPUTS(STORM_STREAM_OF("default", reading_mapping)),
	.settings = STORM_SETTINGS({ "input", "the path of the file", NULL }),
	.state_size = sizeof(struct readings),
	.reliable = true, /* a reading that is not processed in full is emitted again */
	.open = open_readings,
	.next = next_reading,
	.close = close_readings,
};
