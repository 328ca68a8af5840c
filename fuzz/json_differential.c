/* The same text for us and for jansson: both accept it or neither does, and they read the same. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "fuzz.h"
#include "protocol/json_scan.h"
#include "protocol/transcode.h"

/* What jansson cannot hold, though it is JSON. */
static bool is_beyond_jansson(const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);

	return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
		code == json_error_stack_overflow;
}

/* What we have read, by way of MessagePack and back. */
static void compare(struct span text, json_t *expected)
{
	struct buffer msgpack = { 0 };
	struct buffer json = { 0 };
	json_t *found;

	REQUIRE(transcode_to_msgpack(text, &msgpack, NULL) == 0);
	REQUIRE(transcode_to_json(buffer_span(&msgpack), &json) == 0);
	found = json_loadb(json.data, json.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	REQUIRE(found && json_equal(found, expected));
	json_decref(found);
	buffer_free(&json);
	buffer_free(&msgpack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct span text = { copy, size };
	struct json_scanner scanner = json_scanner(text);
	struct encoded value;
	json_error_t error;
	json_t *expected;
	int err;

	/* jansson passes over zero bytes behind the text. */
	if (size > 0 && memchr(copy, '\0', size)) {
		free(copy);
		return 0;
	}
	err = json_scan_document(&scanner, &value);
	expected = json_loadb(copy, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (err < 0)
		REQUIRE(!expected || strstr(scanner.error.what, "nested"));
	else if (!expected)
		REQUIRE(is_beyond_jansson(&error));
	else
		compare(text, expected);
	json_decref(expected);
	free(copy);
	return 0;
}
