"""No process and no file is left behind, whatever way a run ends.

The checks themselves are in RunnerTest.tearDown().
"""

import os
import signal
import sys
import time
import unittest

from runner_support import StoppingTest, bolt, default, python, spout

# A component with company: a child in the background, and one in a session of its own.
COMPANY = [
    "sh",
    "-c",
    'sleep 1000 & setsid sh -c "sleep 1000; :" >/dev/null 2>&1 </dev/null & "$@"; exit $?',
    "sh",
]
IN_COMPANY = COMPANY + python("bolt.py")


class Grandchildren(StoppingTest):
    def companions(self):
        return [pid for pid, command in self.processes().items() if command.startswith("sleep ")]

    def test_at_the_end(self):
        path = self.topology(
            [spout("source", count=10, command=COMPANY + python("spout.py"))],
            [bolt("sink", ["source"], command=IN_COMPANY, parallelism=2)],
        )
        result = self.run_topology(path)
        self.assertEqual(sorted(self.values("sink")), [[i] for i in range(10)])
        self.assertEqual(result.restarts(), 0)

    def test_at_a_signal(self):
        self.start(self.endless(bolt("sink", ["source"], command=IN_COMPANY)))
        self.wait_for_tuples()
        self.assertEqual(len(self.companions()), 2)
        self.runner.send_signal(signal.SIGTERM)
        self.finish()

    def test_at_the_second_signal(self):
        self.start(self.endless(bolt("sink", ["source"], command=IN_COMPANY, hold=[[0]])))
        self.wait_for_tuples()
        self.runner.send_signal(signal.SIGTERM)
        self.wait_until(lambda: "stopping" in self.log(), "it stops")
        time.sleep(0.5)
        self.runner.send_signal(signal.SIGTERM)
        self.finish(status=1)

    def test_when_the_run_fails(self):
        path = self.topology(
            [spout("source", count=10)],
            [bolt("sink", ["source"], command=IN_COMPANY), bolt("bad", ["source"], command=["false"])],
        )
        self.run_topology(path, status=1)

    def test_of_a_component_that_is_started_again(self):
        # The process that hangs is a child of the one that the runner started.
        path = self.topology(
            [spout("source", count=10)],
            [bolt("sink", ["source"], command=IN_COMPANY, hang_on=[4])],
            **{"topology.subprocess.timeout.secs": 1},
        )
        result = self.run_topology(path)
        self.assertEqual(result.restarts(), 1)
        self.assertEqual({value for (value,) in self.values("sink")}, set(range(10)))


class RunnerKilled(StoppingTest):
    def kill_runner(self):
        self.runner.kill()
        self.runner.wait()
        self.runner_was_killed = True

    def test_in_the_midst(self):
        self.start(self.endless(), "-p", "sink=3")
        self.wait_for_tuples()
        self.assertEqual(len(self.components()), 4)
        self.kill_runner()

    def test_with_components_that_do_not_listen(self):
        path = self.topology(
            [spout("source", count=10, hang_at=5)],
            [bolt("sink", ["source"], hang_on=[3]), bolt("stubborn", ["source"], close_wait=1000)],
        )
        self.start(path)
        for name in ("source", "sink"):
            self.wait_until(
                lambda: [note for note in self.all_records(name) if note["what"] == "hang"], name
            )
        self.kill_runner()

    def test_while_components_start(self):
        self.start(self.endless(bolt("sink", ["source"], start_wait=1000, parallelism=3)))
        self.wait_until(lambda: len(self.records("sink")) == 3, "they start")
        self.kill_runner()

    def test_while_components_close(self):
        path = self.topology([spout("source", count=3)], [bolt("sink", ["source"], close_wait=1000)])
        self.start(path)
        self.wait_until(
            lambda: [note for note in self.all_records("sink") if note["what"] == "end"], "it closes"
        )
        self.kill_runner()


class Deaths(StoppingTest):
    def test_a_bolt_that_exits_is_started_again(self):
        path = self.topology(
            [spout("source", count=20)],
            [
                bolt("through", ["source"], default("v"), to=["default"]),
                bolt("sink", ["through"], exit_on=[7]),
            ],
        )
        result = self.run_topology(path)
        self.assertEqual(result.component("sink")["restarts"], 1)
        self.assertEqual(result.restarts(), 1)
        (task,) = self.records("sink")
        self.assertEqual(len(result.lines("WARN", f"sink[{task}]", "exit status 3")), 1, result.log)
        self.assertEqual({value for (value,) in self.values("sink")}, set(range(20)))
        self.assertEqual(sorted(self.heard("ack")), list(range(20)))
        starts = [note["handshake"] for note in self.all_records("sink") if note["what"] == "start"]
        self.assertEqual([start["conf"]["cstorm.task.restarts"] for start in starts], [0, 1])

    def test_a_spout_that_exits_is_started_again(self):
        path = self.topology([spout("source", count=20, exit_at=7)], [bolt("sink", ["source"])])
        result = self.run_topology(path)
        self.assertEqual(result.component("source")["restarts"], 1)
        (task,) = self.records("source")
        self.assertEqual(len(result.lines("WARN", f"source[{task}]", "exit status 3")), 1, result.log)
        self.assertEqual({value for (value,) in self.values("sink")}, set(range(20)))

    def test_a_tuple_that_always_crashes_a_bolt_ends_the_run(self):
        path = self.topology(
            [spout("source", count=20)],
            [bolt("sink", ["source"], exit_on=[7], lives=1000)],
        )
        result = self.run_topology(path, status=1)
        self.assertEqual(len(result.lines("ERROR", "gave up", "sink", "exit status 3")), 1, result.log)
        self.assertLessEqual(result.restarts(), 20)

    def test_tuples_without_an_anchor_that_are_lost_are_counted(self):
        path = self.topology(
            [spout("source", count=20, id=False)], [bolt("sink", ["source"], exit_on=[19])]
        )
        result = self.run_topology(path)
        lost = result.lines("WARN", "sink[", "are lost")
        self.assertEqual(len(lost), 1, result.log)
        self.assertIn("1 of its 1 tuples", lost[0])


class Directories(StoppingTest):
    def directories(self, parent):
        return [name for name in os.listdir(parent) if name.startswith("cstorm-")]

    def test_one_for_each_run_with_the_pids(self):
        self.start(self.endless())
        self.wait_for_tuples()
        (name,) = os.listdir(os.path.join(self.runtime, "cstorm"))
        self.assertEqual(name.split(".")[-1], str(self.runner.pid))
        folder = os.path.join(self.runtime, "cstorm", name)
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
        self.assertEqual(sorted(os.listdir(folder)), ["control", "pids"])
        pids = sorted(int(pid) for pid in os.listdir(os.path.join(folder, "pids")))
        self.assertEqual(pids, self.components())
        self.runner.send_signal(signal.SIGTERM)
        self.finish()
        self.assertEqual(os.listdir(self.runtime), [])

    def test_other_places(self):
        for variables in (
            {"TMPDIR": self.directory},
            {"TMPDIR": self.directory, "XDG_RUNTIME_DIR": self.path("nowhere")},
        ):
            self.environment.pop("XDG_RUNTIME_DIR", None)
            self.environment.update(variables)
            self.start(self.endless())
            self.wait_for_tuples()
            self.assertEqual(len(self.directories(self.directory)), 1)
            self.runner.send_signal(signal.SIGTERM)
            self.finish()
            self.assertEqual(self.directories(self.directory), [])

    def test_no_place(self):
        self.environment.pop("XDG_RUNTIME_DIR")
        self.environment["TMPDIR"] = self.path("nowhere")
        result = self.run_topology(self.endless(), status=1)
        self.assertEqual(len(result.lines("ERROR", self.path("nowhere"), "No such file")), 1)

    def test_what_components_add_is_removed(self):
        script = 'import os, sys; h = __import__("json").loads(sys.stdin.readline());' + (
            'open(os.path.join(h["pidDir"], "more"), "w").close(); sys.exit(1)'
        )
        path = self.topology(
            [spout("source", count=1)], [bolt("sink", ["source"], command=[sys.executable, "-c", script])]
        )
        self.run_topology(path, status=1)


if __name__ == "__main__":
    unittest.main()
