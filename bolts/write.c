/* Bolt: each tuple as a line of a file. A batch of tuples is one write. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/write_all.h"
#include "output.h"
#include "text.h"

#include <cstorm/components.h>

struct writer {
	int fd;
	enum text_format format;
	struct buffer lines;
};

static int prepare(struct storm_task *task)
{
	struct writer *writer = storm_state(task);

	if (text_read_format(task, &writer->format) < 0)
		return -EINVAL;
	writer->fd = output_open(task, O_APPEND);
	return writer->fd < 0 ? writer->fd : 0;
}

static int add_line(struct writer *writer, const struct storm_tuple *tuple)
{
	int err = text_append(&writer->lines, tuple, writer->format);

	if (err == 0)
		buffer_append_literal(&writer->lines, "\n");
	return err;
}

static int write_batch(struct storm_task *task, const struct storm_batch *batch)
{
	struct writer *writer = storm_state(task);
	int err;

	buffer_truncate(&writer->lines, 0);
	for (size_t i = 0; i < batch->count; i++) {
		err = add_line(writer, batch->tuples[i]);
		if (err < 0)
			storm_fail(task, batch->tuples[i]); /* this one alone */
	}
	if (writer->lines.failed)
		return storm_error(task, -ENOMEM, "lines to write");
	err = write_all(writer->fd, buffer_span(&writer->lines));
	return err < 0 ? storm_error(task, err, "cannot write %s", storm_setting(task, "output")) :
			 0;
}

static int close_writer(struct storm_task *task)
{
	struct writer *writer = storm_state(task);

	buffer_free(&writer->lines);
	return close(writer->fd) < 0 ?
		storm_error(task, -errno, "cannot write %s", storm_setting(task, "output")) :
		0;
}

const struct storm_bolt_class storm_write_bolt = {
	.summary = "appends each tuple as a line",
	.settings = STORM_SETTINGS(OUTPUT_SETTING, TEXT_FORMAT_SETTING),
	.state_size = sizeof(struct writer),
	.prepare = prepare,
	.process_batch = write_batch,
	.batching = { .size = 1000, .seconds = 0.05 },
	.close = close_writer,
};
