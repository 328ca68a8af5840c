"""What the tasks of a run are sent and answer, in files: `cstorm run --record`."""

import json
import os
import resource
import stat
import subprocess
import unittest

from harness import WIRES
from runner_support import PATIENCE, RUNNER_PROBE, RunnerTest, bolt, python, spout

MSGPACK = ("-o", "topology.multilang.serializer=cstorm.multilang.MessagePackSerializer")


def messages(data, wire="json"):
    """The messages of a stream, which has nothing else."""
    found = []
    while taken := WIRES[wire].take(data):
        message, data = taken
        found.append(message)
    assert data == b"", data
    return found


class Record(RunnerTest):
    def setUp(self):
        super().setUp()
        self.folder = self.path("recordings")

    def recorded(self, name):
        return self.read(os.path.join("recordings", name))

    def times(self, name):
        """How the process was started, the times with the bytes that were sent, and how it ended."""
        start, *lines, end = self.recorded(name).decode().splitlines()
        seconds, what, how = end.split(" ", 2)
        self.assertEqual(what, "end")
        sent = [(float(seconds), what, int(count)) for seconds, what, count in map(str.split, lines)]
        self.assertEqual({what for _, what, _ in sent}, {"in"})
        self.assertEqual(sorted(seconds for seconds, _, _ in sent) + [float(seconds)],
                         [seconds for seconds, _, _ in sent] + [float(seconds)])
        return json.loads(start), sent, how

    def probe(self, *arguments, **start):
        return self.run_topology(RUNNER_PROBE, "--record", self.folder, "-o", "numbers.count=500",
                                 "-o", "numbers.release=/", "-p", "pass=1", *arguments, **start)

    def check_probe(self, wire):
        """Tasks are numbered by the names of the components: two of mark, numbers, pass."""
        sent = messages(self.recorded("pass-4.stdin"), wire)
        lines = [message["tuple"] for message in sent[1:] if message["stream"] == "default"]
        self.assertEqual(lines, [[f"line {i}"] for i in range(500)])
        self.assertEqual(sent[0]["context"]["componentid"], "pass")
        said = messages(self.recorded("pass-4.stdout"), wire)
        self.assertEqual([m["tuple"] for m in said if m.get("command") == "emit"], lines)
        # The command does the same again, by itself.
        with open(os.path.join(self.folder, "pass-4.stdin"), "rb") as stdin:
            again = subprocess.run([RUNNER_PROBE], stdin=stdin, capture_output=True, timeout=PATIENCE, check=True)
        self.assertEqual(self.without_pid(messages(again.stdout, wire)), self.without_pid(said))

    def without_pid(self, said):
        return [message for message in said if "pid" not in message]

    def test_all_that_is_sent_and_answered(self):
        self.probe()
        self.check_probe("json")

    def test_on_the_other_wire(self):
        self.probe(*MSGPACK)
        self.check_probe("msgpack")

    def test_all_tasks_and_only_for_their_owner(self):
        self.probe()
        names = sorted(os.listdir(self.folder))
        tasks = ("mark-1", "mark-2", "numbers-3", "pass-4")
        self.assertEqual(names, sorted([task + "." + kind for task in tasks for kind in ("stdin", "stdout", "times")]
                                       + ["pids"]))
        for name in ("", *names):
            mode = os.stat(os.path.join(self.folder, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o700 if stat.S_ISDIR(mode) else 0o600, name)

    def test_the_times_say_when_all_of_it_was_sent(self):
        self.probe()
        start, sent, end = self.times("pass-4.times")
        self.assertEqual(start, {"cstorm": 1, "component": "pass", "task": 4, "life": 1, "command": [RUNNER_PROBE],
                                 "folder": os.getcwd(), "environment": None})
        self.assertEqual(sum(count for _, _, count in sent), len(self.recorded("pass-4.stdin")))
        self.assertEqual(end, "ended with exit status 0")

    def test_each_life_has_its_own(self):
        path = self.topology([spout("source", count=20)], [bolt("sink", ["source"], exit_on=[7])])
        self.run_topology(path, "--record", self.folder)
        start, _, end = self.times("sink-1.times")
        self.assertEqual((start["command"], start["life"], end), (python("bolt.py"), 1, "ended with exit status 3"))
        self.assertEqual(self.times("sink-1.2.times")[0]["life"], 2)
        self.assertEqual([m["conf"]["cstorm.task.restarts"] for name in ("sink-1.stdin", "sink-1.2.stdin")
                          for m in messages(self.recorded(name))[:1]], [0, 1])
        seen = [m["tuple"] for name in ("sink-1.stdin", "sink-1.2.stdin") for m in messages(self.recorded(name))
                if m.get("stream") == "default"]
        self.assertGreater(seen.count([7]), 1)

    def test_the_folder_must_be_empty(self):
        os.mkdir(self.folder)
        self.probe()
        result = self.run_topology(RUNNER_PROBE, "--record", self.folder, status=1)
        self.assertEqual(len(result.lines("ERROR", self.folder, "new or an empty folder")), 1, result.log)
        result = self.run_topology(RUNNER_PROBE, "--record", self.path("no/where"), status=1)
        self.assertEqual(len(result.lines("ERROR", self.path("no/where"), "No such file")), 1, result.log)

    def test_a_full_disk_ends_the_recording_not_the_run(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 15, 1 << 15))

        # Python ignores SIGXFSZ, and so do its children: the write fails.
        result = self.probe("-o", "numbers.count=2000", preexec_fn=limit, restore_signals=False, status=1)
        self.assertEqual(result.sent("numbers")["acked"], 2000)
        for component in ("numbers[", "pass["):
            self.assertEqual(len(result.lines("ERROR", component, "its recording", "File too large")), 1, result.log)


if __name__ == "__main__":
    unittest.main()
