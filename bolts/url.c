#include "url.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/ascii.h"

#define IPV6_LONGEST 45 /* with an IPv4 address at its end */

static const char invalid_ipv6[] = "its netloc has brackets that hold no IPv6 address";

/* Cleaning */

/* Without tabs and line breaks. Returns the length. */
static size_t remove_breaks(char *text, size_t length)
{
	size_t kept = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
			text[kept++] = text[i];
	}
	return kept;
}

static struct span clean(char *text, size_t length)
{
	size_t start = 0;

	while (start < length && (unsigned char)text[start] <= ' ')
		start++;
	text += start;
	length -= start;
	if (control_skip(text, text + length) < text + length)
		length = remove_breaks(text, length);
	return (struct span){ text, length };
}

/* Spans */

static const char *find(struct span text, char c)
{
	return text.length > 0 ? memchr(text.data, c, text.length) : NULL;
}

static struct span before(struct span text, const char *at)
{
	return (struct span){ text.data, (size_t)(at - text.data) };
}

static struct span from(struct span text, const char *at)
{
	return (struct span){ at, (size_t)(text.data + text.length - at) };
}

static struct span behind(struct span text, const char *at)
{
	return from(text, at + 1);
}

/* Cut off what is behind the first of a character; nothing where there is none. */
static struct span cut(struct span *text, char c)
{
	const char *at = find(*text, c);
	struct span tail = { "", 0 };

	if (at) {
		tail = behind(*text, at);
		*text = before(*text, at);
	}
	return tail;
}

/* The scheme */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool may_be_in_scheme(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

static struct span take_scheme(struct span *text)
{
	size_t length = 0;
	char *scheme = (char *)text->data;

	if (text->length == 0 || !is_letter(*text->data))
		return (struct span){ "", 0 };
	while (length < text->length && may_be_in_scheme(text->data[length]))
		length++;
	if (length == text->length || text->data[length] != ':')
		return (struct span){ "", 0 };
	*text = behind(*text, text->data + length);
	for (size_t i = 0; i < length; i++)
		scheme[i] |= scheme[i] >= 'A' && scheme[i] <= 'Z' ? 0x20 : 0;
	return (struct span){ scheme, length };
}

/* The netloc */

static struct span take_netloc(struct span *text)
{
	struct span netloc;
	size_t length = 2;

	if (text->length < 2 || text->data[0] != '/' || text->data[1] != '/')
		return (struct span){ "", 0 };
	while (length < text->length && text->data[length] != '/' && text->data[length] != '?' &&
		text->data[length] != '#')
		length++;
	netloc = (struct span){ text->data + 2, length - 2 };
	*text = from(*text, text->data + length);
	return netloc;
}

/* An address with a zone, as fe80::1%eth0, or without. */
static bool is_ipv6(struct span host)
{
	char text[IPV6_LONGEST + 1];
	struct in6_addr address;
	const char *percent = find(host, '%');
	struct span zone = { "1", 1 };

	if (percent) {
		zone = behind(host, percent);
		host = before(host, percent);
	}
	if (zone.length == 0 || find(zone, '%') || host.length > IPV6_LONGEST || find(host, '\0'))
		return false;
	memcpy(text, host.data, host.length);
	text[host.length] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 3986's IPvFuture, as far as urlparse looks: v, hexadecimal digits, a dot, something. */
static bool is_ip_of_future(struct span host)
{
	size_t i = 1;

	while (i < host.length && is_hex(host.data[i]))
		i++;
	return i > 1 && i + 1 < host.length && host.data[i] == '.';
}

static bool is_good_host(struct span host)
{
	return host.length > 0 && *host.data == 'v' ? is_ip_of_future(host) : is_ipv6(host);
}

static struct span without_user(struct span netloc)
{
	const char *at = netloc.length > 0 ? memrchr(netloc.data, '@', netloc.length) : NULL;

	return at ? behind(netloc, at) : netloc;
}

/* A netloc that has brackets: they must be around the host, with nothing but a port behind them. */
static bool has_good_brackets(struct span netloc)
{
	struct span host = without_user(netloc);
	const char *open = find(host, '[');
	struct span port;

	if (!find(netloc, '[') || !find(netloc, ']'))
		return false;
	if (!open) {
		cut(&host, ':');
		return is_good_host(host);
	}
	if (open != host.data)
		return false;
	host = behind(host, open);
	port = cut(&host, ']');
	return (port.length == 0 || *port.data == ':') && is_good_host(host);
}

/*
 * Whether a netloc has a character that becomes, or has in it, one of /?#@: when IDNA normalizes it
 * (NFKC): the host would end elsewhere then. These are all that Unicode has, in UTF-8.
 */
static bool has_hidden_delimiter(struct span netloc)
{
	static const char *const characters[] = { "\u2047", "\u2048", "\u2049", "\u2100", "\u2101",
		"\u2105", "\u2106", "\u2A74", "\uFE13", "\uFE16", "\uFE55", "\uFE56", "\uFE5F",
		"\uFE6B", "\uFF03", "\uFF0F", "\uFF1A", "\uFF1F", "\uFF20" };

	for (size_t i = 0; i + 2 < netloc.length; i++) {
		if ((netloc.data[i] & 0xF0) != 0xE0)
			continue;
		for (size_t j = 0; j < sizeof(characters) / sizeof(characters[0]); j++) {
			if (memcmp(netloc.data + i, characters[j], 3) == 0)
				return true;
		}
	}
	return false;
}

static int check_netloc(struct span netloc, const char **why)
{
	bool plain = true;
	bool brackets = false;

	for (size_t i = 0; i < netloc.length; i++) {
		plain &= (signed char)netloc.data[i] >= 0;
		brackets |= netloc.data[i] == '[' || netloc.data[i] == ']';
	}
	if (brackets && !has_good_brackets(netloc)) {
		*why = invalid_ipv6;
		return -EINVAL;
	}
	if (!plain && has_hidden_delimiter(netloc)) {
		*why = "its netloc has a character that is one of /?#@: when it is normalized";
		return -EINVAL;
	}
	return 0;
}

/* The parameters */

/* The schemes that have them: as in Python's uses_params. */
static bool has_params(struct span scheme)
{
	static const struct span schemes[] = { { "https", 5 }, { "http", 4 }, { "", 0 },
		{ "ftp", 3 }, { "hdl", 3 }, { "imap", 4 }, { "mms", 3 }, { "prospero", 8 },
		{ "rtsp", 4 }, { "rtsps", 5 }, { "rtspu", 5 }, { "sftp", 4 }, { "shttp", 5 },
		{ "sip", 3 }, { "sips", 4 }, { "tel", 3 } };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (span_equals(scheme, schemes[i]))
			return true;
	}
	return false;
}

/* Those of the last segment of the path. */
static struct span take_params(struct span *path)
{
	const char *slash = path->length > 0 ? memrchr(path->data, '/', path->length) : NULL;
	struct span segment = slash ? from(*path, slash) : *path;
	const char *semicolon = find(segment, ';');
	struct span params = { "", 0 };

	if (semicolon) {
		params = behind(*path, semicolon);
		*path = before(*path, semicolon);
	}
	return params;
}

int url_parse(char *text, size_t length, struct url *url, const char **why)
{
	struct span rest = clean(text, length);
	int err;

	url->params = (struct span){ "", 0 };
	url->scheme = take_scheme(&rest);
	url->netloc = take_netloc(&rest);
	err = check_netloc(url->netloc, why);
	url->fragment = cut(&rest, '#');
	url->query = cut(&rest, '?');
	url->path = rest;
	if (has_params(url->scheme))
		url->params = take_params(&url->path);
	return err;
}
