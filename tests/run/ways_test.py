"""Every way of writing a component, with the test in the place of Storm's worker."""

import os
import re
import time
import unittest

from harness import JSON, MESSAGE_PACK, PATIENCE, WaysTest, emits, logs, outcomes, temporary


class Asynchronous(WaysTest):
    def setUp(self):
        self.bolt = self.component("later")

    def send(self, *words):
        for n, word in enumerate(words):
            self.bolt.send_tuple([word], id=f"-{n + 1}")

    def test_settles_later_in_its_own_order(self):
        self.send("a", "bad", "c")
        self.assertEqual(self.bolt.answers(), [])
        messages = [self.bolt.receive() for _ in range(6)]
        self.assertEqual([(m["tuple"], m["anchors"]) for m in messages[::2]],
                         [(["c"], ["-3"]), (["bad"], ["-2"]), (["a"], ["-1"])])
        self.assertEqual(outcomes(messages), [("ack", "-3"), ("fail", "-2"), ("ack", "-1")])

    def test_an_error_fails_at_once(self):
        self.send("refuse")
        self.assertEqual(outcomes(self.bolt.answers()), [("fail", "-1")])

    def test_settles_what_it_has_kept_when_the_input_ends(self):
        self.send("a", "b")
        messages, status = self.bolt.rest()
        self.assertEqual(outcomes(messages), [("ack", "-2"), ("ack", "-1")])
        self.assertEqual(status, 0)

    def test_ends_with_its_own_reason(self):
        self.send("fatal")
        self.assertEqual(self.bolt.receive(), {
            "command": "error", "msg": "the connection to nowhere: Input/output error"})
        self.assertEqual(self.bolt.process.wait(PATIENCE), 1)


class Batching(WaysTest):
    def send(self, bolt, *words, first=1):
        for n, word in enumerate(words, first):
            bolt.send_tuple([word], id=str(n))

    def test_by_size(self):
        bolt = self.component("sized")
        self.send(bolt, "a", "b")
        self.assertEqual(bolt.answers(), [])
        self.send(bolt, "c", "d", first=3)
        messages = bolt.answers()
        self.assertEqual(emits(messages), [["", ["a", "b", "c"]]])
        self.assertEqual(messages[0]["anchors"], ["1", "2", "3"])
        self.assertEqual(outcomes(messages), [("ack", "1"), ("ack", "2"), ("ack", "3")])

    def test_one_tuple_fails_alone(self):
        bolt = self.component("sized")
        self.send(bolt, "a", "bad", "c")
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("fail", "2"), ("ack", "1"), ("ack", "3")])
        # What is failed is not anchored to.
        self.assertEqual(messages[-3]["anchors"], ["1", "3"])

    def test_the_whole_batch_fails(self):
        bolt = self.component("sized")
        self.send(bolt, "a", "spoil", "c")
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("fail", "1"), ("fail", "2"), ("fail", "3")])
        self.assertIn("failed a batch of 3 tuples: the batch is spoilt: Input/output error", logs(messages))

    def test_a_tuple_of_the_wrong_type_fails_the_batch(self):
        bolt = self.component("sized")
        self.send(bolt, "a", 5, "c")
        self.assertEqual(outcomes(bolt.answers()), [("fail", "1"), ("fail", "2"), ("fail", "3")])

    def test_by_ticks(self):
        bolt = self.component("ticked")
        tick = {"id": "t", "comp": "__system", "stream": "__tick", "task": -1, "tuple": [1]}
        self.send(bolt, "a")
        bolt.send(tick)
        self.assertEqual(outcomes(bolt.answers()), [("ack", "t")])
        self.send(bolt, "b", first=2)
        bolt.send(tick)
        messages = bolt.answers()
        self.assertEqual(emits(messages), [["", ["a", "b"]]])
        self.assertEqual(outcomes(messages), [("ack", "1"), ("ack", "2"), ("ack", "t")])

    def test_by_time_without_ticks(self):
        bolt = self.component("timed")
        self.send(bolt, "a", "b")
        messages = self.receive_until(bolt, "ack", 2)
        self.assertEqual(emits(messages), [["", ["a", "b"]]])

    def test_by_group(self):
        bolt = self.component("grouped")
        self.send(bolt, "ant", "bee", "ape", "", "bat", "")
        messages = bolt.answers()
        self.assertEqual(emits(messages), [["a", ["ant", "ape"]], ["b", ["bee", "bat"]], ["", ["", ""]]])
        self.assertEqual(outcomes(messages), [("ack", n) for n in ("1", "3", "2", "5", "4", "6")])

    def test_a_tuple_without_a_group_fails_alone(self):
        bolt = self.component("grouped")
        self.send(bolt, "ant", 5)
        self.assertEqual(outcomes(bolt.answers()), [("fail", "2")])

    def test_what_is_left_at_the_end(self):
        bolt = self.component("grouped")
        self.send(bolt, "ant", "bee")
        messages, status = bolt.rest()
        self.assertEqual(emits(messages), [["a", ["ant"]], ["b", ["bee"]]])
        self.assertEqual(status, 0)


class TaskIds(WaysTest):
    def test_come_as_an_answer(self):
        bolt = self.component("ids")
        bolt.send_tuple(["a"], id="1")
        emit = bolt.receive()
        self.assertIs(emit["need_task_ids"], True)
        bolt.send([5, 7])
        messages = bolt.answers()
        self.assertEqual(logs(messages), ["went to 5 7"])
        self.assertEqual(outcomes(messages), [("ack", "1")])

    def test_may_come_behind_other_messages_which_keep_their_order(self):
        bolt = self.component("ids")
        bolt.send_tuple(["a"], id="1")
        self.assertEqual(bolt.receive()["tuple"], ["a"])
        bolt.send_tuple(["b"], id="2")
        bolt.heartbeat()
        bolt.send_tuple(["c"], id="3")
        bolt.send([5])
        bolt.send([6])
        bolt.send([])
        messages = [bolt.receive() for _ in range(9)]
        self.assertEqual(logs(messages), ["went to 5", "went to 6", "went to"])
        self.assertEqual([m["command"] if m["command"] != "emit" else m["tuple"][0] for m in messages],
                         ["log", "ack", "b", "log", "ack", "sync", "c", "log", "ack"])

    def test_of_many_at_once(self):
        bolt = self.component("ids")
        for n in range(100):
            bolt.send_tuple([str(n)], id=str(n))
        for n in range(100):
            self.assertEqual(bolt.receive()["tuple"], [str(n)])
            bolt.send([n])
            self.assertEqual(bolt.receive()["msg"], f"went to {n}")
            self.assertEqual(bolt.receive(), {"command": "ack", "id": str(n)})

    def test_never_come_from_a_parent_that_is_gone(self):
        bolt = self.component("ids")
        bolt.send_tuple(["a"], id="1")
        bolt.receive()
        messages, _ = bolt.rest()
        self.assertIn("the parent is gone", logs(messages)[0])
        self.assertEqual(outcomes(messages), [("fail", "1")])

    def test_of_a_spout(self):
        spout = self.component("asking")
        spout.send({"command": "next", "id": ""})
        self.assertEqual(spout.receive()["tuple"], ["word"])
        spout.send([1, 2, 3])
        messages, _ = spout.until_sync()
        self.assertEqual(logs(messages), ["went to 1 2 3"])


class Mapping(WaysTest):
    FIELDS = ["text", "number", "flag", "more"]

    def test_structs_in_and_out(self):
        bolt = self.component("record")
        bolt.send_tuple(["é", 2**40, True, 0.5])
        messages = bolt.answers()
        self.assertEqual(emits(messages), [["é", 2**41, False, 0.5]])

    def test_optional_members(self):
        bolt = self.component("record")
        bolt.send_tuple(["a", 1, True, None])
        self.assertEqual(emits(bolt.answers()), [["a", 2, False, 0]])

    def test_by_name_whatever_the_order(self):
        bolt = self.component("record", context={
            "source->stream->fields": {"source": {"default": ["flag", "unused", "number", "text"]}}})
        bolt.send_tuple([False, {}, 4, "a"])
        self.assertEqual(emits(bolt.answers()), [["a", 8, True, 0]])

    def test_names_the_field_that_does_not_fit(self):
        bolt = self.component("record")
        bolt.send_tuple(["a", "b", True, None])
        messages = bolt.answers()
        self.assertIn("field 1 (number) of a tuple from source, stream default, is a string, not an integer",
                      logs(messages)[0])
        self.assertEqual(outcomes(messages), [("fail", "-1")])

    def test_is_checked_when_the_task_starts(self):
        bolt = self.component("misspelled")
        said = bolt.receive()
        self.assertEqual(said["command"], "error")
        for word in ("cannot start", "nubmer", "source", "text number flag more"):
            self.assertIn(word, said["msg"])
        self.assertEqual(bolt.process.wait(PATIENCE), 1)


class Values(WaysTest):
    def passed(self, how, value):
        bolt = self.component("values")
        bolt.send_tuple([how, value, True, None])
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("ack", "-1")], messages)
        return emits(messages)[0]

    binary = "AP9h"

    def test_binary_data(self):
        for value in ("AP9h", [0, -1, 97], [0, 255, 97]):
            self.assertEqual(self.passed("binary", value), [3, self.binary])

    def test_what_is_no_binary_data(self):
        for value in ("AP9", [256], 5, ["a"]):
            bolt = self.component("values")
            bolt.send_tuple(["binary", value, True, None])
            self.assertEqual(outcomes(bolt.answers()), [("fail", "-1")])

    def test_trees(self):
        for tree in ([1, 2.5, None, True, "é\n", {"a": {"b": []}}], [], [2**63 - 1, -2**63]):
            self.assertEqual(self.passed("tree", tree), [len(tree), tree])

    def test_values_as_they_came(self):
        for value in (None, True, 2**63 - 1, 2**70 if self.wire is JSON else 2**64 - 1, 0.1, "é\0\"\\", [1, [2]],
                      {"a": {}}):
            self.assertEqual(self.passed("as it came", value), [2, value])


class ValuesOfMessagePack(Values):
    wire = MESSAGE_PACK
    binary = b"\0\xffa"

    def test_its_own_binary_data(self):
        self.assertEqual(self.passed("binary", b"\0\xffa" * 1000), [3000, b"\0\xffa" * 1000])
        self.assertEqual(self.passed("as it came", b"\xff"), [2, b"\xff"])


class Resting(WaysTest):
    """Times are not asserted: only that answers wait, and what ends the waiting."""

    def test_a_spout_with_nothing_to_emit_answers_seldom(self):
        spout = self.component("resting")
        start = time.monotonic()
        for _ in range(12):
            self.assertEqual(spout.command("next")[0], [])
        # 1 + 2 + 4 + ... + 64 + 5 * 100 ms, or more on a busy machine
        self.assertGreater(time.monotonic() - start, 0.4)

    def test_as_seldom_as_it_is_told(self):
        spout = self.component("resting", {"cstorm.spout.rest.max.millis": 3600000})
        for _ in range(8):
            spout.command("next")
        spout.send({"command": "next", "id": ""})
        self.assertTrue(spout.is_silent(0.1))
        # Another command ends the rest, and both are answered.
        spout.send({"command": "deactivate", "id": ""})
        self.assertEqual([spout.receive()["command"] for _ in range(2)], ["sync", "sync"])

    def test_ends_when_there_is_something_to_emit(self):
        path = os.path.join(temporary(self), "pipe")
        os.mkfifo(path)
        spout = self.component("reading", {"reading.pipe": path, "cstorm.spout.rest.max.millis": 3600000})
        pipe = os.open(path, os.O_RDWR)
        self.addCleanup(os.close, pipe)
        for _ in range(9):
            spout.command("next")
        spout.send({"command": "next", "id": ""})
        self.assertTrue(spout.is_silent(0.1))
        os.write(pipe, b"event")
        messages, _ = spout.until_sync()
        self.assertEqual(emits(messages), [["event"]])

    def test_ends_when_the_component_says_so(self):
        spout = self.component("waking", {"cstorm.spout.rest.max.millis": 3600000})
        numbers = []
        while len(numbers) < 4:
            numbers += [tuple[0] for tuple in emits(spout.command("next")[0])]
        self.assertEqual(numbers, [0, 1, 2, 3])

    def test_a_rate_bounds_what_is_emitted(self):
        spout = self.component("rated", {"cstorm.spout.rate": 20})
        start = time.monotonic()
        count = 0
        while time.monotonic() - start < 1:
            count += len(emits(spout.command("next")[0]))
        # A late answer allows for no more than one tuple besides.
        self.assertLessEqual(count, 20 * (time.monotonic() - start) + 2)
        self.assertGreater(count, 2)

    def test_a_silent_spout_writes_nothing_unasked(self):
        spout = self.component("waking")
        spout.command("next")
        self.assertTrue(spout.is_silent(0.7))


class Logging(WaysTest):
    def noise(self, what, count, conf=None):
        bolt = self.component("noisy", conf)
        bolt.send_tuple([what, count])
        return logs(bolt.answers())

    def test_levels(self):
        for level, expected in (("trace", 0), ("DEBUG", 1), (None, 2), ("warn", 3), ("error", 4)):
            conf = {} if level is None else {"cstorm.log.level": level}
            self.assertEqual(self.noise("levels", 5, conf), [f"level {n}" for n in range(expected, 5)])
        self.assertEqual(len(self.noise("levels", 5, {"topology.debug": True})), 4)

    def test_a_level_that_there_is_not(self):
        bolt = self.component("noisy", {"cstorm.log.level": "loud"})
        self.assertIn("cstorm.log.level must be trace, debug", bolt.receive()["msg"])
        self.assertEqual(bolt.process.wait(PATIENCE), 1)

    def test_a_rate_and_what_it_has_dropped(self):
        bolt = self.component("noisy", {"cstorm.log.rate": 1})
        bolt.send_tuple(["log", 1000])
        messages = bolt.answers() + bolt.rest()[0]
        said = logs(messages)
        kept = [text for text in said if text.startswith("message ")]
        self.assertEqual(kept[:10], [f"message {n}" for n in range(10)])
        dropped = sum(int(text.split()[0]) for text in said if "suppressed" in text)
        self.assertEqual(len(kept) + dropped, 1000)
        self.assertGreater(dropped, 900)

    def test_standard_error_line_by_line(self):
        bolt = self.component("noisy")
        bolt.send_tuple(["stderr", 2])
        messages = bolt.answers() + bolt.rest()[0]
        said = [(m["msg"], m["level"]) for m in messages if m["command"] == "log"]
        self.assertEqual(said, [("complaint 0", 3), ("andcomplaint 1", 3), ("and", 3)])

    def test_a_file_that_rotates(self):
        folder = temporary(self)
        conf = {"cstorm.log.path": folder, "cstorm.log.file": "{topology}-{component}-{task}.log",
                "cstorm.log.max_bytes": 1000, "cstorm.log.backup_count": 3}
        self.assertEqual(self.noise("log", 100, conf), [])
        name = os.path.join(folder, "probe-noisy-4.log")
        files = [name + suffix for suffix in (".3", ".2", ".1", "")]
        self.assertEqual(sorted(os.listdir(folder)), sorted(os.path.basename(file) for file in files))
        text = ""
        for file in files:
            self.assertLessEqual(os.path.getsize(file), 1000)
            with open(file, encoding="utf-8") as log:
                text += log.read()
        numbers = [int(number) for number in re.findall(r"noisy 4 info: message (\d+)\n", text)]
        self.assertEqual(numbers, list(range(numbers[0], 100)))
        self.assertGreater(len(numbers), 30)

    def test_a_file_that_cannot_be_written(self):
        bolt = self.component("noisy", {"cstorm.log.path": "/nowhere"})
        self.assertIn("the log file /nowhere/cstorm_probe_noisy_4_", bolt.receive()["msg"])
        self.assertEqual(bolt.process.wait(PATIENCE), 1)

    def test_a_full_disk_brings_the_log_back(self):
        self.assertEqual([text.split(":")[0] for text in self.noise(
            "log", 2, {"cstorm.log.path": "/dev", "cstorm.log.file": "full"})],
            ["cannot write the log file /dev/full", "message 0", "message 1"])


class Metrics(WaysTest):
    def report(self, *numbers, conf=None):
        bolt = self.component("measuring", {"cstorm.metrics": True, **(conf or {})})
        for number in numbers:
            bolt.send_tuple(["", number])
        messages = bolt.answers()
        return messages + bolt.rest()[0]

    def test_are_reported_at_the_end(self):
        metrics = {m["name"]: m["params"] for m in self.report(10, 20, 30) if m["command"] == "metrics"}
        self.assertEqual(metrics["visits"], 60)
        self.assertEqual(metrics["queue"], 15)
        self.assertNotIn("unused", metrics)
        latency = metrics["latency"]
        self.assertEqual((latency["count"], latency["mean"], latency["min"], latency["max"]), (3, 20, 10, 30))
        self.assertLess(abs(latency["p50"] - 20), 20 / 8)
        self.assertLess(abs(latency["p99"] - 30), 30 / 8)

    def test_are_reported_at_intervals_as_what_was_added(self):
        bolt = self.component("measuring", {"cstorm.metrics": True, "cstorm.metrics.interval.secs": 0.1})
        for number in (4, 5):
            bolt.send_tuple(["", number])
            messages = self.receive_until(bolt, "metrics", 3)
            self.assertEqual([m["params"] for m in messages if m.get("name") == "visits"], [number])

    def test_are_not_reported_unless_the_configuration_says_so(self):
        messages = self.report(1, conf={"cstorm.metrics": None})
        self.assertEqual([m for m in messages if m["command"] == "metrics"], [])


class MetricsOfMessagePack(Metrics):
    wire = MESSAGE_PACK


class Parts(WaysTest):
    def test_nothing_comes_after_the_end(self):
        bolt = self.component("timed")
        bolt.send_tuple(["a"], id="1")
        messages, status = bolt.rest()
        self.assertEqual(outcomes(messages), [("ack", "1")])
        self.assertEqual(status, 0)


if __name__ == "__main__":
    unittest.main()
