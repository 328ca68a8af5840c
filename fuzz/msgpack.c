/* MessagePack: what is scanned can be decoded, and become JSON that jansson reads. */
#include <errno.h>
#include <jansson.h>

#include "fuzz.h"
#include "protocol/json_scan.h"
#include "protocol/msgpack.h"
#include "protocol/transcode.h"

static void check_json(struct span text)
{
	struct json_scanner scanner = json_scanner(text);
	json_error_t error;
	struct encoded value;
	json_t *tree;

	REQUIRE(json_scan_document(&scanner, &value) == 0);
	tree = json_loadb(text.data, text.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	REQUIRE(tree || json_error_code(&error) == json_error_numeric_overflow ||
		json_error_code(&error) == json_error_null_byte_in_key);
	json_decref(tree);
	fuzz_walk(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct msgpack_scanner scanner = msgpack_scanner((struct span){ copy, size });
	struct buffer json = { 0 };
	struct encoded value;
	int err = msgpack_scan_value(&scanner, &value);

	if (err == 0) {
		REQUIRE(value.text.data == copy && value.text.length <= size);
		fuzz_walk(&value);
		err = transcode_to_json(value.text, &json);
		REQUIRE(err == 0 || err == -EDOM);
		if (err == 0)
			check_json(buffer_span(&json));
	} else {
		REQUIRE(err == -EBADMSG);
		REQUIRE(scanner.error.offset <= size && scanner.error.what);
	}
	buffer_free(&json);
	free(copy);
	return 0;
}
