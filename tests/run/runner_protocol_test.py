"""Components that break the protocol: the log says who and how, and no tuple is lost."""

import unittest

from runner_support import RunnerTest, bolt, default, python, source, spout, stream


class ProtocolTest(RunnerTest):
    def bolt_topology(self, how, lives=1):
        outputs = default("value") + [stream("direct", "value", direct=True)]
        return self.topology(
            [spout("source", count=3 if lives == 1 else 100)],
            [
                bolt("bad", ["source"], outputs, python("misbehave.py", "bolt"), how=how, lives=lives),
                bolt("sink", ["bad", source("bad", "direct", "direct")]),
            ],
        )

    def spout_topology(self, how, lives=1):
        outputs = default("value") + [stream("direct", "value", direct=True)]
        return self.topology(
            [spout("bad", outputs, python("misbehave.py", "spout"), how=how, lives=lives)],
            [bolt("sink", ["bad", source("bad", "direct", "direct")])],
        )

    def assert_fault(self, result, task, *words):
        """The one who broke the protocol was named, killed and started again."""
        lines = result.lines("ERROR", f"bad[{task}]: ", "broke the protocol and is killed: ")
        self.assertEqual(len(lines), 1, result.log)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertEqual(
            len(result.lines("WARN", f"bad[{task}]: ", "for breaking the protocol")), 1, result.log
        )
        self.assertEqual(result.component("bad")["restarts"], 1)
        self.assertEqual(result.restarts(), 1)


class Bolts(ProtocolTest):
    # How it misbehaves, and words that the log must have.
    FAULTS = [
        ("garbage", ["this is not JSON", "byte 0"]),
        ("cut JSON", ['{"command":"emit","tuple":["']),
        ("invalid UTF-8", ["UTF-8"]),
        ("a number", ["17"]),
        ("a list", ["command"]),
        ("an empty message", []),
        ("no command", ["command"]),
        ("a command that is a number", ["command must be a string"]),
        ("too few values", ["0 values", "default", "1 field"]),
        ("too many values", ["2 values", "default", "1 field"]),
        ("no values", ["0 values", "default"]),
        ("values that are no list", ["tuple must be an array"]),
        ("unknown stream", ["nowhere"]),
        ("task of no direct stream", ["default", "not direct"]),
        ("no task of a direct stream", ["direct", "no task"]),
        ("task that does not exist", ["task 99"]),
        ("task that is negative", ["task -1"]),
        ("anchor that is unknown", ["anchors", '"12345678"', "not in flight"]),
        ("anchor that is a number", ["anchors", "5", "not in flight"]),
        ("anchor that is acked", ["anchors", "not in flight"]),
        ("ack of what is unknown", ["acks", '"99"', "not in flight"]),
        ("ack of a text", ["acks", '"one"', "not in flight"]),
        ("ack of nothing", ["acks nothing"]),
        ("ack twice", ["acks", "not in flight"]),
        ("fail of what is unknown", ["fails", '"99"', "not in flight"]),
        ("fail after ack", ["fails", "not in flight"]),
        ("no pid", ["pid"]),
        ("pid that is a text", ["pid must be an integer"]),
        ("garbage instead of the pid", ["ready!"]),
    ]

    def test_each_fault_is_named_and_nothing_is_lost(self):
        for how, words in self.FAULTS:
            with self.subTest(how):
                result = self.run_topology(self.bolt_topology(how))
                self.assert_fault(result, 1, *words)
                self.assertEqual(result.sent("source")["acked"], 3)
                self.assertEqual(sorted(self.heard("ack")), [0, 1, 2])

    def test_a_message_without_an_end(self):
        result = self.run_topology(self.bolt_topology("a message without an end"))
        self.assert_fault(result, 1, "67108864")

    def test_commands_that_storm_ignores(self):
        for how in ("unknown command", "sync", "next"):
            with self.subTest(how):
                result = self.run_topology(self.bolt_topology(how))
                self.assertEqual(result.restarts(), 0, result.log)
                self.assertEqual(result.lines("ERROR"), [])
                self.assertEqual(result.sent("source")["acked"], 3)


class Spouts(ProtocolTest):
    FAULTS = [
        ("garbage", ["this is not JSON"]),
        ("a list", ["command"]),
        ("too many values", ["2 values", "default", "1 field"]),
        ("unknown stream", ["nowhere"]),
        ("task of no direct stream", ["default", "not direct"]),
        ("task that does not exist", ["task 99"]),
        ("unknown command", ["dance"]),
        ("ack of what is unknown", ["the command", "ack"]),
        ("next", ["the command", "next"]),
        ("two syncs", ["sync"]),
        ("no pid", ["pid"]),
        ("garbage instead of the pid", ["ready!"]),
    ]

    def test_each_fault_is_named_and_the_run_goes_on(self):
        for how, words in self.FAULTS:
            with self.subTest(how):
                result = self.run_topology(self.spout_topology(how))
                self.assert_fault(result, 1, *words)
                self.assertIn([0], self.values("sink"))


class Repeatedly(ProtocolTest):
    def assert_given_up(self, result):
        self.assertEqual(result.stats["status"], "failed")
        faults = result.lines("ERROR", "bad[", "broke the protocol")
        self.assertGreaterEqual(len(faults), 2)
        self.assertLessEqual(len(faults), 20, "the number of restarts is bounded")
        self.assertEqual(result.component("bad")["restarts"], len(faults) - 1)
        self.assertEqual(len(result.lines("ERROR", "cstorm: gave up", "bad")), 1, result.log)

    def test_a_bolt(self):
        self.assert_given_up(self.run_topology(self.bolt_topology("ack twice", 1000), status=1))

    def test_a_spout(self):
        self.assert_given_up(self.run_topology(self.spout_topology("two syncs", 1000), status=1))

    def test_a_component_that_never_starts(self):
        self.assert_given_up(self.run_topology(self.bolt_topology("no pid", 1000), status=1))


if __name__ == "__main__":
    unittest.main()
