"""The topologies that show ways of writing a component, run as their users run them."""

import json
import os
import signal
import socket
import subprocess
import threading
import unittest

from runner_support import CSTORM, RunnerTest

EXAMPLES = os.environ["EXAMPLES"]
MESSAGE_PACK = ("-o", "topology.multilang.serializer=cstorm.multilang.MessagePackSerializer")

ACCESS_LOG = """\
192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /index.html HTTP/1.0" 200 2326
192.0.2.2 - frank [10/Oct/2000:13:55:37 -0700] "GET /é.html HTTP/1.0" 404 -
nonsense
192.0.2.3 - - [10/Oct/2000:13:55:38 -0700] "POST /form HTTP/1.1" 500 12
"""
FAULTS = ["404 GET /é.html (192.0.2.2)", "500 POST /form (192.0.2.3)"]


def example(name):
    return os.path.join(EXAMPLES, name)


class Server(threading.Thread):
    """Answers lines with lines in capitals; the first connections break after so many of them."""

    def __init__(self, test, breaks=()):
        super().__init__(daemon=True)
        self.breaks = list(breaks)
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        test.addCleanup(self.listener.close)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rwb") as lines:
                self.answer(lines, self.breaks.pop(0) if self.breaks else None)

    def answer(self, lines, count):
        for line in lines:
            if count == 0:
                return
            lines.write(line.upper())
            lines.flush()
            count = None if count is None else count - 1


class Examples(RunnerTest):
    def run_example(self, name, *arguments, **more):
        result = self.run_topology(example(name), *arguments, **more)
        return result.output.decode().splitlines(), result

    def test_struct_mapping(self):
        path = self.write("access.log", ACCESS_LOG.encode())
        for wire in ((), MESSAGE_PACK):
            lines, result = self.run_example("accesslog", "-o", f"lines.input={path}", *wire)
            self.assertEqual(sorted(lines), FAULTS)
            self.assertEqual(len(result.lines("WARN", "parse[", "not of the Common Log Format: nonsense")), 1)

    def test_batching_bolt(self):
        path = self.write("words", b"".join(b"w%d x\n" % (n % 7) for n in range(7000)))
        for wire in ((), MESSAGE_PACK):
            lines, _ = self.run_example("rollup", "-o", f"lines.input={path}", *wire)
            counts = {}
            for line in lines:
                word, count = line.split("\t")
                counts[word] = counts.get(word, 0) + int(count)
            self.assertEqual(counts, {f"w{n}": 1000 for n in range(7)})

    def test_asynchronous_bolt(self):
        path = self.write("questions", b"".join(b"question %d\n" % n for n in range(2000)))
        for wire in ((), MESSAGE_PACK):
            server = Server(self)
            lines, result = self.run_example(
                "ask", "-o", f"lines.input={path}", "-o", f"ask.server={server.address}", *wire)
            self.assertEqual(lines, [f"QUESTION {n}" for n in range(2000)])
            self.assertEqual(result.component("ask")["metrics"]["answers"], 2000)

    def test_asynchronous_bolt_whose_connection_breaks(self):
        path = self.write("questions", b"".join(b"question %d\n" % n for n in range(2000)))
        server = Server(self, breaks=[100, 700])
        lines, result = self.run_example("ask", "-o", f"lines.input={path}", "-o", f"ask.server={server.address}")
        # At least once.
        self.assertEqual(set(lines), {f"QUESTION {n}" for n in range(2000)})
        self.assertEqual(server.connections, 3)
        self.assertEqual(result.component("ask")["restarts"], 2)

    def test_asynchronous_bolt_without_a_server(self):
        result = self.run_topology(example("ask"), "-o", "ask.server=127.0.0.1:1", status=1)
        self.assertTrue(result.lines("ERROR", "ask[", "cannot connect to 127.0.0.1:1: Connection refused"))
        result = self.run_topology(example("ask"), status=1)
        self.assertTrue(result.lines("ERROR", "ask[", "the setting ask.server must be HOST:PORT"))

    @unittest.skipUnless(os.path.exists(example("urls")), "built without librdkafka")
    def test_urls_from_lines_to_lines(self):
        path = self.write("urls", b"http://a.b/c;d?e#f\nHTTPS://x\n/\xc3\xa9\"\t\\\n")
        parts = [("http", "a.b", "/c", "d", "e", "f"), ("https", "x", "", "", "", ""), ("", "", '/é"\\', "", "", "")]
        names = ("scheme", "netloc", "path", "params", "query", "fragment")
        for wire in ((), MESSAGE_PACK):
            lines, result = self.run_example("urls", "-o", f"source.input={path}", *wire)
            found = [json.loads(line) for line in lines]
            self.assertEqual(sorted(found, key=str), sorted((dict(zip(names, entry)) for entry in parts), key=str))
            self.assertEqual(result.sent("source")["acked"], 3)
            lines, _ = self.run_example("urls", "-o", f"source.input={path}", "-o", "sink.format=tsv", *wire)
            self.assertEqual(sorted(lines), sorted("\t".join(entry) for entry in parts))
        mapped = subprocess.run([CSTORM, "map", "-q", example("urls") + ":urlparse", path], capture_output=True, check=True)
        self.assertEqual(mapped.stdout.decode().splitlines(), ["\t".join(entry) for entry in parts])

    @unittest.skipUnless(os.path.exists(example("urls")), "built without librdkafka")
    def test_a_choice_that_does_not_exist(self):
        result = self.run_topology(example("urls"), "-o", "source.use=kafak", status=1)
        self.assertTrue(result.lines("ERROR", "source[", "the setting source.use must be one of these: lines, kafka"))

    def test_spout_that_sleeps(self):
        path = self.write("growing", b"first\nsecond, not who")
        self.start(example("follow"), "-o", f"follow.input={path}")
        self.wait_until(lambda: self.read("stdout") == b"first\n", "the first line")
        for n in range(3):
            with open(path, "ab") as file:
                file.write(b"le\nmore %d, not who" % n)
            self.wait_until(lambda: self.read("stdout").endswith(b"whole\n"), f"line {n}")
            self.wait_until(lambda: self.read("stdout").count(b"\n") == n + 2, f"line {n}")
        self.runner.send_signal(signal.SIGTERM)
        result = self.finish()
        self.assertEqual(result.output.decode().splitlines(),
                         ["first", "second, not whole", "more 0, not whole", "more 1, not whole"])
        self.assertEqual(result.stats["status"], "stopped")

    def test_lines_of_a_pipe_as_they_come(self):
        self.start(example("accesslog"), stdin=subprocess.PIPE)
        pipe = self.runner.stdin
        self.addCleanup(pipe.close)
        for line in ACCESS_LOG.splitlines(keepends=True):
            pipe.write(line.encode())
            pipe.flush()
        self.wait_until(lambda: self.read("stdout").count(b"\n") == 2, "two faults")
        # Nothing more comes, and the pipe stays open.
        self.runner.send_signal(signal.SIGTERM)
        self.assertEqual(sorted(self.finish().output.decode().splitlines()), FAULTS)


if __name__ == "__main__":
    unittest.main()
