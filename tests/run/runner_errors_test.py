"""What the user is told when something is wrong before the run or with its components."""

import json
import os
import subprocess
import unittest

from runner_support import (
    CSTORM,
    WORDCOUNT,
    RunnerTest,
    bolt,
    default,
    python,
    source,
    spout,
    stream,
)

USAGE = "`cstorm run --help` says more."


class ErrorsTest(RunnerTest):
    def refuse(self, *arguments):
        """What a run that is refused before it begins says."""
        result = self.run_topology(*arguments, status=2, stats=False)
        self.assertEqual(result.output, b"")
        self.assertNotIn("Sanitizer", result.log)
        return result.log

    def refuse_topology(self, description):
        return self.refuse(self.write("topology.json", json.dumps(description).encode()))

    def problems(self, spouts, bolts, *arguments, **more):
        """The lines that name what is wrong with a topology."""
        log = self.refuse(*arguments, self.topology(spouts, bolts, **more))
        first, *problems = log.splitlines()
        self.assertEqual(first, "cstorm run: the topology cannot be run:")
        return [problem.split("error: ", 1)[1] for problem in problems]


class Usage(ErrorsTest):
    def test_wrong_usage(self):
        for arguments, words in (
            ([], ["the topology is missing"]),
            (["a", "b"], ["one topology only", "b"]),
            (["--nonsense", "a"], ["--nonsense"]),
            (["-x", "a"], ["x"]),
            (["-o"], ["-- 'o'"]),
            (["--time", "0", "a"], ["--time", "above 0"]),
            (["--time", "-1", "a"], ["--time"]),
            (["--time", "soon", "a"], ["--time", "soon"]),
            (["--time", "1s", "a"], ["--time", "1s"]),
            (["--time", "nan", "a"], ["--time", "nan"]),
            (["--time", "inf", "a"], ["--time", "inf"]),
            (["--time", "", "a"], ["--time"]),
        ):
            with self.subTest(arguments):
                log = self.refuse(*arguments)
                for word in [*words, USAGE]:
                    self.assertIn(word, log)

    def command(self, *arguments):
        return subprocess.run(
            [CSTORM, *arguments], capture_output=True, text=True, check=False, timeout=60
        )

    def test_help_goes_to_the_standard_output(self):
        for option in ("--help", "-h"):
            found = self.command("run", option)
            self.assertEqual((found.returncode, found.stderr), (0, ""))
            for word in ("-o KEY=VALUE", "-p COMPONENT=N", "--time", "--stats", "-q", "-v"):
                self.assertIn(word, found.stdout)

    def test_commands(self):
        found = self.command()
        self.assertEqual((found.returncode, found.stdout), (2, ""))
        found = self.command("rum")
        self.assertEqual((found.returncode, found.stdout), (2, ""))
        self.assertIn("did you mean run?", found.stderr)
        found = self.command("--help")
        self.assertEqual((found.returncode, found.stderr), (0, ""))
        self.assertIn("run", found.stdout)
        found = self.command("--version")
        self.assertEqual((found.returncode, found.stderr), (0, ""))
        self.assertRegex(found.stdout, r"^cstorm \d+\.\d+\.\d+\n$")

    def test_options_after_the_topology(self):
        path = self.topology([spout("source", count=1)], [bolt("sink", ["source"])])
        result = self.run_topology(path, "-q", "-p", "sink=2")
        self.assertEqual(result.component("sink")["tasks"], 2)


class Files(ErrorsTest):
    def program(self, text, mode=0o755):
        path = self.write("program", text)
        os.chmod(path, mode)
        return path

    def test_a_file_that_is_not_there(self):
        log = self.refuse(self.path("nowhere"))
        self.assertIn(f"{self.path('nowhere')}: error: No such file or directory", log)

    def test_a_directory(self):
        self.assertIn(f"{self.directory}: error: is a directory", self.refuse(self.directory))

    def test_files_that_are_no_description(self):
        for text, words in (
            (b"", ["the file is empty"]),
            (b"text\n", ["not a topology in YAML"]),
            (b"{", ["neither a topology's program nor its description"]),
            (b"{}", ["not a description of a topology"]),
            (b"[]", ["not a topology in YAML"]),
            (b'{"cstorm":"1"}', ["not a description of a topology"]),
            (b'{"cstorm":7,"name":"x"}', ["version 7", "reads version 1"]),
            (b'{"cstorm":1,"name":"\xff"}', ["neither"]),
        ):
            with self.subTest(text):
                path = self.write("file", text)
                log = self.refuse(path)
                for word in [path, *words]:
                    self.assertIn(word, log)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_file_that_may_not_be_read(self):
        path = self.write("file", b"{}")
        os.chmod(path, 0)
        self.assertIn("Permission denied", self.refuse(path))

    def test_programs_that_are_no_topology(self):
        for text, words in (
            (b"#!/bin/sh\nexit 0\n", ["neither a topology's program nor its description"]),
            (b"#!/bin/sh\nexit 3\n", ["--describe failed with status 3", "is it a topology?"]),
            (b"#!/bin/sh\necho hello\n", ["neither"]),
            (b"#!/bin/sh\nkill -KILL $$\n", ["--describe was killed by signal 9"]),
            (b"#!/nowhere/sh\n", ["cannot be run: No such file"]),
            (b"\x7fELF nonsense", ["cannot be run: Exec format error"]),
            (b"#!/bin/sh\nexec cat /dev/zero\n", ["--describe: File too large"]),
            (b"#!/bin/sh\ncat\necho '{}'\n", ["not a description of a topology"]),
        ):
            with self.subTest(text):
                path = self.program(text)
                log = self.refuse(path)
                for word in [path, *words]:
                    self.assertIn(word, log)

    def test_the_path_of_a_program(self):
        # It is found from the working directory, and its components from everywhere.
        os.symlink(WORDCOUNT, self.path("link"))
        input = self.write("input", b"a\n")
        result = self.run_topology(
            "link", "-o", f"wordcount.input={input}", cwd=self.directory
        )
        self.assertEqual(result.output, b"a\t1\n")


COMMAND = {"command": ["x"]}


class Topologies(ErrorsTest):
    GOOD = [spout("source", count=1)]

    def test_descriptions_of_the_wrong_form(self):
        def changed(**changes):
            return {"cstorm": 1, "name": "test", "spouts": [{"name": "s", **COMMAND}], "bolts": [], **changes}

        for description, words in (
            (changed(name=None), ["name must be a string"]),
            ({"cstorm": 1}, ["name is missing"]),
            (changed(config=[]), ["config must be an object"]),
            (changed(spouts=[{}]), ["a spout: name is missing"]),
            (changed(spouts=["s"]), ["a spout must be an object"]),
            (changed(bolts=[{"name": 5}]), ["a bolt: name must be a string"]),
            (changed(spouts=[{"name": "s", **COMMAND, "parallelism": "2"}]), ["s: parallelism must be a whole"]),
            (changed(spouts=[{"name": "s", **COMMAND, "parallelism": 1.5}]), ["s: parallelism must be a whole"]),
            (changed(spouts=[{"name": "s", **COMMAND, "config": 1}]), ["s: config must be an object"]),
            (changed(spouts=[{"name": "s", **COMMAND, "outputs": 1}]), ["s: outputs must be a list"]),
            (changed(spouts=[{"name": "s", **COMMAND, "outputs": [{}]}]), ["s: stream is missing"]),
            (
                changed(spouts=[{"name": "s", **COMMAND, "outputs": [{"stream": "x", "fields": [1]}]}]),
                ["s", "must hold strings"],
            ),
            (
                changed(spouts=[{"name": "s", **COMMAND, "outputs": [{"stream": "x", "fields": "f"}]}]),
                ["s", "must be a list"],
            ),
            (changed(spouts=[{"name": "s", "command": []}]), ["s: command is empty"]),
            (changed(spouts=[{"name": "s", "command": "x"}]), ["s", "must be a list"]),
            (changed(bolts=[{"name": "b", **COMMAND, "inputs": 1}]), ["b: inputs must be a list"]),
            (changed(bolts=[{"name": "b", **COMMAND, "inputs": [{}]}]), ["b: component is missing"]),
            (
                changed(bolts=[{"name": "b", **COMMAND, "inputs": [{"component": "s"}]}]),
                ["b: grouping is missing"],
            ),
            (
                changed(bolts=[{"name": "b", **COMMAND, "inputs": [{"component": "s", "grouping": "shufle"}]}]),
                ["b: no such grouping: shufle; did you mean shuffle?"],
            ),
            (changed(spouts=[{"name": "s", **COMMAND, "settings": [{}]}]), ["s: name is missing"]),
        ):
            with self.subTest(description):
                log = self.refuse_topology(description)
                for word in words:
                    self.assertIn(word, log)

    def test_lists_that_are_something_else(self):
        for key in ("spouts", "bolts"):
            description = {"cstorm": 1, "name": "test", "spouts": [{"name": "s", **COMMAND}], "bolts": []}
            description[key] = {"s": {}}
            self.assertIn(f"{key} must be a list", self.refuse_topology(description))

    def test_names(self):
        for name, words in (
            ("", "empty name"),
            ("__acker", "names that begin with __ are Storm's own"),
        ):
            problems = self.problems(self.GOOD, [bolt(name, ["source"])])
            self.assertEqual(len(problems), 1, problems)
            self.assertIn(words, problems[0])
        self.assertEqual(
            self.problems(self.GOOD, [], name=""), ["the topology's name is empty"]
        )
        self.assertEqual(
            self.problems([*self.GOOD, spout("source")], []),
            ["source: two components have this name"],
        )

    def test_streams(self):
        for outputs, problem in (
            ([stream("__x")], "source: stream __x: names that begin with __ are Storm's own"),
            ([stream("x"), stream("x")], "source: two streams have the name x"),
            ([stream("x", "a", "b", "a")], "source: stream x: two fields have the name a"),
        ):
            self.assertEqual(self.problems([spout("source", outputs)], []), [problem])

    def test_parallelism(self):
        for tasks, problem in (
            (0, "source: parallelism must be a whole number, at least 1"),
            (-1, "source: parallelism must be a whole number, at least 1"),
            (10001, "source: 10001 tasks, more than 10000"),
        ):
            self.assertEqual(self.problems([spout("source", parallelism=tasks)], []), [problem])

    def test_inputs(self):
        spouts = [spout("source", [stream("default", "word"), stream("side", "word", direct=True)])]
        for inputs, problem in (
            (["sorce"], "b: its input sorce is no component of the topology; did you mean source?"),
            (["nothing like it"], "b: its input nothing like it is no component of the topology"),
            (
                [source("source", stream="sid")],
                "b: its input source has no stream sid; did you mean side?",
            ),
            ([], "b: a bolt needs an input"),
            (
                [source("source", "fields", fields=["words"])],
                "b: stream default of source has no field words; did you mean word?",
            ),
            (
                [source("source", "fields", fields=[])],
                "b: the fields grouping of its input from source names no fields",
            ),
            (
                [source("source", "fields")],
                "b: the fields grouping of its input from source names no fields",
            ),
            (
                [source("source", "direct")],
                "b: a direct grouping, but stream default of source is not declared as direct",
            ),
            (
                [source("source", stream="side")],
                "b: stream side of source is direct: its input needs the direct grouping",
            ),
            (
                ["source", source("source", "global")],
                "b: stream default of source is its input twice; Storm allows it once",
            ),
        ):
            self.assertEqual(self.problems(spouts, [bolt("b", inputs)]), [problem])

    def test_spouts(self):
        first = dict(spout("source"), inputs=[source("other")])
        self.assertEqual(
            self.problems([first, spout("other")], []), ["source: a spout has no inputs"]
        )
        self.assertEqual(
            self.problems([], [bolt("b", ["b"], default("x"))]), ["the topology has no spout"]
        )

    def test_all_problems_are_told_at_once(self):
        problems = self.problems(
            [spout("source", [stream("default", "x", "x")], parallelism=0)],
            [
                bolt("first", ["sorce", "source"]),
                bolt("second", [source("source", "fields", fields=["y"])]),
                bolt("third", []),
                bolt("third", ["source"]),
            ],
            "-o",
            "nothing",
            "-o",
            "topology.max.spout.pending=0",
            "-p",
            "firts=2",
        )
        for part in (
            "-o nothing: it must be KEY=VALUE",
            "-p firts=2: the topology test has no such component; did you mean first?",
            "topology.max.spout.pending must be a number, at least 1",
            "source: parallelism must be a whole number",
            "source: stream default: two fields have the name x",
            "first: its input sorce is no component",
            "second: stream default of source has no field y",
            "third: a bolt needs an input",
            "third: two components have this name",
        ):
            self.assertEqual(len([line for line in problems if line.startswith(part)]), 1, part)
        self.assertEqual(len(problems), 9, problems)


class Overrides(ErrorsTest):
    def refuse_option(self, *arguments):
        return self.refuse(WORDCOUNT, *arguments)

    def test_settings_that_no_component_declares(self):
        for key, hint in (
            ("wordcount.inputs", "did you mean wordcount.input?"),
            ("lines.output", "did you mean"),
            ("table.outptu", "did you mean table.output?"),
            ("split.nothing-like-it", None),
        ):
            log = self.refuse_option("-o", f"{key}=x")
            self.assertIn(f"-o {key}: no component declares such a setting", log)
            if hint:
                self.assertIn(hint, log)

    def test_forms(self):
        for arguments, words in (
            (["-o", "key"], "-o key: it must be KEY=VALUE"),
            (["-o", "=value"], "-o =value: it must be KEY=VALUE"),
            (["-p", "split"], "-p split: it must be COMPONENT=N"),
            (["-p", "=2"], "-p =2: it must be COMPONENT=N"),
            (["-p", "split=0"], "the number of tasks must be 1 or more"),
            (["-p", "split=-1"], "the number of tasks must be 1 or more"),
            (["-p", "split=two"], "the number of tasks must be 1 or more"),
            (["-p", "split=2x"], "the number of tasks must be 1 or more"),
            (["-p", "split=99999999999999999999"], "the number of tasks must be 1 or more"),
            (["-p", "split=10001"], "10001 tasks, more than 10000"),
            (["-p", "spilt=2"], "has no such component; did you mean split?"),
            (["-p", "nothing-like-it=2"], "has no such component"),
        ):
            with self.subTest(arguments):
                self.assertIn(words, self.refuse_option(*arguments))

    def test_values_of_the_wrong_type(self):
        for key, least in (
            ("topology.message.timeout.secs", "0.001"),
            ("topology.max.spout.pending", "1"),
            ("topology.acker.executors", "0"),
            ("topology.subprocess.timeout.secs", "0.001"),
            ("supervisor.worker.timeout.secs", "0.001"),
            ("cstorm.change.timeout.secs", "0.001"),
            ("topology.tick.tuple.freq.secs", "0.001"),
        ):
            for value in ("many", "true", '"1"', "[1]", "-1"):
                with self.subTest(key=key, value=value):
                    log = self.refuse_option("-o", f"{key}={value}")
                    self.assertIn(f"{key} must be a number, at least {least}", log)

    def test_a_switch_of_the_wrong_type(self):
        for value in ("maybe", "0", "[]"):
            log = self.refuse_option("-o", f"topology.enable.message.timeouts={value}")
            self.assertIn("topology.enable.message.timeouts must be true or false", log)

    def test_values_of_one_component(self):
        problems = self.problems(
            [spout("source")],
            [bolt("sink", ["source"], **{"topology.tick.tuple.freq.secs": "often"})],
        )
        self.assertEqual(len(problems), 1, problems)
        self.assertIn("topology.tick.tuple.freq.secs must be a number", problems[0])

    def test_null_is_as_if_it_were_not_set(self):
        path = self.topology([spout("source", count=1)], [bolt("sink", ["source"])])
        self.run_topology(
            path,
            "-o",
            "topology.max.spout.pending=null",
            "-o",
            "topology.message.timeout.secs=null",
        )


class Starting(ErrorsTest):
    def fail_to_start(self, command, *arguments):
        path = self.topology([spout("source", count=1)], [bolt("sink", ["source"], command=command)])
        result = self.run_topology(path, *arguments, status=1)
        self.assertEqual(result.stats["status"], "failed")
        self.assertEqual(result.restarts(), 0)
        self.assertEqual(len(result.lines("ERROR", "cstorm: ")), 1, result.log)
        return result.lines("ERROR", "cstorm: ")[0]

    def test_a_command_that_is_not_there(self):
        for command, problem in (
            (["/nowhere/sink", "x"], "sink: there is no program /nowhere/sink"),
            (["no-such-command"], "sink: there is no program no-such-command in PATH"),
            (["python3", "nowhere.py"], "sink: there is no script nowhere.py"),
        ):
            self.assertEqual(
                self.problems([spout("source")], [bolt("sink", ["source"], command=command)]), [problem]
            )

    def test_a_command_that_is_gone_when_it_is_to_start(self):
        path = self.write("file", b"#!/nowhere/interpreter\n")
        os.chmod(path, 0o755)
        self.assertIn(
            f"sink: cannot start {path}: No such file or directory", self.fail_to_start([path])
        )

    def test_a_command_that_may_not_be_executed(self):
        path = self.write("file", b"")
        self.assertEqual(
            self.problems([spout("source")], [bolt("sink", ["source"], command=[path])]),
            [f"sink: there is no program {path}"],
        )

    def test_a_component_that_ends_at_once(self):
        line = self.fail_to_start(["false"])
        self.assertIn("sink could not start", line)
        self.assertIn("exit status 1", line)

    def test_its_last_words(self):
        for how, words in (
            ("exit", ["exit status 4", "no licence found"]),
            ("exit with an error", ["exit status 0", "the model is missing"]),
        ):
            path = self.topology(
                [spout("source", count=1)],
                [bolt("sink", ["source"], command=python("misbehave.py", "bolt"), how=how)],
            )
            result = self.run_topology(path, status=1)
            (line,) = result.lines("ERROR", "cstorm: sink could not start: task 1")
            for word in words:
                self.assertIn(word, line)

    def test_a_component_that_is_killed_while_it_starts_is_tried_again(self):
        for lives, status in ((1, 0), (1000, 1)):
            path = self.topology(
                [spout("source", count=1)],
                [
                    bolt(
                        "sink",
                        ["source"],
                        command=python("misbehave.py", "bolt"),
                        how="signal",
                        lives=lives,
                    )
                ],
            )
            result = self.run_topology(path, status=status)
            self.assertIn("signal 6", result.log)
            self.assertGreaterEqual(result.restarts(), 1)
            self.assertLessEqual(result.restarts(), 20)

    def test_an_input_that_cannot_be_opened(self):
        for path, words in (
            (self.path("nowhere"), "No such file or directory"),
            (self.directory, "Is a directory"),
        ):
            result = self.run_topology(WORDCOUNT, "-o", f"lines.input={path}", status=1)
            (line,) = result.lines("ERROR", "cstorm: ")
            for word in ("lines could not start", "input", path, words):
                self.assertIn(word, line)
            self.assertEqual(result.output, b"", "nothing was read, nothing is written")

    def test_an_output_that_cannot_be_opened(self):
        result = self.run_topology(
            WORDCOUNT, "-o", "table.output=" + self.path("nowhere/output"), status=1
        )
        (line,) = result.lines("ERROR", "cstorm: ")
        self.assertNotIn("fatal: ", result.log)  # it is said once
        for word in ("table could not start", "nowhere/output", "No such file"):
            self.assertIn(word, line)


@unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
class FullDisks(ErrorsTest):
    def setUp(self):
        super().setUp()
        self.input = "lines.input=" + self.write("input", b"a b\n")

    def test_the_output(self):
        result = self.run_topology(
            WORDCOUNT, "-o", self.input, "-o", "table.output=/dev/full", status=1
        )
        self.assertTrue(result.lines("ERROR", "table[", "/dev/full", "No space left"), result.log)
        self.assertTrue(result.lines("ERROR", "table[", "did not close as it should"), result.log)

    def test_the_standard_output(self):
        with open("/dev/full", "wb") as full:
            result = self.run_topology(WORDCOUNT, "-o", self.input, stdout=full, status=1)
        self.assertTrue(result.lines("ERROR", "table[", "No space left"), result.log)

    def test_a_reader_of_the_output_that_has_gone(self):
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "wb") as pipe:
            result = self.run_topology(WORDCOUNT, "-o", self.input, stdout=pipe, status=1)
        self.assertTrue(result.lines("ERROR", "table[", "Broken pipe"), result.log)

    def test_the_statistics(self):
        result = self.run_topology(
            WORDCOUNT, "-o", self.input, "--stats", "/dev/full", stats=False, status=1
        )
        self.assertEqual(result.output, b"a\t1\nb\t1\n")
        self.assertTrue(result.lines("ERROR", "/dev/full", "No space left"), result.log)

    def test_statistics_that_cannot_be_written_are_told_before_the_run(self):
        result = self.run_topology(
            WORDCOUNT, "-o", self.input, "--stats", self.path("no/stats"), stats=False, status=1
        )
        self.assertEqual(result.output, b"")
        self.assertIn("No such file", result.log)

    def test_a_log_that_nobody_can_write(self):
        self.start(WORDCOUNT, "-o", self.input)
        self.finish()
        with open("/dev/full", "wb") as full:
            status = subprocess.run(
                [CSTORM, "run", "-v", WORDCOUNT, "-o", self.input],
                stdout=subprocess.DEVNULL,
                stderr=full,
                env=self.environment,
                check=False,
                timeout=120,
            ).returncode
        self.assertEqual(status, 0)


class ClosedDescriptors(ErrorsTest):
    def test_none_is_needed(self):
        input = self.write("input", b"b a\na\n")
        for closed in ("<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"):
            output = self.path("output")
            status = subprocess.run(
                [
                    "sh",
                    "-c",
                    f'exec "$@" {closed}',
                    "sh",
                    CSTORM,
                    "run",
                    "-v",
                    WORDCOUNT,
                    "-o",
                    f"lines.input={input}",
                    "-o",
                    f"table.output={output}",
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self.environment,
                check=False,
                timeout=120,
            ).returncode
            self.assertEqual(status, 0, closed)
            self.assertEqual(self.read("output"), b"a\t2\nb\t1\n", closed)
            os.unlink(output)

    def test_a_missing_standard_input_is_an_error(self):
        result = self.run_topology(WORDCOUNT, status=1, stdin=None, preexec_fn=lambda: os.close(0))
        (line,) = result.lines("ERROR", "cstorm: ")
        self.assertIn("lines could not start", line)


if __name__ == "__main__":
    unittest.main()
