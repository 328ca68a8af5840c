"""Faults by the thousand, shortages and slow components: nothing is lost, nothing grows, nothing hangs."""

import collections
import json
import os
import random
import resource
import signal
import subprocess
import time
import unittest

from runner_support import CSTORM, RUNNER_PROBE, RunnerTest, bolt, python, source, spout, stream

SANITIZED = os.environ.get("SANITIZED", "none") != "none"

LINES = 60_000
KILLS = 60 if SANITIZED else 300


class FaultsTest(RunnerTest):
    def start_probe(self, *settings, loops="2"):
        arguments = []
        for setting in (
            f"numbers.count={LINES}",
            f"numbers.release={self.path('release')}",
            f"mark.marks={self.path('marks')}",
            *settings,
        ):
            arguments += ["-o", setting]
        self.start("--loops", loops, RUNNER_PROBE, *arguments)

    def marks(self):
        try:
            return os.path.getsize(self.path("marks"))
        except FileNotFoundError:
            return 0

    def status(self):
        run = subprocess.run(
            [CSTORM, "top", "--json", "-n", "1", str(self.runner.pid)],
            capture_output=True,
            env=self.environment,
            check=False,
        )
        return json.loads(run.stdout) if run.returncode == 0 else None

    def processes_of(self, *names):
        status = self.status()
        return [
            process["pid"]
            for component in (status["components"] if status else [])
            if component["name"] in names
            for process in component["processes"]
            if process["pid"] > 0
        ]

    def assert_nothing_lost(self, result):
        counts = collections.Counter(self.read("marks").decode().splitlines())
        expected = {f"line {i}" for i in range(LINES)}
        self.assertEqual(expected - set(counts), set(), "lines are lost")
        self.assertEqual(set(counts) - expected, set(), "lines are made up")
        sent = result.sent("numbers")
        self.assertEqual(sent["emitted"], sent["acked"] + sent["failed"], "an account that is not even")
        self.assertEqual(sent["acked"], LINES)
        self.assertEqual(sent["timed_out"], 0)
        self.assertEqual(result.stats["status"], "finished")
        return sent


class Thousands(FaultsTest):
    def kill(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False  # it has died since it was seen
        return True

    def test_of_faults_leave_an_even_account(self):
        """Fails, and kills of any bolt, as fast as it can be done."""
        choose = random.Random(23)
        killed = 0
        self.start_probe("pass.fail=10", "topology.max.spout.pending=2000")
        while killed < KILLS:
            self.assertIsNone(self.runner.poll(), self.log()[-3000:])
            before = self.marks()
            for pid in self.processes_of("pass", "mark"):
                if choose.random() < 0.7:
                    killed += self.kill(pid)
            self.wait_until(lambda: self.marks() > before, "lines go on")
        self.write("release", b"")
        result = self.finish()
        sent = self.assert_nothing_lost(result)
        self.assertGreater(sent["failed"], LINES / 10)
        self.assertLessEqual(result.restarts(), killed)  # some were dying already
        self.assertGreater(result.restarts(), killed / 2)


class Shortages(FaultsTest):
    def test_of_descriptors_pass(self):
        """A process that dies while there is no descriptor is started when there is one."""
        # libev makes epoll's descriptor anew at times, in the place of the old one; that is above the limit here.
        self.environment["LIBEV_FLAGS"] = "1"  # EVBACKEND_SELECT, for which there is no limit
        self.start_probe()
        self.wait_until(lambda: self.marks() > 0, "lines go on")
        victim = self.processes_of("pass")[0]
        used = [int(fd) for fd in os.listdir(f"/proc/{self.runner.pid}/fd")]
        limits = resource.prlimit(self.runner.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.runner.pid, resource.RLIMIT_NOFILE, (min(used) + 3, limits[1]))
        os.kill(victim, signal.SIGKILL)
        self.wait_until(lambda: "cannot be started again: Too many open files" in self.log(), "it is told")
        # Nor is there one for those who look; the run goes on without them.
        look = subprocess.Popen(
            [CSTORM, "top", "--json", "-n", "1", str(self.runner.pid)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )
        before = self.marks()
        self.wait_until(lambda: self.marks() > before, "lines go on")
        resource.prlimit(self.runner.pid, resource.RLIMIT_NOFILE, limits)
        self.assertIn("numbers", look.communicate(timeout=60)[0].decode())
        self.write("release", b"")
        result = self.finish()
        self.assert_nothing_lost(result)
        self.assertEqual(result.restarts(), 1)

    def test_of_descriptors_at_the_start_are_told(self):
        self.start(
            RUNNER_PROBE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)),
        )
        result = self.finish(status=1)
        self.assertIn("Too many open files (each task needs three: see ulimit -n)", result.log)

    def test_of_descriptors_are_less_than_they_seem(self):
        """The limit is raised as far as it may be; that of the components is as it was."""
        topology = self.topology(
            [spout("source", count=3)], [bolt("sink", ["source"], parallelism=12)]
        )
        self.start(
            topology,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (30, 4096)),
        )
        result = self.finish()
        self.assert_sent(result, acked=3)


class Slow(FaultsTest):
    """A fast spout with no bound on what is pending, and a sink that is slow."""

    def watch(self, seconds):
        """The most that was queued in the runner, and pending, and its memory, in bytes."""
        queued = pending = memory = 0
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.runner.poll() is None:
            status = self.status()
            if status is None:
                continue
            tasks = [task for entry in status["components"] for task in entry["processes"]]
            queued = max([queued, *(task["queued_bytes"] for task in tasks)])
            pending = max([pending, *(task["in_flight"] for task in tasks)])
            memory = max(memory, status["memory_bytes"])
        return queued, pending, memory

    def assert_bounded(self, queued, pending, memory):
        self.assertGreater(queued, 0)
        self.assertLess(queued, 4 << 20)
        self.assertLess(pending, 100_000)
        if not SANITIZED:
            self.assertLess(memory, 100 << 20)

    def test_sinks_hold_up_the_spout(self):
        topology = self.topology(
            [spout("source", count=400_000, batch=500)],
            [
                bolt("pass", ["source"], [stream("default", "value")], to=["default"]),
                bolt("sink", ["pass"], pause=0.001),
            ],
        )
        for loops in ("1", "3"):
            with self.subTest(loops=loops):
                self.start("--loops", loops, topology)
                self.assert_bounded(*self.watch(3))
                self.runner.send_signal(signal.SIGTERM)
                self.runner.send_signal(signal.SIGTERM)
                time.sleep(0.3)
                self.runner.send_signal(signal.SIGTERM)
                self.finish(status=None)

    def test_cycles_hold_up_the_spout_and_do_not_stop(self):
        topology = self.topology(
            [spout("source", count=3_000, batch=500)],
            [
                bolt(
                    "countdown",
                    ["source", source("countdown", stream="again")],
                    [stream("again", "number"), stream("done", "number")],
                    command=python("countdown.py"),
                    parallelism=2,
                ),
                bolt("sink", [source("countdown", stream="done")]),
            ],
            **{"topology.enable.message.timeouts": False},
        )
        self.start("--loops", "3", topology)
        bounds = self.watch(2)
        self.assert_bounded(*bounds)
        self.runner.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.runner.send_signal(signal.SIGTERM)
        self.finish(status=None)


if __name__ == "__main__":
    unittest.main()
