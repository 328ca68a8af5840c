/* URLs: what Python's urlparse says of the same texts is compared in tests/run/urlparse_test.py. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../bolts/url.h"

static int parse(const char *text, char *parts, size_t size)
{
	char *copy = strdup(text);
	struct url url;
	const char *why = NULL;
	int err = url_parse(copy, strlen(copy), &url, &why);

	cr_assert_eq(err == 0, why == NULL);
	snprintf(parts, size, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", (int)url.scheme.length,
		url.scheme.data, (int)url.netloc.length, url.netloc.data, (int)url.path.length,
		url.path.data, (int)url.params.length, url.params.data, (int)url.query.length,
		url.query.data, (int)url.fragment.length, url.fragment.data);
	free(copy);
	return err;
}

static void assert_parts(const char *text, const char *expected)
{
	char parts[512];

	cr_expect_eq(parse(text, parts, sizeof(parts)), 0, "%s is refused", text);
	cr_expect_str_eq(parts, expected, "%s is %s", text, parts);
}

static void assert_refused(const char *text)
{
	char parts[512];

	cr_expect_eq(parse(text, parts, sizeof(parts)), -EINVAL, "%s is not refused", text);
}

Test(url, has_six_parts)
{
	assert_parts(
		"http://user:pass@host:80/a/b;p=1?q=2#f", "http|user:pass@host:80|/a/b|p=1|q=2|f");
	assert_parts("", "|||||");
	assert_parts("/only/a/path", "||/only/a/path|||");
	assert_parts("//host", "|host||||");
	assert_parts("?q", "||||q|");
	assert_parts("#f", "|||||f");
	assert_parts("mailto:a@b", "mailto||a@b|||");
}

Test(url, ends_a_part_at_the_first_delimiter_of_the_next)
{
	assert_parts("http://host?a?b#c#d?e", "http|host|||a?b|c#d?e");
	assert_parts("http://host#f/g", "http|host||||f/g");
	assert_parts("http:///path", "http||/path|||");
	assert_parts("http:////path", "http||//path|||");
}

Test(url, has_a_scheme_of_certain_characters)
{
	assert_parts("HTTP://Host/", "http|Host|/|||");
	assert_parts("a+b-c.1:x", "a+b-c.1||x|||");
	assert_parts("1a:x", "||1a:x|||");
	assert_parts(":x", "||:x|||");
	assert_parts("a_b:x", "||a_b:x|||");
	assert_parts("\303\244:x", "||\303\244:x|||");
}

Test(url, has_params_in_the_last_segment_of_some_schemes)
{
	assert_parts("http://h/a;x/b;y;z", "http|h|/a;x/b|y;z||");
	assert_parts("http://h/a;x/b", "http|h|/a;x/b|||");
	assert_parts("a;b", "||a|b||");
	assert_parts("file:///a;b", "file||/a;b|||");
	assert_parts("rtsps://h/;b", "rtsps|h|/|b||");
}

Test(url, is_cleaned)
{
	assert_parts(" \001\thttp://h/a\tb\r\nc ", "http|h|/abc |||");
	assert_parts("ht\ntp://h", "http|h||||");
}

Test(url, may_have_an_ipv6_address)
{
	assert_parts("http://[::1]:80/", "http|[::1]:80|/|||");
	assert_parts("http://u@[fe80::1%25eth0]/", "http|u@[fe80::1%25eth0]|/|||");
	assert_parts("http://[v1f.x:y]/", "http|[v1f.x:y]|/|||");
	assert_refused("http://[::1/");
	assert_refused("http://::1]/");
	assert_refused("http://[]/");
	assert_refused("http://[1.2.3.4]/");
	assert_refused("http://[::1]x/");
	assert_refused("http://x[::1]/");
	assert_refused("http://[v.x]/");
	assert_refused("http://[v1.]/");
	assert_refused("http://[::1%]/");
	assert_refused("http://[a]@host/");
}

Test(url, hides_no_delimiter_in_its_netloc)
{
	assert_refused("http://a\342\204\200b/"); /* U+2100 */
	assert_refused("http://a\357\274\217b/"); /* U+FF0F */
	assert_parts("http://\346\227\245\346\234\254/\357\274\217",
		"http|\346\227\245\346\234\254|/\357\274\217|||");
}
