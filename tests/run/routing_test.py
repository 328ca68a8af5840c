"""Where tuples go: groupings, streams, direct emits, task ids."""

import collections
import json
import os
import unittest

from harness import PROBE, describe, python_component, read, run, subscribe, temporary, topology


def notes(path):
    return [json.loads(line) for line in read(path).splitlines()] if os.path.exists(path) else []


class Routing(unittest.TestCase):
    def setUp(self):
        self.path = os.path.join(temporary(self), "notes")

    def spout(self, *tuples, fields=("value",), stream="default"):
        emissions = [json.dumps({"tuple": t if isinstance(t, list) else [t], "id": n, "stream": stream})
                     for n, t in enumerate(tuples)]
        return python_component("source", "spout-numbers", "0", *emissions, outputs={stream: list(fields)})

    def sink(self, *inputs, name="sink", parallelism=1):
        return python_component(name, "bolt-note", self.path, inputs=list(inputs), parallelism=parallelism)

    def run_topology(self, spouts, bolts):
        result = run(self, topology(spouts, bolts))
        self.assertEqual(result.status, 0, result.stderr)
        return result

    def route(self, grouping, tuples, fields=None, names=("value",), parallelism=3):
        """Run tuples through a grouping: the tuples that each task has received."""
        self.run_topology([self.spout(*tuples, fields=names)],
                          [self.sink(subscribe("source", grouping, fields=fields), parallelism=parallelism)])
        received = collections.defaultdict(list)
        for task, _, _, values, _ in notes(self.path):
            received[task].append(values)
        os.remove(self.path)
        return received

    def test_shuffle_and_its_like_share_out_evenly(self):
        for grouping in ("shuffle", "none", "local-or-shuffle"):
            with self.subTest(grouping):
                received = self.route(grouping, range(300))
                self.assertEqual([len(r) for r in received.values()], [100, 100, 100])
                self.assertEqual(sorted(v[0] for r in received.values() for v in r), list(range(300)))

    def test_all_sends_a_copy_to_every_task(self):
        received = self.route("all", range(50))
        self.assertEqual(len(received), 3)
        for values in received.values():
            self.assertEqual(values, [[n] for n in range(50)])

    def test_global_sends_to_the_lowest_task(self):
        received = self.route("global", range(50))
        self.assertEqual(list(received), [1])  # "sink" comes before "source"

    def test_fields_keeps_equal_values_together(self):
        values = ["a", "b", "word", "", "é", 1, -1, 2**40, 1.5, True, False, None, ["x", 1], {"k": [1]}]
        received = self.route("fields", [[value] for value in values] * 20, fields=["value"])
        for value in values:
            tasks = [task for task, tuples in received.items() if [value] in tuples]
            self.assertEqual(len(tasks), 1, value)
        self.assertEqual(sum(len(r) for r in received.values()), len(values) * 20)
        self.assertGreater(len(received), 1)

    def test_fields_looks_at_the_named_fields_only(self):
        tuples = [[n, f"k{n % 5}", n % 2] for n in range(200)]
        received = self.route("fields", tuples, fields=["key", "parity"], names=("n", "key", "parity"))
        for key in {(k, p) for _, k, p in tuples}:
            self.assertEqual(len([t for t, r in received.items() if any((v[1], v[2]) == key for v in r)]), 1)

    def test_fields_chooses_the_task_that_storm_would(self):
        # floorMod(Arrays.deepHashCode(["storm"]), 4) and so on, from Java.
        received = self.route("fields", ["storm", "the", "a", ""], fields=["value"], parallelism=4)
        index = {values[0]: task - 1 for task, tuples in received.items() for values in tuples}
        java = {"storm": hash_of("storm"), "the": hash_of("the"), "a": hash_of("a"), "": hash_of("")}
        self.assertEqual(index, {word: (31 + code) % 4 for word, code in java.items()})

    def test_values_pass_unchanged(self):
        values = [0, -0.5, 1e300, 2**63 - 1, "\u0000\u001f\"\\/é\u2028😀", [], {}, [[{"a": [None, True]}]], None]
        received = self.route("shuffle", [values], names=[f"f{n}" for n in range(len(values))], parallelism=1)
        self.assertEqual(received[1], [values])

    def test_streams_go_to_those_that_subscribe_to_them(self):
        spout = python_component(
            "source", "spout-numbers", "0",
            *[json.dumps({"tuple": [n], "id": n, "stream": s}) for n in range(10) for s in ("default", "other")],
            outputs={"default": ["n"], "other": ["n"], "unused": ["n"]})
        result = self.run_topology([spout], [
            self.sink(subscribe("source", "shuffle"), name="one"),
            self.sink(subscribe("source", "shuffle", stream="other"), name="two"),
            self.sink(subscribe("source", "shuffle"), subscribe("source", "all", stream="other"), name="three")])
        self.assertEqual(result.input("one", "source")["acked"], 10)
        self.assertEqual(result.input("two", "source")["acked"], 10)
        self.assertEqual([i["acked"] for i in result.component("three")["inputs"]], [10, 10])
        self.assertEqual(result.output("source", "other")["emitted"], 10)
        self.assertEqual(result.output("source", "other")["transferred"], 20)
        self.assertEqual(result.output("source", "other")["acked"], 10)
        self.assertEqual({(comp, stream) for _, comp, stream, _, _ in notes(self.path)},
                         {("source", "default"), ("source", "other")})

    def test_direct_emits_go_to_the_task_that_they_name(self):
        result = self.run_topology(
            [self.spout(*range(30))],
            [python_component("director", "bolt-direct", "sink", inputs=[subscribe("source", "shuffle")],
                              outputs={"direct": ["n", "task"]}),
             self.sink(subscribe("director", "direct", stream="direct"), parallelism=3)])
        received = notes(self.path)
        self.assertEqual(len(received), 30)
        for task, _, _, (_, named), _ in received:
            self.assertEqual(task, named)
        self.assertEqual(len({task for task, *_ in received}), 3)
        self.assertEqual(result.output("source")["acked"], 30)

    def test_task_ids_come_for_those_that_ask(self):
        self.run_topology(
            [self.spout(*range(10))],
            [python_component("asker", "bolt-task-ids", self.path, inputs=[subscribe("source", "shuffle")],
                              outputs={"default": ["n"]}),
             python_component("sink", "bolt-note", os.devnull, inputs=[subscribe("asker", "all")], parallelism=2),
             python_component("tank", "bolt-note", os.devnull, inputs=[subscribe("asker", "global")])])
        # asker is task 1, sink 2 and 3, source 4, tank 5.
        self.assertEqual(notes(self.path), [[[n], [2, 3, 5]] for n in range(10)])

    def test_the_handshake_is_as_storm_sends_it(self):
        self.run_topology([self.spout(1)], [
            python_component("bolt", "bolt-handshake", self.path, inputs=[subscribe("source", "fields", fields=["value"])],
                             outputs={"default": ["word"], "side": []}, config={"a.key": [1, "x"]}),
            self.sink(subscribe("bolt", "shuffle"), subscribe("bolt", "global", stream="side"), parallelism=2)])
        handshake = next(n for n in notes(self.path) if isinstance(n[0], dict))[0]
        self.assertEqual(sorted(handshake), ["conf", "context", "pidDir"])
        self.assertEqual(handshake["context"], {
            "task->component": {"1": "bolt", "2": "sink", "3": "sink", "4": "source"},
            "taskid": 1, "componentid": "bolt", "streams": ["default", "side"],
            "stream->outputfields": {"default": ["word"], "side": []},
            "stream->target->grouping": {"default": {"sink": {"type": "SHUFFLE"}},
                                         "side": {"sink": {"type": "FIELDS", "fields": []}}},
            "source->stream->grouping": {"source": {"default": {"type": "FIELDS", "fields": ["value"]}}},
            "source->stream->fields": {"source": {"default": ["value"]}}})
        self.assertEqual(handshake["conf"]["a.key"], [1, "x"])
        self.assertEqual(handshake["conf"]["topology.name"], "words")
        self.assertEqual(handshake["conf"]["topology.message.timeout.secs"], 30)

    def test_a_diamond_with_several_anchors_is_acked_as_a_whole(self):
        result = self.run_topology(
            [self.spout(*range(40))],
            [python_component("left", "bolt-pass", inputs=[subscribe("source", "shuffle")], outputs={"default": ["n"]}),
             python_component("right", "bolt-pass", inputs=[subscribe("source", "shuffle")], outputs={"default": ["n"]}),
             python_component("join", "bolt-pair", inputs=[subscribe("left", "global"), subscribe("right", "global")],
                              outputs={"default": ["a", "b"]}),
             self.sink(subscribe("join", "all"), parallelism=2)])
        self.assertEqual(result.output("source")["acked"], 40)
        self.assertEqual(result.output("source")["failed"], 0)
        self.assertEqual(len(notes(self.path)), 80)


def hash_of(text):
    """String.hashCode of ASCII."""
    code = 0
    for character in text:
        code = (code * 31 + ord(character)) & 0xFFFFFFFF
    return code - (1 << 32) if code >= 1 << 31 else code


if __name__ == "__main__":
    unittest.main()
