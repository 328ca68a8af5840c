"""Components that hang: they are killed and started again, and nothing is lost."""

import collections
import unittest

from runner_support import RunnerTest, bolt, default, spout


class Hangs(RunnerTest):
    def test_a_bolt_that_hangs_is_started_again(self):
        path = self.topology(
            [spout("source", count=20)],
            [
                bolt("through", ["source"], default("v"), to=["default"]),
                bolt("sink", ["through"], hang_on=[7]),
            ],
            **{"topology.subprocess.timeout.secs": 2},
        )
        result = self.run_topology(path)
        (sink,) = self.records("sink")
        self.assertEqual(len(result.lines("ERROR", f"sink[{sink}]", "hangs")), 1, result.log)
        self.assertEqual(result.component("sink")["restarts"], 1)
        self.assertEqual(result.restarts(), 1)
        self.assertEqual(sorted(self.heard("ack")), list(range(20)))
        counts = collections.Counter(value[0] for value in self.values("sink"))
        self.assertEqual(sorted(counts), list(range(20)))
        self.assertEqual(counts[7], 2)
        self.assertGreaterEqual(result.sent("source")["failed"], 1)
        self.assertEqual(result.sent("source")["timed_out"], 0, "they fail at once")

    def test_a_spout_that_hangs_is_started_again(self):
        path = self.topology(
            [spout("source", count=20, hang_at=7)],
            [bolt("sink", ["source"])],
            **{"topology.subprocess.timeout.secs": 2},
        )
        result = self.run_topology(path)
        (task,) = self.records("source")
        self.assertEqual(len(result.lines("ERROR", f"source[{task}]", "hangs")), 1, result.log)
        self.assertEqual(result.component("source")["restarts"], 1)
        counts = collections.Counter(value[0] for value in self.values("sink"))
        self.assertEqual(sorted(counts), list(range(20)))

    def test_a_tuple_at_which_a_bolt_always_hangs_ends_the_run(self):
        # In each of its lives the bolt processes others before.
        path = self.topology(
            [
                spout("good", count=1, endless=True, emits=numbers(2000), pause=0.02),
                spout("bad", emits=[{"tuple": ["bad"], "id": 0}], pause=0.3),
            ],
            [bolt("sink", ["good", "bad"], hang_on=["bad"], lives=1000)],
            **{"topology.subprocess.timeout.secs": 0.5},
        )
        self.start(path)
        result = self.finish(status=1, patience=45)
        self.assertEqual(len(result.lines("ERROR", "gave up", "sink")), 1, result.log)
        self.assertGreaterEqual(result.component("sink")["restarts"], 2)


def numbers(count):
    return [{"tuple": [i], "id": i, "need_task_ids": False} for i in range(count)]


if __name__ == "__main__":
    unittest.main()
