"""Components that run in a debugger or the like: `cstorm run --wrap`."""

import os
import signal
import subprocess
import time
import unittest

from runner_support import PATIENCE, RUNNER_PROBE, RunnerTest, StoppingTest, bolt, default, python, spout

SANITIZED = os.environ["SANITIZED"] != "none"
WAYS_LIFE = os.environ["WAYS_LIFE"]


def may_trace():
    """A container may forbid ptrace."""
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, timeout=PATIENCE).returncode == 0


class Wrap(RunnerTest):
    def two(self, *arguments, status=0, count=20, **conf):
        """A run of a spout and two tasks of a bolt."""
        path = self.topology([spout("source", count=count)], [bolt("sink", ["source"], parallelism=2, **conf)])
        return self.run_topology(path, *arguments, status=status)

    def starts(self, component):
        return [note["handshake"] for note in self.all_records(component) if note["what"] == "start"]

    def saying(self, component):
        """A wrapper that leaves a trace in the log."""
        return f"""{component}=sh -c 'echo >&2 {self.mark}; exec "$0" "$@"'"""

    def test_the_shell_reads_the_command_and_hands_on_the_component(self):
        words = self.path("words of {task}")
        self.two("--wrap", f"""sink=sh -c 'printf "%s\\n" "$0" "$@" > "{words}"; exec "$0" "$@"' """)
        for task in self.records("sink"):
            self.assertEqual(self.read(f"words of {task}").decode().splitlines(), python("bolt.py"))
        self.assertEqual(len(self.records("sink")), 2)
        self.assertEqual(len(self.all_tuples("sink")), 20)
        self.assertFalse([name for name in os.listdir(self.directory) if "{" in name])

    def test_only_the_one_that_is_meant(self):
        path = self.topology([spout("source", count=3)],
                             [bolt("through", ["source"], default("v"), to=["default"]), bolt("sink", ["through"])])
        self.run_topology(path, "--wrap", self.saying("through"))
        (task,) = self.records("through")
        self.assertEqual([line.split(" ", 1)[1] for line in self.log().splitlines() if self.mark in line],
                         [f"STDERR through[{task}]: {self.mark}"])

    def test_each_life(self):
        path = self.topology([spout("source", count=20)], [bolt("sink", ["source"], exit_on=[7])])
        result = self.run_topology(path, "--wrap", self.saying("sink"))
        self.assertEqual(result.restarts(), 1)
        self.assertEqual(self.log().count(self.mark), 2)

    def test_nobody_is_killed_for_silence_and_no_tuple_for_its_age(self):
        limits = ("-o", "topology.subprocess.timeout.secs=1", "-o", "topology.message.timeout.secs=1",
                  "-o", "cstorm.change.timeout.secs=1")
        result = self.two(*limits, "--wrap", "sink=env", slow_on=[7], start_wait=2.5, close_wait=2.5)
        self.assertEqual(result.restarts(), 0, result.log)
        self.assert_sent(result, acked=20, failed=0)
        self.assertEqual([start["conf"]["cstorm.call.timeout.secs"] for start in self.starts("sink")], [0, 0])
        self.assertNotIn("cstorm.call.timeout.secs", self.starts("source")[0]["conf"])

    def test_mistakes(self):
        for argument, problem in (
            ("snik=env", "--wrap snik=env: the topology test has no such component; did you mean sink?"),
            ("sink", "--wrap sink: it must be COMPONENT=COMMAND"),
            ("sink= ", "--wrap sink= : it must be COMPONENT=COMMAND"),
        ):
            result = self.two("--wrap", argument, status=2)
            self.assertIn(problem, result.log)

    def test_a_wrapper_that_is_not_there(self):
        result = self.two("--wrap", "sink=no-such-debugger", status=1)
        self.assertEqual(len(result.lines("ERROR", "sink could not start", "no-such-debugger", "not found")), 1)

    def test_its_own_exit_status_is_no_failure(self):
        self.two("--wrap", "sink=sh -c '\"$0\" \"$@\"; exit 3'")


@unittest.skipUnless(may_trace(), "a process may not trace another one here")
class Tracers(StoppingTest):
    def test_strace(self):
        path = self.topology([spout("source", count=20)], [bolt("sink", ["source"], parallelism=2)])
        self.run_topology(path, "--wrap", f"sink=strace -f -o {self.path('strace')}.{{task}}")
        self.assertEqual(len(self.records("sink")), 2)
        for task in self.records("sink"):
            self.assertIn(b"execve(", self.read(f"strace.{task}"))

    def test_nothing_is_left_behind_when_the_runner_is_killed(self):
        self.start(self.endless(), "--wrap", "sink=strace -o /dev/null", "--wrap", "source=strace -o /dev/null")
        self.wait_for_tuples()
        self.runner.kill()
        self.runner.wait()
        self.runner_was_killed = True

    def test_nothing_is_left_behind_when_it_is_stopped_at_once(self):
        self.start(self.endless(bolt("sink", ["source"], close_wait=1000)), "--wrap", "sink=strace -o /dev/null")
        self.wait_for_tuples()
        self.runner.send_signal(signal.SIGINT)
        self.wait_until(lambda: "end" in [note["what"] for note in self.all_records("sink")], "it closes")
        time.sleep(0.5)  # a signal that follows at once is taken for the same
        self.runner.send_signal(signal.SIGINT)
        self.finish(1)

    @unittest.skipIf(SANITIZED, "sanitizers do not go with a tracer")
    def test_gdb_shows_the_stack_of_a_crash(self):
        path = self.topology(
            [spout("source", emits=[{"tuple": ["SEGV", None], "id": 1}], outputs=default("what", "more"))],
            [bolt("life", ["source"], default("value"), command=[WAYS_LIFE, "--component", "life"])])
        self.run_topology(path, "--wrap", 'life=gdb -q -nx -batch -ex "run <&3 >&4" -ex bt 3<&0 4>&1 >&2 </dev/null'
                          ' --args', status=None)
        self.assertRegex(self.log(), r"STDERR life\[\d+\]: .* received signal SIGSEGV, Segmentation fault\.")
        self.assertRegex(self.log(), r"STDERR life\[\d+\]: #0 .* at .*ways_life\.c:\d+")


@unittest.skipIf(SANITIZED, "sanitizers do not go with valgrind")
class Valgrind(RunnerTest):
    def test_valgrind(self):
        result = self.run_topology(
            RUNNER_PROBE, "-o", "numbers.count=100", "-o", "numbers.release=/", "-o", f"mark.marks={self.path('marks')}",
            "--wrap", f"pass=valgrind --error-exitcode=99 --log-file={self.path('valgrind')}.{{task}}")
        self.assertEqual(len(self.read("marks").splitlines()), 100)
        self.assertEqual(result.restarts(), 0)
        logs = [self.read(name).decode() for name in os.listdir(self.directory) if name.startswith("valgrind.")]
        self.assertEqual(len(logs), 2)
        for log in logs:
            self.assertIn("ERROR SUMMARY: 0 errors", log)


if __name__ == "__main__":
    unittest.main()
