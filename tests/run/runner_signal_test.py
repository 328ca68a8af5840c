"""SIGINT and SIGTERM stop a run: one gracefully, a second one at once."""

import os
import signal
import time
import unittest

from runner_support import StoppingTest, bolt, default, spout


class BySignals(StoppingTest):
    def test_one_stops_gracefully(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.start(self.endless())
            self.wait_for_tuples()
            self.runner.send_signal(number)
            result = self.finish()
            self.assert_stopped_gracefully(result)
            self.assertEqual(len(result.lines("INFO", "stopping")), 1, result.log)

    def test_two_stop_at_once(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.start(self.endless(bolt("sink", ["source"], hold=[[0]])))
            self.wait_for_tuples()
            self.runner.send_signal(number)
            self.wait_until(lambda: "stopping" in self.log(), "it stops")
            time.sleep(0.5)
            self.runner.send_signal(number)
            result = self.finish(status=1)
            self.assertEqual(len(result.lines("ERROR", "stopped at once")), 1, result.log)
            self.assertEqual(result.stats["status"], "failed")

    def test_two_that_differ(self):
        self.start(self.endless(bolt("sink", ["source"], hold=[[0]])))
        self.wait_for_tuples()
        self.runner.send_signal(signal.SIGINT)
        self.wait_until(lambda: "stopping" in self.log(), "it stops")
        time.sleep(0.5)
        self.runner.send_signal(signal.SIGTERM)
        self.finish(status=1)

    def test_one_to_the_whole_group(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.start(self.endless(), start_new_session=True)
            self.wait_for_tuples()
            os.killpg(self.runner.pid, number)
            self.assert_stopped_gracefully(self.finish())

    def test_one_that_comes_twice_at_the_same_time_is_one(self):
        # timeout(1) sends it to the runner, and in the next moment to the whole group.
        self.start(self.endless(bolt("sink", ["source"], slow_on=[4])), start_new_session=True)
        self.wait_for_tuples()
        os.kill(self.runner.pid, signal.SIGTERM)
        time.sleep(0.01)
        os.killpg(self.runner.pid, signal.SIGTERM)
        self.assert_stopped_gracefully(self.finish())

    def test_one_while_the_components_start(self):
        self.start(self.endless(bolt("sink", ["source"], start_wait=1)))
        self.wait_until(lambda: self.records("sink"), "sink starts")
        self.runner.send_signal(signal.SIGTERM)
        result = self.finish()
        self.assertEqual(result.stats["status"], "stopped")
        self.assertEqual(self.all_tuples("sink"), [])

    def test_one_while_the_components_close_takes_nothing_away(self):
        path = self.topology(
            [spout("source", count=3)],
            [
                bolt("slow", ["source"], default("v"), close_wait=1, close=[["last"]]),
                bolt("sink", ["slow"]),
            ],
        )
        self.start(path)
        self.wait_until(
            lambda: [n for n in self.all_records("slow") if n["what"] == "end"], "slow closes"
        )
        self.runner.send_signal(signal.SIGTERM)
        self.finish()
        self.assertEqual(self.values("sink"), [["last"]])

    def test_two_while_the_components_close_stop_at_once(self):
        path = self.topology([spout("source", count=3)], [bolt("sink", ["source"], close_wait=1000)])
        self.start(path)
        self.wait_until(
            lambda: [n for n in self.all_records("sink") if n["what"] == "end"], "sink closes"
        )
        self.runner.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        if self.runner.poll() is None:
            self.runner.send_signal(signal.SIGTERM)
        self.finish(status=1)


if __name__ == "__main__":
    unittest.main()
