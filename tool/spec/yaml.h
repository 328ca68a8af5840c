/* YAML as a JSON value, with the places of its parts. */
#ifndef SPEC_YAML_H
#define SPEC_YAML_H

#include "base/bytes.h"
#include "spec/places.h"

/*
 * Read one YAML document. Plain scalars mean what they mean to SnakeYAML, which reads Flux: YAML 1.1,
 * where `yes` is true and 010 is eight.
 *
 * Returns a new reference, or NULL with the problem said. The file's name is borrowed by the places.
 */
json_t *yaml_read(
	struct span text, const char *file, struct places *places, struct problems *problems);

/* Whether there are only comments, as in the storm.yaml that comes with Storm. */
bool yaml_says_nothing(const char *text);

/* Whether a plain scalar with this text is a string. */
bool yaml_is_plain(const char *text);

/* Write a value: it is read again as it is, also by SnakeYAML. 0, or -ENOMEM. */
int yaml_write(const json_t *value, struct buffer *text);

#endif
