/* JSON: what is scanned can be decoded, and become MessagePack, which can be scanned. */
#include <errno.h>

#include "fuzz.h"
#include "protocol/json_scan.h"
#include "protocol/msgpack.h"
#include "protocol/transcode.h"

static void check_msgpack(struct span text)
{
	struct msgpack_scanner scanner = msgpack_scanner(text);
	struct encoded value;

	REQUIRE(msgpack_scan_value(&scanner, &value) == 0);
	REQUIRE(scanner.at == scanner.end);
	fuzz_walk(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct span text = { copy, size };
	struct json_scanner scanner = json_scanner(text);
	struct buffer msgpack = { 0 };
	struct wire_error error = { 0 };
	struct encoded value;
	int err = json_scan_document(&scanner, &value);
	int transcoded = transcode_to_msgpack(text, &msgpack, &error);

	if (err == 0) {
		fuzz_walk(&value);
		REQUIRE(transcoded == 0 || transcoded == -EDOM);
	} else {
		REQUIRE(err == -EBADMSG);
		REQUIRE(scanner.error.offset <= size && scanner.error.what);
		/* A number that no double holds may stand before what is wrong. */
		REQUIRE(transcoded == -EDOM ||
			(transcoded == -EBADMSG && error.offset == scanner.error.offset &&
				error.what));
	}
	if (transcoded == 0)
		check_msgpack(buffer_span(&msgpack));
	buffer_free(&msgpack);
	free(copy);
	return 0;
}
