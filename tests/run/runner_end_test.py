"""How a run ends: by itself or by the time limit, and how its components close."""

import os
import signal
import time
import unittest

from runner_support import RunnerTest, StoppingTest, bolt, default, source, spout, stream


class ByItself(RunnerTest):
    def test_when_all_spouts_have_finished(self):
        path = self.topology(
            [spout("quick", count=1), spout("slow", count=5, pause=0.1)],
            [bolt("sink", ["quick", "slow"])],
        )
        result = self.run_topology(path)
        self.assertEqual(result.stats["status"], "finished")
        self.assertEqual(len(self.values("sink")), 6)

    def test_when_all_trees_are_settled(self):
        path = self.topology([spout("source", count=10)], [bolt("sink", ["source"], pause=0.05)])
        result = self.run_topology(path)
        self.assertEqual(len(self.values("sink")), 10)
        self.assert_sent(result, emitted=10, acked=10)

    def test_spouts_that_emit_nothing(self):
        path = self.topology([spout("source", count=0)], [bolt("sink", ["source"])])
        result = self.run_topology(path)
        self.assertEqual(result.stats["status"], "finished")
        self.assertEqual(result.stats["tuples"], 0)

    def test_tuples_that_nobody_tracks_still_arrive(self):
        path = self.topology(
            [spout("source", count=300, id=False)],
            [
                bolt("through", ["source"], default("v"), to=["default"], pause=0.001),
                bolt("sink", ["through"], pause=0.001),
            ],
        )
        self.run_topology(path)
        self.assertEqual(self.values("sink"), [[i] for i in range(300)])

    def test_a_spout_can_go_on_after_it_said_that_it_has_finished(self):
        # A fail comes after the spout has nothing left.
        path = self.topology(
            [spout("source", count=1)],
            [bolt("sink", ["source"], slow_on=[0], fail_first=True)],
        )
        result = self.run_topology(path)
        self.assert_sent(result, emitted=2, acked=1, failed=1)

    def test_a_cycle_closes(self):
        path = self.topology(
            [spout("source", count=5)],
            [
                bolt(
                    "left",
                    ["source", source("right", stream="back")],
                    [stream("there", "n")],
                ),
                bolt("right", [source("left", stream="there")], [stream("back", "n")]),
                bolt("sink", [source("left", stream="there")]),
            ],
        )
        self.run_topology(path)
        self.assertGreater(self.first("sink", "end"), self.last("left", "closed"))


class Closing(RunnerTest):
    def test_upstream_first_and_what_is_emitted_then_flows_on(self):
        path = self.topology(
            [spout("source", count=3, close=[["of source"]])],
            [
                bolt(
                    "a",
                    ["source"],
                    default("v"),
                    to=["default"],
                    close_wait=0.2,
                    close=[["of a"]] * 3,
                    parallelism=2,
                ),
                bolt("b", ["a"], default("v"), to=["default"], close_wait=0.2, close=[["of b"]]),
                bolt("c", ["b"]),
            ],
        )
        result = self.run_topology(path)
        self.assertGreater(self.first("a", "end"), self.last("source", "end"))
        self.assertGreater(self.first("b", "end"), self.last("a", "closed"))
        self.assertGreater(self.first("c", "end"), self.last("b", "closed"))
        expected = [[0], [1], [2], ["of source"]] + [["of a"]] * 6 + [["of b"]]
        self.assertEqual(sorted(map(repr, self.values("c"))), sorted(map(repr, expected)))
        self.assertEqual(self.values("c")[-1], ["of b"])
        self.assertEqual(result.received("c", "b")["acked"], 11)

    def test_a_component_waits_for_all_that_it_receives_from(self):
        path = self.topology(
            [spout("source", count=1)],
            [
                bolt("short", ["source"], default("v"), close=[["of short"]]),
                bolt("long", ["source"], default("v"), close=[["of long"]], close_wait=0.5),
                bolt("sink", ["short", "long"]),
            ],
        )
        self.run_topology(path)
        self.assertGreater(self.first("sink", "end"), self.last("long", "closed"))
        self.assertEqual(self.values("sink"), [["of short"], ["of long"]])

    def test_much_is_emitted(self):
        values = [["x" * 1000, i] for i in range(5000)]
        path = self.topology(
            [spout("source", count=1)],
            [
                bolt("a", ["source"], default("text", "n"), close=values),
                bolt("b", ["a"], default("text", "n"), to=["default"]),
                bolt("c", ["b"]),
            ],
        )
        self.run_topology(path)
        self.assertEqual([value[1] for value in self.values("c")], list(range(5000)))

    def test_who_does_not_close_is_killed_and_the_run_has_failed(self):
        path = self.topology(
            [spout("source", count=3)],
            [
                bolt("stubborn", ["source"], default("v"), close_wait=1000, close=[["never"]]),
                bolt("sink", ["stubborn", "source"]),
            ],
            **{"cstorm.change.timeout.secs": 2},
        )
        result = self.run_topology(path, status=1)
        self.assertEqual(len(result.lines("ERROR", "stubborn[", "hangs")), 1, result.log)
        self.assertEqual(
            len(result.lines("ERROR", "stubborn[", "did not close as it should", "killed")), 1
        )
        self.assertEqual(result.stats["status"], "failed")
        self.assertEqual(len(self.values("sink")), 3)
        self.assertGreater(self.first("sink", "end"), self.last("stubborn", "end"))

    def test_who_is_killed_while_it_closes_fails_the_run(self):
        path = self.topology([spout("source", count=3)], [bolt("sink", ["source"], close_wait=1000)])
        self.start(path)
        self.wait_until(
            lambda: [n for n in self.all_records("sink") if n["what"] == "end"], "sink closes"
        )
        os.kill(self.all_records("sink")[0]["pid"], signal.SIGKILL)
        result = self.finish(status=1)
        self.assertEqual(
            len(result.lines("ERROR", "sink[", "did not close as it should", "signal 9")), 1
        )


class AfterATime(StoppingTest):
    def test_it_stops_gracefully(self):
        result = self.run_topology("--time", "1", self.endless())
        self.assert_stopped_gracefully(result)
        self.assertGreaterEqual(result.stats["seconds"], 0.5)

    def test_a_run_that_ends_before_is_not_prolonged(self):
        path = self.topology([spout("source", count=3)], [bolt("sink", ["source"])])
        begin = time.monotonic()
        result = self.run_topology("--time", "600", path)
        self.assertLess(time.monotonic() - begin, 100)
        self.assertEqual(result.stats["status"], "finished")

    def test_tuples_in_flight_are_waited_for(self):
        path = self.topology(
            [spout("source", count=3, endless=True)], [bolt("sink", ["source"], slow_on=[1])]
        )
        result = self.run_topology("--time=0.5", path)
        self.assert_sent(result, emitted=3, acked=3, failed=0)

    def test_what_fails_then_is_not_emitted_again(self):
        result = self.run_topology("--time", "0.5", self.endless(bolt("sink", ["source"], fail_all=True)))
        self.assertEqual(result.stats["status"], "stopped")
        sent = result.sent("source")
        self.assertEqual((sent["emitted"], sent["acked"]), (sent["failed"], 0))

    def test_tuples_that_are_never_acked_are_given_up(self):
        path = self.topology(
            [spout("source", count=3, endless=True)],
            [bolt("sink", ["source"], hold=[[1]])],
            **{"topology.message.timeout.secs": 1},
        )
        result = self.run_topology("--time", "0.3", path)
        self.assert_sent(result, emitted=3, acked=2, failed=1, timed_out=1)

    def test_before_the_components_have_started(self):
        path = self.endless(bolt("sink", ["source"], start_wait=1.5))
        result = self.run_topology("--time", "0.2", path)
        self.assertEqual(self.all_tuples("sink"), [])
        self.assertEqual(result.stats["status"], "stopped")


if __name__ == "__main__":
    unittest.main()
