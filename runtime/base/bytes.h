/* Spans of bytes that somebody else owns, and buffers that grow. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cstorm/macros.h>

/* Borrowed bytes. */
struct span {
	const char *data;
	size_t length;
};

#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

static inline struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static inline bool span_equals(struct span a, struct span b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool span_equals_text(struct span span, const char *text)
{
	return span_equals(span, span_of(text));
}

/*
 * A growing run of bytes. Appending cannot fail visibly: when memory ends, the buffer remembers
 * it and ignores what follows, so that a writer checks once, at the end of a frame.
 */
struct buffer {
	char *data;
	size_t length;
	size_t capacity;
	bool failed; /* memory ended; reset by buffer_truncate */
};

void buffer_free(struct buffer *buffer);

/* Make room for `length` more bytes: 0 or -ENOMEM. */
int buffer_reserve(struct buffer *buffer, size_t length);

/* Shorten the buffer to an earlier length, and forget that memory ended since. */
void buffer_truncate(struct buffer *buffer, size_t length);

void buffer_append_slowly(struct buffer *buffer, const char *data, size_t length);
void buffer_append_integer(struct buffer *buffer, int64_t integer);
void buffer_append_unsigned(struct buffer *buffer, uint64_t integer);
STORM_PRINTF(2, 3)
void buffer_append_format(struct buffer *buffer, const char *format, ...);
STORM_PRINTF(2, 0)
void buffer_append_formatv(struct buffer *buffer, const char *format, va_list arguments);

static inline void buffer_append(struct buffer *buffer, const char *data, size_t length)
{
	if (buffer->failed || buffer->capacity - buffer->length < length) {
		buffer_append_slowly(buffer, data, length);
		return;
	}
	if (length > 0)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
}

static inline void buffer_append_span(struct buffer *buffer, struct span span)
{
	buffer_append(buffer, span.data, span.length);
}

#define buffer_append_literal(buffer, literal) \
	buffer_append((buffer), "" literal, sizeof(literal) - 1)

/* The buffer as a C string; "" when memory ended. Borrowed, valid until the next append. */
const char *buffer_text(struct buffer *buffer);

/* What the buffer holds. Borrowed, valid until the next append; never NULL. */
static inline struct span buffer_span(const struct buffer *buffer)
{
	return (struct span){ buffer->data ? buffer->data : "", buffer->length };
}

#endif
