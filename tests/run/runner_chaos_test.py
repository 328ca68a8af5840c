"""At least once: processes are killed at random, and yet no line is lost and the run ends."""

import collections
import os
import random
import re
import signal
import time
import unittest

from runner_support import RUNNER_PROBE, RunnerTest

LINES = 20_000
KILLS = 30

# The spout begins anew when it is killed, which would hide what is lost before: from here on it
# lives.
KILLS_WITH_SPOUT = 10


class Chaos(RunnerTest):
    def marks(self):
        try:
            return os.path.getsize(self.path("marks"))
        except FileNotFoundError:
            return 0

    def lines_go_on(self):
        """Wait until lines have come to their end since now; false when they do not."""
        before = self.marks()
        deadline = time.monotonic() + 10
        while self.marks() < before + 1000:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        return True

    def spouts(self):
        """The processes that the spout has had."""
        return {int(pid) for pid in re.findall(r"numbers\[\d+\]: started as process (\d+)", self.log())}

    def test_no_line_is_lost(self):
        choose = random.Random(7)
        killed = []
        self.start(
            "-v",
            RUNNER_PROBE,
            "-o",
            f"numbers.count={LINES}",
            "-o",
            f"numbers.release={self.path('release')}",
            "-o",
            f"mark.marks={self.path('marks')}",
        )
        while len(killed) < KILLS and self.lines_go_on():
            time.sleep(choose.random() * 0.05)
            pids = self.components()
            if len(killed) >= KILLS_WITH_SPOUT:
                spouts = self.spouts()
                pids = [pid for pid in pids if pid not in spouts]
            if not pids:
                continue
            pid = choose.choice(pids)
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        self.lines_go_on()
        self.write("release", b"")
        result = self.finish()

        self.assertGreater(len(killed), KILLS_WITH_SPOUT + 5)
        self.assertEqual(result.restarts(), len(killed), result.log[-5000:])
        self.assertEqual(result.log.count("signal 9 (Killed)"), len(killed))
        counts = collections.Counter(self.read("marks").decode().splitlines())
        expected = {f"line {i}" for i in range(LINES)}
        self.assertEqual(expected - set(counts), set(), "lines are lost")
        self.assertEqual(set(counts) - expected, set(), "lines are made up")
        sent = result.sent("numbers")
        self.assertGreaterEqual(sent["acked"], LINES)
        self.assertEqual(sent["timed_out"], 0, "what a dead process had fails at once")
        self.assertEqual(result.stats["status"], "finished")

    def test_undisturbed_each_line_comes_once(self):
        self.write("release", b"")
        result = self.run_topology(
            RUNNER_PROBE,
            "-o",
            f"numbers.count={LINES}",
            "-o",
            f"mark.marks={self.path('marks')}",
        )
        counts = collections.Counter(self.read("marks").decode().splitlines())
        self.assertEqual(counts, {f"line {i}": 1 for i in range(LINES)})
        self.assertEqual(result.sent("numbers")["acked"], LINES)


if __name__ == "__main__":
    unittest.main()
