"""`cstorm submit`, `list`, `kill`, `activate` and `deactivate` against a Nimbus that does what a test wants of it.

What a real one does, jvm-harness sees."""

import io
import json
import os
import socket
import struct
import subprocess
import threading
import unittest
import zipfile

from harness import CSTORM, PATIENCE, WORDCOUNT, temporary

STOP, BOOL, DOUBLE, I32, STRING, STRUCT, MAP, LIST = 0, 2, 4, 8, 11, 12, 13, 15


class Reader:
    """Thrift's binary protocol: structs are dicts by the numbers of their fields."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def number(self, form):
        return struct.unpack(form, self.data.read(struct.calcsize(form)))[0]

    def string(self):
        return self.data.read(self.number(">i"))

    def value(self, kind):
        if kind == STRUCT:
            found = {}
            while (member := self.number(">b")) != STOP:
                number = self.number(">h")
                found[number] = self.value(member)
            return found
        if kind == MAP:
            key, value, count = self.number(">b"), self.number(">b"), self.number(">i")
            return [(self.value(key), self.value(value)) for _ in range(count)]
        if kind == LIST:
            item, count = self.number(">b"), self.number(">i")
            return [self.value(item) for _ in range(count)]
        if kind == STRING:
            return self.string()
        return self.number({BOOL: ">?", I32: ">i", DOUBLE: ">d"}[kind])


def string(number, text):
    return struct.pack(">bhi", STRING, number, len(text.encode())) + text.encode()


def integer(number, value):
    return struct.pack(">bhi", I32, number, value)


def nested(number, *fields):
    return struct.pack(">bh", STRUCT, number) + b"".join(fields) + b"\0"


def summary(name, status="ACTIVE"):
    return b"".join([string(1, f"{name}-1-1700000000"), string(2, name), integer(3, 7), integer(4, 6), integer(5, 1),
                     integer(6, 99), string(7, status), b"\0"])  # fmt: skip


def topologies(*summaries):
    return struct.pack(">bhbi", LIST, 0, STRUCT, len(summaries)) + b"".join(summaries)


class Nimbus:
    """A server on the loopback: `answers` has the fields of the result by the name of the call, or a function of the
    arguments that gives them; None: it hangs up."""

    def __init__(self, test, **answers):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.answers = {"getLeader": nested(0, string(1, "127.0.0.1"), integer(2, self.port)),
                        "getTopologySummaries": topologies(), **answers}  # fmt: skip
        self.calls = []
        self.open = []
        test.addCleanup(self.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        for each in [self.socket, *self.open]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                call = Reader(stream.read(struct.unpack(">i", head)[0]))
                call.number(">I")
                name, sequence = call.string().decode(), call.number(">i")
                arguments = call.value(STRUCT)
                self.calls.append((name, arguments))
                answer = self.answers.get(name, b"")
                answer = answer(arguments) if callable(answer) else answer
                if answer is None:
                    return
                self.send(connection, 2, name, sequence, answer)

    @staticmethod
    def send(connection, kind, name, sequence, fields):
        message = struct.pack(">Ii", 0x80010000 | kind, len(name)) + name.encode() + struct.pack(">i", sequence)
        message += fields + b"\0"
        connection.sendall(struct.pack(">i", len(message)) + message)

    def called(self, name):
        return [arguments for called, arguments in self.calls if called == name]


class ClusterTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary(self)
        self.environment = dict(os.environ, HOME=self.folder, STORM_CONF_DIR=self.folder, TMPDIR=self.folder)

    def cstorm(self, *arguments, status=0):
        found = subprocess.run([CSTORM, *arguments], capture_output=True, timeout=PATIENCE, check=False, text=True,
                               stdin=subprocess.DEVNULL, env=self.environment)  # fmt: skip
        self.assertEqual(found.returncode, status, found.stderr)
        return found

    def ask(self, nimbus, command, *arguments, status=0):
        return self.cstorm(command, "--nimbus", nimbus.address, *arguments, status=status)

    def refuse(self, nimbus, command, *arguments):
        """What is said when it fails."""
        return self.ask(nimbus, command, *arguments, status=1).stderr

    def storm_yaml(self, text):
        with open(os.path.join(self.folder, "storm.yaml"), "w", encoding="utf-8") as file:
            file.write(text)


class Lists(ClusterTest):
    def test_a_table(self):
        nimbus = Nimbus(self, getTopologySummaries=topologies(summary("words"), summary("others", "INACTIVE")))
        head, first, second = self.ask(nimbus, "list").stdout.splitlines()
        self.assertEqual(head.split(), ["NAME", "STATUS", "TASKS", "EXECUTORS", "WORKERS", "UPTIME/S", "ID"])
        self.assertEqual(first.split(), ["words", "ACTIVE", "7", "6", "1", "99", "words-1-1700000000"])
        self.assertEqual(second.split()[:2], ["others", "INACTIVE"])

    def test_json(self):
        nimbus = Nimbus(self, getTopologySummaries=topologies(summary("words")))
        (found,) = json.loads(self.ask(nimbus, "list", "--json").stdout)
        self.assertEqual((found["name"], found["num_tasks"], found["uptime_secs"]), ("words", 7, 99))
        self.assertEqual(json.loads(self.ask(Nimbus(self), "list", "--json").stdout), [])


def double(number, value):
    return struct.pack(">bhd", DOUBLE, number, value)


def long(number, value):
    return struct.pack(">bhq", 10, number, value)


def mapped(number, key_kind, *pairs):
    return struct.pack(">bhbbi", MAP, number, key_kind, STRUCT, len(pairs)) + b"".join(pairs)


def plain(text):
    return struct.pack(">i", len(text.encode())) + text.encode()


def stats(emitted=None, acked=0, failed=0, specific=b"", executors=1, tasks=1):
    common = integer(1, executors) + integer(2, tasks) + long(5, acked) + long(6, failed)
    return nested(2, common + (long(3, emitted) if emitted is not None else b"")) + nested(3, specific) + b"\0"


class Info(ClusterTest):
    def nimbus(self):
        bolt = nested(1, double(2, 1.5), long(3, 40), double(4, 0.25))
        spout = nested(2, double(1, 7.25))
        inputs = string(1, "lines") + string(2, "default") + b"\0" + stats(None, 39, 1, bolt)
        error = string(1, "java.lang.RuntimeException: it broke\n\tat a.B") + integer(2, 1700000000) + string(3, "worker1") + \
            integer(4, 6700) + b"\0"
        page = [string(1, "words-1-1700000000"), string(2, "words"), integer(3, 99), string(4, "ACTIVE"), integer(5, 7),
                integer(6, 2), integer(7, 6), string(17, "2.8.3"),
                mapped(9, STRING, plain("lines") + stats(20, 18, 2, spout)),
                mapped(10, STRING, plain("split") + stats(80, 39, 1, bolt, 2, 3))]  # fmt: skip
        pages = {
            b"lines": string(1, "lines") + mapped(9, STRING, plain("default") + stats(20, 18, 2, spout)),
            b"split": string(1, "split") + mapped(8, STRUCT, inputs) + mapped(9, STRING, plain("default") + stats(80))
            + struct.pack(">bhbi", LIST, 11, STRUCT, 1) + error,
        }
        return Nimbus(self, getTopologySummaryByName=struct.pack(">bh", STRUCT, 0) + summary("words"),
                      getTopologyPageInfo=nested(0, *page),
                      getComponentPageInfo=lambda arguments: nested(0, pages[arguments[2]]))  # fmt: skip

    def test_a_table(self):
        self.environment["TZ"] = "UTC"
        lines = self.ask(self.nimbus(), "info", "words").stdout.splitlines()
        self.assertEqual(lines[0], "words-1-1700000000: ACTIVE for 99 s, 2 workers, 6 executors, 7 tasks; Storm 2.8.3")
        self.assertEqual([line.split() for line in lines[3:7]], [
            ["lines", "1", "1", "->", "default", "20", "18", "2", "7.250"],
            ["split", "2", "3", "<-", "lines:default", "40", "39", "1", "1.500"],
            ["split", "2", "3", "->", "default", "80"],
            ["split", "is", "busy", "25.0", "%", "of", "the", "time"]])  # fmt: skip
        self.assertEqual(lines[-1], "2023-11-14 22:13:20 split on worker1:6700: java.lang.RuntimeException: it broke")

    def test_json(self):
        nimbus = self.nimbus()
        told = json.loads(self.ask(nimbus, "info", "--json", "--window", "600", "--system", "words").stdout)
        self.assertEqual(told["components"]["split"]["gsid_to_input_stats"][0][1]["specific_stats"]["bolt"]["executed"], 40)
        self.assertEqual(told["topology"]["id_to_bolt_agg_stats"]["split"]["common_stats"]["num_tasks"], 3)
        self.assertEqual(nimbus.called("getTopologyPageInfo"), [{1: b"words-1-1700000000", 2: b"600", 3: True}])
        self.assertEqual(nimbus.called("getComponentPageInfo")[0], {1: b"words-1-1700000000", 2: b"lines", 3: b"600", 4: True})

    def test_one_that_is_not_there(self):
        nimbus = Nimbus(self, getTopologySummaryByName=nested(1, string(1, "words is not alive")))
        self.assertEqual(self.refuse(nimbus, "info", "words"), "cstorm info: words is not alive\n")

    def test_usage(self):
        self.assertIn("Storm's windows are 600, 10800 and 86400 s, not 5",
                      self.cstorm("info", "--window", "5", "words", status=2).stderr)  # fmt: skip
        self.assertIn("the name of a topology is missing", self.cstorm("info", status=2).stderr)


class Lifecycle(ClusterTest):
    def test_what_nimbus_is_asked(self):
        nimbus = Nimbus(self)
        self.ask(nimbus, "activate", "words")
        self.ask(nimbus, "deactivate", "words")
        self.ask(nimbus, "kill", "words")
        self.ask(nimbus, "kill", "-w", "5", "words")
        asked = [call for call in nimbus.calls if call[0] != "getLeader"]
        self.assertEqual(asked, [("activate", {1: b"words"}), ("deactivate", {1: b"words"}),
                                 ("killTopologyWithOpts", {1: b"words", 2: {}}),
                                 ("killTopologyWithOpts", {1: b"words", 2: {1: 5}})])  # fmt: skip

    def test_what_nimbus_refuses(self):
        nimbus = Nimbus(self, activate=nested(1, string(1, "words is not alive")),
                        deactivate=nested(2, string(1, "you are not allowed to")))  # fmt: skip
        self.assertEqual(self.refuse(nimbus, "activate", "words"), "cstorm activate: words is not alive\n")
        self.assertEqual(self.refuse(nimbus, "deactivate", "words"),
                         "cstorm deactivate: not authorized: you are not allowed to\n")  # fmt: skip

    def test_usage(self):
        for command in ("activate", "deactivate", "kill"):
            self.assertIn("the name of a topology is missing", self.cstorm(command, status=2).stderr)
            self.assertIn("what is this: b", self.cstorm(command, "a", "b", status=2).stderr)
            self.assertIn("--timeout must be", self.cstorm(command, "--timeout", "x", "a", status=2).stderr)
        self.assertIn("--wait must be", self.cstorm("kill", "-w", "-1", "a", status=2).stderr)
        self.assertIn("the options are not understood", self.cstorm("activate", "-w", "1", "a", status=2).stderr)
        self.assertIn("what is this: x", self.cstorm("list", "x", status=2).stderr)


class WhereNimbusIs(ClusterTest):
    def test_storm_yaml(self):
        nimbus = Nimbus(self)
        self.storm_yaml(f"# mine\nnimbus.seeds: [127.0.0.1]\nnimbus.thrift.port: {nimbus.port}\nother: [1, {{a: b}}]\n")
        self.cstorm("list")
        self.assertEqual(len(nimbus.called("getTopologySummaries")), 1)

    def test_the_port_of_storm_yaml_is_that_of_a_host_without(self):
        nimbus = Nimbus(self)
        self.storm_yaml(f"nimbus.seeds: [nowhere.invalid]\nnimbus.thrift.port: {nimbus.port}\n")
        self.cstorm("list", "--nimbus", "127.0.0.1")

    def test_a_storm_yaml_that_is_none(self):
        self.storm_yaml("nimbus.seeds: [a\n")
        self.assertRegex(self.cstorm("list", status=1).stderr, r"storm\.yaml:\d+: ")
        self.storm_yaml("nimbus.seeds: 127.0.0.1\n")
        self.assertIn("nimbus.seeds must be a list of host names", self.cstorm("list", status=1).stderr)
        self.storm_yaml("# nothing is set\n")
        self.assertIn("localhost:6627: Connection refused", self.cstorm("list", status=1).stderr)

    def test_one_that_is_not_there_is_passed_over(self):
        nimbus = Nimbus(self)
        self.cstorm("list", "--nimbus", f"127.0.0.1:1,{nimbus.address}")
        self.assertEqual(self.cstorm("list", "--nimbus", "127.0.0.1:1", status=1).stderr,
                         "cstorm list: 127.0.0.1:1: Connection refused (as --nimbus says)\n")  # fmt: skip

    def test_the_leader_is_asked(self):
        leader = Nimbus(self, getTopologySummaries=topologies(summary("words")))
        other = Nimbus(self, getLeader=nested(0, string(1, "127.0.0.1"), integer(2, leader.port)))
        found = self.cstorm("list", "--nimbus", f"{other.address},127.0.0.1:1")
        self.assertIn("words", found.stdout)
        self.assertEqual(other.called("getTopologySummaries"), [])

    def test_a_leader_that_cannot_be_reached(self):
        other = Nimbus(self, getLeader=nested(0, string(1, "nimbus.invalid"), integer(2, 6627)))
        said = self.cstorm("list", "--nimbus", f"{other.address},127.0.0.1:1", status=1).stderr
        self.assertIn(f"the leader is nimbus.invalid:6627, as {other.address} says, which cannot be reached: ", said)
        # The only one leads by whatever name.
        self.cstorm("list", "--nimbus", other.address)

    def test_addresses_that_are_none(self):
        for seeds in ("host:x", "host:0", ":1"):
            self.assertIn(f"{seeds} is no HOST or HOST:PORT", self.cstorm("list", "--nimbus", seeds, status=1).stderr)
        self.assertIn("--nimbus names no host", self.cstorm("list", "--nimbus", ",", status=1).stderr)


class Faults(ClusterTest):
    def server(self, talk):
        """The address of one that does something with each connection."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        kept = []

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                kept.append(connection)
                talk(connection)

        threading.Thread(target=accept, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    def said(self, talk, *arguments):
        return self.cstorm("list", "--nimbus", self.server(talk), *arguments, status=1).stderr

    def test_one_that_is_slow(self):
        self.assertIn("no answer within 0.3 s (see --timeout)", self.said(lambda connection: None, "--timeout", "0.3"))

    def test_one_that_stops_within_an_answer(self):
        self.assertIn("no answer within 0.3 s",
                      self.said(lambda connection: connection.sendall(b"\0\0\0\x50\x80"), "--timeout", "0.3"))  # fmt: skip

    def test_one_that_hangs_up(self):
        self.assertIn("the connection was closed", self.said(lambda connection: (connection.recv(1), connection.close())))

    def test_one_that_is_something_else(self):
        self.assertIn("does not speak Thrift in frames: is it Nimbus's nimbus.thrift.port?",
                      self.said(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")))  # fmt: skip
        self.assertIn("the answer to getLeader is none: is it a Nimbus?",
                      self.said(lambda connection: connection.sendall(b"\0\0\0\x04\x80\x02\0\0")))  # fmt: skip

    def test_one_that_does_not_know_the_call(self):
        def refuse(connection):
            stream = connection.makefile("rb")
            stream.read(struct.unpack(">i", stream.read(4))[0])
            Nimbus.send(connection, 3, "getLeader", 1, string(1, "Invalid method name") + integer(2, 1))

        self.assertIn("Nimbus has failed in getLeader: Invalid method name", self.said(refuse))

    def test_answers_of_any_bytes(self):
        for seed in range(40):
            data = os.urandom(seed * 5)
            nimbus = Nimbus(self, getTopologySummaries=data)
            found = subprocess.run([CSTORM, "list", "--nimbus", nimbus.address], capture_output=True, text=True,
                                   timeout=PATIENCE, check=False, env=self.environment)  # fmt: skip
            self.assertIn(found.returncode, (0, 1), found.stderr)


class Submits(ClusterTest):
    UPLOAD = {"beginFileUpload": string(0, "/inbox/jar")}

    def submission(self, nimbus):
        (arguments,) = nimbus.called("submitTopologyWithOpts")
        return arguments

    def test_what_nimbus_is_sent(self):
        nimbus = Nimbus(self, **self.UPLOAD)
        said = self.ask(nimbus, "submit", "-o", "lines.input=/x", "-p", "split=4", WORDCOUNT).stderr
        self.assertEqual(said, f"wordcount is submitted to {nimbus.address}\n")
        sent = self.submission(nimbus)
        self.assertEqual((sent[1], sent[2], sent[5]), (b"wordcount", b"/inbox/jar", {1: 1}))
        self.assertEqual(json.loads(sent[3])["lines.input"], "/x")
        parts = sent[4]
        ((name, lines),) = parts[1]
        self.assertEqual((name, lines[1]), (b"lines", {2: {1: b"sh", 2: b"cstorm/components/lines"}}))
        bolts = dict(parts[2])
        self.assertEqual(sorted(bolts), [b"count", b"split", b"table"])
        self.assertEqual(bolts[b"split"][2][3], 4)
        self.assertEqual(bolts[b"split"][2][1], [({1: b"lines", 2: b"default"}, {2: {}})])
        self.assertEqual(bolts[b"count"][2][1], [({1: b"split", 2: b"default"}, {1: [b"word"]})])
        self.assertEqual(bolts[b"table"][2][1], [({1: b"count", 2: b"default"}, {1: []})])
        self.assertEqual(dict(bolts[b"count"][2][2]), {b"default": {1: [b"word", b"count"], 2: False}})
        self.assertEqual(parts[3], [])

    def test_the_jar_is_what_cstorm_jar_makes(self):
        nimbus = Nimbus(self, **self.UPLOAD)
        self.ask(nimbus, "submit", WORDCOUNT)
        names = [call[0] for call in nimbus.calls]
        self.assertLess(names.index("beginFileUpload"), names.index("uploadChunk"))
        self.assertLess(names.index("finishFileUpload"), names.index("submitTopologyWithOpts"))
        chunks = nimbus.called("uploadChunk")
        self.assertEqual({chunk[1] for chunk in chunks}, {b"/inbox/jar"})
        uploaded = b"".join(chunk[2] for chunk in chunks)
        jar = os.path.join(self.folder, "x.jar")
        self.cstorm("jar", "-o", jar, WORDCOUNT)
        with open(jar, "rb") as file:
            self.assertEqual(uploaded, file.read())
        self.assertTrue(zipfile.is_zipfile(io.BytesIO(uploaded)))
        os.unlink(jar)
        self.assertEqual(os.listdir(self.folder), [])

    def test_names_and_states(self):
        nimbus = Nimbus(self, **self.UPLOAD)
        self.ask(nimbus, "submit", "--name", "mine", "--inactive", WORDCOUNT)
        sent = self.submission(nimbus)
        self.assertEqual((sent[1], sent[5]), (b"mine", {1: 2}))

    def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(self):
        told = json.loads(self.cstorm("submit", "--dry-run", "--nimbus", "127.0.0.1:1", WORDCOUNT).stdout)
        self.assertEqual(told["name"], "wordcount")
        self.assertEqual(told["topology"]["bolts"]["split"]["common"]["inputs"],
                         [[{"componentId": "lines", "streamId": "default"}, {"shuffle": {}}]])  # fmt: skip

    def test_a_name_that_is_taken(self):
        nimbus = Nimbus(self, getTopologySummaries=topologies(summary("wordcount")), **self.UPLOAD)
        self.assertIn("a topology wordcount runs already: kill it, replace it with --force",
                      self.refuse(nimbus, "submit", WORDCOUNT))  # fmt: skip
        self.assertEqual(nimbus.called("uploadChunk"), [])

    def test_one_that_is_replaced(self):
        nimbus = Nimbus(self, **self.UPLOAD)
        left = [2]  # answers in which it is still there, once it is killed

        def list_them(_):
            if nimbus.called("killTopologyWithOpts"):
                left[0] -= 1
            return topologies(summary("wordcount")) if left[0] > 0 else topologies()

        nimbus.answers["getTopologySummaries"] = list_them
        said = self.ask(nimbus, "submit", "--force", WORDCOUNT).stderr
        self.assertIn("wordcount is killed; waiting until it is gone\n", said)
        self.assertEqual(nimbus.called("killTopologyWithOpts"), [{1: b"wordcount", 2: {1: 0}}])
        self.assertEqual(len(nimbus.called("submitTopologyWithOpts")), 1)

    def test_what_nimbus_refuses(self):
        for field, text in [(1, "it is alive"), (2, "Topology name cannot contain a slash")]:
            nimbus = Nimbus(self, submitTopologyWithOpts=nested(field, string(1, text)), **self.UPLOAD)
            self.assertEqual(self.refuse(nimbus, "submit", WORDCOUNT), f"cstorm submit: {text}\n")
        nimbus = Nimbus(self, beginFileUpload=nested(1, string(1, "no")))
        self.assertEqual(self.refuse(nimbus, "submit", WORDCOUNT), "cstorm submit: not authorized: no\n")

    def test_a_connection_that_is_cut_in_the_upload_submits_nothing(self):
        nimbus = Nimbus(self, uploadChunk=lambda _: None, **self.UPLOAD)
        self.assertIn("the connection was closed", self.refuse(nimbus, "submit", WORDCOUNT))
        self.assertEqual(nimbus.called("submitTopologyWithOpts"), [])
        self.assertEqual(os.listdir(self.folder), [])

    def test_what_only_flux_can_submit(self):
        topology = json.loads(self.cstorm("describe", WORDCOUNT).stdout)
        topology["bolts"].append({"name": "java", "parallelism": 1, "outputs": [], "config": {},
                                  "java": {"className": "a.B"},
                                  "inputs": [{"component": "count", "grouping": "shuffle"}]})  # fmt: skip
        path = os.path.join(self.folder, "topology.json")
        for part in topology["spouts"] + topology["bolts"][:-1]:
            part["command"] = [WORDCOUNT, "--component", part["name"]]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(topology, file)
        said = self.cstorm("submit", "--dry-run", path, status=2).stderr
        self.assertIn("java is an object in Java, which Flux makes: `cstorm jar`", said)

    def test_a_topology_that_is_none(self):
        self.assertIn("cstorm submit: the topology cannot be submitted:",
                      self.cstorm("submit", os.path.join(self.folder, "none"), status=2).stderr)  # fmt: skip


if __name__ == "__main__":
    unittest.main()
