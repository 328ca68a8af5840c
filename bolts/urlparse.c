/* Bolt: the parts of a URL. */
#include <errno.h>
#include <string.h>

#include "url.h"

#include <cstorm/components.h>

struct urlparse {
	bool skips; /* what is no URL */
	struct buffer text;
};

static int prepare(struct storm_task *task)
{
	struct urlparse *urlparse = storm_state(task);
	const char *invalid = storm_setting(task, "invalid");

	urlparse->skips = strcmp(invalid, "skip") == 0;
	if (!urlparse->skips && strcmp(invalid, "fail") != 0)
		return storm_error(task, -EINVAL, "invalid must be fail or skip, not %s", invalid);
	return 0;
}

static struct storm_value value_of(struct span part)
{
	return storm_string(part.data, part.length);
}

static int refuse(struct storm_task *task, const struct storm_string *text, const char *why)
{
	const struct urlparse *urlparse = storm_state(task);
	int length = text->length < 200 ? (int)text->length : 200;

	if (!urlparse->skips)
		return storm_error(task, -EINVAL, "%.*s: %s", length, text->data, why);
	storm_counter_add(task, 0, 1);
	storm_log(task, STORM_LOG_WARN, "skipped: %.*s: %s", length, text->data, why);
	return 0;
}

static int parse(struct storm_task *task, const struct storm_tuple *tuple)
{
	struct urlparse *urlparse = storm_state(task);
	struct storm_string text;
	const char *why;
	struct url url;
	int err = storm_tuple_string_at(tuple, 0, &text);

	if (err < 0)
		return err;
	buffer_truncate(&urlparse->text, 0);
	buffer_append(&urlparse->text, text.data, text.length);
	if (urlparse->text.failed)
		return storm_error(task, -ENOMEM, "a URL of %zu bytes", text.length);
	if (url_parse(urlparse->text.data, text.length, &url, &why) < 0)
		return refuse(task, &text, why);
	return storm_emit(task, value_of(url.scheme), value_of(url.netloc), value_of(url.path),
		value_of(url.params), value_of(url.query), value_of(url.fragment));
}

static int close_urlparse(struct storm_task *task)
{
	struct urlparse *urlparse = storm_state(task);

	buffer_free(&urlparse->text);
	return 0;
}

const struct storm_bolt_class storm_urlparse_bolt = {
	.summary = "the parts of a URL",
	.outputs = STORM_FIELDS("scheme", "netloc", "path", "params", "query", "fragment"),
	.settings = STORM_SETTINGS(
		{ "invalid", "what is done with what is no URL: fail it, or skip it", "fail" }),
	.metrics = STORM_METRICS({ .name = "invalid", .kind = STORM_COUNTER }),
	.state_size = sizeof(struct urlparse),
	.prepare = prepare,
	.process = parse,
	.close = close_urlparse,
};
