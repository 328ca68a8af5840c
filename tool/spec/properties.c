#include "spec/properties.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "spec/file.h"

/* A walk over the text. */
struct cursor {
	const char *at;
	const char *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
}

static void skip_line(struct cursor *cursor)
{
	while (cursor->at < cursor->end && !is_line_end(*cursor->at))
		cursor->at++;
}

static void skip_line_end(struct cursor *cursor)
{
	if (cursor->end - cursor->at >= 2 && cursor->at[0] == '\r' && cursor->at[1] == '\n')
		cursor->at++;
	cursor->at++;
}

/* The four digits behind \u; 0 where they are none. */
static uint32_t read_code(struct cursor *cursor)
{
	char digits[5] = { 0 };
	char *end;
	unsigned long code;

	if (cursor->end - cursor->at < 4)
		return 0;
	memcpy(digits, cursor->at, 4);
	code = strtoul(digits, &end, 16);
	if (*end != '\0')
		return 0;
	cursor->at += 4;
	return (uint32_t)code;
}

static void add_character(struct buffer *text, uint32_t code)
{
	char bytes[4];

	buffer_append(text, bytes, utf8_write(code, bytes));
}

/* What follows a backslash; one at the end of a line joins the next line. */
static void add_escaped(struct cursor *cursor, struct buffer *text)
{
	static const char letters[] = "tnrf";
	static const char meanings[] = "\t\n\r\f";
	const char *letter;
	uint32_t code;
	uint32_t low;
	char c = *cursor->at;

	if (is_line_end(c)) {
		skip_line_end(cursor);
		skip_blanks(cursor);
		return;
	}
	cursor->at++;
	letter = c != '\0' ? strchr(letters, c) : NULL;
	if (letter) {
		buffer_append(text, &meanings[letter - letters], 1);
	} else if (c == 'u') {
		code = read_code(cursor);
		low = 0;
		if (code >= 0xD800 && code < 0xDC00 && cursor->end - cursor->at >= 6 &&
			cursor->at[0] == '\\' && cursor->at[1] == 'u') {
			cursor->at += 2;
			low = read_code(cursor);
		}
		if (low >= 0xDC00 && low < 0xE000)
			code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
		add_character(text, code);
	} else {
		buffer_append(text, &c, 1);
	}
}

/* Read up to a line's end, or for a name up to what separates it from its value. */
static void read_part(struct cursor *cursor, struct buffer *text, bool is_name)
{
	buffer_truncate(text, 0);
	while (cursor->at < cursor->end && !is_line_end(*cursor->at)) {
		char c = *cursor->at;

		if (is_name && (is_blank(c) || c == '=' || c == ':'))
			return;
		cursor->at++;
		if (c == '\\' && cursor->at < cursor->end)
			add_escaped(cursor, text);
		else if (c != '\\')
			buffer_append(text, &c, 1);
	}
}

static void skip_separator(struct cursor *cursor)
{
	skip_blanks(cursor);
	if (cursor->at < cursor->end && (*cursor->at == '=' || *cursor->at == ':'))
		cursor->at++;
	skip_blanks(cursor);
}

static void read_all(struct cursor cursor, json_t *properties)
{
	struct buffer name = { 0 };
	struct buffer value = { 0 };

	while (cursor.at < cursor.end) {
		skip_blanks(&cursor);
		if (cursor.at == cursor.end)
			break;
		if (is_line_end(*cursor.at)) {
			cursor.at++;
		} else if (*cursor.at == '#' || *cursor.at == '!') {
			skip_line(&cursor);
		} else {
			read_part(&cursor, &name, true);
			skip_separator(&cursor);
			read_part(&cursor, &value, false);
			json_object_set_new(
				properties, buffer_text(&name), json_string(buffer_text(&value)));
		}
	}
	buffer_free(&name);
	buffer_free(&value);
}

json_t *properties_read(const char *path, struct problems *problems)
{
	struct buffer text = { 0 };
	json_t *properties = NULL;

	if (file_read(path, &text, problems) == 0) {
		properties = json_object();
		read_all((struct cursor){ text.data, text.data + text.length }, properties);
	}
	buffer_free(&text);
	return properties;
}
