"""Where tuples go: groupings, streams, task ids."""

import collections
import json
import struct
import unittest

from runner_support import RunnerTest, bolt, default, python, source, spout, stream


def signed(number):
    """As a Java int."""
    return (number + 2**31) % 2**32 - 2**31


def java_hash(value):
    """hashCode() of what Storm's JSON parser makes of a value: written from Java's documentation."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return 1231 if value else 1237
    if isinstance(value, int):
        if -(2**31) <= value < 2**31:
            return value  # Integer
        bits = value % 2**64  # Long
        return signed(bits ^ bits >> 32)
    if isinstance(value, float):
        (bits,) = struct.unpack(">Q", struct.pack(">d", value))
        return signed(bits ^ bits >> 32)
    result = 0
    if isinstance(value, str):
        units = value.encode("utf-16-be", "surrogatepass")
        for (unit,) in struct.iter_unpack(">H", units):
            result = signed(result * 31 + unit)
    elif isinstance(value, list):
        result = java_hash_of_list(value)
    elif isinstance(value, dict):
        for key, member in value.items():
            result = signed(result + (java_hash(key) ^ java_hash(member)))
    else:
        raise TypeError(value)
    return result


def java_hash_of_list(values):
    """List.hashCode(), which Arrays.deepHashCode() is for values that are no arrays."""
    result = 1
    for value in values:
        result = signed(result * 31 + java_hash(value))
    return result


def chosen(values, tasks):
    """The task that Storm's fields grouping chooses."""
    return sorted(tasks)[java_hash_of_list(values) % len(tasks)]


# What Arrays.deepHashCode() of OpenJDK returns.
KNOWN_HASHES = [
    (["a"], 128),
    ([""], 31),
    (["hello", "world"], -1107615551),
    (["é語"], 42740),
    (["🌩"], 1773196),
    (["\0x"], 151),
    (["polygenelubricants"], -2147483617),
    ([0], 31),
    ([-1], 30),
    ([2147483647], -2147483618),
    ([2147483648], -2147483617),
    ([-2147483649], -2147483617),
    ([9223372036854775807], -2147483617),
    ([-9223372036854775808], -2147483617),
    ([1.0], 1072693279),
    ([-0.0], -2147483617),
    ([0.1], -1507852254),
    ([1e300], -164130369),
    ([True], 1262),
    ([False], 1268),
    ([None], 31),
    ([None, None], 961),
    ([[]], 32),
    ([[1, "a", None]], 33790),
    ([[[1], [2.5]]], 1074005983),
    ([{}], 31),
    ([{"k": 1, "l": [True]}], 1291),
    ([{"m": {"k": 1, "l": [True]}, "z": None}], 1306),
    (["x", 7, None, False, 1.5], 1212916091),
]


def emit_text(values, stream="default"):
    """An emit with its values spelled in a certain way."""
    return (
        '{"command":"emit","need_task_ids":false,"stream":%s,"tuple":[%s]}'
        % (json.dumps(stream), ",".join(values))
    )


class FieldsGrouping(RunnerTest):
    def route(self, emits, fields, by, tasks=7):
        """Group tuples by fields: what came to each task."""
        path = self.topology(
            [spout("source", default(*fields), emits=emits)],
            [bolt("sink", [source("source", "fields", fields=by)], parallelism=tasks)],
        )
        result = self.run_topology(path)
        self.assertEqual(result.received("sink", "source")["executed"], len(emits))
        found = {
            task: [note["tuple"] for note in notes] for task, notes in self.tuples("sink").items()
        }
        self.assertEqual(len(found), tasks)
        self.assertEqual(sum(map(len, found.values())), len(emits))
        return found

    def test_the_hash_of_this_test_is_that_of_java(self):
        for values, known in KNOWN_HASHES:
            self.assertEqual(java_hash_of_list(values), known, values)

    def test_known_hashes_choose_the_task(self):
        for count in (1, 2, 5):
            known = [values for values, _ in KNOWN_HASHES if len(values) == count]
            fields = [f"field{i}" for i in range(count)]
            emits = [{"tuple": values, "need_task_ids": False} for values in known]
            found = self.route(emits, fields, fields)
            for task, tuples in found.items():
                for values in tuples:
                    self.assertEqual(chosen(values, found), task, values)

    def test_negative_hashes(self):
        words = [f"word{i}" for i in range(200)]
        self.assertTrue(any(java_hash_of_list([word]) < 0 for word in words))
        emits = [{"tuple": [word], "need_task_ids": False} for word in words]
        found = self.route(emits, ["word"], ["word"], tasks=3)
        for task, tuples in found.items():
            self.assertGreater(len(tuples), 30, "the words are shared out")
            for values in tuples:
                self.assertEqual(chosen(values, found), task, values)

    def test_equal_values_however_they_are_spelled(self):
        spellings = [
            ['"a"', '"\\u0061"'],
            ['"é"', '"\\u00e9"', '"\\u00E9"'],
            ['"🌩"', '"\\ud83c\\udf29"', '"\\uD83C\\uDF29"'],
            ['"/"', '"\\/"', '"\\u002f"'],
            ['"\\n"', '"\\u000a"', '"\\u000A"'],
            ['"say \\"end\\""', '"say \\u0022end\\u0022"'],
            ['"\\u0000"'],
            ["1.5", "1.50", "15e-1", "0.15E+1"],
            ["100.0", "1e2", "1E+2"],
            ["0.0", "0e5", "0.000"],
            ['["a",1]', '[ "\\u0061" , 1 ]', '[\t"a",1\r\n]'],
            ['{"k":1,"l":null}', '{"l":null,"k":1}', '{ "\\u006b" : 1 , "l" : null }'],
            ['[[{"x":[1.0]}]]', '[[{"x":[1e0]}]]'],
        ]
        emits = []
        for number, values in enumerate(spellings):
            emits += [emit_text([value, str(number)]) for value in values] * 2
        found = self.route(emits, ["value", "number"], ["value"])
        places = collections.defaultdict(set)
        for task, tuples in found.items():
            for value, number in tuples:
                places[number].add(task)
                self.assertEqual(chosen([value], found), task, value)
        self.assertEqual(len(places), len(spellings))
        self.assertEqual([len(tasks) for tasks in places.values()], [1] * len(spellings))

    def test_values_that_no_parser_of_storm_can_hold_stay_together(self):
        values = [str(10**30), str(-(10**25)), "1e400", "[1e400]", f"[{10**40}]", '{"k":1e999}']
        found = self.route([emit_text([value]) for value in values * 4], ["value"], ["value"])
        for tuples in found.values():
            for value, count in collections.Counter(map(repr, tuples)).items():
                self.assertEqual(count, 4, value)

    def test_fields_count_in_the_order_of_the_grouping(self):
        rows = [[f"a{i % 5}", i, f"c{i % 3}"] for i in range(60)]
        emits = [{"tuple": row, "need_task_ids": False} for row in rows]
        found = self.route(emits, ["a", "b", "c"], ["c", "a"])
        for task, tuples in found.items():
            for a, _, c in tuples:
                self.assertEqual(chosen([c, a], found), task, (a, c))

    def test_several_emitters_agree(self):
        words = [f"word{i}" for i in range(50)]
        path = self.topology(
            [
                spout(
                    "source",
                    default("word"),
                    parallelism=3,
                    emits=[{"tuple": [word], "need_task_ids": False} for word in words],
                )
            ],
            [
                bolt("sink", [source("source", "fields", fields=["word"])], parallelism=4),
            ],
        )
        self.run_topology(path)
        for tuples in self.tuples("sink").values():
            for word, count in collections.Counter(note["tuple"][0] for note in tuples).items():
                self.assertEqual(count, 3, word)


class OtherGroupings(RunnerTest):
    def counts(self, grouping, count=60, tasks=4, spouts=1):
        """How many tuples came to each task."""
        path = self.topology(
            [spout("source", count=count, parallelism=spouts)],
            [bolt("sink", [source("source", grouping)], parallelism=tasks)],
        )
        self.result = self.run_topology(path)
        return {task: len(notes) for task, notes in sorted(self.tuples("sink").items())}

    def assert_even(self, grouping):
        counts = self.counts(grouping)
        self.assertEqual(set(counts.values()), {15}, counts)
        self.assertEqual(sorted(self.values("sink")), [[i] for i in range(60)])
        sent = self.result.sent("source")
        self.assertEqual((sent["emitted"], sent["transferred"]), (60, 60))

    def test_shuffle(self):
        self.assert_even("shuffle")

    def test_none(self):
        self.assert_even("none")

    def test_local_or_shuffle(self):
        self.assert_even("local-or-shuffle")

    def test_shuffle_from_several_tasks(self):
        counts = self.counts("shuffle", spouts=3, count=20)
        self.assertEqual(set(counts.values()), {15}, counts)

    def test_all(self):
        counts = self.counts("all")
        self.assertEqual(list(counts.values()), [60] * 4)
        sent = self.result.sent("source")
        self.assertEqual((sent["emitted"], sent["transferred"]), (60, 240))
        self.assertEqual((sent["acked"], sent["failed"]), (60, 0))

    def test_global(self):
        counts = self.counts("global")
        self.assertEqual(list(counts.values()), [60, 0, 0, 0])

    def test_each_tuple_comes_in_the_order_of_its_emits(self):
        self.counts("global", count=500)
        self.assertEqual(self.values("sink"), [[i] for i in range(500)])


class DirectGrouping(RunnerTest):
    def test_a_bolt_names_the_tasks(self):
        path = self.topology(
            [spout("source", count=5)],
            [
                bolt(
                    "chooser",
                    ["source"],
                    [stream("chosen", "task", direct=True)],
                    direct=[["sink", "chosen"]],
                ),
                bolt("sink", [source("chooser", "direct", "chosen")], parallelism=3),
            ],
        )
        result = self.run_topology(path)
        found = self.tuples("sink")
        self.assertEqual(len(found), 3)
        for task, notes in found.items():
            self.assertEqual([note["tuple"] for note in notes], [[task]] * 5)
        self.assertEqual(result.sent("source")["acked"], 5)
        sent = result.sent("chooser", "chosen")
        self.assertEqual((sent["emitted"], sent["transferred"]), (15, 15))

    def test_a_spout_names_the_tasks(self):
        # Tasks are numbered by the names of their components.
        emits = [{"tuple": [i], "id": i, "task": 1 + i % 3} for i in range(30)]
        path = self.topology(
            [spout("source", [stream("default", "value", direct=True)], emits=emits)],
            [bolt("a_sink", [source("source", "direct")], parallelism=3)],
        )
        result = self.run_topology(path)
        for task, notes in self.tuples("a_sink").items():
            self.assertEqual([note["tuple"][0] % 3 + 1 for note in notes], [task] * 10)
        self.assertEqual(result.sent("source")["acked"], 30)

    def test_a_task_that_does_not_subscribe_receives_nothing(self):
        path = self.topology(
            [
                spout(
                    "source",
                    [stream("default", "value", direct=True)],
                    emits=[{"tuple": [1], "id": 1, "task": 2}],
                )
            ],
            [
                bolt("a", [source("source", "direct")], default("value")),
                bolt("b", ["a"]),
            ],
        )
        result = self.run_topology(path)
        self.assertEqual(self.all_tuples("b"), [])
        sent = result.sent("source")
        self.assertEqual((sent["emitted"], sent["transferred"], sent["acked"]), (1, 0, 1))


class Streams(RunnerTest):
    def test_several_streams_of_a_spout(self):
        emits = [
            {"tuple": [i], "id": i, "stream": "odd" if i % 2 else "even", "need_task_ids": False}
            for i in range(20)
        ]
        emits.append({"tuple": ["a", "b"], "id": "pair", "need_task_ids": False})
        path = self.topology(
            [
                spout(
                    "source",
                    [stream("odd", "n"), stream("even", "n"), stream("default", "x", "y")],
                    emits=emits,
                )
            ],
            [
                bolt("odd", [source("source", stream="odd")]),
                bolt("both", [source("source", stream="even"), source("source", "all", "odd")]),
                bolt("pairs", ["source"]),
            ],
        )
        result = self.run_topology(path)
        self.assertEqual(self.values("odd"), [[i] for i in range(1, 20, 2)])
        self.assertEqual(sorted(self.values("both")), [[i] for i in range(20)])
        self.assertEqual(self.values("pairs"), [["a", "b"]])
        for note in self.all_tuples("both"):
            self.assertEqual(note["stream"], "odd" if note["tuple"][0] % 2 else "even")
            self.assertEqual(note["comp"], "source")
        self.assertEqual(result.sent("source", "odd")["transferred"], 20)
        self.assertEqual(result.sent("source", "even")["transferred"], 10)
        self.assertEqual(result.received("both", "source", "odd")["executed"], 10)
        self.assertEqual(result.received("both", "source", "even")["executed"], 10)
        for name, count in (("odd", 10), ("even", 10), ("default", 1)):
            self.assertEqual(result.sent("source", name)["acked"], count)

    def test_two_bolts_on_one_stream(self):
        path = self.topology(
            [spout("source", count=30)],
            [bolt("left", ["source"], parallelism=2), bolt("right", [source("source", "global")])],
        )
        result = self.run_topology(path)
        for name in ("left", "right"):
            self.assertEqual(sorted(self.values(name)), [[i] for i in range(30)])
        sent = result.sent("source")
        self.assertEqual((sent["emitted"], sent["transferred"], sent["acked"]), (30, 60, 30))

    def test_one_bolt_on_two_components(self):
        path = self.topology(
            [spout("first", count=10), spout("second", count=20)],
            [bolt("sink", ["first", "second"])],
        )
        result = self.run_topology(path)
        comes_from = collections.Counter(note["comp"] for note in self.all_tuples("sink"))
        self.assertEqual(comes_from, {"first": 10, "second": 20})
        self.assertEqual(result.received("sink", "first")["executed"], 10)
        self.assertEqual(result.received("sink", "second")["executed"], 20)

    def test_a_bolt_emits_to_several_streams(self):
        path = self.topology(
            [spout("source", count=10)],
            [
                bolt(
                    "fork",
                    ["source"],
                    [stream("a", "v"), stream("b", "v"), stream("c", "v")],
                    to=["a", "b", "c", "a"],
                ),
                bolt("first", [source("fork", stream="a")]),
                bolt("second", [source("fork", stream="b")]),
            ],
        )
        result = self.run_topology(path)
        self.assertEqual(len(self.values("first")), 20)
        self.assertEqual(len(self.values("second")), 10)
        sent = result.sent("fork", "c")
        self.assertEqual((sent["emitted"], sent["transferred"]), (10, 0))
        self.assertEqual(result.sent("source")["acked"], 10)

    def test_a_stream_that_nobody_receives(self):
        path = self.topology([spout("source", count=10)], [])
        result = self.run_topology(path)
        sent = result.sent("source")
        self.assertEqual((sent["emitted"], sent["transferred"], sent["acked"]), (10, 0, 10))
        self.assertEqual(len([n for n in self.all_records("source") if n["what"] == "ack"]), 10)

    def test_a_stream_without_fields(self):
        path = self.topology(
            [spout("source", default(), emits=[{"tuple": [], "id": 1}])], [bolt("sink", ["source"])]
        )
        self.run_topology(path)
        self.assertEqual(self.values("sink"), [[]])

    def test_a_diamond_with_several_anchors(self):
        path = self.topology(
            [spout("source", count=20)],
            [
                bolt("left", ["source"], default("value"), to=["default"]),
                bolt("right", ["source"], default("value"), to=["default"], parallelism=2),
                bolt("join", ["left", "right"], default("sum"), batch=4),
                bolt("sink", ["join"]),
            ],
        )
        result = self.run_topology(path)
        sums = [value[0] for value in self.values("sink")]
        self.assertEqual(len(sums), 10)
        self.assertEqual(sum(sums), 2 * sum(range(20)))
        sent = result.sent("source")
        self.assertEqual((sent["emitted"], sent["acked"], sent["failed"]), (20, 20, 0))

    def test_a_cycle(self):
        path = self.topology(
            [spout("source", count=12)],
            [
                bolt(
                    "countdown",
                    ["source", source("countdown", "shuffle", "again")],
                    [stream("again", "n"), stream("done", "n")],
                    python("countdown.py"),
                    parallelism=2,
                ),
                bolt("sink", [source("countdown", stream="done")]),
            ],
        )
        result = self.run_topology(path)
        self.assertEqual(self.values("sink"), [[0]] * 12)
        self.assertEqual(result.sent("countdown", "again")["emitted"], sum(range(12)))
        self.assertEqual(result.sent("source")["acked"], 12)

    def test_values_come_as_they_were_sent(self):
        values = [
            "",
            "end\nend\n",
            "\0\x01\x7f\u0080\u2028é語🌩\ufffd",
            0,
            -1,
            2**63,
            10**40,
            0.1,
            1.0,
            1e-300,
            True,
            False,
            None,
            [],
            {},
            [[1, [2, {"k": [None, "v"]}]]],
            {"id": "x", "tuple": [1], "command": "ack"},
            "x" * 300_000,
        ]
        path = self.topology(
            [spout("source", default("number", "value"), emits=list(map(self.emit, enumerate(values))))],
            [bolt("through", ["source"], default("a", "b"), to=["default"]), bolt("sink", ["through"])],
        )
        self.run_topology(path)
        found = {number: value for number, value in self.values("sink")}
        for number, value in enumerate(values):
            self.assertEqual(found[number], value)
            self.assertIs(type(found[number]), type(value))

    @staticmethod
    def emit(numbered):
        return {"tuple": list(numbered), "id": numbered[0], "need_task_ids": False}


class TaskIds(RunnerTest):
    def emitted(self, component="source"):
        return [note for note in self.all_records(component) if note["what"] == "emit"]

    def ids_of(self, component):
        return sorted(self.records(component))

    def test_a_spout_is_told_who_receives(self):
        emits = [{"tuple": [i], "id": i} for i in range(20)]
        emits += [{"tuple": [i], "id": i, "need_task_ids": True} for i in range(20, 40)]
        path = self.topology(
            [spout("source", emits=emits, batch=3)],
            [bolt("sink", ["source"], parallelism=3)],
        )
        self.run_topology(path)
        receiver = {
            note["tuple"][0]: task for task, notes in self.tuples("sink").items() for note in notes
        }
        told = {note["tuple"][0]: note["tasks"] for note in self.emitted()}
        self.assertEqual(told, {i: [receiver[i]] for i in range(40)})

    def test_all_receivers_are_named(self):
        path = self.topology(
            [
                spout(
                    "source",
                    default("value") + [stream("lonely")],
                    emits=[
                        {"tuple": ["x"], "id": 1},
                        {"tuple": [], "id": 2, "stream": "lonely"},
                    ],
                )
            ],
            [
                bolt("copies", [source("source", "all")], parallelism=3),
                bolt("first", [source("source", "global")], parallelism=2),
            ],
        )
        self.run_topology(path)
        self.assertEqual(
            [sorted(note["tasks"]) for note in self.emitted()],
            [self.ids_of("copies") + self.ids_of("first")[:1], []],
        )

    def test_a_bolt_is_told_in_the_midst_of_its_tuples(self):
        path = self.topology(
            [spout("source", count=300, batch=10)],
            [
                bolt("asker", ["source"], default("value"), to=["default"], ask=True),
                bolt("sink", ["asker"], parallelism=4),
            ],
        )
        self.run_topology(path)
        told = {
            note["tuple"][0]: note["tasks"]
            for note in self.all_records("asker")
            if note["what"] == "ids"
        }
        receiver = {
            note["tuple"][0]: [task] for task, notes in self.tuples("sink").items() for note in notes
        }
        self.assertEqual(len(told), 300)
        self.assertEqual(told, receiver)

    def test_the_number_of_a_tuple_s_source(self):
        path = self.topology(
            [spout("source", count=5, parallelism=2)], [bolt("sink", ["source"])]
        )
        self.run_topology(path)
        tasks = collections.Counter(note["task"] for note in self.all_tuples("sink"))
        self.assertEqual(tasks, {task: 5 for task in self.ids_of("source")})


class Handshake(RunnerTest):
    def test_it_is_that_of_storm(self):
        path = self.topology(
            [spout("source", [stream("default", "a", "b"), stream("side", "c")], count=0)],
            [
                bolt(
                    "middle",
                    [source("source", "fields", fields=["b"]), source("source", "all", "side")],
                    default("x"),
                    parallelism=2,
                    special=[1, {"k": None}],
                ),
                bolt("end", [source("middle", "global")]),
            ],
            name="named",
            shared="of all",
        )
        self.run_topology(path, "-o", 'test.given={"n":[1.5,"x"]}', "-o", "test.text=plain text")
        starts = {
            task: notes[0]["handshake"]
            for name in ("source", "middle", "end")
            for task, notes in self.records(name).items()
        }
        self.assertEqual(sorted(starts), [1, 2, 3, 4])
        components = {"1": "end", "2": "middle", "3": "middle", "4": "source"}
        for task, handshake in starts.items():
            context = handshake["context"]
            self.assertEqual(context["taskid"], task)
            self.assertEqual(context["componentid"], components[str(task)])
            self.assertEqual(context["task->component"], components)
            self.assertTrue(handshake["pidDir"].startswith(self.runtime))
            conf = handshake["conf"]
            self.assertEqual(conf["topology.name"], "named")
            self.assertEqual(conf["test.shared"], "of all")
            self.assertEqual(conf["test.given"], {"n": [1.5, "x"]})
            self.assertEqual(conf["test.text"], "plain text")
            self.assertEqual(conf["topology.message.timeout.secs"], 30)
        middle = starts[2]
        self.assertEqual(middle["conf"]["test.special"], [1, {"k": None}])
        self.assertNotIn("test.special", starts[1]["conf"])
        context = middle["context"]
        self.assertEqual(context["streams"], ["default"])
        self.assertEqual(context["stream->outputfields"], {"default": ["x"]})
        self.assertEqual(
            context["stream->target->grouping"],
            {"default": {"end": {"type": "FIELDS", "fields": []}}},
        )
        self.assertEqual(
            context["source->stream->grouping"],
            {
                "source": {
                    "default": {"type": "FIELDS", "fields": ["b"]},
                    "side": {"type": "ALL"},
                }
            },
        )
        self.assertEqual(
            context["source->stream->fields"], {"source": {"default": ["a", "b"], "side": ["c"]}}
        )
        self.assertEqual(sorted(starts[4]["context"]["streams"]), ["default", "side"])
        self.assertEqual(starts[4]["context"]["source->stream->grouping"], {})


if __name__ == "__main__":
    unittest.main()
