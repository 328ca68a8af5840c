#include "kafka/template.h"

#include <errno.h>
#include <stdlib.h>

#include "bolts/text.h"

/* A text as it stands, or a field. */
struct template_piece {
	char *text;
	bool is_field;
};

static int add_piece(struct template *template, const char *text, size_t length, bool is_field)
{
	struct template_piece *pieces =
		reallocarray(template->pieces, template->count + 1, sizeof(*pieces));

	if (!pieces)
		return -ENOMEM;
	template->pieces = pieces;
	pieces[template->count] = (struct template_piece){ strndup(text, length), is_field };
	return pieces[template->count++].text ? 0 : -ENOMEM;
}

static int refuse(struct storm_task *task, const char *setting, const char *text)
{
	return storm_error(task, -EINVAL,
		"the setting %s.%s has a { that no field's name and } follow: %s",
		storm_task_component(task), setting, text);
}

int template_parse(
	struct storm_task *task, struct template *template, const char *setting, const char *text)
{
	const char *at = text;
	int err = 0;

	while (*at != '\0' && err == 0) {
		size_t length = strcspn(at, "{");

		if (length > 0) {
			err = add_piece(template, at, length, false);
			at += length;
		}
		if (err == 0 && *at == '{') {
			length = strcspn(++at, "}");
			if (length == 0 || at[length] == '\0')
				return refuse(task, setting, text);
			err = add_piece(template, at, length, true);
			at += length + 1;
		}
	}
	return err < 0 ? storm_error(task, err, "the setting %s", setting) : 0;
}

int template_append(struct buffer *text, const struct template *template,
	const struct storm_tuple *tuple, bool *is_null)
{
	size_t fields = 0;
	size_t nulls = 0;

	for (size_t i = 0; i < template->count; i++) {
		const struct template_piece *piece = &template->pieces[i];
		int index;
		int err;

		if (!piece->is_field) {
			buffer_append_span(text, span_of(piece->text));
			continue;
		}
		fields++;
		index = storm_tuple_index(tuple, piece->text);
		if (index < 0)
			return index;
		if (storm_tuple_type_at(tuple, (size_t)index) == STORM_NULL) {
			nulls++;
			continue;
		}
		err = text_append_field(text, tuple, (size_t)index);
		if (err < 0)
			return err;
	}
	*is_null = fields > 0 && nulls == fields;
	return 0;
}

void template_free(struct template *template)
{
	for (size_t i = 0; i < template->count; i++)
		free(template->pieces[i].text);
	free(template->pieces);
	*template = (struct template){ 0 };
}
