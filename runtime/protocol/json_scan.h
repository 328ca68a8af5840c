/*
 * Takes JSON text apart without building a tree: the values stay spans of the text, and are
 * decoded when somebody asks for them.
 *
 * What is scanned is checked in full: exactly what RFC 8259 allows passes, encoded as UTF-8 (its
 * section 8.1). A string that cannot be UTF-8, because an escape names half of a surrogate pair,
 * does not pass.
 */
#ifndef PROTOCOL_JSON_SCAN_H
#define PROTOCOL_JSON_SCAN_H

#include "protocol/encoded.h"

/* Arrays and objects may be nested this deep. */
#define JSON_DEPTH 1024

struct json_scanner {
	const char *start;
	const char *at;
	const char *end;
	struct wire_error error; /* set where a function returns -EBADMSG */
};

static inline struct json_scanner json_scanner(struct span text)
{
	return (struct json_scanner){ text.data, text.data, text.data + text.length, { 0, NULL } };
}

/* Note an error at a place in the text, and return -EBADMSG. */
int json_fail(struct json_scanner *scanner, const char *at, const char *what);

/* Scan one value with all that is in it: 0 or -EBADMSG. */
int json_scan_value(struct json_scanner *scanner, struct encoded *value);

/* Scan one value that is the whole text. */
int json_scan_document(struct json_scanner *scanner, struct encoded *value);

/* Check that nothing but white space follows. */
int json_scan_end(struct json_scanner *scanner);

/* The first byte that is not white space, without consuming it; 0 at the end. */
char json_scan_peek(struct json_scanner *scanner);

/* Enter an array or object; the bracket is peeked already. */
static inline void json_scan_enter(struct json_scanner *scanner)
{
	scanner->at++;
}

/*
 * In an object: 1 and the next key, its value comes next; 0 behind the closing bracket;
 * -EBADMSG. `first` is true for the first call after entering.
 */
int json_scan_key(struct json_scanner *scanner, bool first, struct encoded *key);

/* In an array: 1 when a value comes next, 0 behind the closing bracket, -EBADMSG. */
int json_scan_element(struct json_scanner *scanner, bool first);

/* Decoding scanned values */

/* A string's contents into `out`, which has room for the text's length. Returns the length. */
size_t json_decode_string(const struct encoded *string, char *out);

/* Whether a string's contents are these. */
bool json_string_equals(const struct encoded *string, struct span contents);

/* An integer: 0, or -ERANGE where it does not fit in 64 bits. */
int json_decode_integer(const struct encoded *number, int64_t *integer);

/* A number: 0, -ERANGE where it is too large, or -ENOMEM. */
int json_decode_double(const struct encoded *number, double *value);

#endif
