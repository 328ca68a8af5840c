"""Each way of writing a bolt, on both wires: the test is the parent."""

import base64
import os
import time
import unittest

from harness import PATIENCE, Component, OnMessagePack, logs

WAYS_BOLTS = os.environ["WAYS_BOLTS"]


def outcomes(messages):
    return [(m["command"], m["id"]) for m in messages if m["command"] in ("ack", "fail")]


def tuples(messages, stream=None):
    return [m["tuple"] for m in messages if m["command"] == "emit" and m.get("stream") == stream]


class BoltTest(unittest.TestCase):
    wire = "json"

    def component(self, name, conf=None, **more):
        return Component(self, WAYS_BOLTS, name, conf, wire=self.wire, **more)

    def receive(self, bolt, count):
        return [bolt.receive() for _ in range(count)]


class Asynchronous(BoltTest):
    def setUp(self):
        self.bolt = self.component("later")

    def keep(self, *ids):
        for id in ids:
            self.bolt.send_tuple(["keep", int(id)], id=id)
        self.assertEqual(self.bolt.answers(), [])

    def check_settled(self, messages):
        """The newest first; even ones with an emit of their own, odd ones failed."""
        self.assertEqual([(m["command"], m.get("anchors", m.get("id"))) for m in messages],
                         [("emit", ["4"]), ("ack", "4"), ("fail", "3"), ("emit", ["2"]), ("ack", "2"), ("fail", "1")])
        self.assertEqual(tuples(messages), [[4], [2]])

    def test_settles_what_it_kept_when_a_timer_says_so(self):
        self.keep("1", "2", "3", "4")
        self.bolt.send_tuple(["timer"], id="5")
        self.assertEqual(self.bolt.receive(), {"command": "ack", "id": "5"})
        self.check_settled(self.receive(self.bolt, 6))

    def test_settles_what_it_kept_when_a_descriptor_is_readable(self):
        self.keep("1", "2", "3", "4")
        self.bolt.send_tuple(["pipe"], id="5")
        self.assertEqual(self.bolt.receive(), {"command": "ack", "id": "5"})
        self.check_settled(self.receive(self.bolt, 6))

    def test_stays_until_what_it_kept_is_settled(self):
        self.keep("1", "2", "3", "4")
        self.bolt.send_tuple(["timer"], id="5")
        messages, status = self.bolt.rest()
        self.assertEqual(messages[0], {"command": "ack", "id": "5"})
        self.check_settled(messages[1:-1])
        self.assertEqual(logs(messages), ["closed with 0"])
        self.assertEqual(status, 0)

    def test_stays_until_what_it_kept_is_released(self):
        self.keep("1", "2")
        self.bolt.send_tuple(["release"], id="3")
        messages, status = self.bolt.rest()
        self.assertEqual(outcomes(messages), [("ack", "3")])
        self.assertEqual((logs(messages), status), (["closed with 0"], 0))

    def test_does_not_stay_when_nobody_reads_any_more(self):
        self.keep("1", "2")
        self.bolt.process.stdout.close()
        self.bolt.process.stdin.close()
        self.assertIsNotNone(self.bolt.process.wait(PATIENCE))

    def test_settles_once(self):
        self.bolt.send_tuple(["misuse"], id="1")
        messages = self.bolt.answers()
        self.assertEqual(outcomes(messages), [("ack", "1")])
        self.assertEqual(logs(messages), ["0 1 1 1"])

    def test_fails_at_once_what_it_returns_an_error_for(self):
        self.bolt.send_tuple(["keep and fail"], id="1")
        self.assertEqual(outcomes(self.bolt.answers()), [("fail", "1")])
        self.assertEqual(self.bolt.rest()[1], 0)

    def test_ends_with_an_error_of_a_watcher(self):
        self.keep("2")
        self.bolt.send_tuple(["give up"], id="3")
        messages, status = self.bolt.end_of_life()
        self.assertEqual(messages, [
            {"command": "ack", "id": "3"},
            {"command": "error", "msg": "the connection to the moon: Connection reset by peer"},
            {"command": "log", "msg": "closed with 1", "level": 2}])
        self.assertEqual(status, 1)

    def test_keeps_a_tuple_whose_message_is_gone(self):
        """Values of kept tuples are copies: the buffer they came in is used again, and moves."""
        self.keep("2", "4")
        self.bolt.send_tuple(["pipe", "x" * 1000000], id="5")
        messages = self.receive(self.bolt, 5)
        self.assertEqual(tuples(messages), [[4], [2]])


class Batching(BoltTest):
    def batches(self, messages):
        return [(m["tuple"][0], m["tuple"][1], m.get("anchors")) for m in messages if m["command"] == "emit"]

    def tick(self, bolt, id="-5"):
        bolt.send({"id": id, "comp": "__system", "stream": "__tick", "task": -1, "tuple": [1]})

    def send(self, bolt, *texts, number=0):
        for id, text in enumerate(texts, 1):
            bolt.send_tuple([text, number], id=f"{number}{id}")

    def test_by_size(self):
        bolt = self.component("by_size")
        self.send(bolt, "a", "b")
        self.assertEqual(bolt.answers(), [])
        self.send(bolt, "c", "d", number=1)
        messages = bolt.answers()
        self.assertEqual(self.batches(messages), [("", ["a", "b", "c"], ["01", "02", "11"])])
        self.assertEqual(outcomes(messages), [("ack", "01"), ("ack", "02"), ("ack", "11")])

    def test_what_is_left_when_the_input_ends(self):
        bolt = self.component("by_size")
        self.send(bolt, "a", "b")
        messages, status = bolt.rest()
        self.assertEqual(self.batches(messages), [("", ["a", "b"], ["01", "02"])])
        self.assertEqual(outcomes(messages), [("ack", "01"), ("ack", "02")])
        self.assertEqual(messages[-1]["msg"], "closed")
        self.assertEqual(status, 0)

    def test_by_ticks(self):
        bolt = self.component("by_ticks")
        self.tick(bolt)
        self.send(bolt, "a", "b")
        self.tick(bolt)
        messages = bolt.answers()
        self.assertEqual(self.batches(messages), [])
        self.assertEqual(outcomes(messages), [("ack", "-5")] * 2)
        self.tick(bolt)
        messages = bolt.answers()
        self.assertEqual(self.batches(messages), [("", ["a", "b"], ["01", "02"])])
        self.assertEqual(outcomes(messages), [("ack", "01"), ("ack", "02"), ("ack", "-5")])
        self.assertEqual(logs(messages), ["tick"])
        self.tick(bolt)
        self.tick(bolt)
        self.assertEqual(self.batches(bolt.answers()), [])

    def test_by_time_of_its_own(self):
        bolt = self.component("by_time")
        for number in range(2):
            self.send(bolt, "a", "b", number=number)
            self.assertEqual(tuples(self.receive(bolt, 3)), [["", ["a", "b"]]])

    def test_by_time_where_only_a_size_is_given(self):
        bolt = self.component("by_default")
        self.send(bolt, "a")
        self.assertEqual(tuples(self.receive(bolt, 2)), [["", ["a"]]])

    def test_by_group(self):
        bolt = self.component("by_group")
        self.send(bolt, "a", number=1)
        self.send(bolt, "b", number=2)
        self.send(bolt, "c", number=3)
        self.assertEqual(bolt.answers(), [])
        self.send(bolt, "d", number=2)
        self.assertEqual(self.batches(bolt.answers()), [("2", ["b", "d"], ["21", "21"])])
        self.tick(bolt)
        self.assertEqual(self.batches(bolt.answers()), [("1", ["a"], ["11"]), ("3", ["c"], ["31"])])

    def test_fails_what_has_no_group(self):
        bolt = self.component("by_group")
        bolt.send_tuple(["a", "no number"], id="1")
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("fail", "1")])
        self.assertIn("is a string, not an integer", logs(messages)[0])

    def test_fails_as_a_whole(self):
        bolt = self.component("by_size")
        self.send(bolt, "a", "fail all", "c")
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("fail", "01"), ("fail", "02"), ("fail", "03")])
        self.assertEqual(logs(messages), ["failed a batch of 3 tuples: the batch is bad: Input/output error"])

    def test_settles_one_apart_from_the_others(self):
        bolt = self.component("by_size")
        self.send(bolt, "a", "fail one", "c")
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("fail", "02"), ("ack", "01"), ("ack", "03")])
        self.assertEqual(self.batches(messages), [("", ["a", "fail one", "c"], ["01", "03"])])
        self.send(bolt, "ack one", "fail all", "c")
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("ack", "01"), ("fail", "02"), ("fail", "03")])

    def test_leaves_all_to_the_class(self):
        bolt = self.component("by_hand")
        self.send(bolt, "ack one", "fail one", "nothing")
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("ack", "01"), ("fail", "02")])
        self.assertEqual(self.batches(messages), [("", ["ack one", "fail one", "nothing"], None)])
        self.send(bolt, "ack one", "fail all", "nothing")
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("ack", "01")])
        self.assertIn("failed a batch of 3 tuples", logs(messages)[0])

    def test_handles_many_batches(self):
        bolt = self.component("by_group")
        for number in range(500):
            bolt.send_tuple(["a", number], id=str(number))
        for number in range(500):
            bolt.send_tuple(["b", number], id=str(number))
        self.assertEqual(self.batches(bolt.answers()),
                         [(str(n), ["a", "b"], [str(n), str(n)]) for n in range(500)])


class TaskIds(BoltTest):
    def setUp(self):
        self.bolt = self.component("asker")

    def until_asked(self):
        message = self.bolt.receive()
        self.assertIs(message["need_task_ids"], True)
        return message

    def test_come_as_an_answer(self):
        self.bolt.send_tuple(["ask", 1], id="1")
        self.assertEqual(self.until_asked()["anchors"], ["1"])
        self.bolt.send([7, 5])
        messages = self.bolt.answers()
        self.assertEqual(tuples(messages, "told"), [[[7, 5]]])
        self.assertIs(messages[0]["need_task_ids"], False)
        self.assertEqual(outcomes(messages), [("ack", "1")])

    def test_may_be_none(self):
        self.bolt.send_tuple(["ask", 1], id="1")
        self.until_asked()
        self.bolt.send([])
        self.assertEqual(tuples(self.bolt.answers(), "told"), [[[]]])

    def test_of_a_direct_emit_are_known(self):
        self.bolt.send_tuple(["ask direct"], id="1")
        messages = self.bolt.answers()
        self.assertEqual(messages[0]["task"], 5)
        self.assertIs(messages[0]["need_task_ids"], False)
        self.assertEqual(tuples(messages, "told"), [[[5]]])

    def test_come_behind_tuples_that_are_kept_in_order(self):
        self.bolt.send_tuple(["ask twice", 1], id="1")
        self.bolt.send_tuple(["pass", 2], id="2")
        self.until_asked()
        self.bolt.heartbeat()
        self.bolt.send_tuple(["pass", 3], id="3")
        self.bolt.send([8])
        told, asked = self.receive(self.bolt, 2)
        self.assertEqual((told["tuple"], asked["need_task_ids"]), ([[8]], True))
        self.bolt.send_tuple(["ask", 4], id="4")
        self.bolt.send([9, 10])
        before, _ = self.bolt.until_sync()
        self.assertEqual(tuples(before, "told"), [[[9, 10]], [2]])
        self.assertEqual(outcomes(before), [("ack", "1"), ("ack", "2")])
        self.assertEqual([self.bolt.receive() for _ in range(2)][0]["tuple"], [3])
        self.until_asked()
        self.bolt.send([11])
        messages = self.bolt.answers()
        self.assertEqual(tuples(messages, "told"), [[[11]]])
        self.assertEqual(outcomes(messages), [("ack", "4")])

    def test_come_in_pieces(self):
        self.bolt.send_tuple(["ask", 1], id="1")
        self.until_asked()
        data = self.bolt.wire.encode({"id": "2", "comp": "source", "tuple": ["pass", 2]}) + self.bolt.wire.encode([7])
        data += self.bolt.wire.encode({"id": "3", "comp": "source", "tuple": ["pass", 3]})
        for at in range(len(data)):
            self.bolt.send_bytes(data[at:at + 1])
            time.sleep(0.0005)
        messages = self.bolt.answers()
        self.assertEqual(tuples(messages, "told"), [[[7]], [2], [3]])
        self.assertEqual(outcomes(messages), [("ack", "1"), ("ack", "2"), ("ack", "3")])

    def test_asked_for_in_a_watcher_with_input_at_hand(self):
        """The watcher takes what the loop has found to be readable: the loop must not wait for it again."""
        self.bolt.send_tuple(["ask later"], id="1")
        self.assertEqual(logs(self.receive(self.bolt, 2)), ["asleep"])
        self.bolt.send_tuple(["sleep"], id="2")
        time.sleep(0.1)  # it sleeps; the timer is due and the input readable when it wakes up
        self.bolt.send_tuple(["pass", 3], id="3")
        self.bolt.heartbeat()
        self.bolt.send_tuple(["pass", 4], id="4")
        messages = []
        while not messages or not messages[-1].get("need_task_ids"):
            messages.append(self.bolt.receive())
        self.bolt.send([7])
        while len(outcomes(messages)) < 3:
            messages.append(self.bolt.receive())
        self.assertEqual(sorted(tuples(messages, "told"), key=str), [[3], [4], [[7]]])
        self.assertEqual(outcomes(messages), [("ack", "2"), ("ack", "3"), ("ack", "4")])

    def test_do_not_come_when_the_parent_is_gone(self):
        self.bolt.send_tuple(["ask", 1], id="1")
        self.until_asked()
        messages, status = self.bolt.rest()
        self.assertEqual(outcomes(messages), [("fail", "1")])
        self.assertIn("the parent is gone, and has sent no task ids: Broken pipe", logs(messages)[0])
        self.assertEqual(status, 0)

    def test_out_of_range(self):
        self.bolt.send_tuple(["ask", 1], id="1")
        self.until_asked()
        self.bolt.send([2**40])
        messages = self.bolt.answers()
        self.assertEqual(outcomes(messages), [("fail", "1")])
        self.assertIn("a task id out of range", logs(messages)[0])

    def test_that_are_none(self):
        self.bolt.send_tuple(["ask", 1], id="1")
        self.until_asked()
        self.bolt.send(["seven"])
        messages = self.bolt.answers()
        self.assertEqual(outcomes(messages), [("fail", "1")])
        self.assertIn("a list must hold task ids", logs(messages)[0])

    def test_behind_garbage(self):
        self.bolt.send_tuple(["ask", 1], id="1")
        self.until_asked()
        self.bolt.send("garbage")
        self.bolt.send([7])
        messages, status = self.bolt.end_of_life()
        self.assertEqual(outcomes(messages), [("ack", "1")])
        self.assertIn("a message must be an object or a list", messages[-1]["msg"])
        self.assertEqual(status, 1)


ALL_FIELDS = ["yes", "small", "medium", "large", "single", "real", "name", "bytes", "any", "maybe_text", "maybe_small"]


class Structs(BoltTest):
    def fields(self, *names):
        return {"source->stream->fields": {"source": {"default": list(names)}}}

    def map(self, fields, values):
        bolt = self.component("mapper", context=self.fields(*fields))
        bolt.send_tuple(values, id="1")
        return bolt.answers()

    def setUp(self):
        self.raw = b"\x00\xff" if self.wire == "msgpack" else base64.b64encode(b"\x00\xff").decode()
        self.values = [True, -2**31, 2**62, -2**63, 0.5, 1e300, "é\0", self.raw, {"a": [1, None]}, "maybe", 7]

    def test_go_in_and_out(self):
        messages = self.map(ALL_FIELDS, self.values)
        self.assertEqual(tuples(messages), [self.values])
        self.assertEqual(outcomes(messages), [("ack", "1")])

    def test_find_their_fields_in_any_order(self):
        messages = self.map(["unused"] + ALL_FIELDS[::-1], [0] + self.values[::-1])
        self.assertEqual(tuples(messages), [self.values])

    def test_may_lack_what_is_optional(self):
        self.assertEqual(tuples(self.map(ALL_FIELDS[:9], self.values[:9])), [self.values[:9] + [None, 0]])
        self.assertEqual(tuples(self.map(ALL_FIELDS, self.values[:9] + [None, None])),
                         [self.values[:9] + [None, 0]])
        # Fewer values than fields.
        self.assertEqual(tuples(self.map(ALL_FIELDS, self.values[:9])), [self.values[:9] + [None, 0]])

    def test_must_have_all_else(self):
        bolt = self.component("mapper", context=self.fields(*ALL_FIELDS[1:]))
        messages, status = bolt.end_of_life()
        self.assertEqual([m["command"] for m in messages], ["error"])
        self.assertIn("the input of mapper must have the field yes, but stream default of source has: small medium",
                      messages[0]["msg"])
        self.assertEqual(status, 1)

    def test_are_not_checked_where_the_parent_names_no_fields(self):
        bolt = self.component("mapper", context={"source->stream->fields": {}})
        self.assertEqual(bolt.answers(), [])

    def test_say_what_does_not_fit(self):
        for index, value, reason in ((0, 1, "field 0 (yes) of a tuple from source, stream default, is an integer"),
                                     (1, 2**31, "field 1 (small) of a tuple from source, stream default: 2147483648"),
                                     (1, None, "is null, not an integer"),
                                     (2, 2**63, "field 2 (medium)"),
                                     (3, 0.5, "is a number with a fraction, not an integer"),
                                     (4, 1e300, "field 4 (single) of a tuple from source, stream default: 1e+300"),
                                     (4, "x", "field 4 (single)"),
                                     (5, "x", "field 5 (real)"),
                                     (6, 5, "field 6 (name)"),
                                     (7, {}, "is an object, which is neither binary data, nor base64"),
                                     (9, 1, "field 9 (maybe_text)"),
                                     (10, 2**40, "field 10 (maybe_small)")):
            with self.subTest(index=index, value=value):
                values = self.values[:]
                values[index] = value
                messages = self.map(ALL_FIELDS, values)
                self.assertEqual(outcomes(messages), [("fail", "1")])
                self.assertIn(reason, logs(messages)[0])
        messages = self.map(ALL_FIELDS, self.values[:3])
        self.assertIn("field 3 of a tuple from source, stream default, which has 3", logs(messages)[0])

    def test_need_a_source_whose_fields_are_known(self):
        bolt = self.component("mapper", context=self.fields(*ALL_FIELDS))
        bolt.send_tuple(self.values, comp="stranger", id="1")
        messages = bolt.answers()
        self.assertEqual(outcomes(messages), [("fail", "1")])
        self.assertIn("the names of the fields of a tuple from stranger", logs(messages)[0])

    def test_are_emitted_in_the_order_of_the_stream(self):
        bolt = self.component("pair_mapper")
        for stream, expected in (("same", ["same", 3]), ("turned", [3, "turned"])):
            bolt.send_tuple([stream, 3], id="1")
            self.assertEqual(tuples(bolt.answers(), stream), [expected])

    def test_are_not_emitted_to_a_stream_of_other_fields(self):
        bolt = self.component("pair_mapper")
        for stream, reason in (("more", "a struct whose mapping has no field more"),
                               ("fewer", "which has 1 fields, a struct whose mapping has 2"),
                               ("none", "which its class does not declare")):
            bolt.send_tuple([stream, 3], id="1")
            messages = bolt.answers()
            self.assertEqual(outcomes(messages), [("fail", "1")])
            self.assertIn(reason, logs(messages)[0])


class Values(BoltTest):
    def setUp(self):
        self.bolt = self.component("values")

    def ask(self, what, more=None, number=1):
        self.bolt.send_tuple([what, number, True, more], id="1")
        messages = self.bolt.answers()
        return tuples(messages), outcomes(messages)[0][0], logs(messages)

    def binary(self, data):
        return data if self.wire == "msgpack" else base64.b64encode(data).decode()

    def test_binary(self):
        data = bytes(range(256))
        for length in (0, 1, 2, 3, 255, 256):
            expected = self.binary(data[:length])
            self.assertEqual(self.ask("binary", base64.b64encode(data[:length]).decode())[0], [[expected]])
            self.assertEqual(self.ask("binary", list(data[:length]))[0], [[expected]])
            self.assertEqual(self.ask("binary", [n - 256 if n > 127 else n for n in data[:length]])[0], [[expected]])
            self.assertEqual(self.ask("binary", expected)[0], [[expected]])

    def test_what_is_not_binary(self):
        for more in ("!", "QUI", "QQ==Q", [256], [-129], ["a"], [1.5], {}, 1, None, True):
            with self.subTest(more=more):
                emits, outcome, said = self.ask("binary", more)
                self.assertEqual((emits, outcome), ([], "fail"))
                self.assertIn("neither binary data, nor base64, nor a list of bytes", said[0])

    def test_trees(self):
        for more in ({"a": [1, {"b": None}], "é": "\0"}, [], "text", 1, 0.5, None, True, -2**63, 2**53 + 1):
            with self.subTest(more=more):
                self.assertEqual(self.ask("tree", more)[:2], ([[more]], "ack"))
        for more in (2**63, {"\0": 1}):  # which jansson cannot hold
            self.assertEqual(self.ask("tree", more)[1], "fail")
        emits, outcome, said = self.ask("no tree")
        self.assertEqual((emits, outcome), ([], "fail"))
        self.assertIn("value 0 (value) that cannot be sent", said[0])

    def test_passed_on_as_they_came(self):
        for more in ({"a": [1, {"b": None}], "é\0": "\0"}, "", 2**64 - 1, 1e-300, None, [[]]):
            with self.subTest(more=more):
                self.assertEqual(self.ask("value", more)[0], [[more]] * 2)

    def test_have_types(self):
        self.assertEqual(self.ask("types", b"x" if self.wire == "msgpack" else "x")[2],
                         ["1 1 1 1 1" if self.wire == "msgpack" else "1 1 1 0 1"])

    def test_several_of_one_tuple(self):
        self.assertEqual(self.ask("several", {"long": "x" * 5000})[0],
                         [["several"], [1], [True], [{"long": "x" * 5000}]])

    def test_text_that_is_read_as_binary_too(self):
        self.assertEqual(self.ask("text and binary", base64.b64encode(b"bytes").decode())[0],
                         [[base64.b64encode(b"bytes").decode()], ["bytes"]])

    def test_up_to_the_limit_of_a_message(self):
        emits, outcome, _ = self.ask("many", number=66 << 20)
        self.assertEqual((emits, outcome), ([], "fail"))
        emits, outcome, said = self.ask("many", number=64 << 20)
        self.assertEqual((emits, outcome), ([], "fail"))
        self.assertIn("the limit is", said[0])
        emits, outcome, _ = self.ask("many", number=10 << 20)
        self.assertEqual((len(emits[0][0]), outcome), (10 << 20, "ack"))


class AsynchronousOnMessagePack(OnMessagePack, Asynchronous):
    pass


class BatchingOnMessagePack(OnMessagePack, Batching):
    pass


class TaskIdsOnMessagePack(OnMessagePack, TaskIds):
    pass


class StructsOnMessagePack(OnMessagePack, Structs):
    pass


class ValuesOnMessagePack(OnMessagePack, Values):
    pass


if __name__ == "__main__":
    unittest.main()
