"""What time does: limits for messages, and ticks."""

import unittest

from runner_support import RunnerTest, bolt, default, spout


class TimeLimits(RunnerTest):
    def test_what_takes_too_long_is_emitted_again(self):
        path = self.topology(
            [spout("source", count=6)],
            [
                bolt("through", ["source"], default("v"), to=["default"]),
                bolt("sink", ["through"], hold=[[2], [3]]),
            ],
        )
        result = self.run_topology(path, "-o", "topology.message.timeout.secs=1")
        self.assert_sent(result, emitted=8, acked=6, failed=2, timed_out=2)
        self.assertEqual(sorted(self.heard("fail")), [2, 3])
        self.assertEqual(sorted(self.values("sink")), [[0], [1], [2], [2], [3], [3], [4], [5]])

    def test_an_ack_that_comes_too_late_does_no_harm(self):
        path = self.topology(
            [spout("source", count=3)],
            [bolt("sink", ["source"], slow_on=[1])],
            **{"topology.message.timeout.secs": 1},
        )
        result = self.run_topology(path)
        self.assertIn(1, self.heard("fail"))
        self.assertEqual(sorted(self.heard("ack")), [0, 1, 2])
        self.assertEqual(result.restarts(), 0)

    def test_time_limits_can_be_switched_off(self):
        path = self.topology(
            [spout("source", count=3)],
            [bolt("sink", ["source"], slow_on=[1])],
            **{
                "topology.message.timeout.secs": 1,
                "topology.enable.message.timeouts": False,
            },
        )
        result = self.run_topology(path)
        self.assert_sent(result, emitted=3, acked=3, failed=0, timed_out=0)


class Ticks(RunnerTest):
    def ticks(self, component):
        return [n["message"] for n in self.all_records(component) if n["what"] == "tick"]

    def test_of_one_component(self):
        path = self.topology(
            [spout("source", count=8, pause=0.15)],
            [
                bolt(
                    "ticked",
                    ["source"],
                    parallelism=2,
                    **{"topology.tick.tuple.freq.secs": 0.1},
                ),
                bolt("quiet", ["source"]),
            ],
        )
        result = self.run_topology(path)
        for task, notes in self.records("ticked").items():
            ticks = [note for note in notes if note["what"] == "tick"]
            self.assertGreaterEqual(len(ticks), 2, task)
        for tick in self.ticks("ticked"):
            self.assertEqual(
                (tick["comp"], tick["stream"], tick["task"]), ("__system", "__tick", -1)
            )
            self.assertIs(type(tick["id"]), str)
            self.assertEqual(len(tick["tuple"]), 1)
        self.assertEqual(self.ticks("quiet"), [])
        executed = sum(entry["executed"] for entry in result.component("ticked")["inputs"])
        self.assertEqual(executed, 8, "ticks are not counted")

    def test_of_all_components(self):
        path = self.topology(
            [spout("source", count=2, pause=1)],
            [
                bolt("first", ["source"], default("v")),
                bolt("second", ["first"]),
                bolt("never", ["first"], **{"topology.tick.tuple.freq.secs": None}),
            ],
        )
        self.run_topology(path, "-o", "topology.tick.tuple.freq.secs=1")
        for name in ("first", "second"):
            ticks = self.ticks(name)
            self.assertGreaterEqual(len(ticks), 1, name)
            self.assertEqual(ticks[0]["tuple"], [1])
        self.assertEqual(self.ticks("never"), [], "a component's own configuration comes first")


if __name__ == "__main__":
    unittest.main()
