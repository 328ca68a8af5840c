"""The runner and the components under valgrind: no error and no leak in any process."""

import os
import re
import signal
import unittest

from runner_support import RUNNER_PROBE, WORDCOUNT, RunnerTest


class Valgrind(RunnerTest):
    def launcher(self):
        return [
            "valgrind",
            "--trace-children=yes",
            "--error-exitcode=99",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite",
            f"--log-file={self.path('valgrind')}.%p",
        ]

    def assert_clean(self, processes, killed=()):
        """Each process has ended without an error, except those that were killed."""
        logs = {}
        for name in os.listdir(self.directory):
            if name.startswith("valgrind."):
                logs[int(name.rpartition(".")[2])] = self.read(name).decode(errors="replace")
        for pid, log in logs.items():
            if pid not in killed:
                self.assertIn("ERROR SUMMARY: 0 errors", log)
        self.assertEqual(len(logs), processes)

    def test_word_count(self):
        text = "some words é 語 \n".encode() * 50 + b"\xff\n\n" + b"x" * 100_000
        result = self.run_topology(
            WORDCOUNT,
            "-o",
            f"wordcount.input={self.write('input', text)}",
            "-o",
            "topology.tick.tuple.freq.secs=0.1",
            launcher=self.launcher(),
        )
        self.assertEqual(len(result.output.splitlines()), 6)
        self.assertTrue(result.output.startswith(b"some\t50\n"))
        self.assert_clean(processes=8)  # the runner, --describe, six tasks

    def test_components_that_are_killed(self):
        self.start(
            "-v",
            RUNNER_PROBE,
            "-o",
            "numbers.count=2000",
            "-o",
            f"numbers.release={self.path('release')}",
            "-o",
            f"mark.marks={self.path('marks')}",
            launcher=self.launcher(),
        )
        killed = []
        for component in ("pass", "numbers"):
            self.wait_until(lambda: self.marks() > len(killed), "lines arrive")
            started = re.findall(component + r"\[\d+\]: started as process (\d+)", self.log())
            os.kill(int(started[0]), signal.SIGKILL)
            killed.append(int(started[0]))
            self.wait_until(lambda: len(killed) == self.log().count("is started again"), "restart")
        self.write("release", b"")
        result = self.finish()
        self.assertEqual(result.restarts(), 2)
        lines = self.read("marks").decode().splitlines()
        self.assertEqual(set(lines), {f"line {i}" for i in range(2000)})
        self.assert_clean(processes=9, killed=killed)

    def marks(self):
        try:
            return len(self.read("marks").splitlines())
        except FileNotFoundError:
            return 0


if __name__ == "__main__":
    unittest.main()
