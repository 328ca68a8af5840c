"""Heartbeats: bolts are asked for a sign of life, and who gives one is left alone."""

import time
import unittest

from runner_support import RunnerTest, bolt, spout


class Heartbeats(RunnerTest):
    def test_bolts_are_asked_about_each_second(self):
        path = self.topology(
            [spout("source", count=3, pause=1.1)], [bolt("sink", ["source"], parallelism=2)]
        )
        begin = time.monotonic()
        self.run_topology(path)
        seconds = time.monotonic() - begin
        for task, notes in self.records("sink").items():
            beats = [note["message"] for note in notes if note["what"] == "heartbeat"]
            self.assertGreaterEqual(len(beats), 3, task)
            self.assertLessEqual(len(beats), seconds + 2, task)
            for beat in beats:
                self.assertEqual((beat["stream"], beat["task"]), ("__heartbeat", -1))
                self.assertIn("id", beat)
                self.assertEqual(beat["tuple"], [])

    def test_a_busy_bolt_that_logs_is_left_alone(self):
        path = self.topology(
            [spout("source", count=3)],
            [bolt("sink", ["source"], busy_on=[1])],
            **{"topology.subprocess.timeout.secs": 1.5},
        )
        result = self.run_topology(path)
        self.assertEqual(result.restarts(), 0, result.log)
        self.assert_sent(result, emitted=3, acked=3)

    def test_a_busy_spout_that_logs_is_left_alone(self):
        path = self.topology(
            [spout("source", count=3, busy_at=1)],
            [bolt("sink", ["source"])],
            **{"topology.subprocess.timeout.secs": 1.5},
        )
        result = self.run_topology(path)
        self.assertEqual(result.restarts(), 0, result.log)
        self.assert_sent(result, emitted=3, acked=3)

    def test_a_spout_that_has_nothing_to_do_is_left_alone(self):
        path = self.topology(
            [spout("source", count=4, pause=1), spout("idle", count=0)],
            [bolt("sink", ["source", "idle"])],
            **{"topology.subprocess.timeout.secs": 2},
        )
        result = self.run_topology(path)
        self.assertEqual(result.restarts(), 0, result.log)


if __name__ == "__main__":
    unittest.main()
