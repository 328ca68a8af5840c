/*
 * Ready-made components. Each is a class to put in a topology; its settings are configuration
 * keys (see storm_setting), which a topology's --help lists.
 */
#ifndef CSTORM_COMPONENTS_H
#define CSTORM_COMPONENTS_H

#include <cstorm/topology.h>

/**
 * Spout: the lines of files or of the standard input, one tuple a line.
 *
 * Emits ("line"), without the line's end (\n or \r\n). Reliable and bounded: it finishes when all
 * lines are read. Bytes that are not UTF-8 become U+FFFD, as Unicode recommends (one for each
 * maximal part of a sequence), and the log tells where and in how many lines.
 *
 * Settings: input: a path, a JSON array of paths, or - for the standard input of the run.
 * Several tasks share the files among them, whole files to each.
 */
STORM_API extern const struct storm_spout_class storm_lines_spout;

/**
 * Bolt: the words of a text. Reads the first field, emits ("word"): each maximal run of bytes
 * other than ASCII white space (space, \t, \n, \v, \f, \r), unchanged.
 */
STORM_API extern const struct storm_bolt_class storm_split_bolt;

/**
 * Bolt: the parts of a URL, as Python's urllib.parse.urlparse gives them. Reads the first field, emits
 * ("scheme", "netloc", "path", "params", "query", "fragment"): strings, empty where the URL has no such
 * part. The scheme is in lower case, nothing else is decoded or normalized. White space and control
 * characters before the URL are left out, as are tabs and line breaks in it.
 *
 * A text is no URL if its netloc has brackets that hold no IPv6 address, or a character that Unicode's
 * NFKC makes a delimiter; there is nothing else that urlparse refuses.
 *
 * Settings: invalid: fail (the default: what is no URL fails, with the reason) or skip (it is logged,
 * counted by the metric "invalid", and acked).
 */
STORM_API extern const struct storm_bolt_class storm_urlparse_bolt;

/**
 * Bolt: counts equal strings. Reads the first field, emits ("word", "count"): at every tick what
 * has changed since the last one, and the rest when it closes. Group its input by that field.
 */
STORM_API extern const struct storm_bolt_class storm_count_bolt;

/**
 * Bolt: the latest number for each key, written as a table when the bolt closes. Reads the first
 * field as the key (a string) and the second as its number; writes key, tab, number on each
 * line, the largest number first, then by the bytes of the key. One task only.
 *
 * A file is also written at every tick, as a whole: who reads it has the table of the last tick.
 *
 * Settings: output: a path, or - for the standard output of the run.
 */
STORM_API extern const struct storm_bolt_class storm_table_bolt;

/**
 * Bolt: each tuple, appended to a file as a line. A tuple is acked when its line is written.
 *
 * Settings: output: a path, or - for the standard output of the run. format: first (the default: the
 * first field, a string as it is, any other value as its JSON text), json (an object of all fields, by
 * their names) or tsv (all fields with tabs between; a tab or line break in a string is \t, \n or \r, null is
 * empty).
 */
STORM_API extern const struct storm_bolt_class storm_write_bolt;

#endif
