"""`cstorm ps`, `cstorm top` and `cstorm tap`: what is said of a run while it runs."""

import json
import os
import pty
import signal
import socket
import subprocess
import unittest

from runner_support import CSTORM, PATIENCE, StoppingTest, bolt, spout


class Watching(StoppingTest):
    def cstorm(self, *arguments, **more):
        return subprocess.run([CSTORM, *arguments], capture_output=True, text=True, timeout=PATIENCE,
                              env=self.environment, check=False, **more)

    def stop(self):
        self.runner.send_signal(signal.SIGTERM)
        return self.finish()

    def connect(self):
        (name,) = os.listdir(os.path.join(self.runtime, "cstorm"))
        folder = os.open(os.path.join(self.runtime, "cstorm", name), os.O_RDONLY)
        self.addCleanup(os.close, folder)
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(PATIENCE)
        client.connect(f"/proc/self/fd/{folder}/control")
        return client


class Ps(Watching):
    def test_nothing_runs(self):
        found = self.cstorm("ps")
        self.assertEqual((found.returncode, len(found.stdout.splitlines()), found.stderr), (0, 1, ""))
        self.assertEqual(json.loads(self.cstorm("ps", "--json").stdout), [])

    def test_a_run(self):
        self.start(self.endless())
        self.wait_for_tuples()
        header, line = self.cstorm("ps").stdout.splitlines()
        self.assertEqual(header.split(), ["PID", "TOPOLOGY", "STATUS", "SECONDS", "TUPLES", "TUPLES/S"])
        self.assertEqual(line.split()[:3], [str(self.runner.pid), "test", "running"])
        (run,) = json.loads(self.cstorm("ps", "--json").stdout)
        self.assertEqual((run["pid"], run["status"], run["topology"]), (self.runner.pid, "running", "test"))
        self.assertGreater(run["tuples"], 0)
        sink = run["components"][1]
        self.assertEqual([process["state"] for process in sink["processes"]], ["running"])
        self.assertIn(sink["processes"][0]["pid"], self.components())
        self.assertGreater(sink["processes"][0]["memory_bytes"], 100_000)
        self.assertGreater(sink["inputs"][0]["latency_p99_ms"], 0)
        self.assertGreaterEqual(sink["inputs"][0]["latency_p99_ms"], sink["inputs"][0]["latency_p50_ms"])
        self.stop()
        self.assertEqual(json.loads(self.cstorm("ps", "--json").stdout), [])

    def test_what_a_killed_runner_has_left(self):
        self.start(self.endless())
        self.wait_for_tuples()
        self.runner.kill()
        self.runner.wait()
        self.assertEqual(json.loads(self.cstorm("ps", "--json").stdout), [])
        (left,) = os.listdir(os.path.join(self.runtime, "cstorm"))
        # The next run removes it, but not what is somebody's who runs.
        self.wait_until(lambda: not self.components(), "its components end", alive=False)
        self.start(self.endless())
        self.wait_for_tuples()
        (name,) = os.listdir(os.path.join(self.runtime, "cstorm"))
        self.assertNotEqual(name, left)
        other = subprocess.run([CSTORM, "run", "-q", self.topology([spout("a", count=1)], [bolt("b", ["a"])], file="o.json")],
                               env=self.environment, timeout=PATIENCE, check=False)
        self.assertEqual(other.returncode, 0)
        self.assertEqual(os.listdir(os.path.join(self.runtime, "cstorm")), [name])
        self.stop()

    def test_a_folder_that_is_not_ours_alone(self):
        os.mkdir(os.path.join(self.runtime, "cstorm"), 0o755)
        os.chmod(os.path.join(self.runtime, "cstorm"), 0o755)
        result = self.run_topology(self.endless(), status=1)
        self.assertIn("must be a folder of yours alone", result.log)
        os.rmdir(os.path.join(self.runtime, "cstorm"))


class Top(Watching):
    def test_a_table(self):
        self.start(self.endless())
        self.wait_for_tuples()
        found = self.cstorm("top", "-n", "2", "--interval", "0.1")
        self.assertEqual((found.returncode, found.stderr), (0, ""))
        first, second = found.stdout.strip().split("\n\n\n") if "\n\n\n" in found.stdout else (
            found.stdout[: found.stdout.rindex("test  running")], found.stdout[found.stdout.rindex("test  running"):])
        for table in (first, second):
            lines = table.strip().splitlines()
            self.assertRegex(lines[0], r"^test  running  [0-9.]+ s  \d+ tuples/s  the runner: \d+ % CPU, [0-9.]+ MB")
            self.assertEqual([line.split()[:3] for line in lines[3:]], [["source", "spout", "1"], ["sink", "bolt", "1"]])
        self.stop()

    def test_json_until_the_run_ends(self):
        self.start(self.endless())
        self.wait_for_tuples()
        top = subprocess.Popen([CSTORM, "top", "--json", "--interval", "0.05", "test"], stdout=subprocess.PIPE,
                               env=self.environment, text=True)
        self.assertEqual(json.loads(top.stdout.readline())["status"], "running")
        self.stop()
        lines = top.stdout.readlines()
        self.assertEqual(top.wait(PATIENCE), 0)
        top.stdout.close()
        for line in lines:
            json.loads(line)

    def test_no_run_several_and_none_of_that_name(self):
        found = self.cstorm("top")
        self.assertEqual((found.returncode, found.stderr),
                         (1, "cstorm top: no topology runs here: `cstorm run` starts one\n"))
        path = self.endless()
        self.start(path)
        self.wait_for_tuples()
        self.assertEqual(self.cstorm("top", "other").returncode, 2)
        second = subprocess.Popen([CSTORM, "run", "-q", path], env=self.environment)
        self.wait_until(lambda: len(json.loads(self.cstorm("ps", "--json").stdout)) == 2, "two run")
        found = self.cstorm("tap", "-n", "1")
        self.assertEqual(found.returncode, 2)
        self.assertEqual(sorted(found.stderr.splitlines()[1:]),
                         sorted(f"  {pid:7}  test" for pid in (self.runner.pid, second.pid)))
        self.assertEqual(self.cstorm("tap", "-n", "1", "-r", str(second.pid)).returncode, 0)
        second.terminate()
        self.assertEqual(second.wait(PATIENCE), 0)
        self.stop()

    def test_usage(self):
        for arguments in (("top", "a", "b"), ("top", "--interval", "0"), ("top", "-n", "x"), ("top", "--nonsense"),
                          ("tap", "a", "b"), ("tap", "-n", "0"), ("tap", "--every", "x"), ("ps", "x"), ("ps", "--nonsense")):
            self.assertEqual(self.cstorm(*arguments).returncode, 2, arguments)


class StatusLine(Watching):
    def run_on_a_terminal(self, *arguments, output=False):
        try:
            ours, theirs = pty.openpty()
        except OSError:
            self.skipTest("there are no terminals here")
        path = self.topology([spout("source", count=30, pause=0.05)], [bolt("sink", ["source"])])
        with subprocess.Popen([CSTORM, "run", *arguments, path], env=self.environment, stderr=theirs,
                              stdout=theirs if output else subprocess.DEVNULL) as runner:
            os.close(theirs)
            said = b""
            while True:
                try:
                    said += os.read(ours, 65536)
                except OSError:
                    break  # nobody has the other end any more
        os.close(ours)
        self.assertEqual(runner.returncode, 0)
        return said.decode()

    def test_on_a_terminal(self):
        said = self.run_on_a_terminal()
        self.assertRegex(said, r"test: running for \d+ s, \d+ tuples, \d+ tuples/s, \d+ in flight")
        # It is wiped out before anything else is said.
        before, after = said.split("in flight", 1)
        self.assertTrue(after.startswith("\r\x1b[K"), after)
        self.assertIn("test finished in", after)
        self.assertNotIn("\x1b", self.run_on_a_terminal("-q"))
        self.assertNotIn("\x1b", self.run_on_a_terminal(output=True))

    def test_not_elsewhere(self):
        path = self.topology([spout("source", count=30, pause=0.05)], [bolt("sink", ["source"])])
        self.assertNotIn("\r", self.run_topology(path).log)


class Tap(Watching):
    def test_tuples_as_they_pass(self):
        self.start(self.endless())
        self.wait_for_tuples()
        found = self.cstorm("tap", "source", "-n", "5")
        tuples = [json.loads(line) for line in found.stdout.splitlines()]
        self.assertEqual((found.returncode, found.stderr, len(tuples)), (0, "", 5))
        (task,) = {one["task"] for one in tuples}
        numbers = [one["values"][0] for one in tuples]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 5)))
        self.assertEqual(tuples[0], {"component": "source", "stream": "default", "task": task, "values": [numbers[0]]})
        numbers = [json.loads(line)["values"][0]
                   for line in self.cstorm("tap", "source:default", "-n", "3", "--every", "10").stdout.splitlines()]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 21, 10)))
        self.assertEqual(self.stop().restarts(), 0)

    def test_with_message_pack(self):
        self.start(os.environ["WORDCOUNT"], "-o", "topology.multilang.serializer=cstorm.multilang.MessagePackSerializer",
                   stdin=subprocess.PIPE)
        self.wait_until(lambda: json.loads(self.cstorm("ps", "--json").stdout), "it runs")
        client = self.connect()
        client.sendall(b'{"do": "tap", "component": "split"}\n')
        reader = client.makefile("rb")
        self.assertEqual(json.loads(reader.readline()), {"tapping": True})
        self.runner.stdin.write("é \"b\"\n".encode())
        self.runner.stdin.close()
        self.assertEqual([json.loads(reader.readline())["values"] for _ in range(2)], [["é"], ['"b"']])
        self.finish()

    def test_the_end_of_the_run_is_its_end(self):
        self.start(self.endless())
        self.wait_for_tuples()
        tap = subprocess.Popen([CSTORM, "tap", "source"], stdout=subprocess.PIPE, env=self.environment)
        self.assertTrue(tap.stdout.readline())
        self.stop()
        tap.communicate(timeout=PATIENCE)
        self.assertEqual(tap.returncode, 0)

    def test_what_is_not_there(self):
        self.start(self.endless())
        self.wait_for_tuples()
        found = self.cstorm("tap", "sourc")
        self.assertEqual((found.returncode, found.stderr), (2, "cstorm tap: the topology has no component sourc\n"))
        found = self.cstorm("tap", "source:rare")
        self.assertEqual((found.returncode, found.stderr), (2, "cstorm tap: the component has no stream rare\n"))
        self.stop()

    def test_a_client_that_does_not_read_misses_tuples_and_holds_up_nobody(self):
        path = self.topology([spout("source", count=60_000)], [bolt("sink", ["source"], record=False)],
                             **{"topology.max.spout.pending": 5000})
        self.start(path)
        self.wait_until(lambda: os.path.exists(os.path.join(self.runtime, "cstorm")) and self.components(), "it runs")
        client = self.connect()
        client.sendall(b'{"do": "tap"}\n')
        reader = client.makefile("rb")
        self.assertEqual(json.loads(reader.readline()), {"tapping": True})
        result = self.finish()
        self.assertEqual(result.sent("source")["acked"], 60_000)

    def test_clients_that_talk_nonsense(self):
        self.start(self.endless())
        self.wait_for_tuples()
        for request in (b"nonsense\n", b"{}\n", b'{"do": "fly"}\n', b'{"do": 5}\n', b"[]\n", b"\xff\n"):
            client = self.connect()
            client.sendall(request)
            self.assertIn("error", json.loads(client.makefile("rb").readline()), request)
        client = self.connect()
        try:
            client.sendall(b"x" * 1_000_000)
            self.assertEqual(client.recv(1), b"")
        except (BrokenPipeError, ConnectionResetError):
            pass
        client = self.connect()
        client.sendall(b'{"do": "status"}\n{"do": "status"}\n')
        reader = client.makefile("rb")
        self.assertEqual(json.loads(reader.readline())["pid"], json.loads(reader.readline())["pid"])
        self.connect()  # and hangs up without a word
        self.assertEqual(self.stop().restarts(), 0)


if __name__ == "__main__":
    unittest.main()
