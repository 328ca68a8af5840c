/* Between the fields of tuples and the members of structs. */
#include <criterion/criterion.h>
#include <errno.h>
#include <float.h>
#include <limits.h>

#include "lone_task.h"

struct record {
	bool flag;
	int small;
	long whole;
	long long wide;
	float rough;
	double number;
	struct storm_string text;
	struct storm_binary bytes;
	struct storm_value any;
	struct storm_string note;
};

static const struct storm_mapping all = STORM_MAPPING(struct record,
	STORM_MEMBER(struct record, flag), STORM_MEMBER(struct record, small),
	STORM_MEMBER(struct record, whole), STORM_MEMBER(struct record, wide),
	STORM_MEMBER(struct record, rough), STORM_MEMBER(struct record, number),
	STORM_MEMBER(struct record, text), STORM_MEMBER(struct record, bytes),
	STORM_MEMBER(struct record, any), STORM_OPTIONAL_MEMBER(struct record, note));

/* Some of the members, in another order, one by another name. */
static const struct storm_mapping some = STORM_MAPPING(struct record,
	STORM_MEMBER_AS(struct record, whole, "wide"), STORM_MEMBER(struct record, small));

static const struct storm_mapping notes = STORM_MAPPING(struct record,
	STORM_OPTIONAL_MEMBER(struct record, note), STORM_OPTIONAL_MEMBER(struct record, small));

static const struct storm_bolt_class bolt = {
	.outputs = STORM_OUTPUTS(STORM_STREAM_OF("default", all),
		STORM_STREAM("turned", "small", "wide"),
		STORM_STREAM("more", "small", "wide", "text"), STORM_STREAM("less", "small")),
};
static const struct storm_topology topology = {
	.name = "topology",
	.bolts = STORM_BOLTS({ .name = "bolt", .bolt_class = &bolt }),
};

static const char handshake[] =
	"{\"conf\":{},\"context\":{\"componentid\":\"bolt\",\"taskid\":1,"
	"\"source->stream->fields\":{\"source\":{\"default\":[\"flag\",\"small\",\"whole\",\"wide\",\"rough\",\"number\","
	"\"text\",\"bytes\",\"any\",\"note\"],\"other\":[\"wide\",\"x\",\"small\"],\"empty\":[]}}}}";

#define TUPLE(stream, values)                                    \
	"{\"id\":\"1\",\"comp\":\"source\",\"stream\":\"" stream \
	"\",\"task\":2,\"tuple\":[" values "]}"

static const enum wire wires[] = { WIRE_JSON, WIRE_MSGPACK };

static bool is(struct storm_string string, const char *text)
{
	return string.length == strlen(text) && memcmp(string.data, text, string.length) == 0;
}

/* Decode a tuple, and check why that fails. */
static void check_error(
	const struct storm_mapping *mapping, const char *json, int err, const char *why)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;
		struct buffer frame = { 0 };
		struct record record;

		lone_task_start(&task, &topology, wires[i], handshake);
		cr_assert_eq(storm_tuple_get_struct(
				     lone_task_receive_json(&task, json, &frame), mapping, &record),
			err, "%s", json);
		cr_assert(strstr(task_reason(&task, err), why), "%s: %s", json,
			task_reason(&task, err));
		lone_task_end(&task);
		buffer_free(&frame);
	}
}

/* Decoding */

Test(mapping, decodes_members_of_every_type)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;
		struct buffer frame = { 0 };
		struct record record;

		lone_task_start(&task, &topology, wires[i], handshake);
		memset(&record, 0xFF, sizeof(record));
		cr_assert_eq(
			storm_tuple_get_struct(
				lone_task_receive_json(&task,
					TUPLE("default",
						"true,-7,8,9,0.5,1e300,\"\\u00e9\",\"/wA=\",[1],null"),
					&frame),
				&all, &record),
			0);
		cr_assert(record.flag);
		cr_assert_eq(record.small, -7);
		cr_assert_eq(record.whole, 8);
		cr_assert_eq(record.wide, 9);
		cr_assert_eq(record.rough, 0.5f);
		cr_assert_eq(record.number, 1e300);
		cr_assert(is(record.text, "\xC3\xA9"));
		cr_assert_eq(record.bytes.length, 2);
		cr_assert_eq(memcmp(record.bytes.data, "\xFF\0", 2), 0);
		cr_assert_eq(record.any.type, STORM_VERBATIM);
		cr_assert_null(record.note.data);
		cr_assert_eq(record.note.length, 0);
		lone_task_end(&task);
		buffer_free(&frame);
	}
}

/* Each stream has its fields at other places, and each mapping wants others of them. */
Test(mapping, finds_the_fields_of_each_stream)
{
	struct storm_task task;
	struct record record;

	lone_task_start(&task, &topology, WIRE_JSON, handshake);
	for (int i = 0; i < 3; i++) {
		const struct storm_tuple *tuple = lone_task_receive(
			&task, SPAN(TUPLE("default", "true,1,2,3,4,5,\"6\",\"\",8,\"nine\"")));

		cr_assert_eq(storm_tuple_get_struct(tuple, &some, &record), 0);
		cr_assert_eq(record.whole, 3);
		cr_assert_eq(record.small, 1);
		cr_assert_eq(record.wide, 0);
		cr_assert_eq(storm_tuple_get_struct(tuple, &notes, &record), 0);
		cr_assert(is(record.note, "nine"));
		cr_assert_eq(record.whole, 0);

		tuple = lone_task_receive(&task, SPAN(TUPLE("other", "10,11,12")));
		cr_assert_eq(storm_tuple_get_struct(tuple, &some, &record), 0);
		cr_assert_eq(record.whole, 10);
		cr_assert_eq(record.small, 12);
		cr_assert_eq(storm_tuple_get_struct(tuple, &notes, &record), 0);
		cr_assert_null(record.note.data);
		cr_assert_eq(record.small, 12);
	}
	lone_task_end(&task);
}

Test(mapping, leaves_optional_members_zero)
{
	struct storm_task task;
	struct record record;

	lone_task_start(&task, &topology, WIRE_JSON, handshake);
	memset(&record, 0xFF, sizeof(record));
	cr_assert_eq(
		storm_tuple_get_struct(lone_task_receive(&task, SPAN(TUPLE("other", "1,2,null"))),
			&notes, &record),
		0);
	cr_assert_eq(record.small, 0);
	cr_assert_null(record.note.data);
	/* A tuple may have fewer values than its stream has fields. */
	memset(&record, 0xFF, sizeof(record));
	cr_assert_eq(storm_tuple_get_struct(
			     lone_task_receive(&task, SPAN(TUPLE("other", ""))), &notes, &record),
		0);
	cr_assert_eq(record.small, 0);
	lone_task_end(&task);
	/* They are checked where they are there. */
	check_error(&notes, TUPLE("other", "1,2,\"3\""), -EINVAL, "is a string, not an integer");
}

static int get_some(const char *small, const char *wide, struct record *record)
{
	struct storm_task task;
	struct buffer json = { 0 };
	int err;

	lone_task_start(&task, &topology, WIRE_JSON, handshake);
	buffer_append_format(&json, TUPLE("other", "%s,0,%s"), wide, small);
	err = storm_tuple_get_struct(lone_task_receive(&task, buffer_span(&json)), &some, record);
	if (err < 0)
		cr_assert(strstr(task_reason(&task, err), "from source, stream other: "), "%s",
			task_reason(&task, err));
	lone_task_end(&task);
	buffer_free(&json);
	return err;
}

Test(mapping, checks_the_range_of_integers)
{
	struct record record;

	cr_assert_eq(get_some("2147483647", "9223372036854775807", &record), 0);
	cr_assert_eq(record.small, INT_MAX);
	cr_assert_eq(record.whole, LONG_MAX);
	cr_assert_eq(get_some("-2147483648", "-9223372036854775808", &record), 0);
	cr_assert_eq(record.small, INT_MIN);
	cr_assert_eq(record.whole, LONG_MIN);
	cr_assert_eq(get_some("2147483648", "0", &record), -ERANGE);
	cr_assert_eq(get_some("-2147483649", "0", &record), -ERANGE);
	cr_assert_eq(get_some("0", "9223372036854775808", &record), -ERANGE);
	cr_assert_eq(get_some("0", "-9223372036854775809", &record), -ERANGE);
}

struct rough {
	float rough;
};

static const struct storm_mapping roughly =
	STORM_MAPPING(struct rough, STORM_MEMBER_AS(struct rough, rough, "x"));

Test(mapping, checks_the_range_of_floats)
{
	static const struct {
		const char *json;
		float expected;
	} cases[] = {
		{ TUPLE("other", "0,0.1,0"), 0.1f },
		{ TUPLE("other", "0,7,0"), 7 },
		{ TUPLE("other", "0,3.4028234663852886e38,0"), FLT_MAX },
		{ TUPLE("other", "0,-3.4028234663852886e38,0"), -FLT_MAX },
		{ TUPLE("other", "0,1e-300,0"), 0 },
	};
	struct storm_task task;
	struct rough record;

	lone_task_start(&task, &topology, WIRE_JSON, handshake);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(
			storm_tuple_get_struct(lone_task_receive(&task, span_of(cases[i].json)),
				&roughly, &record),
			0);
		cr_assert_eq(record.rough, cases[i].expected, "%s", cases[i].json);
	}
	lone_task_end(&task);
	check_error(&roughly, TUPLE("other", "0,3.5e38,0"), -ERANGE,
		"field 1 (x) of a tuple from source, stream other: 3.5e+38");
	check_error(&roughly, TUPLE("other", "0,-1e300,0"), -ERANGE, "-1e+300");
	check_error(&roughly, TUPLE("other", "0,\"1\",0"), -EINVAL, "is a string");
}

Test(mapping, names_what_is_wrong)
{
	check_error(&all, TUPLE("other", "1,2,3"), -ENOENT,
		"field flag of a tuple from source, stream other, which has: wide x small");
	check_error(&some, TUPLE("other", "1,2"), -ENOENT,
		"field 2 of a tuple from source, stream other, which has 2");
	check_error(&some, TUPLE("nowhere", "1,2,3"), -ENOENT,
		"the names of the fields of a tuple from source, stream nowhere");
	check_error(&some, TUPLE("other", "null,2,3"), -EINVAL, "field 0 (wide)");
	check_error(&all, TUPLE("default", "1,1,1,1,1,1,\"\",\"\",1,1"), -EINVAL,
		"field 0 (flag) of a tuple from source, stream default, is an integer, not a boolean");
	check_error(&all, TUPLE("default", "true,1,1,1,1,1,\"\",\"?\",1,1"), -EINVAL,
		"field 7 (bytes)");
	check_error(&all, TUPLE("default", "true,1.5,1,1,1,1,\"\",\"\",1,1"), -EINVAL,
		"is a number with a fraction, not an integer");
}

/* Emitting */

static void check_emits(
	struct storm_task *task, const struct storm_emission *emission, const char *expected)
{
	struct message message = { 0 };
	struct buffer json = { 0 };
	struct wire_error error;
	struct span frame;

	cr_assert_eq(storm_emit_full(task, emission), 0, "%s", task_reason(task, -1));
	cr_assert(lone_task_says(task, &frame));
	cr_assert_eq(message_scan(&message, task_wire(task), frame, &error), 0);
	cr_assert(message_is(&message, SPAN("emit")));
	cr_assert_eq(encoded_to_json(&message.tuple, &json), 0);
	cr_assert_str_eq(buffer_text(&json), expected);
	buffer_free(&json);
	message_free(&message);
}

Test(mapping, emits_members_of_every_type)
{
	static const struct record record = {
		.flag = true,
		.small = INT_MIN,
		.whole = LONG_MAX,
		.wide = LLONG_MIN,
		.rough = 0.5f,
		.number = 0.1,
		.text = { "t\"", 2 },
		.bytes = { "\xFF\0", 2 },
		.any = { .type = STORM_JSON, .string = { "[1]", 3 } },
		.note = { "", 0 },
	};
	static const struct record nothing = { .text = { "", 0 } };

	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;

		lone_task_start(&task, &topology, wires[i], handshake);
		check_emits(&task, &(struct storm_emission){ .mapping = &all, .record = &record },
			"[true,-2147483648,9223372036854775807,-9223372036854775808,0.5,0.1,"
			"\"t\\\"\",\"/wA=\",[1],\"\"]");
		/* Optional members without data are null, others are empty. */
		check_emits(&task, &(struct storm_emission){ .mapping = &all, .record = &nothing },
			"[false,0,0,0,0.0,0.0,\"\",\"\",null,null]");
		lone_task_end(&task);
	}
}

Test(mapping, emits_in_the_order_of_the_streams_fields)
{
	static const struct record record = { .small = 1, .whole = 2 };
	struct storm_task task;

	lone_task_start(&task, &topology, WIRE_JSON, handshake);
	check_emits(&task,
		&(struct storm_emission){ .stream = "turned", .mapping = &some, .record = &record },
		"[1,2]");
	lone_task_end(&task);
}

Test(mapping, emits_to_streams_of_the_same_fields_alone)
{
	static const struct record record = { .small = 1 };
	struct storm_task task;

	lone_task_start(&task, &topology, WIRE_JSON, handshake);
	cr_assert_eq(storm_emit_full(&task,
			     &(struct storm_emission){
				     .stream = "more", .mapping = &some, .record = &record }),
		-EINVAL);
	cr_assert(strstr(task_reason(&task, -EINVAL),
		"bolt emits to stream more a struct whose mapping has no field text"));
	cr_assert_eq(storm_emit_full(&task,
			     &(struct storm_emission){
				     .stream = "less", .mapping = &some, .record = &record }),
		-EINVAL);
	cr_assert(strstr(task_reason(&task, -EINVAL),
		"stream less, which has 1 fields, a struct whose mapping has 2"));
	lone_task_end(&task); /* it has said nothing */
}

/* What came is emitted as it is, and decoded the same again. */
Test(mapping, passes_structs_on)
{
	for (size_t i = 0; i < 2; i++) {
		struct storm_task task;
		struct buffer frame = { 0 };
		struct record record;

		lone_task_start(&task, &topology, wires[i], handshake);
		cr_assert_eq(
			storm_tuple_get_struct(lone_task_receive_json(&task,
						       TUPLE("default",
							       "true,1,2,3,0.5,1.5,\"text\",\"/wA="
							       "\",{\"k\":[null]},\"note\""),
						       &frame),
				&all, &record),
			0);
		check_emits(&task, &(struct storm_emission){ .mapping = &all, .record = &record },
			"[true,1,2,3,0.5,1.5,\"text\",\"/wA=\",{\"k\":[null]},\"note\"]");
		lone_task_end(&task);
		buffer_free(&frame);
	}
}

/* The check of inputs */

/* Whether a class of bolts can have an input with these fields. */
static int check_input(
	const struct storm_bolt_class *bolt_class, const char *fields, const char *why)
{
	const struct storm_topology inputs_topology = {
		.name = "topology",
		.bolts = STORM_BOLTS({ .name = "bolt", .bolt_class = bolt_class }),
	};
	struct storm_task task;
	char *text;
	int err;

	cr_assert_gt(asprintf(&text,
			     "{\"conf\":{},\"context\":{\"taskid\":1,\"componentid\":\"bolt\","
			     "\"task->component\":{\"1\":\"bolt\"},"
			     "\"source->stream->fields\":{\"source\":{\"other\":[%s]}}}}",
			     fields),
		0);
	lone_task_start(&task, &inputs_topology, WIRE_JSON, text);
	err = mapping_check_inputs(&task);
	if (why)
		cr_assert(strstr(task_reason(&task, err), why), "%s", task_reason(&task, err));
	lone_task_end(&task);
	free(text);
	return err;
}

#define SOME_FIELDS "\"wide\",\"x\",\"small\""

Test(mapping, wants_the_fields_of_its_inputs)
{
	static const struct storm_bolt_class strict = { .input = &all };
	static const struct storm_bolt_class checked = { .input = &some };
	static const struct storm_bolt_class lenient = { .input = &notes };

	cr_assert_eq(check_input(&bolt, "", NULL), 0);
	cr_assert_eq(check_input(&checked, SOME_FIELDS, NULL), 0);
	cr_assert_eq(check_input(&lenient, SOME_FIELDS, NULL), 0);
	cr_assert_eq(check_input(&lenient, "", NULL), 0);
	cr_assert_eq(check_input(&strict, SOME_FIELDS,
			     "the input of bolt must have the field flag, but stream other of "
			     "source has: wide x small"),
		-EINVAL);
	cr_assert_eq(check_input(&checked, "",
			     "the input of bolt must have the field wide, but stream other of "
			     "source has: no fields"),
		-EINVAL);
}
