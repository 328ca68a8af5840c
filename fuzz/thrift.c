/* Thrift: an answer is none, or what is made of it can be written and read again. */
#include <errno.h>

#include "cluster/calls.h"
#include "fuzz.h"

/* What is read is written and read: it must be the same. */
static void check_round_trip(const struct thrift_type *type, const json_t *value)
{
	struct buffer out = { 0 };
	json_t *again = NULL;
	struct span text;

	REQUIRE(thrift_write(&out, value, type) == 0);
	text = buffer_span(&out);
	REQUIRE(thrift_read(&text, type, &again) == 0);
	REQUIRE(text.length == 0);
	REQUIRE(json_equal(value, again));
	json_decref(again);
	buffer_free(&out);
}

static void check(const struct thrift_type *type, struct span text)
{
	json_t *value = NULL;
	int err = thrift_read(&text, type, &value);

	REQUIRE(err == 0 || err == -EBADMSG);
	REQUIRE((err == 0) == (value != NULL));
	if (value)
		check_round_trip(type, value);
	json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct thrift_type *const types[] = { nimbus_get_topologies.result,
		nimbus_get_leader.result, nimbus_begin_upload.result, nimbus_submit.arguments,
		nimbus_submit.result, nimbus_get_topology.result, nimbus_get_topology_page.result,
		nimbus_get_component_page.result, nimbus_set_log_config.arguments,
		&thrift_application_exception };
	struct span text = { (const char *)data, size };
	enum thrift_message message;
	struct span name;
	int32_t sequence;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		check(types[i], text);
	if (thrift_read_reply(&text, &message, &name, &sequence) == 0)
		REQUIRE(text.length + name.length + 12 == size);
	return 0;
}
