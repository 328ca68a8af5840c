/* Buffers that grow. */
#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define BUFFER_SMALLEST 256

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

int buffer_reserve(struct buffer *buffer, size_t length)
{
	size_t capacity = buffer->capacity < BUFFER_SMALLEST ? BUFFER_SMALLEST : buffer->capacity;
	char *data;

	if (length > SIZE_MAX / 4 - buffer->length)
		return -ENOMEM;
	if (buffer->capacity - buffer->length >= length)
		return 0;
	while (capacity - buffer->length < length)
		capacity *= 2;
	data = realloc(buffer->data, capacity);
	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
}

void buffer_truncate(struct buffer *buffer, size_t length)
{
	buffer->length = length;
	buffer->failed = false;
}

void buffer_append_slowly(struct buffer *buffer, const char *data, size_t length)
{
	if (buffer->failed)
		return;
	if (buffer_reserve(buffer, length) < 0) {
		buffer->failed = true;
		return;
	}
	memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
}

void buffer_append_unsigned(struct buffer *buffer, uint64_t integer)
{
	char digits[20];
	char *first = digits + sizeof(digits);

	do {
		*--first = (char)('0' + integer % 10);
		integer /= 10;
	} while (integer > 0);
	buffer_append(buffer, first, (size_t)(digits + sizeof(digits) - first));
}

void buffer_append_integer(struct buffer *buffer, int64_t integer)
{
	if (integer < 0) {
		buffer_append_literal(buffer, "-");
		buffer_append_unsigned(buffer, -(uint64_t)integer);
	} else {
		buffer_append_unsigned(buffer, (uint64_t)integer);
	}
}

void buffer_append_formatv(struct buffer *buffer, const char *format, va_list arguments)
{
	va_list again;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (buffer->failed)
		return;
	if (length < 0 || buffer_reserve(buffer, (size_t)length + 1) < 0) {
		buffer->failed = true;
		return;
	}
	vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
	buffer->length += (size_t)length;
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buffer_append_formatv(buffer, format, arguments);
	va_end(arguments);
}

const char *buffer_text(struct buffer *buffer)
{
	if (buffer->failed || buffer_reserve(buffer, 1) < 0)
		return "";
	buffer->data[buffer->length] = '\0';
	return buffer->data;
}
