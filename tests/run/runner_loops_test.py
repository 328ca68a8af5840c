"""Several loops: the threads that pass tuples on between them."""

import collections
import json
import os
import random
import signal
import subprocess
import unittest

from runner_support import CSTORM, WORDCOUNT, RunnerTest, bolt, default, python, source, spout, stream


class LoopsTest(RunnerTest):
    def setUp(self):
        super().setUp()
        self.environment.pop("CSTORM_LOOPS", None)

    def threads(self):
        """How many threads the runner has."""
        with open(f"/proc/{self.runner.pid}/status", encoding="ascii") as file:
            return int(next(line.split()[1] for line in file if line.startswith("Threads:")))

    def start_endless(self, *arguments):
        topology = self.topology(
            [spout("source", count=20_000, endless=True, pause=0.002)],
            [bolt("sink", ["source"], parallelism=4)],
        )
        self.start(topology, *arguments)
        self.wait_until(lambda: len(self.all_tuples("sink")) >= 5, "tuples arrive")

    def stop(self):
        self.runner.send_signal(signal.SIGTERM)
        return self.finish()


class Number(LoopsTest):
    def test_is_that_of_the_option(self):
        self.start_endless("--loops", "3")
        self.assertEqual(self.threads(), 3)
        self.stop()

    def test_is_that_of_the_environment(self):
        self.environment["CSTORM_LOOPS"] = "2"
        self.start_endless()
        self.assertEqual(self.threads(), 2)
        self.stop()

    def test_is_rather_that_of_the_option(self):
        self.environment["CSTORM_LOOPS"] = "x"
        self.start_endless("--loops", "4")
        self.assertEqual(self.threads(), 4)
        self.stop()

    def test_is_at_most_that_of_the_tasks(self):
        self.start_endless("--loops", "200")
        self.assertEqual(self.threads(), 5)
        self.stop()

    def assert_refused(self, text, *arguments):
        run = subprocess.run(
            [CSTORM, "run", *arguments, WORDCOUNT],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self.environment,
            check=False,
        )
        self.assertEqual((run.returncode, run.stdout), (2, b""))
        self.assertIn(text, run.stderr.decode())

    def test_that_is_none_is_refused(self):
        for wrong in ("0", "-1", "+1", " 1", "257", "two", "2x", "", "99999999999999999999"):
            with self.subTest(wrong):
                self.assert_refused(
                    f"--loops must be a number of threads from 1 to 256, not {wrong}",
                    "--loops",
                    wrong,
                )

    def test_that_is_none_is_refused_in_the_environment(self):
        self.environment["CSTORM_LOOPS"] = "many"
        self.assert_refused("CSTORM_LOOPS must be a number of threads from 1 to 256, not many")


class Tuples(LoopsTest):
    def test_are_all_counted(self):
        choose = random.Random(5)
        words = [f"word{number}" for number in range(300)]
        lines = [" ".join(choose.choices(words, k=choose.randint(0, 12))) for _ in range(5000)]
        expected = collections.Counter(" ".join(lines).split())
        text = self.write("input", "".join(line + "\n" for line in lines).encode())
        for loops in ("1", "2", "3", "7"):
            with self.subTest(loops=loops):
                result = self.run_topology(
                    WORDCOUNT, "--loops", loops, "-p", "split=3", "-p", "count=3",
                    "-o", f"wordcount.input={text}",
                )
                table = dict(line.split("\t") for line in result.output.decode().splitlines())
                self.assertEqual({word: int(count) for word, count in table.items()}, expected)
                sent = result.sent("lines")
                self.assertEqual(
                    (sent["emitted"], sent["acked"], sent["failed"]), (len(lines), len(lines), 0)
                )
                self.assertEqual(
                    result.received("count", "split")["acked"], sum(expected.values())
                )

    def test_keep_their_order_between_two_tasks(self):
        topology = self.topology(
            [spout("source", count=3000)],
            [
                bolt("first", ["source"], default("value"), to=["default"]),
                bolt("second", ["first"], default("value"), to=["default"]),
                bolt("sink", ["second"]),
            ],
        )
        for loops in ("2", "3", "4"):
            with self.subTest(loops=loops):
                self.run_topology(topology, "--loops", loops)
                for name in ("first", "second", "sink"):
                    self.assertEqual(self.values(name), [[i] for i in range(3000)])

    def test_find_the_same_task_from_every_loop(self):
        topology = self.topology(
            [spout("source", count=200, parallelism=3)],
            [
                bolt("pass", ["source"], default("value"), parallelism=3, to=["default"]),
                bolt("sink", [source("pass", "fields", fields=["value"])], parallelism=4),
            ],
        )
        found = []
        for loops in ("1", "4"):
            self.run_topology(topology, "--loops", loops)
            found.append(
                {
                    task: {json.dumps(note["tuple"]) for note in notes}
                    for task, notes in self.tuples("sink").items()
                }
            )
        self.assertEqual(found[0], found[1])

    def test_reach_all_tasks_and_come_back(self):
        """Copies, direct streams and the ids of tasks, over the borders of loops."""
        topology = self.topology(
            [spout("source", count=200)],
            [
                bolt(
                    "pass",
                    ["source"],
                    [stream("default", "value"), stream("letter", "task", direct=True)],
                    parallelism=2,
                    to=["default"],
                    ask=True,
                    direct=[["one", "letter"]],
                ),
                bolt("every", [source("pass", "all")], parallelism=3),
                bolt("one", [source("pass", "direct", stream="letter")], parallelism=2),
            ],
        )
        result = self.run_topology(topology, "--loops", "4")
        self.assert_sent(result, emitted=200, acked=200, failed=0)
        for notes in self.tuples("every").values():
            self.assertEqual(
                sorted(note["tuple"][0] for note in notes), list(range(200)), "each has all"
            )
        for task, notes in self.tuples("one").items():
            self.assertEqual([note["tuple"] for note in notes], [[task]] * 200)
        for note in self.all_records("pass"):
            if note["what"] == "ids":
                self.assertEqual(note["tasks"], sorted(self.tuples("every")))

    def test_that_fail_are_replayed_from_every_loop(self):
        topology = self.topology(
            [spout("source", count=100, parallelism=2)],
            [
                bolt("pass", ["source"], default("value"), parallelism=2, to=["default"]),
                bolt("sink", [source("pass", "fields", fields=["value"])], parallelism=3,
                     fail_first=True),
            ],
        )
        result = self.run_topology(topology, "--loops", "5")
        sent = result.sent("source")
        self.assertEqual(sent["emitted"], sent["acked"] + sent["failed"])
        self.assertEqual(sent["acked"], 200)
        self.assertGreaterEqual(sent["failed"], 100)

    def test_go_round_on_a_cycle(self):
        topology = self.topology(
            [spout("source", count=60)],
            [
                bolt(
                    "countdown",
                    ["source", source("countdown", stream="again")],
                    [stream("again", "number"), stream("done", "number")],
                    command=python("countdown.py"),
                    parallelism=3,
                ),
                bolt("sink", [source("countdown", stream="done")]),
            ],
        )
        result = self.run_topology(topology, "--loops", "4")
        self.assert_sent(result, emitted=60, acked=60, failed=0)
        self.assertEqual(self.values("sink"), [[0]] * 60)


class Deaths(LoopsTest):
    def test_of_tasks_of_every_loop(self):
        topology = self.topology(
            [spout("source", count=400, parallelism=2, pause=0.002)],
            [
                bolt("pass", ["source"], default("value"), parallelism=3, to=["default"]),
                bolt("sink", [source("pass", "fields", fields=["value"])], parallelism=2),
            ],
        )
        choose = random.Random(7)
        self.start(topology, "--loops", "4")
        for count in range(6):
            reached = 40 * (count + 1)
            self.wait_until(lambda: len(self.all_tuples("sink")) >= reached, "tuples arrive")
            bolts = [pid for pid, line in self.processes().items() if "bolt.py" in line]
            os.kill(choose.choice(sorted(bolts)), signal.SIGKILL)
        result = self.finish()
        self.assertEqual(result.restarts(), 6)
        self.assertEqual(
            {value for (value,) in self.values("sink")}, set(range(400)), "nothing is lost"
        )
        sent = result.sent("source")
        self.assertEqual(sent["emitted"], sent["acked"] + sent["failed"])
        self.assertEqual(sent["acked"], 800)

    def test_that_are_too_many_end_the_run(self):
        topology = self.topology(
            [spout("source", count=10)], [bolt("sink", ["source"], exit_on=[3], lives=100)]
        )
        result = self.run_topology(topology, "--loops", "2", status=1)
        self.assertEqual(result.stats["status"], "failed")


if __name__ == "__main__":
    unittest.main()
