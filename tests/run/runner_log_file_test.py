"""The log in a file: rotated, moved away, on a full disk; and nothing of it is lost."""

import json
import os
import re
import signal
import unittest

from runner_support import LOG_LINE, RunnerTest, StoppingTest, bolt, python, spout

DATED_LINE = re.compile(r"\d{4}-\d\d-\d\d " + LOG_LINE.pattern)


class LogFile(RunnerTest):
    def say(self, *arguments, texts=("one",), levels=None, count=1, status=0):
        """Run a bolt that says texts for each of a number of tuples, with its log in a file."""
        messages = [
            {"command": "log", "msg": text, "level": level}
            for text, level in zip(texts, levels or [2] * len(texts))
        ]
        says = json.dumps({"messages": messages, "stderr": "", "stdout": ""})
        path = self.topology(
            [spout("source", count=count)],
            [bolt("talker", ["source"], command=python("talker.py"), says=says)],
        )
        return self.run_topology("--log", self.path("run.log"), *arguments, path, status=status)

    def lines(self, name="run.log"):
        text = self.read(name).decode()
        self.assertTrue(text.endswith("\n"))
        for line in text.splitlines():
            self.assertRegex(line, DATED_LINE)
        return text.splitlines()

    def said(self, name="run.log"):
        return [line.split("talker[2]: ")[1] for line in self.lines(name) if "talker[2]: " in line]

    def files(self):
        return sorted(name for name in os.listdir(self.path("")) if name.startswith("run.log"))

    def test_has_all_lines_with_the_day_and_the_standard_error_has_the_errors(self):
        result = self.say(texts=["a word", "a fault"], levels=[2, 4])
        self.assertEqual(self.said(), ["a word", "a fault"])
        log = result.log.split("\n\n")[0]
        self.assertIn("ERROR  talker[2]: a fault", log)
        self.assertNotIn("a word", log)

    def test_goes_on_behind_what_is_there(self):
        self.say()
        self.say(texts=["two"])
        self.assertEqual(self.said(), ["one", "two"])

    def test_without_one_nothing_is_written_but_to_the_standard_error(self):
        self.run_topology(self.topology([spout("source", count=1)], [bolt("sink", ["source"])]))
        self.assertEqual(self.files(), [])

    def test_is_rotated_and_loses_nothing(self):
        self.say("--log-size", "1K", "--log-files", "100", texts=["x" * 50] * 10, count=20)
        files = self.files()
        self.assertGreater(len(files), 15)
        self.assertEqual(sum(len(self.said(name)) for name in files), 200)
        for name in files:
            self.assertLessEqual(os.path.getsize(self.path(name)), 1024, name)

    def test_the_youngest_of_the_old_files_are_kept(self):
        self.say("--log-size", "1K", "--log-files", "2", texts=[f"{i} {'x' * 100}" for i in range(100)])
        self.assertEqual(self.files(), ["run.log", "run.log.1", "run.log.2"])
        numbers = [
            int(text.split()[0]) for name in reversed(self.files()) for text in self.said(name)
        ]
        self.assertEqual(numbers, list(range(numbers[0], 100)))
        self.assertLess(numbers[0], 90)

    def test_no_old_file_is_kept_if_none_is_wanted(self):
        self.say("--log-size", "1K", "--log-files", "0", texts=[f"{i} {'x' * 100}" for i in range(100)])
        self.assertEqual(self.files(), ["run.log"])
        self.assertTrue(self.said()[-1].startswith("99 "))
        self.assertLessEqual(os.path.getsize(self.path("run.log")), 1024)

    def test_a_line_longer_than_the_size_is_whole(self):
        self.say("--log-size", "100", texts=["x" * 5000, "y"])
        self.assertEqual([text for name in reversed(self.files()) for text in self.said_in(name)],
                         ["x" * 5000, "y"])  # fmt: skip

    def said_in(self, name):
        return self.said(name) if os.path.getsize(self.path(name)) > 0 else []

    def test_what_a_full_disk_does_not_take_goes_to_the_standard_error(self):
        path = self.topology(
            [spout("source", count=1)],
            [bolt("talker", ["source"], command=python("talker.py"),
                  says=json.dumps({"messages": [{"command": "log", "msg": t} for t in ("one", "two")],
                                   "stderr": "", "stdout": ""}))],
        )  # fmt: skip
        result = self.run_topology("--log", "/dev/full", path)
        self.assertEqual(
            result.lines("cannot write the log"),
            ["cstorm run: cannot write the log to /dev/full: No space left on device"],
        )
        self.assertEqual(len(result.lines("talker[2]: one")), 1)
        self.assertEqual(len(result.lines("talker[2]: two")), 1)

    def test_a_file_that_cannot_be_made_is_an_error_before_anything_runs(self):
        result = self.run_topology(
            "--log", self.path("none/run.log"), self.topology([spout("source")], []), status=1
        )
        self.assertEqual(
            result.log.strip(),
            f"cstorm run: cannot write the log to {self.path('none/run.log')}: No such file or directory",
        )

    def test_values_that_are_none_are_refused(self):
        for option, value, rule in [
            ("--log-size", "0", "--log-size must be a number of bytes above 0"),
            ("--log-size", "5X", "--log-size must be a number of bytes above 0"),
            ("--log-files", "-1", "--log-files must be a number from 0 to 1000"),
            ("--log-files", "1001", "--log-files must be a number from 0 to 1000"),
        ]:
            result = self.run_topology(option, value, "x.json", status=2)
            self.assertIn(f"{rule}", result.log)
            self.assertIn(f"not {value}", result.log)


class WhileItRuns(StoppingTest):
    def start_logged(self, *arguments, **popen):
        self.start("-v", "--log", self.path("run.log"), *arguments, self.endless(), **popen)
        self.wait_for_tuples()

    def open_logs(self):
        folder = f"/proc/{self.runner.pid}/fd"
        links = [os.path.join(folder, name) for name in os.listdir(folder)]
        return [link for link in links if os.path.lexists(link) and os.readlink(link).endswith("run.log")]

    def stop(self):
        self.runner.terminate()
        self.assert_stopped_gracefully(self.finish())

    def test_a_hangup_begins_it_anew(self):
        self.start_logged()
        os.rename(self.path("run.log"), self.path("moved.log"))
        self.runner.send_signal(signal.SIGHUP)
        self.wait_until(lambda: os.path.exists(self.path("run.log")), "there is a new one")
        self.stop()
        self.assertIn(b"stopping: ", self.read("run.log"))
        self.assertNotIn(b"stopping: ", self.read("moved.log"))
        self.assertNotIn("stopping: ", self.log())

    def test_is_not_shared_with_another_run(self):
        self.start_logged()
        first, self.runner = self.runner, None
        result = self.run_topology(
            "--log", self.path("run.log"), self.topology([spout("source")], [], file="other.json"),
            status=1, stats=False,
        )  # fmt: skip
        self.assertEqual(
            result.log.strip(), f"cstorm run: {self.path('run.log')} is the log of another run"
        )
        self.runner = first
        self.runner.terminate()
        self.finish()

    def test_a_file_that_vanishes_with_its_folder_is_missed(self):
        os.mkdir(self.path("logs"))
        self.start("--log", self.path("logs/run.log"), self.endless())
        self.wait_for_tuples()
        os.rename(self.path("logs"), self.path("gone"))
        self.runner.send_signal(signal.SIGHUP)
        self.wait_until(lambda: not self.open_logs(), "it is closed")
        self.stop()
        self.assertIn("run.log: No such file or directory", self.log())
        self.assertIn("stopping: ", self.log())


class Hangup(StoppingTest):
    def test_stops_gracefully(self):
        self.start(self.endless())
        self.wait_for_tuples()
        os.kill(self.runner.pid, signal.SIGHUP)
        self.assert_stopped_gracefully(self.finish())

    def test_to_the_whole_group_stops_gracefully(self):
        self.start(self.endless(), start_new_session=True)
        self.wait_for_tuples()
        os.killpg(self.runner.pid, signal.SIGHUP)
        self.assert_stopped_gracefully(self.finish())

    def test_is_ignored_under_nohup(self):
        self.start(self.endless(), launcher=["nohup"])
        self.wait_for_tuples()
        os.kill(self.runner.pid, signal.SIGHUP)
        count = len(self.all_tuples("sink"))
        self.wait_for_tuples(count=count + 50)
        self.assertNotIn("stopping: ", self.log())
        self.runner.terminate()
        self.assert_stopped_gracefully(self.finish())


if __name__ == "__main__":
    unittest.main()
