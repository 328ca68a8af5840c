"""What was recorded of a task, sent to a process alone: `cstorm replay`."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest

from harness import WIRES
from runner_support import CSTORM, PATIENCE, RUNNER_PROBE, RunnerTest, bolt, default, spout

MSGPACK = ("-o", "topology.multilang.serializer=cstorm.multilang.MessagePackSerializer")

# It reads all that it is sent, and says what is in a file.
ANSWER = [sys.executable, "-c", "import sys; sys.stdin.buffer.read(); "
                                "sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"]


def emit(value, anchor=None, **more):
    return {"command": "emit", "anchors": [anchor] if anchor else [], "tuple": [value], **more}


def ack(id):
    return {"command": "ack", "id": id}


class ReplayTest(RunnerTest):
    def replay(self, *arguments, status=0, says=None, **run):
        result = subprocess.run([CSTORM, "replay", *arguments], capture_output=True, text=True, timeout=PATIENCE,
                                env=self.environment, stdin=subprocess.DEVNULL, check=False, **run)
        if status is None:
            status = 1 if json.loads(result.stdout)["differences"] else 0
        self.assertEqual(result.returncode, status, result.stdout[-3000:] + result.stderr[-3000:])
        if says is not None:
            self.assertEqual(result.stderr, says)
        return result

    def replay_json(self, *arguments, **run):
        return json.loads(self.replay("--json", *arguments, **run).stdout)

    def recording(self, name):
        return self.path(os.path.join("recordings", name))


class Runs(ReplayTest):
    """Recordings of runs."""

    def record(self, *arguments):
        self.run_topology(RUNNER_PROBE, "--record", self.path("recordings"), "-o", "numbers.count=500",
                          "-o", "numbers.release=/", "-o", f"mark.marks={self.path('marks')}", *arguments)

    def check_all(self):
        for task, tuples, answers in (("numbers-3", 500, 500), ("pass-4", 250, 500), ("pass-5", 250, 500)):
            result = self.replay_json(self.recording(task + ".stdin"))
            self.assertEqual([result[key] for key in ("task", "same", "missing", "new", "tuples", "differences")],
                             [int(task[-1]), answers, 0, 0, tuples, []])
            self.assertEqual((result["end"], result["recorded_end"]), ("ended with exit status 0",) * 2)
            self.assertTrue(result["compared"])

    def test_the_same_component_answers_the_same(self):
        self.record()
        self.check_all()
        self.assertEqual(len(self.read("marks").splitlines()), 500)
        self.replay(self.recording("mark-1.stdin"))
        self.assertGreater(len(self.read("marks").splitlines()), 500)  # it was really at work

    def test_the_same_on_the_other_wire(self):
        self.record(*MSGPACK)
        self.check_all()

    def test_another_one_does_not(self):
        self.record("-p", "pass=1")
        changed = f'"{RUNNER_PROBE}" | sed -u "s/line 7\\"/line seven\\"/"'
        lines = self.replay(self.recording("pass-4.stdin"), "--", "sh", "-c", changed, status=1).stdout.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[0], r'^for tuple \d+ from numbers, stream default, \["line 7"\]:$')
        self.assertRegex(lines[1], r'^- \{"command":"emit",.*"tuple":\["line 7"\]\}$')
        self.assertEqual(lines[2], "+" + lines[1][1:].replace("line 7", "line seven"))
        self.assertTrue(lines[3].startswith("999 answers are the same, 1 are missing, 1 are new; 500 tuples in "))

    def test_the_command_of_the_recording_runs_where_it_ran(self):
        os.symlink(RUNNER_PROBE, self.path("program"))
        description = bolt("pass", ["source"], default("line"), command=["./program", "--component", "pass"])
        description["env"] = {"SOME": "thing"}
        path = self.topology([spout("source", default("line"), count=3)], [description])
        self.run_topology(path, "--record", "recordings", cwd=self.directory)
        start = json.loads(self.read("recordings/pass-1.times").split(b"\n")[0])
        self.assertEqual(start["folder"], self.directory)
        result = self.replay_json(self.recording("pass-1.stdin"), cwd="/")
        self.assertEqual((result["component"], result["same"], result["new"]), ("pass", 6, 0))
        # Another command runs where the user is, with the same environment.
        self.replay(self.recording("pass-1.stdin"), "--", "sh", "-c", 'pwd >&2; echo "$SOME" >&2', status=1, cwd="/",
                    says="/\nthing\n")

    def test_where_the_recorded_process_died(self):
        path = self.topology([spout("source", count=20)], [bolt("sink", ["source"], exit_on=[7])])
        self.run_topology(path, "--record", self.path("recordings"))
        result = self.replay_json(self.recording("sink-1.stdin"))
        self.assertEqual((result["end"], result["recorded_end"]), ("ended with exit status 3",) * 2)
        self.assertEqual((result["missing"], result["new"]), (0, 0))


class Crafted(ReplayTest):
    """Recordings that are written by hand."""

    wire = "json"

    TUPLES = [{"id": id, "comp": "source", "stream": "default", "task": 2, "tuple": [value]}
              for id, value in (("1", "one"), ("2", "two"))]
    ANSWERS = [{"pid": 17}, emit("a", "1"), emit("b", "1"), ack("1"), emit("c", "2"), ack("2")]

    def encode(self, messages):
        return b"".join(map(WIRES[self.wire].encode, messages))

    def prepare(self, answers=None, times=None, cut=0):
        """A recording of two tuples."""
        os.makedirs(self.path("recordings"), exist_ok=True)
        data = self.encode([{"pidDir": "/nowhere", "conf": {}, "context": {}}, *self.TUPLES])
        self.write("recordings/bolt-3.stdin", data)
        answers = self.encode(self.ANSWERS if answers is None else answers)
        self.write("recordings/bolt-3.stdout", answers[:len(answers) - cut])
        if times:
            self.write("recordings/bolt-3.times", times.encode())
        return self.recording("bolt-3.stdin")

    def saying(self, messages):
        return [*ANSWER, self.write("answers", self.encode(messages))]

    def compare(self, replayed, recorded=None, **prepare):
        """The numbers of answers that are the same, missing and new; and the differences."""
        command = self.saying([{"pid": 18}, *replayed])
        result = self.replay_json(self.prepare(recorded, **prepare), "--", *command, status=None)
        self.assertEqual(result["missing"] + result["new"] > 0, bool(result["differences"]))
        return (result["same"], result["missing"], result["new"]), result["differences"]

class Comparison(Crafted):
    def test_the_same(self):
        self.assertEqual(self.compare(self.ANSWERS[1:]), ((5, 0, 0), []))

    def test_tuples_may_come_in_any_order(self):
        a, b, ack1, c, ack2 = self.ANSWERS[1:]
        self.assertEqual(self.compare([c, a, ack2, b, ack1]), ((5, 0, 0), []))

    def test_the_answers_of_a_tuple_may_not(self):
        a, b, ack1, c, ack2 = self.ANSWERS[1:]
        counts, (difference,) = self.compare([b, a, ack1, c, ack2])
        self.assertEqual(counts, (3, 2, 2))
        self.assertEqual(difference["tuple"], {"id": "1", "component": "source", "stream": "default", "values": ["one"]})
        self.assertEqual([emit["tuple"] for emit in difference["recorded"]], [["a"], ["b"]])
        self.assertEqual([emit["tuple"] for emit in difference["replayed"]], [["b"], ["a"]])

    def test_one_that_is_missing(self):
        a, b, ack1, c, ack2 = self.ANSWERS[1:]
        for left_out, said in ((b, [a, ack1, c, ack2]), (ack1, [a, b, c, ack2]), (ack2, [a, b, ack1, c])):
            counts, (difference,) = self.compare(said)
            self.assertEqual(counts, (4, 1, 0))
            self.assertEqual((difference["recorded"], difference["replayed"]), ([left_out], []))

    def test_one_that_is_new(self):
        a, b, ack1, c, ack2 = self.ANSWERS[1:]
        for new, said in ((emit("x", "1"), [a, emit("x", "1"), b, ack1, c, ack2]),
                          (emit("x", "2"), [a, b, ack1, c, ack2, emit("x", "2")]),
                          (emit("x", "3"), [a, b, ack1, emit("x", "3"), c, ack2])):
            counts, differences = self.compare(said)
            self.assertEqual((counts, [d["replayed"] for d in differences]), ((5, 0, 1), [[new]]))
        self.assertEqual(differences[0]["tuple"], "3")  # it was not sent

    def test_nothing_at_all(self):
        counts, differences = self.compare([])
        self.assertEqual((counts, [d["tuple"]["id"] for d in differences]), ((0, 5, 0), ["1", "2"]))

    def test_nothing_was_recorded(self):
        counts, differences = self.compare(self.ANSWERS[1:], recorded=[])
        self.assertEqual((counts, [len(d["replayed"]) for d in differences]), ((0, 0, 5), [3, 2]))

    def test_what_belongs_to_no_tuple_comes_in_order(self):
        recorded = [emit("x"), emit("y"), *self.ANSWERS, emit("z")]
        a, b, ack1, c, ack2 = self.ANSWERS[1:]
        self.assertEqual(self.compare([a, b, ack1, emit("x"), c, emit("y"), ack2, emit("z")], recorded), ((8, 0, 0), []))
        counts, (difference,) = self.compare([emit("y"), emit("x"), *self.ANSWERS[1:], emit("z")], recorded)
        self.assertEqual((counts, difference["tuple"]), ((6, 2, 2), None))

    def test_what_differs_from_life_to_life(self):
        said = [{"command": "log", "msg": "now", "level": 2}, *self.ANSWERS[1:4], {"command": "sync"},
                {"command": "metrics", "name": "n", "params": 1}, *self.ANSWERS[4:]]
        self.assertEqual(self.compare(said), ((5, 0, 0), []))

    def test_errors_are_compared_by_their_first_line(self):
        recorded = [{"command": "error", "msg": "crashed\nat 0x1"}]
        self.assertEqual(self.compare([{"command": "error", "msg": "crashed\nat 0x2"}], recorded), ((1, 0, 0), []))
        self.assertEqual(self.compare([{"command": "error", "msg": "failed\nat 0x1"}], recorded)[0], (0, 1, 1))

    def test_a_recording_that_ends_in_a_message(self):
        counts, (difference,) = self.compare(self.ANSWERS[1:], cut=3)
        self.assertEqual((counts, difference["replayed"]), ((4, 0, 1), [ack("2")]))

    def test_what_is_no_message(self):
        junk = b"\xc1\xc1\n" if self.wire == "msgpack" else b"hello\nend\n"
        result = self.replay(self.prepare(), "--", *ANSWER, self.write("answers", junk), status=1)
        self.assertIn("is no message", result.stderr)


class ComparisonOnMessagePack(Comparison):
    wire = "msgpack"


class Command(Crafted):
    """How the command behaves."""

    def test_only_so_many_differences_are_shown(self):
        path, command = self.prepare(), self.saying([])
        for count, shown in ((0, []), (1, [1]), (2, [2, 2])):
            result = self.replay_json("-n", str(count), path, "--", *command, status=1)
            self.assertEqual([len(d["recorded"]) for d in result["differences"]], shown)
            self.assertEqual(result["missing"], 5)

    def test_without_the_other_files_it_only_runs(self):
        path = self.prepare()
        os.unlink(self.recording("bolt-3.stdout"))
        result = self.replay_json(path, "--", *self.saying(self.ANSWERS))
        self.assertEqual((result["compared"], result["tuples"]), (False, 2))

    def test_a_process_that_dies(self):
        path = self.prepare()
        result = self.replay(path, "--", "sh", "-c", "echo no licence >&2; kill -SEGV $$", status=1)
        self.assertIn("it was killed by signal 11 (Segmentation fault)\n", result.stdout)
        self.assertEqual(result.stderr, "no licence\n")
        result = self.replay_json(path, "--", "sh", "-c", "echo no licence >&2; exit 3", status=1)
        self.assertEqual((result["end"], result["errors"]), ("ended with exit status 3", "no licence\n"))

    def test_a_process_that_says_why_it_fails(self):
        said = self.saying([{"command": "error", "msg": "the model is missing"}])
        result = self.replay(self.prepare(), "--", "sh", "-c", '"$@"; exit 4', "sh", *said, status=1)
        self.assertIn("it ended with exit status 4: the model is missing\n", result.stdout)

    def test_an_exit_status_that_was_recorded_is_no_failure(self):
        path = self.prepare(times='{"cstorm":1}\n0.000000 in 10\n0.100000 end ended with exit status 3\n')
        self.replay(path, "--", "sh", "-c", '"$@"; exit 3', "sh", *self.saying(self.ANSWERS))
        result = self.replay(path, "--", "sh", "-c", '"$@"; exit 4', "sh", *self.saying(self.ANSWERS), status=1)
        self.assertIn("it ended with exit status 4\nwhen it was recorded, it ended with exit status 3\n", result.stdout)

    def test_in_its_own_time(self):
        size = len(self.read(os.path.relpath(self.prepare(), self.directory)))
        path = self.prepare(times=f'{{"cstorm":1}}\n0.000000 in {size - 40}\n1.500000 in 40\n1.6 end x\n')
        command = self.saying(self.ANSWERS)
        for option, least in ((("--paced",), 1.5), (("--speed", "3"), 0.5)):
            started = time.monotonic()
            self.replay(*option, path, "--", *command)
            self.assertGreaterEqual(time.monotonic() - started, least)

    def test_what_it_is_sent(self):
        path = self.prepare()
        self.replay(path, "--", "sh", "-c", f"cat > '{self.path('sent')}'", status=1)
        handshake, rest = WIRES[self.wire].take(self.read("sent"))
        self.assertTrue(handshake["pidDir"].startswith(self.runtime), handshake)
        self.assertEqual(rest, self.encode(self.TUPLES))

    def test_interrupted(self):
        process = subprocess.Popen([CSTORM, "replay", self.prepare(), "--", "sh", "-c", "echo here >&2; sleep 1000"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
        self.assertEqual(process.stderr.readline(), b"here\n")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, output, errors), (1, b"", b"cstorm replay: interrupted\n"))

    def test_mistakes(self):
        path = self.prepare()
        for arguments, problem in (
            ((), "the recording is missing"),
            (("--nonsense", path), "options are not understood"),
            (("--speed", "0", path), "--speed must be a number above 0, not 0"),
            (("-n", "x", path), "--count must be 0 or more, not x"),
            ((self.path("nothing"),), "No such file"),
            ((self.directory,), "is no recording"),
            ((self.write("empty", b""),), "is no recording"),
            ((self.write("other", b"[1]\nend\n"),), "is no recording"),
            ((path,), "a COMMAND is needed"),
            (("--paced", path, "--", "true"), "cannot be paced"),
        ):
            self.assertIn(problem, self.replay(*arguments, status=2).stderr)
        self.assertIn("cannot start no-such-command: No such file", self.replay(path, "--", "no-such-command", status=1).stderr)


if __name__ == "__main__":
    unittest.main()
