"""The bolt urlparse against Python's own, on URLs that people write and on URLs that nobody would."""

import ipaddress
import json
import os
import random
import subprocess
import unittest
import urllib.parse

CSTORM = os.environ.get("CSTORM", "cstorm")
NAMES = ("scheme", "netloc", "path", "params", "query", "fragment")

WRITTEN = """
http://www.example.com/
https://user:secret@example.com:8443/a/b;c=d/e;f=g?h=i&j=k#l
//example.com/without/a/scheme
/a/path/alone?with=query
mailto:somebody@example.com
tel:+1-816-555-1212;ext=5
urn:oasis:names:specification:docbook:dtd:xml:4.1.2
ldap://[2001:db8::7]/c=GB?objectClass?one
file:///etc/fstab
ftp://ftp.is.co.za/rfc/rfc1808.txt;type=i
sip:alice@atlanta.com;maddr=239.255.255.1;ttl=15
rtsps://h/a;b
data:text/plain;charset=utf-8,a%20b#c
javascript:alert('x')
http://[fe80::1%25en0]:80/
http://[::ffff:1.2.3.4]/
http://[::ffff:1.2.3.04]/
http://[1:2:3:4:5:6:7::]/
http://[1:2:3:4:5:6:7:8::]/
http://[::1%a%b]/
http://[v1F.fe80::a+en1]/
http://[V1.x]/
http://a@[b@[::1]/
http://[a]@v1.x/
HTTP://EXAMPLE.COM/PATH
x-y+z.1://host
1http://host
http:/one/slash
http:no/slash
http:///no/host
http://host?query/with/slash#and?more#more
http://host;params/path
;a;b
a;b/c;d
://
:
#
?
""".split("\n")

PIECES = [
    "http", "https", "ftp", "file", "HTTP", "a+b", "1x", ":", "//", "/", "?", "#", ";", "@", "[", "]",
    "::1", "1.2.3.4", "v1.a", "%", "%41", "host", "example.com", ":80", "a=b", "&", " ", "\t", "\r", "\x00",
    "\x1f", "\x7f", "\u00a0", "\u00e4", "\u65e5\u672c", "\u2100", "\uff0f", "\u2047", "\U0001f600", ".", "..",
    "\\", "|", "\"", "<", ">", "{", "}", "^", "`", "é", "e\u0301", "user", "pw", "-", "_", "~", "+", "fe80::1",
]  # fmt: skip


def random_urls(count, seed):
    choose = random.Random(seed)
    for _ in range(count):
        text = "".join(choose.choices(PIECES, k=choose.randint(0, 12)))
        if choose.random() < 0.6:
            text = choose.choice(["http://", "https://", "//", "ftp://", "x:", " http://"]) + text
        yield text


def check_brackets(netloc):
    """What the newest versions of Python check, and older ones do not: that only a port is behind brackets."""
    if "[" not in netloc or "]" not in netloc:
        return
    host = netloc.rpartition("@")[2]
    before, opening, rest = host.partition("[")
    if opening:
        host, _, port = rest.partition("]")
        if before or (port and not port.startswith(":")):
            raise ValueError("Invalid IPv6 URL")
    else:
        host = host.partition(":")[0]
    if host.startswith("v"):
        digits, dot, rest = host[1:].partition(".")
        if not digits or not dot or not rest or set(digits.lower()) - set("0123456789abcdef"):
            raise ValueError("IPvFuture address is invalid")
    else:
        ipaddress.IPv6Address(host)


if "rtsps" not in urllib.parse.uses_params:
    urllib.parse.uses_params.append("rtsps")
if hasattr(urllib.parse, "_check_bracketed_host"):
    urllib.parse._check_bracketed_host = lambda host: None  # older versions look at another part


def parse(url):
    """As the newest versions of Python: None where they raise ValueError."""
    try:
        parts = urllib.parse.urlparse(url)
        check_brackets(parts.netloc)
    except ValueError:
        return None
    return list(parts)


class Urlparse(unittest.TestCase):
    maxDiff = 3000

    def map(self, urls):
        """What the bolt says of each URL: None where it fails."""
        lines = "".join(json.dumps(url) + "\n" for url in urls)
        run = subprocess.run(
            [CSTORM, "map", "-q", "urlparse", "-p", "2", "--from", "json", "--to", "json", "-o",
             "urlparse.invalid=skip"],
            input=lines.encode(),
            stdout=subprocess.PIPE,
            check=True,
        )  # fmt: skip
        return [list(map(json.loads(line).get, NAMES)) for line in run.stdout.splitlines()]

    def assert_same(self, urls):
        expected = [parts for parts in map(parse, urls) if parts is not None]
        found = self.map(urls)
        if found != expected:  # one of them is enough
            for url in urls:
                one = self.map([url])
                self.assertEqual(one, [parse(url)] if parse(url) else [], repr(url))
        self.assertEqual(len(found), len(expected))

    def test_agrees_with_python_on_urls_that_are_written(self):
        self.assert_same(WRITTEN)

    def test_agrees_with_python_on_random_urls(self):
        self.assert_same(list(random_urls(20_000, 1)))

    def test_agrees_with_python_on_every_character(self):
        characters = [chr(c) for c in range(0x3000) if not 0xD800 <= c < 0xE000]
        characters += [chr(c) for c in range(0xF900, 0x10000)]
        for template in ("http://a{}b/c", "{}x:y", "a{}b:c", "http://h/{};{}?{}#{}"):
            with self.subTest(template):
                self.assert_same([template.replace("{}", c) for c in characters])

    def test_says_which_url_it_refuses(self):
        run = subprocess.run(
            [CSTORM, "map", "urlparse", "-p", "1", "--retries", "0"],
            input=b"http://ok/\nhttp://[::1/\n",
            capture_output=True,
            check=False,
        )
        self.assertEqual((run.returncode, run.stdout), (1, b"http\tok\t/\t\t\t\n"))
        self.assertRegex(
            run.stderr.decode(), r"standard input:2: failed: http://\[::1/: its netloc has brackets"
        )


if __name__ == "__main__":
    unittest.main()
