/* Reads YAML. */
#include "spec/yaml.h"

#include "base/numbers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>
#include <yaml.h>

#define DEPTH_LIMIT 100
#define NODE_LIMIT 1000000
#define ANCHOR_LIMIT 10000
/*
 * A value of an alias is made again each time, so a short document may mean a huge one. What is made
 * beyond what the document has itself is counted in bytes of text, and so many more for each value.
 * SnakeYAML, which reads Flux, allows 50 aliases of lists and maps.
 */
#define ALIAS_LIMIT ((size_t)1 << 20)
#define VALUE_SIZE 64

struct yaml {
	yaml_document_t document;
	struct numbers tagged; /* where the scalars begin that have a tag */
	const char *file;
	struct places *places;
	struct problems *problems;
	size_t room; /* for values that are still to be made */
};

static json_t *make_value(struct yaml *yaml, int index, struct place key, int depth);

static struct place place_of_mark(const struct yaml *yaml, const yaml_mark_t *mark)
{
	return (struct place){ yaml->file, (int)mark->line + 1, (int)mark->column + 1 };
}

/* The room that a node of the document takes, without what is in it. */
static size_t size_of(const yaml_node_t *node)
{
	return VALUE_SIZE + (node->type == YAML_SCALAR_NODE ? node->data.scalar.length : 0);
}

/* Take the room for a node: the document's own, and then that for the copies of all files. */
static int take_room(struct yaml *yaml, const yaml_node_t *node)
{
	size_t size = size_of(node);

	if (size <= yaml->room) {
		yaml->room -= size;
		return 0;
	}
	yaml->places->copied += size;
	if (yaml->places->copied <= ALIAS_LIMIT)
		return 0;
	return problems_error(yaml->problems, place_of_mark(yaml, &node->start_mark),
		"the aliases make it too large");
}

static int refuse_depth(const struct yaml *yaml, struct place place)
{
	return problems_error(
		yaml->problems, place, "nested too deep: more than %d levels", DEPTH_LIMIT);
}

/* Scalars */

/* Copy a number without its underscores; NULL where it is too long for one. */
static const char *without_underscores(struct span text, char *copy, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < text.length; i++) {
		if (text.data[i] == '_')
			continue;
		if (length + 1 == size)
			return NULL;
		copy[length++] = text.data[i];
	}
	copy[length] = '\0';
	return copy;
}

/* The parts of 1:30:00, each but the first below 60; -1: it is none. */
static json_int_t sexagesimal(const char *text)
{
	json_int_t number = 0;
	char *end;

	for (;;) {
		long part = strtol(text, &end, 10);

		if (end == text || (number > 0 && part > 59) || number > INT64_MAX / 61)
			return -1;
		number = number * 60 + part;
		if (*end == '\0')
			return number;
		if (*end != ':' || end[1] < '0' || end[1] > '9')
			return -1;
		text = end + 1;
	}
}

static json_t *integer_of_base(const char *digits, int base, bool negative)
{
	char *end;
	unsigned long long number;

	if (strchr("+- \t", digits[0]))
		return NULL; /* strtoull() would go on */
	errno = 0;
	number = strtoull(digits, &end, base);
	if (end == digits || *end != '\0' || errno == ERANGE ||
		number > (unsigned long long)INT64_MAX + negative)
		return NULL;
	return json_integer(negative ? (json_int_t)(0 - number) : (json_int_t)number);
}

/* An integer of YAML 1.1, or NULL. */
static json_t *make_integer(const char *text)
{
	bool negative = text[0] == '-';
	const char *digits = text + (text[0] == '-' || text[0] == '+');

	if (digits[0] < '0' || digits[0] > '9')
		return NULL;
	if (digits[0] == '0' && digits[1] == 'b')
		return integer_of_base(digits + 2, 2, negative);
	if (digits[0] == '0' && digits[1] == 'x')
		return integer_of_base(digits + 2, 16, negative);
	if (digits[0] == '0' && digits[1] != '\0')
		return integer_of_base(digits, 8, negative);
	if (strchr(digits, ':')) {
		json_int_t number = digits[0] == '0' ? -1 : sexagesimal(digits);

		return number < 0 ? NULL : json_integer(negative ? -number : number);
	}
	return integer_of_base(digits, 10, negative);
}

/* A fraction, or NULL. */
static json_t *make_real(const char *text)
{
	const char *digits = text + strspn(text, "+-");
	char *end;
	double number;

	if (digits - text > 1 || strspn(digits, "0123456789.eE+-") != strlen(digits) ||
		!strpbrk(digits, "0123456789") || !strpbrk(digits, ".eE") ||
		strchr("eE", digits[0]))
		return NULL;
	number = strtod(text, &end);
	return *end == '\0' && isfinite(number) ? json_real(number) : NULL;
}

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words && strcmp(text, *words) != 0)
		words++;
	return *words != NULL;
}

/* What a plain scalar means; NULL: a string. */
static json_t *resolve_plain(struct span text)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", "yes", "Yes", "YES", "on",
		"On", "ON", NULL };
	static const char *const falses[] = { "false", "False", "FALSE", "no", "No", "NO", "off",
		"Off", "OFF", NULL };
	char copy[64];
	json_t *number;

	if (is_one_of(text.data, nulls))
		return json_null();
	if (is_one_of(text.data, trues))
		return json_true();
	if (is_one_of(text.data, falses))
		return json_false();
	if (!strchr("+-.0123456789", text.data[0]) ||
		!without_underscores(text, copy, sizeof(copy)))
		return NULL;
	number = make_integer(copy);
	return number ? number : make_real(copy);
}

static bool is_infinite(const char *text)
{
	text += strspn(text, "+-");
	return strcasecmp(text, ".inf") == 0 || strcasecmp(text, ".nan") == 0;
}

bool yaml_is_plain(const char *text)
{
	const char *digits = text + (text[0] == '-' || text[0] == '+');
	json_t *other = resolve_plain((struct span){ text, strlen(text) });

	json_decref(other);
	digits += digits[0] == '.';
	/* A digit may also begin a date, which is none to us, but is to SnakeYAML. */
	return !other && !is_infinite(text) && (digits[0] < '0' || digits[0] > '9') &&
		strcmp(text, "<<") != 0 && strcmp(text, "=") != 0;
}

/* A zero byte would end a name, or a word of a command; and descriptions in JSON have none. */
static int refuse_zero(const struct yaml *yaml, const yaml_node_t *node)
{
	if (!memchr(node->data.scalar.value, '\0', node->data.scalar.length))
		return 0;
	return problems_error(yaml->problems, place_of_mark(yaml, &node->start_mark),
		"a text must not have a zero byte (\\0)");
}

/* Whether a scalar has a tag: libyaml gives that of a string to all that have none. */
static bool is_tagged(const struct yaml *yaml, const yaml_node_t *node)
{
	size_t low = 0;
	size_t high = yaml->tagged.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (yaml->tagged.items[middle] < node->start_mark.index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < yaml->tagged.count && yaml->tagged.items[low] == node->start_mark.index;
}

static json_t *make_scalar(const struct yaml *yaml, const yaml_node_t *node)
{
	const char *data = (const char *)node->data.scalar.value;
	struct span text = { data, node->data.scalar.length };
	const char *tag = (const char *)node->tag;
	bool is_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	json_t *value = NULL;

	if (refuse_zero(yaml, node) < 0)
		return NULL;
	if (is_plain && is_infinite(data)) {
		problems_error(yaml->problems, place_of_mark(yaml, &node->start_mark),
			"%s is a number that JSON, and so a component, cannot have", data);
		return NULL;
	}
	if (strcmp(tag, YAML_STR_TAG) != 0 || (is_plain && !is_tagged(yaml, node)))
		value = resolve_plain(text);
	return value ? value : json_stringn(text.data, text.length);
}

/* Collections */

static json_t *make_list(struct yaml *yaml, const yaml_node_t *node, int depth)
{
	json_t *list = json_array();

	for (yaml_node_item_t *item = node->data.sequence.items.start;
		item < node->data.sequence.items.top; item++) {
		const yaml_node_t *child = yaml_document_get_node(&yaml->document, *item);
		json_t *value =
			make_value(yaml, *item, place_of_mark(yaml, &child->start_mark), depth + 1);

		if (!value || json_array_append_new(list, value) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* Put in what a merge key (<<) names, under what is there already. */
static void merge(json_t *object, const json_t *merged)
{
	const json_t *entry;
	size_t i;

	if (json_is_object(merged))
		json_object_update_missing(object, (json_t *)merged);
	json_array_foreach(merged, i, entry)
		json_object_update_missing(object, (json_t *)entry);
}

/* The text of a key as Java has it, which makes a string of what it means: yes is "true". */
static char *key_text(const struct yaml *yaml, const yaml_node_t *key)
{
	json_t *value = make_scalar(yaml, key);
	char *text;

	if (json_is_string(value) || json_is_real(value))
		text = strdup((const char *)key->data.scalar.value);
	else
		text = json_dumps(value, JSON_ENCODE_ANY);
	json_decref(value);
	return text;
}

static int add_value(struct yaml *yaml, json_t *object, const yaml_node_t *key, json_t *value)
{
	struct place place = place_of_mark(yaml, &key->start_mark);
	char *name = key_text(yaml, key);
	int err;

	if (name && json_object_get(object, name))
		problems_warn(yaml->problems, place,
			"the key %s is there twice: the last one counts", name);
	err = json_object_set_new(object, name ? name : "", value);
	free(name);
	return err;
}

static int add_pair(
	struct yaml *yaml, json_t *object, json_t **merged, const yaml_node_pair_t *pair, int depth)
{
	const yaml_node_t *key = yaml_document_get_node(&yaml->document, pair->key);
	struct place place = place_of_mark(yaml, &key->start_mark);
	json_t *value;

	if (key->type != YAML_SCALAR_NODE)
		return problems_error(yaml->problems, place, "a key must be a word");
	if (take_room(yaml, key) < 0 || refuse_zero(yaml, key) < 0)
		return -EINVAL;
	value = make_value(yaml, pair->value, place, depth + 1);
	if (!value)
		return -EINVAL;
	if (strcmp((const char *)key->data.scalar.value, "<<") == 0 &&
		key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		json_decref(*merged);
		*merged = value;
		return 0;
	}
	return add_value(yaml, object, key, value);
}

static json_t *make_object(struct yaml *yaml, const yaml_node_t *node, int depth)
{
	json_t *object = json_object();
	json_t *merged = NULL;
	int err = 0;

	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top && err == 0; pair++)
		err = add_pair(yaml, object, &merged, pair, depth);
	merge(object, merged);
	json_decref(merged);
	if (err == 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *make_value(struct yaml *yaml, int index, struct place key, int depth)
{
	const yaml_node_t *node = yaml_document_get_node(&yaml->document, index);
	struct place own = place_of_mark(yaml, &node->start_mark);
	json_t *value = NULL;

	if (depth > DEPTH_LIMIT) {
		refuse_depth(yaml, own);
		return NULL;
	}
	if (take_room(yaml, node) < 0)
		return NULL;
	switch (node->type) {
	case YAML_SCALAR_NODE:
		value = make_scalar(yaml, node);
		break;
	case YAML_SEQUENCE_NODE:
		value = make_list(yaml, node, depth);
		break;
	case YAML_MAPPING_NODE:
		value = make_object(yaml, node, depth);
		break;
	case YAML_NO_NODE:
		break;
	}
	if (value)
		places_note(yaml->places, value, own, key);
	return value;
}

/* Documents */

static void refuse(const struct yaml *yaml, const yaml_parser_t *parser)
{
	const yaml_mark_t *mark = &parser->problem_mark;

	if (parser->error == YAML_READER_ERROR)
		problems_error(yaml->problems, (struct place){ .file = yaml->file },
			"not YAML: byte %zu: %s", parser->problem_offset, parser->problem);
	else
		problems_error(yaml->problems, place_of_mark(yaml, mark), "not YAML: %s%s%s",
			parser->problem ? parser->problem : "out of memory",
			parser->context ? ", " : "", parser->context ? parser->context : "");
}

static void set_input(yaml_parser_t *parser, struct span text)
{
	yaml_parser_set_input_string(
		parser, (const unsigned char *)(text.data ? text.data : ""), text.length);
}

/* What a document has. */
struct shape {
	int depth;
	size_t nodes;
	size_t anchors;
};

static void count_event(struct shape *shape, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		shape->nodes++;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		shape->nodes++;
		shape->depth++;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		shape->nodes++;
		shape->depth++;
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		shape->depth--;
		break;
	default:
		break;
	}
	shape->anchors += anchor != NULL;
}

static int check_shape(const struct yaml *yaml, const struct shape *shape, struct place place)
{
	if (shape->depth > DEPTH_LIMIT)
		return refuse_depth(yaml, place);
	if (shape->nodes > NODE_LIMIT)
		return problems_error(yaml->problems, place, "more than %d values", NODE_LIMIT);
	if (shape->anchors > ANCHOR_LIMIT)
		return problems_error(yaml->problems, place, "more than %d anchors", ANCHOR_LIMIT);
	return 0;
}

/*
 * Look at the events of a text, and note the tags, before libyaml makes a document of it: in a time that grows with the
 * square of the depth, and of the number of anchors. What is no YAML at all is not found here.
 */
static int check_events(struct yaml *yaml, struct span text)
{
	struct shape shape = { 0 };
	yaml_parser_t parser;
	yaml_event_t event;
	bool ended = false;
	int err = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	set_input(&parser, text);
	while (err == 0 && !ended && yaml_parser_parse(&parser, &event)) {
		count_event(&shape, &event);
		err = check_shape(yaml, &shape, place_of_mark(yaml, &event.start_mark));
		if (err == 0 && event.type == YAML_SCALAR_EVENT && event.data.scalar.tag)
			err = numbers_add(&yaml->tagged, event.start_mark.index);
		ended = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return err;
}

/* Whether one more document follows, which is a problem. */
static bool has_more(const struct yaml *yaml, yaml_parser_t *parser)
{
	yaml_document_t document;
	const yaml_node_t *root;
	bool more = false;

	if (!yaml_parser_load(parser, &document)) {
		refuse(yaml, parser);
		return true;
	}
	root = yaml_document_get_root_node(&document);
	if (root) {
		problems_error(yaml->problems, place_of_mark(yaml, &root->start_mark),
			"a second document; there must be one");
		more = true;
	}
	yaml_document_delete(&document);
	return more;
}

/* Make the value of the document that is loaded. */
static json_t *make_document(struct yaml *yaml)
{
	const yaml_node_t *root = yaml_document_get_root_node(&yaml->document);

	if (!root) {
		problems_error(
			yaml->problems, (struct place){ .file = yaml->file }, "the file is empty");
		return NULL;
	}
	for (const yaml_node_t *node = yaml->document.nodes.start; node < yaml->document.nodes.top;
		node++)
		yaml->room += size_of(node);
	return make_value(yaml, 1, place_of_mark(yaml, &root->start_mark), 0);
}

bool yaml_says_nothing(const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		size_t blanks = strspn(text, " \t\r");

		if (blanks < length && text[blanks] != '#' && strncmp(text, "---", 3) != 0)
			return false;
		text += length;
		text += *text == '\n';
	}
	return true;
}

json_t *yaml_read(
	struct span text, const char *file, struct places *places, struct problems *problems)
{
	struct yaml yaml = { .file = file, .places = places, .problems = problems };
	yaml_parser_t parser;
	json_t *value = NULL;
	int err = check_events(&yaml, text);

	if (err == 0 && !yaml_parser_initialize(&parser))
		err = -ENOMEM;
	problems->failed |= err == -ENOMEM;
	if (err < 0) {
		numbers_free(&yaml.tagged);
		return NULL;
	}
	set_input(&parser, text);
	if (yaml_parser_load(&parser, &yaml.document)) {
		value = make_document(&yaml);
		yaml_document_delete(&yaml.document);
	} else {
		refuse(&yaml, &parser);
	}
	if (value && has_more(&yaml, &parser)) {
		json_decref(value);
		value = NULL;
	}
	yaml_parser_delete(&parser);
	numbers_free(&yaml.tagged);
	return value;
}
