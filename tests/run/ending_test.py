"""How a run ends, and that it leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest

from harness import (COMPONENT, PATIENCE, WORDCOUNT, Run, python_component, read, run, subscribe, temporary, topology,
                     wait_until, with_marker, write)


def notes(path):
    return [json.loads(line) for line in read(path).splitlines()] if os.path.exists(path) else []


def endless(*bolts, config=None):
    return topology([python_component("source", "spout-endless", outputs={"default": ["n"]})],
                    list(bolts) or [python_component("bolt", "bolt-note", os.devnull,
                                                     inputs=[subscribe("source", "shuffle")])],
                    {"topology.max.spout.pending": 10, **(config or {})})


class Ending(unittest.TestCase):
    def check_nothing_is_left(self, process):
        wait_until(lambda: not with_marker(process.marker), "the processes of the run to end")

    def check_graceful(self, process):
        process.wait()
        self.assertEqual(process.status, 0, process.stderr)
        self.assertEqual(process.stats["status"], "stopped")
        source = process.output("source")
        self.assertEqual(source["acked"], source["emitted"])
        self.check_nothing_is_left(process)
        self.assertEqual([f for f in os.listdir(process.folder) if f.startswith("cstorm-")], [])

    def start_endless(self, *arguments, **more):
        process = Run(self, endless(), *arguments, **more)
        time.sleep(0.5)
        return process

    def test_components_close_upstream_first_and_what_they_emit_still_flows(self):
        path = os.path.join(temporary(self), "notes")
        result = run(self, topology(
            [python_component("source", "spout-numbers", "3", outputs={"default": ["n"]})],
            [python_component("c", "bolt-at-end", path, "c", inputs=[subscribe("b", "shuffle")], outputs={"default": ["n"]}),
             python_component("b", "bolt-at-end", path, "b", inputs=[subscribe("a", "shuffle")], outputs={"default": ["n"]}),
             python_component("a", "bolt-at-end", path, "a", inputs=[subscribe("source", "shuffle")],
                              outputs={"default": ["n"]}, parallelism=2)]))
        self.assertEqual(result.status, 0, result.stderr)
        said = [n[0] for n in notes(path)]
        self.assertEqual(sorted(s[0] for s in said if isinstance(s, list) and isinstance(s[0], int)), [0, 1, 2])
        said = [s if isinstance(s, str) else f"got {s[0]}" for s in said if s[0] not in (0, 1, 2)]
        self.assertEqual(sorted(said[:4]), ["a", "a", "got a", "got a"])
        self.assertEqual(said[4:], ["b", "got b", "c"])

    def test_stops_after_its_time(self):
        self.check_graceful(Run(self, endless(), "--time", "0.7"))

    def test_stops_gracefully_at_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.start_endless()
                process.process.send_signal(number)
                self.check_graceful(process)
                self.assertIn("stopping:", process.stderr)

    def test_stops_gracefully_when_the_whole_group_gets_the_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start_endless(start_new_session=True)
            os.killpg(process.pid, number)
            self.check_graceful(process)

    def test_takes_a_signal_that_comes_twice_at_once_for_one(self):
        # timeout(1) signals the runner, and in the next moment the whole group.
        process = self.start_endless(start_new_session=True)
        process.process.send_signal(signal.SIGTERM)
        time.sleep(0.01)
        os.killpg(process.pid, signal.SIGTERM)
        self.check_graceful(process)

    def test_a_signal_while_it_closes_takes_nothing_away(self):
        path = os.path.join(temporary(self), "notes")
        process = Run(self, topology(
            [python_component("source", "spout-numbers", "1", outputs={"default": ["n"]})],
            [python_component("slow", "bolt-at-end", path, "slow", "1", inputs=[subscribe("source", "shuffle")],
                              outputs={"default": ["n"]}),
             python_component("sink", "bolt-note", path, inputs=[subscribe("slow", "shuffle")])]))
        wait_until(lambda: any(n[0] == "slow" for n in notes(path)), "the bolt to close")
        process.process.send_signal(signal.SIGTERM)
        process.wait()
        self.assertEqual(process.status, 0, process.stderr)
        self.assertEqual(notes(path)[-1][3], ["slow"])

    def test_stops_before_it_has_begun(self):
        slow = {"name": "bolt", "inputs": [subscribe("source", "shuffle")],
                "command": ["sh", "-c", f"sleep 1; exec {sys.executable} {COMPONENT} bolt-note /dev/null"]}
        process = Run(self, endless(slow))
        wait_until(lambda: len(process.tasks()) == 2, "the tasks to start")
        process.process.send_signal(signal.SIGTERM)
        self.check_graceful(process)
        self.assertEqual(process.output("source")["emitted"], 0)

    def test_stops_at_once_at_the_second_signal(self):
        # A bolt that never acks: the first signal alone would wait for the time-out.
        process = Run(self, endless(python_component("bolt", "bolt-says", "", inputs=[subscribe("source", "shuffle")])))
        time.sleep(0.5)
        process.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(process.process.poll())
        process.process.send_signal(signal.SIGINT)
        process.wait()
        self.assertEqual(process.status, 1)
        self.assertIn("stopped at once", process.stderr)
        self.assertEqual(process.stats["status"], "failed")
        self.check_nothing_is_left(process)

    def test_leaves_no_process_when_it_is_killed(self):
        process = self.start_endless()
        self.assertEqual(len(process.tasks()), 2)
        process.process.kill()
        process.wait()
        self.check_nothing_is_left(process)

    def test_leaves_no_child_of_a_component(self):
        script = f"sleep 1000 & sleep 1000 & exec {sys.executable} {COMPONENT} bolt-note /dev/null"
        bolt = {"name": "bolt", "command": ["sh", "-c", script], "inputs": [subscribe("source", "shuffle")]}
        spout = python_component("source", "spout-numbers", "5", outputs={"default": ["n"]})
        process = Run(self, topology([spout], [bolt])).wait()
        self.assertEqual(process.status, 0, process.stderr)
        self.check_nothing_is_left(process)

    def test_kills_what_does_not_close_and_says_so(self):
        process = run(self, topology(
            [python_component("source", "spout-numbers", "0", '{"tuple":[1]}', outputs={"default": ["n"]})],
            [python_component("bolt", "bolt-stays", inputs=[subscribe("source", "shuffle")])],
            {"cstorm.change.timeout.secs": 1}))
        self.assertEqual(process.status, 1)
        self.assertRegex(process.stderr, r"bolt\[1\]: did not close as it should.*was killed because it hung")
        self.check_nothing_is_left(process)

    def test_starts_what_ends_by_itself_again(self):
        process = self.start_endless()
        bolt = next(pid for pid in process.tasks() if b"bolt-note" in read(f"/proc/{pid}/cmdline"))
        os.kill(bolt, signal.SIGSEGV)
        time.sleep(0.3)
        process.process.send_signal(signal.SIGTERM)
        process.wait()
        self.assertEqual(process.status, 0, process.stderr)
        self.assertRegex(process.stderr, r"bolt\[1\]: was killed by signal 11 \(Segmentation fault\); it is started again")
        self.assertEqual(process.component("bolt")["restarts"], 1)
        self.assertIn("bolt: 1 restarts", process.stderr)

    def test_gives_up_a_component_that_a_tuple_always_crashes(self):
        process = run(self, topology(
            [python_component("source", "spout-numbers", "20", outputs={"default": ["n"]})],
            [python_component("bolt", "bolt-crash-on", "7", inputs=[subscribe("source", "shuffle")])]))
        self.assertEqual(process.status, 1)
        self.assertRegex(process.stderr, r"gave up after 6 deaths of bolt: task 1 was killed by signal 6 \(Aborted\)")
        self.assertEqual(process.stats["status"], "failed")
        self.check_nothing_is_left(process)

    def test_a_crash_of_a_spout_on_a_pipe_is_no_silent_loss(self):
        process = Run(self, WORDCOUNT, "-v", stdin=subprocess.PIPE)
        process.process.stdin.write(b"a b\n")
        process.process.stdin.flush()
        time.sleep(0.5)
        for pid in process.tasks():
            os.kill(pid, signal.SIGKILL)
        process.wait()
        self.assertEqual(process.status, 1)
        self.assertIn("cannot be read again after a crash of lines", process.stderr)


if __name__ == "__main__":
    unittest.main()
