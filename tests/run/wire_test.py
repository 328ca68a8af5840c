"""A component's process on the wire: the test is the parent, as Storm's worker would be."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
import unittest

import msgpack
from harness import PATIENCE, PROBE, WORDCOUNT, Component, OnMessagePack, describe, logs

FRAME_LIMIT = 64 << 20


def is_full(pipe):
    waiting = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    return int.from_bytes(waiting, sys.byteorder) == fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)


class WireTest(unittest.TestCase):
    wire = "json"

    def component(self, name, conf=None, **more):
        return Component(self, PROBE, name, conf, wire=self.wire, **more)

    def check_ends(self, component, reason):
        """It says why, and nothing more but what it emits in close()."""
        messages, status = component.end_of_life()
        self.assertEqual([m["command"] for m in messages if m.get("tuple") != ["closed"]], ["error"])
        self.assertIn(reason, messages[0]["msg"])
        self.assertEqual(status, 1)

    def check_stops(self, component, data, reason):
        try:
            component.send_bytes(data)
        except BrokenPipeError:
            pass
        self.check_ends(component, reason)



class Start(WireTest):
    def test_answers_with_its_pid_and_leaves_the_pid_file(self):
        component = self.component("probe")
        self.assertEqual(component.pid, component.process.pid)
        self.assertEqual(os.listdir(component.folder), [str(component.pid)])

    def check_refused(self, handshake, reason):
        component = self.component("probe", start=False)
        component.send(handshake)
        self.check_ends(component, reason)

    def test_says_what_is_wrong_with_a_handshake(self):
        whole = self.component("probe").handshake("probe", {}, {})

        def with_context(**context):
            return {**whole, "context": {**whole["context"], **context}}

        for handshake, reason in (
                ({**whole, "conf": None}, "conf is missing"),
                ({**whole, "conf": []}, "conf is missing, or not an object"),
                ({**whole, "context": {}}, "taskid is missing"),
                ({**whole, "context": "none"}, "context is missing, or not an object"),
                ([], "conf is missing"),
                ({"pidDir": "/tmp"}, "conf is missing"),
                (with_context(taskid="4"), "taskid is missing, or not a task id"),
                (with_context(taskid=2**40), "taskid is missing, or not a task id"),
                (with_context(taskid=99, componentid=None), "componentid is missing"),
                (with_context(**{"task->component": {"four": "probe"}}), "a key that is not a task id"),
                (with_context(**{"task->component": {"4": 4}}), "a value that is not a string"),
                (with_context(**{"source->stream->fields": {"source": {"default": [1]}}}),
                 "a name that is not a string"),
                (with_context(componentid="nobody"), "no class for the component nobody"),
                ({**whole, "pidDir": "/nowhere"}, "the pid file /nowhere/")):
            with self.subTest(reason):
                self.check_refused(handshake, reason)

    def test_needs_no_more_of_a_handshake_than_is_documented(self):
        bolt = self.component("probe", handshake={
            "conf": {}, "context": {"taskid": 4, "task->component": {"4": "probe"}}})
        bolt.send_tuple(["count"])
        self.assertEqual([m["command"] for m in bolt.answers()], ["emit", "ack"])

    def test_says_that_a_handshake_is_too_large(self):
        self.check_stops(self.component("probe", start=False), self.too_large(), "the limit is 67108864 bytes")

    def too_large(self):
        return b"{" + b" " * (FRAME_LIMIT + 5)

    def test_says_what_is_no_handshake(self):
        self.check_stops(self.component("probe", start=False), b"garbage\nend\n", "the handshake is not JSON")

    def test_ends_when_a_handshake_is_cut_off(self):
        component = self.component("probe", start=False)
        whole = component.wire.encode(component.handshake("probe", {}, {}))
        output, errors = component.process.communicate(whole[:-7], timeout=PATIENCE)
        self.assertEqual((component.process.returncode, output), (1, b""))
        self.assertIn(b"ended before a whole handshake came", errors)

    def test_says_why_it_cannot_open(self):
        component = self.component("broken")
        self.check_ends(component, "cannot start: cannot reach the source: Permission denied")
        # Storm may not read messages any more.
        self.assertEqual(component.process.stderr.read(), b"fatal: cannot start: cannot reach the source: Permission denied\n")

    def test_ends_without_a_handshake(self):
        component = self.component("probe", start=False)
        _, errors = component.process.communicate(timeout=PATIENCE)
        self.assertEqual(component.process.returncode, 1)
        self.assertIn(b"ended before a whole handshake came", errors)


class Bolt(WireTest):
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
        # JSON text is given as it came.
        more = '{"k": [1, "\\u00e9"]}' if self.wire == "json" else '{"k":[1,"é"]}'
        self.assertEqual(
            logs(messages),
            [f"report 1 source 9007199254740993 9007199254740992.0 1 {more} 4 default object 2"])
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

    def test_stops_at_what_is_no_tuple(self):
        whole = {"id": "1", "comp": "source", "stream": "default", "task": 2, "tuple": ["count"]}
        for wrong, reason in (({"tuple": 5}, "tuple must be an array"),
                              ({"tuple": {}}, "tuple must be an array"),
                              ({"tuple": None}, "a tuple without values"),
                              ({"id": None}, "a tuple without id"),
                              ({"comp": 5}, "comp must be a string"),
                              ({"stream": []}, "stream must be a string"),
                              ({"task": "2"}, "task must be an integer"),
                              ({"command": 1}, "command must be a string")):
            with self.subTest(reason):
                bolt = self.component("probe")
                bolt.send({**whole, **wrong})
                self.check_ends(bolt, reason)
        for wrong, reason in ((7, "a message must be an object or a list"), (["a"], "a list must hold task ids")):
            bolt = self.component("probe")
            bolt.send(wrong)
            self.check_ends(bolt, "byte 0 of a message of")

    def test_says_that_the_input_was_cut_off(self):
        whole = self.bolt.wire.encode({"id": "1", "comp": "source", "tuple": ["count"]})
        self.bolt.send_bytes(whole[:-1])
        self.bolt.process.stdin.close()
        self.check_ends(self.bolt, f"{len(whole) - 1} bytes without their end")

    def test_closes_when_the_input_ends(self):
        messages, status = self.bolt.rest()
        self.assertEqual([m.get("tuple") for m in messages], [["closed"]])
        self.assertEqual(status, 0)

    def test_closes_when_it_is_told_to_end(self):
        self.bolt.answers()
        self.bolt.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.bolt.receive()["tuple"], ["closed"])
        self.assertEqual(self.bolt.process.wait(PATIENCE), 0)

    def test_ends_when_it_is_told_to_while_it_writes_and_nobody_reads(self):
        self.bolt.send_tuple(["report", 1, True, "x" * 5000000])
        while not is_full(self.bolt.process.stdout):
            time.sleep(0.01)
        self.bolt.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.bolt.process.wait(PATIENCE), -signal.SIGALRM)

    def test_ends_when_nobody_reads(self):
        self.bolt.process.stdout.close()
        self.bolt.send_tuple(["values"])
        self.assertEqual(self.bolt.process.wait(PATIENCE), 1)


class ManualBolt(WireTest):
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


class Spout(WireTest):
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
        self.check_ends(spout, "a command that is none of a spout's: \"jump\"")

    def test_stops_at_an_outcome_without_id(self):
        for command in ("ack", "fail"):
            spout = self.component("reliable")
            spout.send({"command": command})
            self.check_ends(spout, f"{command} without the id of a tuple")

    def test_stops_at_what_is_no_command(self):
        spout = self.component("reliable")
        spout.send({"id": "1", "tuple": []})
        self.check_ends(spout, "a command that is none of a spout's")

    def test_ignores_lists_of_task_ids(self):
        spout = self.component("unreliable")
        spout.send([4, 5])
        self.assertEqual([m["tuple"] for m in spout.command("next")[0]], [[0]])


class StartOnMessagePack(OnMessagePack, Start):
    def too_large(self):
        return b"\x81\xdb" + (FRAME_LIMIT + 1).to_bytes(4, "big")

    def test_says_what_is_no_handshake(self):
        self.check_stops(self.component("probe", start=False), b"\xff", "byte 0: a message must be an object or a list")
        self.check_stops(self.component("probe", start=False), b"\x81\xa1a\xc1", "byte 3")
        # A string that is not UTF-8.
        self.check_stops(self.component("probe", start=False), b"\x81\xa1\xff\x01", "byte 2:")
        # A key that is a list.
        self.check_stops(self.component("probe", start=False), b"\x81\x91\x01\x01",
                         "the handshake cannot be written as JSON")


class BoltOnMessagePack(OnMessagePack, Bolt):
    pass


class ManualBoltOnMessagePack(OnMessagePack, ManualBolt):
    pass


class SpoutOnMessagePack(OnMessagePack, Spout):
    pass


class Json(WireTest):
    """What JSON alone has."""

    def test_takes_messages_however_they_are_written(self):
        bolt = self.component("probe")
        for text in ('{"tuple":["count"],"task":2,"stream":"default","id":"-1","comp":"source"}',
                     '{"unknown":{"id":[]},"id":"-1","comp":"source","tuple":["c\\u006funt"],"task":2}',
                     json.dumps({"id": "-1", "comp": "source", "task": 2, "stream": "default",
                                 "tuple": ["count"]}, indent=1)):
            for chunk in (len(text) + 5, 1):
                data = text.encode() + b"\nend\n"
                for at in range(0, len(data), chunk):
                    bolt.send_bytes(data[at:at + chunk])
                self.assertEqual([m["command"] for m in bolt.answers()], ["emit", "ack"])

    def test_stops_at_what_is_no_message_and_says_where(self):
        for data, reason in (
                (b"garbage\nend\n", "byte 0 of a message of 7 bytes: a message must be an object"),
                (b"\nend\n", "byte 0 of a message of 0 bytes"),
                (b"\xff\xfe\nend\n", "byte 0 of a message of 2 bytes"),
                (b'{"id":"1","tuple":[tru]}\nend\n', "byte 19 of a message of 24 bytes: expected a value"),
                (b'{"id":"1","tuple":["\xff"]}\nend\n', "byte 20 of a message of 24 bytes"),
                (b'{"id":"1"} {}\nend\n', "byte 11 of a message of 13 bytes"),
                (b'{"id":"1","tuple":' + b"[" * 1026 + b"]" * 1026 + b"}\nend\n", "byte 1043 of a message"),
                (b"[" * 100000 + b"\nend\n", "byte 1025 of a message"),
                (b"x" * (FRAME_LIMIT + 9), "a message is too large: the limit is 67108864 bytes")):
            with self.subTest(reason):
                self.check_stops(self.component("probe"), data, reason)

    def test_takes_what_is_nested_as_deep_as_is_allowed(self):
        bolt = self.component("probe")
        bolt.send_bytes(b'{"id":"-1","comp":"source","tuple":["count",' + b"[" * 1024 + b"]" * 1024 + b"]}\nend\n")
        self.assertEqual([m["command"] for m in bolt.answers()], ["emit", "ack"])


class MessagePack(OnMessagePack, WireTest):
    """What MessagePack alone has."""

    def test_takes_messages_however_they_are_written(self):
        bolt = self.component("probe")
        text = lambda text: b"\xdb" + len(text).to_bytes(4, "big") + text
        # The longest form of everything, and keys that are not of the envelope and no strings.
        message = (b"\xdf\0\0\0\5" + text(b"tuple") + b"\xdd\0\0\0\1" + text(b"count")
                   + text(b"task") + b"\xd3\0\0\0\0\0\0\0\2" + text(b"id") + b"\xd9\2-1"
                   + text(b"comp") + b"\xda\0\6source" + b"\x91\x05" + b"\xde\0\1\xc4\1\xff\xca\0\0\0\0")
        for chunk in (len(message), 1):
            for at in range(0, len(message), chunk):
                bolt.send_bytes(message[at:at + chunk])
            self.assertEqual([m["command"] for m in bolt.answers()], ["emit", "ack"])

    def test_stops_at_what_is_no_message_and_says_where(self):
        for data, reason in (
                (b"\xc1", "byte 0 of a message"),
                (b"\x82\xa2id\xa11\xa5tuple\x91\xc1", "byte 13 of a message"),
                (b"\x81\xa2id\xd4\0\0", "byte 4 of a message"),
                (b"\xc0", "byte 0 of a message of 1 bytes: a message must be an object"),
                (b"\x81\xa2id\xa1\xff", "byte 5 of a message of 6 bytes"),
                (b"\x81\xa1a" + b"\x91" * 1025 + b"\x01", "byte 1027 of a message"),
                (b"\x81\xa1a\xdb" + FRAME_LIMIT.to_bytes(4, "big"), "a message is too large: the limit is 67108864"),
                (b"\x81\xa1a\xc6\xff\xff\xff\xff", "a message is too large: the limit is 67108864 bytes")):
            with self.subTest(data[:20]):
                self.check_stops(self.component("probe"), data, reason)

    def test_takes_what_is_nested_as_deep_as_is_allowed(self):
        bolt = self.component("probe")
        nested = msgpack.encode({"id": "-1", "comp": "source", "tuple": ["count"]})
        bolt.send_bytes(b"\x84" + nested[1:] + b"\xa1x" + b"\x91" * 1024 + b"\x01")
        self.assertEqual([m["command"] for m in bolt.answers()], ["emit", "ack"])


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
