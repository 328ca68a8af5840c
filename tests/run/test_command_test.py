"""`cstorm test`: what a file expects of components and topologies, and what it says of those that differ."""

import json
import os
import signal
import subprocess
import textwrap
import time
import unittest

from harness import CSTORM
from spec_support import SHELL_BOLT, SHELL_SPOUT, Case

SOURCE = os.environ["SOURCE"]

# A component that does what the first value of each tuple says, without any library.
PUPPET = '''\
import json, os, sys, time

waiting = []

def read():
    return waiting.pop(0) if waiting else receive()

def receive():
    lines = []
    while True:
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        if line == "end\\n":
            return json.loads("".join(lines))
        lines.append(line)

def say(**message):
    sys.stdout.write(json.dumps(message) + "\\nend\\n")
    sys.stdout.flush()

read()
say(pid=os.getpid())
while True:
    message = read()
    if isinstance(message, list):
        continue
    if "command" in message:
        if message["command"] == "next":
            say(command="emit", id=["one", 1], tuple=["it"], need_task_ids=False)
        elif message["command"] in ("ack", "fail"):
            say(command="log", msg=message["command"] + " " + json.dumps(message["id"]), level=2)
        say(command="sync")
        continue
    if message["stream"] == "__heartbeat":
        say(command="sync")
        continue
    if message["stream"] == "__tick":
        say(command="emit", tuple=["tick"], need_task_ids=False)
        say(command="ack", id=message["id"])
        continue
    order = message["tuple"][0]
    if order == "die":
        print("it was told to", file=sys.stderr)
        sys.exit(3)
    elif order == "sleep":
        time.sleep(60)
    elif order == "nonsense":
        sys.stdout.write("nonsense\\nend\\n")
    elif order == "error":
        say(command="error", msg="an error as told")
    elif order == "ask":
        say(command="emit", tuple=["asked"], anchors=[message["id"]])
        while not isinstance(ids := receive(), list):
            waiting.append(ids)
        say(command="log", msg="to " + json.dumps(ids), level=2)
    elif order == "other":
        say(command="emit", stream="other", tuple=[1, {"a": None}], need_task_ids=False)
    if order != "keep":
        say(command="ack", id=message["id"])
'''

TOPOLOGY = f"""\
name: puppets
spouts:
- id: orders
  className: {SHELL_SPOUT}
  constructorArgs: [[python3, ./puppet.py], [order]]
bolts:
- id: puppet
  className: {SHELL_BOLT}
  constructorArgs: [[python3, ./puppet.py], [word]]
  configMethods:
  - {{name: setNamedStream, args: [other, [number, object]]}}
- id: second
  className: {SHELL_BOLT}
  constructorArgs: [[python3, ./puppet.py]]
streams:
- {{from: orders, to: puppet, grouping: {{type: SHUFFLE}}}}
- {{from: puppet, to: second, grouping: {{type: SHUFFLE}}}}
- {{from: puppet, to: second, grouping: {{type: SHUFFLE, streamId: other}}}}
"""


class Testing(Case):
    def setUp(self):
        super().setUp()
        self.write(PUPPET, "puppet.py")
        self.write(TOPOLOGY, "puppets.yaml")

    def cstorm_test(self, tests=None, *arguments, topology="puppets.yaml", text=None):
        path = self.write(text or f"topology: {topology}\ntests:\n" + textwrap.dedent(tests), "file.test.yaml")
        return self.cstorm("test", path, *arguments)

    def differences(self, test, **more):
        """What differs in the one test of a file, line by line."""
        found = self.cstorm_test("- name: it\n" + textwrap.indent(textwrap.dedent(test), "  "), "--json", **more)
        self.assertEqual(found.stderr, "")
        result, = json.loads(found.stdout)
        self.assertEqual((result["name"], result["line"]), ("it", 3))
        self.assertEqual((result["passed"], found.returncode), (not result["differences"], int(not result["passed"])))
        return result["differences"].splitlines()

    def problems(self, tests, **more):
        found = self.cstorm_test(tests, **more)
        self.assertEqual((found.returncode, found.stdout), (2, ""))
        return [line.replace(self.folder + "/", "") for line in found.stderr.splitlines()]


class Components(Testing):
    def test_those_of_the_word_count(self):
        path = os.path.join(SOURCE, "topologies/wordcount.test.yaml")
        found = self.cstorm("test", path, "--topology", self.path("wordcount"))
        self.assertEqual((found.returncode, found.stderr), (0, ""))
        self.assertEqual(found.stdout.splitlines()[-1], "4 passed, 0 failed")

    def test_by_name(self):
        path = os.path.join(SOURCE, "topologies/wordcount.test.yaml")
        found = self.cstorm("test", "--topology", self.path("wordcount"), path, "the whole")
        self.assertEqual(found.stdout, "ok    the whole\n1 passed, 0 failed\n")
        found = self.cstorm("test", "--topology", self.path("wordcount"), path, "the hole")
        self.assertEqual((found.returncode, found.stdout), (2, ""))
        self.assertIn("there is no test the hole; did you mean the whole?", found.stderr)

    def test_with_message_pack(self):
        found = self.cstorm(
            "test", os.path.join(SOURCE, "topologies/wordcount.test.yaml"), "--topology", self.path("wordcount"),
            "-o", "topology.multilang.serializer=cstorm.multilang.MessagePackSerializer")
        self.assertEqual((found.returncode, found.stderr), (0, ""), found.stdout)

    def test_emits_in_order_and_not(self):
        test = "component: puppet\ninput: [tick, [ask], [other]]\nexpect: {{emits: {}}}"
        right = "[{values: [tick], anchors: []}, {values: [asked], anchors: [1]}, {stream: other, values: [1, {a: null}]}]"
        self.assertEqual(self.differences(test.format(right)), [])
        self.assertEqual(self.differences(test.format("[[asked], [tick], {stream: other, values: [1, {}]}]")), [
            'emits: tuple 1: expected ["asked"], found ["tick"]'])
        self.assertEqual(self.differences(test.format("[[asked], [tick], {stream: other, values: [1, {a: null}]}], order: any")), [])
        self.assertEqual(self.differences(test.format("[[tick]]")), [
            'emits: not expected: ["asked"]',
            'emits: not expected: {"stream":"other","values":[1,{"a":null}]}'])
        self.assertEqual(self.differences(test.format("[[x], [tick], [asked]], order: any")), [
            'emits: missing: ["x"]',
            'emits: not expected: {"stream":"other","values":[1,{"a":null}]}'])
        self.assertEqual(self.differences(test.format("[{values: [tick], anchors: [1]}]")), [
            'emits: tuple 1: expected {"values":["tick"],"anchors":[1],"stream":"default"}, '
            'found {"stream":"default","values":["tick"],"anchors":[]}',
            "emits: expected 1 tuples, found 3"])

    def test_acks_and_fails(self):
        test = "component: puppet\ninput: [[a], [keep], [b]]\nexpect: {%s}"
        self.assertEqual(self.differences(test % "acks: [1, 3]"), [])
        self.assertEqual(self.differences(test % ""), ["tuple 2 is not acked"])
        self.assertEqual(self.differences(test % "fails: [2]"), ["tuple 2 is not failed"])
        self.assertEqual(self.differences(test % "acks: [1]"), ["tuple 3 is acked, which is not expected"])

    def test_logs_and_errors(self):
        test = "component: puppet\ninput: [[error], [ask]]\nexpect: {%s}"
        self.assertEqual(self.differences(test % "errors: [as told], logs: [to]"), [])
        # The first task of each bolt that receives it: 1 is orders, 2 puppet, 3 second.
        self.assertEqual(self.differences(test % "errors: [as told, other], logs: ['to [3]']"),
                         ["errors: none says: other"])
        self.assertEqual(self.differences(test % "logs: [nothing]"),
                         ["logs: none says: nothing", "errors: not expected: an error as told"])

    def test_components_that_break(self):
        test = "component: puppet\ninput: [[%s]]\nexpect: {}"
        self.assertEqual(self.differences(test % "die"), [
            "puppet ended with exit status 3, and has not answered a heartbeat", "its standard error: it was told to"])
        self.assertEqual(self.differences(test % "sleep" + "\ntimeout: 0.5"), [
            "puppet says nothing for 0.5 seconds, and has not answered a heartbeat"])
        self.assertEqual(self.differences(test % "nonsense"), [
            "puppet says what is no message, and has not answered a heartbeat"])

    def test_spouts(self):
        test = "component: orders\n%sexpect: {%s}"
        self.assertEqual(self.differences(test % ("", "emits: [[it], {values: [it], id: [one, 1]}]")), [])
        self.assertEqual(self.differences(test % (
            "input: [activate, next, {next: 2}, {ack: 1}, {fail: 'own'}, deactivate]\n",
            "emits: [[it], [it], [it]], logs: ['ack [\"one\", 1]', 'fail \"own\"']")), [])
        self.assertEqual(self.differences(test % ("input: [{ack: 1}]\n", "")), [
            "there is no tuple 1 to ack: orders has emitted 0"])

    def test_a_program_that_cannot_be_started(self):
        self.write("#!/no/such/interpreter\n", "broken")
        os.chmod(self.path("broken"), 0o755)
        self.write(TOPOLOGY.replace("[[python3, ./puppet.py], [word]]", "[[./broken], [word]]"), "puppets.yaml")
        self.assertEqual(self.differences("component: puppet\nexpect: {}"),
                         ["puppet cannot be started: No such file or directory"])

    def test_an_interrupt_ends_it_and_leaves_nothing(self):
        os.mkdir(self.path("tmp"))
        for test in ("component: puppet, input: [[sleep]]", "input: {orders: [[sleep]]}"):
            path = self.write("topology: puppets.yaml\ntests:\n- {name: it, " + test + ", expect: {}}\n"
                              "- {name: other, component: second, expect: {}}\n", "file.test.yaml")
            running = subprocess.Popen([CSTORM, "test", path], stdout=subprocess.PIPE, text=True,
                                       env={**os.environ, "TMPDIR": self.path("tmp"), "XDG_RUNTIME_DIR": "/none"})
            deadline = time.monotonic() + 60
            while not self.components() and time.monotonic() < deadline:
                time.sleep(0.01)
            running.send_signal(signal.SIGINT)
            self.assertIn("interrupted", running.communicate(timeout=60)[0])
            self.assertEqual(running.returncode, 1)
            self.assertEqual(os.listdir(self.path("tmp")), [])
            self.assertEqual(self.components(), [])

    def components(self):
        """The processes that run a file of this test's folder."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                    command = file.read()
                    if self.folder in command and "puppet.py" in command:
                        found.append(pid)
            except OSError:
                pass
        return found

    def test_no_process_is_left(self):
        self.differences("component: puppet\ninput: [[sleep]]\ntimeout: 0.2\nexpect: {}")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                    self.assertNotIn(self.folder, file.read())
            except OSError:
                pass


class Topologies(Testing):
    def test_differences(self):
        found = self.differences(
            """\
            input: {lines: [[a b a]]}
            expect:
              emits: {count: [[a, 2], [b, 2]], split: [[a], [b], [a]]}
              output: "a\\t2\\nc\\t1\\n"
            """, topology="wordcount")
        self.assertEqual(found, ['count: missing: ["b",2]', 'count: not expected: ["b",1]',
                                 "output: line 2: expected c\t1, found b\t1"])

    def test_an_output_that_ends_early(self):
        test = "input: {lines: [[a]]}\nexpect: {output: \"a\\t1\\n%s\"}"
        self.assertEqual(self.differences(test % "", topology="wordcount"), [])
        self.assertEqual(self.differences(test % "b\\t1\\n", topology="wordcount"),
                         ["output: line 2: expected b\t1, found "])

    def test_spouts_of_its_own_and_configuration(self):
        self.write("x y x\n", "input")
        self.assertEqual(self.differences(
            "config: {lines.input: %s}\nexpect: {emits: {count: [[x, 2], [y, 1]]}}" % self.path("input"),
            topology="wordcount"), [])

    def test_components_in_other_languages(self):
        found = self.differences(
            "input: {orders: [[a], [other]]}\nexpect: {emits: {puppet: [{stream: other, values: [1, {a: null}]}]}}")
        self.assertEqual(found, [])

    def test_components_of_a_program_run_where_the_user_is(self):
        self.write("x\n", "input")
        os.mkdir(self.path("resources"))
        path = self.write("topology: wordcount\ntests:\n- {name: it, config: {lines.input: input},"
                          " expect: {emits: {split: [[x]]}}}\n", "file.test.yaml")
        found = self.cstorm("test", path, cwd=self.folder)
        self.assertEqual(found.stdout, "ok    it\n1 passed, 0 failed\n")

    def test_a_run_that_fails(self):
        found = self.differences("config: {lines.input: /none}\nexpect: {emits: {}}", topology="wordcount")
        self.assertEqual(found[0], "the run failed")
        self.assertIn("cannot open the input /none", "".join(found))

    def test_a_run_without_an_end(self):
        self.assertEqual(self.differences("input: {orders: [[sleep]]}\ntimeout: 0.5\nexpect: {emits: {}}"),
                         ["the topology has not ended after 0.5 seconds"])


class Files(Testing):
    def test_all_mistakes_at_once(self):
        self.assertEqual(self.problems("- {nam: a}\n- {name: b, expect: []}\n- c\n- {name: d, expect: {}, timeout: 0}\n"), [
            "file.test.yaml:3:3: error: a test needs a name",
            "file.test.yaml:3:3: error: expect must be a map of what is expected",
            "file.test.yaml:3:4: error: a test has no key nam; did you mean name?",
            "file.test.yaml:4:21: error: b: expect must be a map of what is expected",
            "file.test.yaml:5:3: error: a test must be a map with name, input and expect",
            "file.test.yaml:6:34: error: d: timeout must be a number of seconds above 0"])

    def test_what_the_topology_does_not_have(self):
        def problem(test):
            lines = self.problems("- {name: a, " + test + "}\n")
            self.assertEqual(len(lines), 1, lines)
            return lines[0].split("error: ")[1]

        self.assertEqual(problem("component: pupet, expect: {}"),
                         "a: the topology has no component pupet; did you mean puppet?")
        self.assertEqual(problem("component: puppet, input: [[a, b]], expect: {}"),
                         "a: a tuple of 2 values; stream default of orders has 1 fields")
        self.assertEqual(problem("component: puppet, input: [{from: order, values: [a]}], expect: {}"),
                         "a: puppet has no input order")
        self.assertEqual(problem("component: second, input: [[a]], expect: {}"),
                         "a: second has several inputs: say which one, {from: puppet, stream: other, values: [...]}")
        self.assertEqual(problem("component: puppet, expect: {emits: [{stream: othr, values: []}]}"),
                         "a: puppet has no stream othr; did you mean other?")
        self.assertEqual(problem("component: puppet, expect: {emit: []}"),
                         "expect has no key emit; did you mean emits?")
        self.assertEqual(problem("component: orders, input: [[a]], expect: {}"),
                         "a: the input of a spout is next, {next: TIMES}, {ack: ID}, {fail: ID}, activate or deactivate")
        self.assertEqual(problem("input: {puppet: [[a]]}, expect: {}"),
                         "a: the topology has no spout puppet")
        self.assertEqual(problem("expect: {emits: {second: [[]], puppet: []}}"),
                         "a: second has no stream default")
        self.assertEqual(problem("component: puppet, expect: {order: all}"),
                         "a: order can only be any; without it, tuples are expected in order")

    def test_no_file_no_topology(self):
        found = self.cstorm("test", self.path("none"))
        self.assertEqual((found.returncode, found.stderr),
                         (2, f"{self.path('none')}: error: No such file or directory\n"))
        self.assertEqual(self.problems("", text="tests: []\n"),
                         ["file.test.yaml: error: topology is missing: the path of the topology, seen from here"])
        self.assertEqual(self.problems("- {name: a, expect: {}}\n", topology="none"),
                         ["none: error: No such file or directory"])
        self.assertEqual(self.problems("", text="a: b\n"), [
            "file.test.yaml:1:1: error: not a file of tests: it must be a map with topology and a list of tests"])

    def test_usage(self):
        for arguments in ((), ("--nonsense", "a")):
            self.assertEqual(self.cstorm("test", *arguments).returncode, 2)


if __name__ == "__main__":
    unittest.main()
