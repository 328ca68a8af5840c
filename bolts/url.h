/*
 * URLs taken apart as Python's urllib.parse.urlparse does (that of its newest versions): by RFC 3986's
 * rules for where a part ends, with what browsers do before it, and the parameters of the last segment
 * (RFC 2396) as a part of their own. Nothing is decoded.
 */
#ifndef BOLTS_URL_H
#define BOLTS_URL_H

#include "base/bytes.h"

struct url {
	struct span scheme; /* in lower case */
	struct span netloc; /* user, host and port */
	struct span path;
	struct span params;
	struct span query;
	struct span fragment;
};

/*
 * Take a URL apart. Its parts are spans of the text, which is changed: white space and control characters
 * before it go, and tabs and line breaks in it.
 *
 * Returns 0; -EINVAL, where urlparse would raise ValueError, with the reason in `why` (static).
 */
int url_parse(char *text, size_t length, struct url *url, const char **why);

#endif
