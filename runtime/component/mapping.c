/* Between the fields of tuples and the members of structs. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "component/stream.h"
#include "component/task.h"

static const struct storm_member *find_member(
	const struct storm_mapping *mapping, const char *field)
{
	const struct storm_member *member = mapping->members;

	while (member->field && strcmp(member->field, field) != 0)
		member++;
	return member->field ? member : NULL;
}

static struct storm_value value_of(const struct storm_member *member, const void *record)
{
	const void *at = (const char *)record + member->offset;
	const struct storm_string *string = at;
	const struct storm_binary *binary = at;

	switch (member->type) {
	case STORM_MEMBER_BOOL:
		return storm_boolean(*(const bool *)at);
	case STORM_MEMBER_INT:
		return storm_integer(*(const int *)at);
	case STORM_MEMBER_LONG:
		return storm_integer(*(const long *)at);
	case STORM_MEMBER_LONG_LONG:
		return storm_integer(*(const long long *)at);
	case STORM_MEMBER_FLOAT:
		return storm_double((double)*(const float *)at);
	case STORM_MEMBER_DOUBLE:
		return storm_double(*(const double *)at);
	case STORM_MEMBER_STRING:
		if (member->optional && !string->data)
			return storm_null();
		return storm_string(string->data, string->length);
	case STORM_MEMBER_BINARY:
		if (member->optional && !binary->data)
			return storm_null();
		return storm_binary(binary->data, binary->length);
	case STORM_MEMBER_VALUE:
		return *(const struct storm_value *)at;
	}
	return storm_null();
}

int mapping_values(struct storm_task *task, const struct storm_mapping *mapping, const void *record,
	const struct storm_stream *stream, struct storm_value *values)
{
	size_t count = stream_field_count(stream);
	size_t members = 0;

	for (size_t i = 0; i < count; i++) {
		const struct storm_member *member = stream->mapping == mapping ?
			&mapping->members[i] :
			find_member(mapping, stream_field(stream, i));

		if (!member)
			return storm_error(task, -EINVAL,
				"%s emits to stream %s a struct whose mapping has no field %s",
				task->context.component, stream->name, stream_field(stream, i));
		values[i] = value_of(member, record);
	}
	while (mapping->members[members].field)
		members++;
	if (members != count)
		return storm_error(task, -EINVAL,
			"%s emits to stream %s, which has %zu fields, a struct whose mapping has %zu",
			task->context.component, stream->name, count, members);
	return 0;
}

/* The places of a mapping's fields in the tuples of a source; -1 where it has no such field. */
static const int *find_indexes(const struct storm_tuple *tuple, const struct storm_mapping *mapping)
{
	struct source *source = (struct source *)tuple->source;
	size_t count = 0;
	int *indexes;

	if (source->mapping == mapping)
		return source->indexes;
	while (mapping->members[count].field)
		count++;
	indexes = realloc(source->indexes, (count + 1) * sizeof(*indexes));
	if (!indexes)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		indexes[i] = -1;
		for (size_t j = 0; j < source->field_count; j++) {
			if (strcmp(source->fields[j], mapping->members[i].field) == 0)
				indexes[i] = (int)j;
		}
	}
	source->mapping = mapping;
	source->indexes = indexes;
	return indexes;
}

/* An integer into a member of a smaller type. */
static int get_integer(const struct storm_tuple *tuple, size_t index, int64_t least, int64_t most,
	int64_t *integer)
{
	int err = storm_tuple_integer_at(tuple, index, integer);

	if (err == 0 && (*integer < least || *integer > most))
		err = storm_error(tuple->task, -ERANGE,
			"field %zu (%s) of a tuple from %s, stream %s: %lld", index,
			tuple->source->fields[index], tuple->component, tuple->stream,
			(long long)*integer);
	return err;
}

/* A number into a member that has less room for it. */
static int get_float(const struct storm_tuple *tuple, size_t index, float *number)
{
	double wide = 0;
	int err = storm_tuple_double_at(tuple, index, &wide);

	*number = (float)wide;
	if (err == 0 && isinf(*number))
		err = storm_error(tuple->task, -ERANGE,
			"field %zu (%s) of a tuple from %s, stream %s: %g", index,
			tuple->source->fields[index], tuple->component, tuple->stream, wide);
	return err;
}

static int get_member(
	const struct storm_tuple *tuple, size_t index, const struct storm_member *member, void *at)
{
	int64_t integer = 0;
	int err = 0;

	switch (member->type) {
	case STORM_MEMBER_BOOL:
		return storm_tuple_boolean_at(tuple, index, at);
	case STORM_MEMBER_INT:
		err = get_integer(tuple, index, INT_MIN, INT_MAX, &integer);
		*(int *)at = (int)integer;
		return err;
	case STORM_MEMBER_LONG:
		err = get_integer(tuple, index, LONG_MIN, LONG_MAX, &integer);
		*(long *)at = (long)integer;
		return err;
	case STORM_MEMBER_LONG_LONG:
		err = get_integer(tuple, index, LLONG_MIN, LLONG_MAX, &integer);
		*(long long *)at = integer;
		return err;
	case STORM_MEMBER_FLOAT:
		return get_float(tuple, index, at);
	case STORM_MEMBER_DOUBLE:
		return storm_tuple_double_at(tuple, index, at);
	case STORM_MEMBER_STRING:
		return storm_tuple_string_at(tuple, index, at);
	case STORM_MEMBER_BINARY:
		return storm_tuple_binary_at(tuple, index, at);
	case STORM_MEMBER_VALUE:
		return storm_tuple_value_at(tuple, index, at);
	}
	return -EINVAL;
}

int storm_tuple_get_struct(
	const struct storm_tuple *tuple, const struct storm_mapping *mapping, void *record)
{
	const int *indexes;

	memset(record, 0, mapping->size);
	if (!tuple->source)
		return storm_error(tuple->task, -ENOENT,
			"the names of the fields of a tuple from %s, stream %s", tuple->component,
			tuple->stream);
	indexes = find_indexes(tuple, mapping);
	if (!indexes)
		return storm_error(tuple->task, -ENOMEM, "a mapping");
	for (size_t i = 0; mapping->members[i].field; i++) {
		const struct storm_member *member = &mapping->members[i];
		bool is_there = indexes[i] >= 0;
		int err;

		if (member->optional &&
			(!is_there || storm_tuple_type_at(tuple, (size_t)indexes[i]) == STORM_NULL))
			continue;
		if (!is_there)
			return storm_tuple_index(tuple, member->field);
		err = get_member(
			tuple, (size_t)indexes[i], member, (char *)record + member->offset);
		if (err < 0)
			return err;
	}
	return 0;
}

static bool has_field(const struct source *source, const char *field)
{
	for (size_t i = 0; i < source->field_count; i++) {
		if (strcmp(source->fields[i], field) == 0)
			return true;
	}
	return false;
}

static int check_source(struct storm_task *task, const struct source *source)
{
	const struct storm_member *member = task->bolt_class->input->members;
	struct buffer names = { 0 };
	int err = 0;

	for (; member->field && err == 0; member++) {
		if (member->optional || has_field(source, member->field))
			continue;
		for (size_t i = 0; i < source->field_count; i++)
			buffer_append_format(&names, " %s", source->fields[i]);
		err = storm_error(task, -EINVAL,
			"the input of %s must have the field %s, but stream %s of %s has:%s",
			task->context.component, member->field, source->stream, source->component,
			names.length > 0 ? buffer_text(&names) : " no fields");
	}
	buffer_free(&names);
	return err;
}

int mapping_check_inputs(struct storm_task *task)
{
	const struct context *context = &task->context;
	int err = 0;

	if (!task->bolt_class || !task->bolt_class->input)
		return 0;
	for (size_t i = 0; i < context->source_count && err == 0; i++) {
		if (context->sources[i].is_input)
			err = check_source(task, &context->sources[i]);
	}
	return err;
}
