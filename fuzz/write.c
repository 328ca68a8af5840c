/* Values made of the input are written on both wires, and read back the same. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "protocol/json_scan.h"
#include "protocol/msgpack.h"
#include "protocol/write.h"

/* A value of the type that the first byte says, with what the others hold. */
static struct storm_value make_value(const char *data, size_t size)
{
	int64_t integer = 0;
	double number = 0;

	if (size == 0)
		return storm_null();
	memcpy(&integer, data + 1, size - 1 < 8 ? size - 1 : 8);
	memcpy(&number, &integer, sizeof(number));
	switch (data[0] % 7) {
	case 0:
		return storm_null();
	case 1:
		return storm_boolean(integer & 1);
	case 2:
		return storm_integer(integer);
	case 3:
		return storm_double(number);
	case 4:
		return storm_string(data + 1, size - 1);
	case 5:
		return storm_binary(data + 1, size - 1);
	default:
		return storm_json(data + 1, size - 1);
	}
}

static void check_integer(const struct encoded *found, int64_t expected)
{
	int64_t integer;

	REQUIRE(found->type == STORM_INTEGER);
	REQUIRE(encoded_integer(found, &integer) == 0 && integer == expected);
}

static void check_double(const struct encoded *found, double expected)
{
	double number;

	REQUIRE(found->type == STORM_DOUBLE);
	REQUIRE(encoded_double(found, &number) == 0 && number == expected);
}

static void check_binary(const struct encoded *found, struct storm_string expected)
{
	char *bytes = malloc(found->text.length + 1);
	size_t length;

	REQUIRE(encoded_binary(found, bytes, &length) == 0 && length == expected.length);
	REQUIRE(length == 0 || memcmp(bytes, expected.data, length) == 0);
	free(bytes);
}

static void check_value(const struct encoded *found, const struct storm_value *expected)
{
	switch (expected->type) {
	case STORM_NULL:
		REQUIRE(found->type == STORM_NULL);
		break;
	case STORM_BOOLEAN:
		REQUIRE(found->type == STORM_BOOLEAN);
		REQUIRE(encoded_boolean(found) == expected->boolean);
		break;
	case STORM_INTEGER:
		check_integer(found, expected->integer);
		break;
	case STORM_DOUBLE:
		check_double(found, expected->number);
		break;
	case STORM_STRING:
		REQUIRE(encoded_equals(
			found, (struct span){ expected->string.data, expected->string.length }));
		break;
	case STORM_BINARY:
		check_binary(found, expected->string);
		break;
	default:
		fuzz_walk(found);
	}
}

static void scan(struct span text, enum wire wire, struct encoded *value)
{
	struct msgpack_scanner msgpack = msgpack_scanner(text);
	struct json_scanner json = json_scanner(text);

	if (wire == WIRE_JSON) {
		REQUIRE(json_scan_document(&json, value) == 0);
	} else {
		REQUIRE(msgpack_scan_value(&msgpack, value) == 0);
		REQUIRE(msgpack.at == msgpack.end);
	}
}

/* Whether this may not be written, for a reason that the value has. */
static bool is_refused(const struct storm_value *value, int err)
{
	struct storm_string text = value->string;

	switch (value->type) {
	case STORM_DOUBLE:
		return err == -EDOM && !isfinite(value->number);
	case STORM_STRING:
		return err == -EILSEQ &&
			utf8_first_invalid(text.data, text.data + text.length) !=
			text.data + text.length;
	case STORM_JSON:
		return err == -EBADMSG || err == -EDOM;
	default:
		return false;
	}
}

static int write_and_read(const struct storm_value *value, enum wire wire)
{
	struct buffer text = { 0 };
	struct encoded found;
	int err = write_value(&text, wire, value);

	if (err == 0) {
		scan(buffer_span(&text), wire, &found);
		check_value(&found, value);
	} else {
		REQUIRE(is_refused(value, err));
	}
	buffer_free(&text);
	return err;
}

static void write_lossy(struct span text, enum wire wire)
{
	struct buffer written = { 0 };
	struct encoded found;

	write_string_lossy(&written, wire, text);
	scan(buffer_span(&written), wire, &found);
	REQUIRE(found.type == STORM_STRING);
	buffer_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct storm_value value = make_value(copy, size);
	int json = write_and_read(&value, WIRE_JSON);
	int msgpack = write_and_read(&value, WIRE_MSGPACK);

	/* A number that no double holds is JSON, but not MessagePack. */
	REQUIRE(json == msgpack || (value.type == STORM_JSON && msgpack == -EDOM));
	write_lossy((struct span){ copy, size }, WIRE_JSON);
	write_lossy((struct span){ copy, size }, WIRE_MSGPACK);
	free(copy);
	return 0;
}
