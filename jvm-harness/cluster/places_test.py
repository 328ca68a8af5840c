"""The topologies of ours do the same in three places: with `cstorm run`, in Storm's LocalCluster, and on a cluster.

Needs FLUX_CLASS_PATH (Storm and Flux) in the environment, too.
"""

import collections
import contextlib
import os
import signal
import subprocess
import sys
import unittest

from cluster_support import PATIENCE, ClusterTest, topology

WORDS = [f"w{i * 7 % 37}" for i in range(6000)]
LINES = "".join(" ".join(WORDS[i:i + 6]) + "\n" for i in range(0, len(WORDS), 6))
LOG = "".join(f'192.0.2.{i % 256} - - [10/Oct/2000:13:55:36 -0700] "GET /{i} HTTP/1.0" {200 + i % 4 * 100} 5\n'
              for i in range(1000))

# Answers lines with lines in capitals, at a port of the loopback that it prints.
SERVER = """\
import socketserver


class Capitals(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Capitals) as server:
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
"""


class Example:
    """A topology of ours with its input, and what its output must come to: Storm may write a line more than once."""

    def __init__(self, name, text, result, *settings, output="write.output", input="lines.input", server=False, endless=False):
        self.name, self.text, self.result, self.settings = name, text, result, settings
        self.output, self.input, self.server, self.endless = output, input, server, endless


def counts(lines):
    """Of a rollup: how many lines begin with each word, whatever the batches were."""
    found = collections.Counter()
    for line in lines:
        word, count = line.split("\t")
        found[word] += int(count)
    return found


EXAMPLES = [
    Example("wordcount", LINES, list, "topology.tick.tuple.freq.secs=1", output="table.output"),
    Example("accesslog", LOG, set),
    Example("rollup", LINES, counts, "topology.tick.tuple.freq.secs=1"),
    Example("ask", LINES, set, server=True),
    Example("follow", LINES, set, endless=True),
]


class Places(ClusterTest):
    def arguments(self, example, output, port):
        settings = [f"{example.input}={self.path('input')}", f"{example.output}={output}", *example.settings]
        if example.server:
            settings.append(f"ask.server=127.0.0.1:{port}")
        return [word for setting in settings for word in ("-o", setting)]

    @contextlib.contextmanager
    def serving(self, *enter):
        """The port of a server, in the network that `enter` enters."""
        server = subprocess.Popen([*enter, sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()
            server.communicate()

    def result(self, example, place):
        # Each has a file of its own: one that is killed may write it later.
        return example.result(self.read(f"{example.name}-{place}"))

    def run_here(self, example, program):
        with self.serving() as port:
            command = [os.environ["CSTORM"], "run", "-q", *self.arguments(example, self.path(example.name + "-here"), port), program]
            runner = subprocess.Popen(command)
            if example.endless:
                self.until("it has followed", lambda: len(self.read(example.name + "-here")) >= LINES.count("\n"))
                runner.send_signal(signal.SIGTERM)
            self.assertEqual(runner.wait(PATIENCE), 0)
        return self.result(example, "here")

    def run_in_local_cluster(self, example, program, expected):
        """By Flux's own command."""
        with self.serving() as port, open(self.path("storm.log"), "w", encoding="utf-8") as log:
            path = self.write("flux.yaml", self.cstorm("flux", "--program", program,
                                                       *self.arguments(example, self.path(example.name + "-local"), port), program))
            storm = subprocess.Popen(
                ["java", "-cp", os.environ["FLUX_CLASS_PATH"], "-Dstorm.jar=" + path, "-Dstorm.local.sleeptime=600",
                 "-Djava.io.tmpdir=" + self.folder, "org.apache.storm.LocalCluster", "org.apache.storm.flux.Flux",
                 "--no-splash", path], stdout=log, stderr=log, start_new_session=True, cwd=self.folder)
            try:
                self.until(f"the LocalCluster has the result; {self.path('storm.log')}",
                           lambda: self.result(example, "local") == expected or storm.poll() is not None)
            finally:
                os.killpg(storm.pid, signal.SIGKILL)
                storm.wait()
        return self.result(example, "local")

    def run_on_cluster(self, example, program, expected):
        with self.serving(self.SCRIPT, "--folder", self.home, "exec") as port:
            self.cstorm("submit", *self.arguments(example, self.path(example.name + "-cluster"), port), program)
            self.until("the cluster has the result", lambda: self.result(example, "cluster") == expected)
            self.cstorm("kill", "--wait", "0", example.name)
            self.until("it is gone", lambda: self.status(example.name) is None)
        return self.result(example, "cluster")

    def test_they_do_the_same(self):
        for example in EXAMPLES:
            with self.subTest(example.name):
                self.write("input", example.text)
                program = topology(example.name)
                expected = self.run_here(example, program)
                self.assertGreater(len(expected), 20)
                self.assertEqual(self.run_in_local_cluster(example, program, expected), expected)
                self.assertEqual(self.run_on_cluster(example, program, expected), expected)


if __name__ == "__main__":
    unittest.main()
