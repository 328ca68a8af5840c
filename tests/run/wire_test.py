"""A component's process on the wire: the test is the parent, as Storm's worker would be."""

import json
import os
import pty
import signal
import subprocess
import unittest

from harness import JSON, MESSAGE_PACK, PATIENCE, PROBE, WORDCOUNT, Component, describe, logs


class OnJson:
    wire = JSON

    def component(self, name, *arguments, **more):
        return Component(self, PROBE, name, *arguments, wire=self.wire, **more)


class OnMessagePack(OnJson):
    wire = MESSAGE_PACK


class Start:
    def test_answers_with_its_pid_and_leaves_the_pid_file(self):
        component = self.component("probe")
        self.assertEqual(component.pid, component.process.pid)
        self.assertEqual(os.listdir(component.folder), [str(component.pid)])

    def check_refused(self, handshake, reason):
        component = self.component("probe", start=False)
        component.send(handshake)
        message = component.receive()
        self.assertEqual(message["command"], "error")
        self.assertIn(reason, message["msg"])
        self.assertEqual(component.process.wait(PATIENCE), 1)

    def test_says_what_is_wrong_with_a_handshake(self):
        whole = self.component("probe").handshake("probe", {}, {})
        self.check_refused({**whole, "conf": None}, "conf is missing")
        self.check_refused({**whole, "context": {}}, "taskid is missing")
        self.check_refused([], "conf is missing")
        nobody = {**whole, "context": {**whole["context"], "componentid": "nobody"}}
        self.check_refused(nobody, "no component nobody")
        self.check_refused({**whole, "pidDir": "/nowhere"}, "the pid file /nowhere/")

    def test_says_why_it_cannot_open(self):
        component = self.component("broken")
        self.assertEqual(
            component.receive(),
            {"command": "error", "msg": "cannot start: cannot reach the source: Permission denied"})
        self.assertEqual(component.process.wait(PATIENCE), 1)

    def test_ends_without_a_handshake(self):
        component = self.component("probe", start=False)
        _, errors = component.process.communicate(timeout=PATIENCE)
        self.assertEqual(component.process.returncode, 1)
        self.assertIn(b"ended before a whole handshake came", errors)


class Bolt:
    def setUp(self):
        self.bolt = self.component("probe", {"probe.own": 12, "lines.own": 3, "probe.shared": "text",
                                                     "a.key": 7})

    def ask(self, *values):
        """Send a tuple; what is said before its ack or fail, which comes last."""
        self.bolt.send_tuple(list(values))
        messages = self.bolt.answers()
        self.assertIn(messages[-1]["command"], ("ack", "fail"))
        self.assertEqual(messages[-1]["id"], "-1")
        return messages[:-1], messages[-1]["command"]

    def test_emits_all_kinds_of_values_anchored_and_acks(self):
        messages, outcome = self.ask("values")
        self.assertEqual(outcome, "ack")
        self.assertEqual([m["tuple"] for m in messages],
                         [[None], [True], [-2**63], [0.5], ['"é"\n\t\\'], ["a\0b"], [{"a": [1]}], [1, 2],
                          ["to task 5"]])
        for message in messages:
            self.assertEqual(message["command"], "emit")
            self.assertEqual(message["anchors"], ["-1"])
            self.assertIs(message["need_task_ids"], False)
        self.assertEqual([m.get("stream") for m in messages], [None] * 7 + ["pair", "direct"])
        self.assertEqual([m.get("task") for m in messages], [None] * 8 + [5])

    def test_reads_values_by_name(self):
        messages, _ = self.ask("report", 2**53 + 1, True, {"k": [1, "é"]})
        self.assertEqual(
            logs(messages),
            [f'report 1 source 9007199254740993 9007199254740992.0 1 {self.nested} 4 default object 2'])
        self.assertEqual(messages[1]["tuple"], [{"k": [1, "é"]}])

    def test_keeps_what_cannot_be_sent_off_the_wire(self):
        for what, reason in (
                ("invalid UTF-8", "Invalid or incomplete multibyte"), ("NaN", "Numerical argument out of domain"),
                ("infinity", "Numerical argument out of domain"), ("bad JSON", "Bad message"),
                ("too many values", "emits 2 values to stream default, which has 1 fields"),
                ("no such stream", "stream nowhere, which its class does not declare"),
                ("no task", "names no task for the direct stream direct"),
                ("a task", "names a task for stream default, which is not direct")):
            with self.subTest(what):
                messages, outcome = self.ask(what)
                self.assertEqual(outcome, "fail")
                self.assertEqual([m["command"] for m in messages], ["log"])
                self.assertEqual(messages[0]["level"], 3)
                self.assertIn(reason, messages[0]["msg"])

    def test_names_the_field_that_cannot_be_read(self):
        for values, reason in (
                (("no such field", 1), "field nubmer of a tuple from source, stream default, which has: "
                                       "text number flag more"),
                (("wrong type", 1), "field 0 (text) of a tuple from source, stream default, is a string, "
                                    "not an integer"),
                (("out of range", 2**63), "field 1 (number) of a tuple from source, stream default: "
                                          "9223372036854775808"),
                (("wrong type",), "not an integer"),
                (("out of range",), "field 1 of a tuple from source, stream default, which has 1"),
                (("own reason",), "cannot open the file: No such file or directory"),
                ((5,), "is an integer, not a string")):
            with self.subTest(values):
                messages, outcome = self.ask(*values)
                self.assertEqual(outcome, "fail")
                self.assertIn(reason, messages[0]["msg"])

    def test_knows_its_context_and_settings(self):
        self.assertEqual(logs(self.ask("context")[0]), ["probe 4 1 of 2, first 3, restarts 0"])
        messages, outcome = self.ask("settings")
        self.assertEqual(logs(messages)[:2], ["12 text the default unset", "0 12 7"])
        self.assertIn("the setting probe.left must be a whole number, not the default", messages[2]["msg"])
        self.assertEqual(outcome, "fail")

    def test_starts_with_zeroed_state_and_keeps_it(self):
        self.assertEqual(self.ask("count")[0][0]["tuple"], [1])
        self.assertEqual(self.ask("count")[0][0]["tuple"], [2])

    def test_turns_what_is_printed_into_log_messages(self):
        self.bolt.send_tuple(["print"])
        self.bolt.send_tuple(["child"])
        said = self.bolt.answers()
        said, status = said + self.bolt.rest()[0], self.bolt.process.wait(PATIENCE)
        self.assertEqual([m["msg"] for m in said if m["command"] == "log"],
                         ["printed", "from a child", "and without an end"])
        self.assertEqual(status, 0)

    def test_is_not_blocked_by_printing_much(self):
        self.bolt = self.component("probe", {"cstorm.log.rate": 0})
        self.bolt.send_tuple(["print much"])
        printed = []
        while not printed or not printed[-1].startswith("line 19999 "):
            printed += logs(self.bolt.answers())
        self.assertEqual(len(printed), 20000)

    def test_has_nothing_to_read_on_its_own_standard_input(self):
        self.assertEqual(self.ask("read"), ([], "ack"))

    def test_logs_and_reports(self):
        self.bolt = self.component("probe", {"cstorm.log.level": "trace"})
        messages, _ = self.ask("log")
        self.assertEqual(messages, [
            {"command": "log", "msg": "trace", "level": 0},
            {"command": "log", "msg": "not UTF-8: \ufffd", "level": 4},
            {"command": "error", "msg": "report 7"}])

    def test_answers_heartbeats_and_never_acks_them(self):
        for _ in range(3):
            self.assertEqual(self.bolt.answers(), [])

    def test_handles_ticks_and_acks_them(self):
        self.bolt.send({"id": "-5", "comp": "__system", "stream": "__tick", "task": -1, "tuple": [1]})
        messages = self.bolt.answers()
        self.assertEqual([m["command"] for m in messages], ["emit", "ack"])
        self.assertEqual(messages[0]["tuple"], ["tick"])
        self.assertNotIn("anchors", messages[0])

    def test_handles_many_tuples_at_once_in_order(self):
        pid = os.fork()
        if pid == 0:
            for n in range(10000):
                self.bolt.send_tuple(["count"], id=str(n))
            os._exit(0)
        for n in range(10000):
            self.assertEqual(self.bolt.receive()["tuple"], [n + 1])
            self.assertEqual(self.bolt.receive(), {"command": "ack", "id": str(n)})
        os.waitpid(pid, 0)

    def test_handles_a_large_tuple(self):
        messages, _ = self.ask("report", 1, True, "x" * 5000000)
        self.assertEqual(len(messages[1]["tuple"][0]), 5000000)

    def test_ignores_lists_of_task_ids(self):
        self.bolt.send([4, 5])
        self.assertEqual(self.ask("count")[1], "ack")

    def check_stops(self, data, reason):
        bolt = self.component("probe")
        try:
            bolt.send_bytes(data)
        except BrokenPipeError:
            pass
        message = bolt.receive()
        self.assertEqual(message["command"], "error")
        self.assertIn(reason, message["msg"])
        self.assertEqual(bolt.process.wait(PATIENCE), 1)

    def test_closes_when_the_input_ends(self):
        messages, status = self.bolt.rest()
        self.assertEqual([m.get("tuple") for m in messages], [["closed"]])
        self.assertEqual(status, 0)

    def test_closes_when_it_is_told_to_end(self):
        self.bolt.answers()
        self.bolt.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.bolt.receive()["tuple"], ["closed"])
        self.assertEqual(self.bolt.process.wait(PATIENCE), 0)

    def test_ends_when_nobody_reads(self):
        self.bolt.process.stdout.close()
        self.bolt.send_tuple(["values"])
        self.assertEqual(self.bolt.process.wait(PATIENCE), 1)


class ManualBolt:
    def test_keeps_tuples_and_settles_them_later_each_once(self):
        bolt = self.component("keeper")
        for n, text in enumerate(("good", "bad", "é")):
            bolt.send_tuple([text], id=str(n))
        self.assertEqual(bolt.answers(), [])
        bolt.send_tuple(["settle"], id="9")
        messages = bolt.answers()
        self.assertEqual(messages[0]["anchors"], ["0", "1", "2"])
        self.assertEqual(messages[0]["tuple"], [3])
        self.assertEqual(logs(messages), ["kept good", "kept bad", "kept é"])
        self.assertEqual([(m["command"], m["id"]) for m in messages if m["command"] in ("ack", "fail")],
                         [("ack", "0"), ("fail", "1"), ("ack", "2"), ("ack", "9")])


class Spout:
    def test_replays_what_fails_and_gives_up_in_the_end(self):
        spout = self.component("reliable")
        self.assertEqual(logs(spout.command("activate")[0]), ["activated"])
        emits = []
        for n in range(3):
            (emit,), sync = spout.command("next")
            self.assertEqual(emit["tuple"], [n])
            self.assertEqual(sync.get("finished"), n == 2 or None)
            emits.append(emit)
        self.assertEqual(len({e["id"] for e in emits}), 3)

        self.assertEqual(logs(spout.command("ack", emits[0]["id"])[0]), ["acked 100"])
        for _ in range(2):
            messages, sync = spout.command("fail", emits[1]["id"])
            self.assertEqual(messages, [])
            self.assertNotIn("finished", sync)
            messages, sync = spout.command("next")
            self.assertEqual(messages, [emits[1]])
            self.assertIs(sync["finished"], True)
        messages, sync = spout.command("fail", emits[1]["id"])
        self.assertIn("gave up a tuple that failed 3 times", logs(messages)[0])
        self.assertEqual(logs(messages)[1], "failed 101")
        self.assertIs(sync["finished"], True)
        self.assertEqual(spout.command("next")[0], [])
        # What is not pending any more, or never was, changes nothing.
        for id in (emits[0]["id"], emits[1]["id"], "12345", "nonsense"):
            self.assertEqual(spout.command("ack", id)[0], [])
            self.assertEqual(spout.command("fail", id)[0], [])
        self.assertEqual(logs(spout.command("deactivate")[0]), ["deactivated"])
        self.assertEqual(spout.rest(), ([], 0))

    def test_hands_back_ids_of_its_own(self):
        spout = self.component("accountant")
        (emit,), _ = spout.command("next")
        self.assertEqual(emit["id"], 'my "id"')
        self.assertEqual(logs(spout.command("ack", emit["id"])[0]), ['ack my "id" 7'])
        self.assertEqual(logs(spout.command("fail", emit["id"])[0]), ['fail my "id" 7'])

    def test_needs_no_ids(self):
        (emit,), _ = self.component("unreliable").command("next")
        self.assertNotIn("id", emit)

    def test_stops_at_a_command_that_is_none(self):
        spout = self.component("reliable")
        spout.send({"command": "jump"})
        self.assertIn('none of a spout\'s: "jump"', spout.receive()["msg"])
        self.assertEqual(spout.process.wait(PATIENCE), 1)


class StartOnJson(OnJson, Start, unittest.TestCase):
    pass


class StartOnMessagePack(OnMessagePack, Start, unittest.TestCase):
    pass


class BoltOnJson(OnJson, Bolt, unittest.TestCase):
    nested = '{"k": [1, "\\u00e9"]}'  # as it came

    def test_takes_messages_however_they_are_written(self):
        for text in ('{"tuple":["count"],"task":2,"stream":"default","id":"-1","comp":"source"}',
                     '{"unknown":{"id":[]},"id":"-1","comp":"source","tuple":["c\\u006funt"],"task":2}',
                     json.dumps({"id": "-1", "comp": "source", "task": 2, "stream": "default",
                                 "tuple": ["count"]}, indent=1)):
            for chunk in (len(text) + 5, 1):
                data = text.encode() + b"\nend\n"
                for at in range(0, len(data), chunk):
                    self.bolt.send_bytes(data[at:at + chunk])
                messages = self.bolt.answers()
                self.assertEqual([m["command"] for m in messages], ["emit", "ack"])

    def test_stops_at_what_is_no_message_and_says_where(self):
        self.check_stops(b"garbage\nend\n", "byte 0 of a message of 7 bytes: a message must be an object")
        self.check_stops(b'{"id":"1","tuple":[tru]}\nend\n', "byte 19 of a message of 24 bytes: expected a value")
        self.check_stops(b'{"id":"1","tuple":5}\nend\n', "tuple must be an array")
        self.check_stops(b'{"tuple":[]}\nend\n', "a tuple without id")
        self.check_stops(b"x" * (65 << 20), "a message is too large: the limit is 67108864 bytes")

    def test_says_that_the_input_was_cut_off(self):
        self.bolt.send_bytes(b'{"id":"1"')
        messages, status = self.bolt.rest()
        self.assertIn("9 bytes without their end", messages[0]["msg"])
        self.assertEqual(status, 1)


class BoltOnMessagePack(OnMessagePack, Bolt, unittest.TestCase):
    nested = '{"k":[1,"é"]}'

    def test_takes_messages_however_they_come(self):
        data = self.wire.pack({"unknown": [1, {"id": b"\xff"}], "tuple": ["count"], "task": 2, "id": "-1",
                               "comp": "source"})
        for chunk in (len(data), 1):
            for at in range(0, len(data), chunk):
                self.bolt.send_bytes(data[at:at + chunk])
            self.assertEqual([m["command"] for m in self.bolt.answers()], ["emit", "ack"])

    def test_stops_at_what_is_no_message_and_says_where(self):
        self.check_stops(b"\xc1", "a byte that begins no value of MessagePack")
        self.check_stops(self.wire.pack({"id": "1", "tuple": 5}), "tuple must be an array")
        self.check_stops(self.wire.pack({"tuple": []}), "a tuple without id")
        self.check_stops(self.wire.pack("text"), "byte 0 of a message of 5 bytes")
        self.check_stops(b"\x82\xa2id\xa11\xa5tuple\x91\xa1\xff", "byte 14 of a message of 15 bytes: not UTF-8")
        self.check_stops(b"\x82\xa2id\xa11\xa5tuple" + b"\x91" * 1100 + b"\xc0", "nested")
        self.check_stops(b"\xdb\x7f\xff\xff\xff" + b"x" * (65 << 20), "the limit is 67108864 bytes")

    def test_says_that_the_input_was_cut_off(self):
        self.bolt.send_bytes(b"\x82\xa2id")
        messages, status = self.bolt.rest()
        self.assertIn("4 bytes without their end", messages[0]["msg"])
        self.assertEqual(status, 1)


class ManualBoltOnJson(OnJson, ManualBolt, unittest.TestCase):
    def test_keeps_what_is_decoded_later(self):
        bolt = self.component("keeper")
        bolt.send_bytes(b'{"id":"0","comp":"source","task":2,"tuple":["b\\u0061d"]}\nend\n')
        bolt.send_tuple(["settle"], id="9")
        self.assertEqual(logs(bolt.answers()), ["kept bad"])


class ManualBoltOnMessagePack(OnMessagePack, ManualBolt, unittest.TestCase):
    pass


class SpoutOnJson(OnJson, Spout, unittest.TestCase):
    pass


class SpoutOnMessagePack(OnMessagePack, Spout, unittest.TestCase):
    pass


class CommandLine(unittest.TestCase):
    def run_probe(self, *arguments, **more):
        return subprocess.run([PROBE, *arguments], capture_output=True, text=True, timeout=PATIENCE, **more)

    def test_describes_all_that_the_tables_say(self):
        description = describe(PROBE)
        self.assertEqual(description["cstorm"], 1)
        self.assertEqual(description["name"], "probe")
        self.assertEqual(description["config"], {"a.key": 7, "a.text": "not JSON"})
        self.assertEqual([c["name"] for c in description["spouts"]],
                         ["lines", "reliable", "accountant", "unreliable", "broken"])
        probe = description["bolts"][0]
        self.assertEqual(probe["parallelism"], 2)
        self.assertEqual(probe["config"], {"topology.tick.tuple.freq.secs": 1})
        self.assertEqual(probe["outputs"], [
            {"stream": "default", "fields": ["value"], "direct": False},
            {"stream": "pair", "fields": ["a", "b"], "direct": False},
            {"stream": "direct", "fields": ["value"], "direct": True}])
        self.assertEqual(probe["inputs"][1], {"component": "reliable", "stream": "default", "grouping": "all"})
        self.assertEqual(probe["settings"][0], {"name": "own", "summary": "a number", "default": "5"})
        self.assertEqual(description["bolts"][1]["inputs"], [
            {"component": "probe", "stream": "default", "grouping": "fields", "fields": ["value"]}])

    def test_helps(self):
        help = self.run_probe("--help")
        self.assertEqual(help.returncode, 0)
        for words in ("cstorm run", "--describe", "probe.own", "a number", "x2"):
            self.assertIn(words, help.stdout)
        self.assertIn("cstorm", self.run_probe("--version").stdout)

    def test_refuses_other_use(self):
        self.assertEqual(self.run_probe("--nonsense").returncode, 2)
        extra = self.run_probe("extra")
        self.assertEqual(extra.returncode, 2)
        self.assertIn("cstorm run", extra.stderr)

    def test_does_not_wait_for_a_terminal(self):
        try:
            ours, theirs = pty.openpty()
        except OSError:
            self.skipTest("there are no terminals here")
        refused = self.run_probe(stdin=theirs)
        os.close(ours)
        os.close(theirs)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("not a terminal", refused.stderr)

    def test_says_that_it_cannot_print(self):
        with open("/dev/full", "w") as full:
            self.assertEqual(subprocess.run([WORDCOUNT, "--describe"], stdout=full,
                                            stderr=subprocess.DEVNULL).returncode, 1)


if __name__ == "__main__":
    unittest.main()
