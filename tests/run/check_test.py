"""Topologies in Flux YAML, and what `cstorm check` and `cstorm describe` say of them."""

import json
import os
import shutil
import subprocess
import unittest

from harness import CSTORM, PATIENCE, WORDCOUNT, Component
from spec_support import SHELL_BOLT, SHELL_SPOUT, WORDS, Case


class Flux(Case):
    def test_runs_as_the_topology_in_c_does(self):
        input = self.write("a b a\nc a\n" * 1000, "input")
        expected = self.cstorm("run", "-q", WORDCOUNT, "-o", f"lines.input={input}")
        # From anywhere: the words of commands are paths beside the file.
        for folder in ("/", self.folder):
            found = self.cstorm("run", "-q", self.write(WORDS), "-o", f"lines.input={input}", cwd=folder)
            self.assertEqual((found.returncode, found.stderr), (0, ""))
            self.assertEqual(sorted(found.stdout.splitlines()), ["a\t3000", "b\t1000", "c\t1000"])
            self.assertEqual(sorted(found.stdout.splitlines()), sorted(expected.stdout.splitlines()))

    def test_components_run_in_the_folder_resources_if_there_is_one(self):
        self.write("x y\n", "resources/input")
        shutil.move(self.path("wordcount"), self.path("resources/wordcount"))
        found = self.cstorm("run", "-q", self.write(WORDS), "-o", "lines.input=input")
        self.assertEqual(sorted(found.stdout.splitlines()), ["x\t1", "y\t1"], found.stderr)

    def test_has_tasks_parallelism_and_configuration(self):
        described = json.loads(self.cstorm("describe", self.write(WORDS)).stdout)
        self.assertEqual(described["name"], "words")
        self.assertEqual(described["config"], {"topology.max.spout.pending": 1000})
        count = next(bolt for bolt in described["bolts"] if bolt["name"] == "count")
        self.assertEqual(count["command"], ["./wordcount"])
        self.assertEqual((count["parallelism"], count["tasks"]), (2, 3))
        self.assertEqual(count["outputs"], [{"stream": "default", "fields": ["word", "count"]}])
        self.assertEqual(count["inputs"], [{"component": "splitter", "grouping": "fields", "fields": ["word"]}])

    def test_a_description_is_a_topology_too(self):
        described = self.cstorm("describe", self.write(WORDS)).stdout
        again = self.cstorm("describe", self.write(described, "words.json"))
        self.assertEqual(again.stdout, described)
        self.assertEqual(self.problems(described, name="words.json"), [])

    def test_describes_a_program_with_its_command(self):
        described = json.loads(self.cstorm("describe", WORDCOUNT, "-p", "split=5").stdout)
        split = next(bolt for bolt in described["bolts"] if bolt["name"] == "split")
        self.assertEqual((split["command"], split["parallelism"]), ([WORDCOUNT], 5))

    def test_compares_a_component_with_its_program(self):
        lines = self.problems(self.changed(
            ("      - [line]", "      - [text]"), ('"--component", "split"]', '"--component", "splt"]')))
        self.assertEqual(lines, [
            '9:9 error: lines: stream default has other fields than lines of ./wordcount emits: [line]',
            '14:40 error: splitter: the program ./wordcount has no bolt splt; split'])
        self.assertEqual(self.problems(self.changed(('"--component", "split"]', '"--component", "lines"]'))),
                         ['14:40 error: splitter: the program ./wordcount has no bolt lines'])
        lines = self.problems(self.changed(
            ('      - ["./wordcount", "--component", "split"]\n      - [word]\n',
             '      - ["./wordcount", "--component", "split"]\n      - [word]\n    configMethods:\n'
             '      - {name: setNamedStream, args: [rare, [word]]}\n')))
        self.assertEqual(lines, ["17:45 warning: splitter: split of ./wordcount emits nothing to a stream rare"])
        lines = self.problems(self.changed(
            ('      - ["./wordcount"]\nstreams', '      - ["./wordcount", "--component", "count"]\nstreams')))
        self.assertEqual(lines, ["27:9 error: table: its stream default is missing: count of ./wordcount emits to it"])

    def test_a_program_that_is_no_topology(self):
        self.write("#!/bin/sh\necho '[]'\n", "other")
        os.chmod(self.path("other"), 0o755)
        found = self.cstorm("check", self.write(self.changed(
            ('["./wordcount", "--component", "split"]', '["./other", "--component", "split"]'))))
        self.assertEqual(found.returncode, 2)
        self.assertIn("words.yaml:14:10: error: splitter: ./other: what it prints with --describe describes no topology",
                      found.stderr)
        self.write("#!/bin/sh\nexit 3\n", "other")
        found = self.cstorm("run", self.path("words.yaml"))
        self.assertEqual(found.returncode, 2)
        self.assertIn("words.yaml:14:10: error: splitter: ./other: --describe failed with status 3", found.stderr)

    def test_variables_of_the_environment(self):
        self.write("import json, os, sys\nfor line in sys.stdin:\n    if line == 'end\\n':\n        break\n"
                   "print(json.dumps({'pid': os.getpid()}), 'end', sep='\\n', flush=True)\n"
                   "sys.exit('VOICE is ' + os.environ['VOICE'])\n", "voice.py")
        path = self.write(self.changed(
            ('["./wordcount", "--component", "split"]\n      - [word]\n',
             "[python3, ./voice.py]\n      - [word]\n    configMethods:\n      - {name: setEnv, args: [{VOICE: loud}]}\n")))
        self.assertIn("VOICE is loud", self.cstorm("run", path).stderr)
        self.assertEqual(
            self.problems(self.changed(("      - name: setDefaultStream\n        args:\n          - [word, count]\n",
                                        "      - {name: setDefaultStream, args: [[word, count]]}\n"
                                        "      - {name: setEnv, args: [{A: 1}]}\n"))),
            ["23:35 error: count: env: A must be a string"])

    def test_serialized_groupings(self):
        described = json.loads(self.cstorm("describe", self.write(WORDS)).stdout)
        grouping = described["bolts"][0]["inputs"][0]
        grouping.update(grouping="custom", custom={"serialized": "rO0ABQ=="})
        self.assertEqual(self.problems(json.dumps(described), name="words.json"), [])
        grouping["custom"]["serialized"] = "no base 64"
        self.assertIn("what is serialized must be base64", self.problems(json.dumps(described), name="words.json")[0])
        del grouping["custom"]
        self.assertIn("names no Java class", self.problems(json.dumps(described), name="words.json")[0])

    def test_replaces_properties_and_variables(self):
        text = self.changed(("max.spout.pending: 1000", 'name: "${first} ${ENV-SECOND} ${list[1]} ${none}"'))
        self.write('first=1\nlist=["a", "b"]\n', "properties")
        path = self.write(text)
        found = self.cstorm("describe", path, "--filter", self.path("properties"), "--env-filter",
                            env={**os.environ, "SECOND": "2"})
        self.assertEqual(json.loads(found.stdout)["config"], {"topology.name": "1 2 b ${none}"})
        self.assertIn("warning: ${none} is left as it is: no such property", found.stderr)
        self.assertEqual(self.problems(text)[:2], [
            "3:19 warning: ${first} is left as it is: --filter names the file of its properties",
            "3:28 warning: ${ENV-SECOND} is left as it is: --env-filter takes it from the environment"])

    def test_includes_other_files(self):
        self.write("config: {topology.max.spout.pending: 5, topology.workers: 2}\n"
                   f"bolts:\n  - {{id: table, className: {SHELL_BOLT}, constructorArgs: [[none]]}}\n", "more.yaml")
        for override, pending, command in ((False, 1000, "./wordcount"), (True, 5, "none")):
            path = self.write(WORDS + f"includes:\n  - {{file: more.yaml, override: {override}}}\n")
            described = json.loads(subprocess.run(
                [CSTORM, "describe", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
                timeout=PATIENCE).stdout or "null")
            if override:
                self.assertIsNone(described)  # there is no program of the name none
                continue
            self.assertEqual(described["config"], {"topology.max.spout.pending": pending, "topology.workers": 2})
            self.assertEqual(described["bolts"][2]["command"], [command])

    def test_says_which_file_cannot_be_included(self):
        os.mkdir(self.path("folder"))
        path = self.write(WORDS + "includes: [{file: none.yaml}, {file: folder}]\n")
        found = json.loads(self.cstorm("check", "--json", path).stdout)
        self.assertEqual([(p["file"], p["message"]) for p in found], [
            (self.path("folder"), "Is a directory"),
            (path, "cannot include none.yaml: No such file or directory")])

    def test_bounds_what_is_included(self):
        self.write("name: more\nbolts: # " + "x" * 2000000, "more.yaml")
        path = self.write(WORDS + "includes: [" + "{file: more.yaml}, " * 1000 + "]\n")
        found = self.cstorm("check", path)
        self.assertEqual(found.returncode, 2)
        self.assertIn("/more.yaml: the files before it are too large", found.stderr)
        self.assertIn(": 991 errors, 0 warnings", found.stderr)

    def test_refuses_to_run_java_and_says_so(self):
        path = self.write(self.changed((f"- id: table\n    className: {SHELL_BOLT}",
                                        "- id: table\n    className: com.example.Table")))
        self.assertEqual(self.cstorm("check", path).returncode, 0)
        found = self.cstorm("run", path)
        self.assertEqual(found.returncode, 2)
        self.assertIn(f"{path}:28:16: error: table is a Java class, which a Storm cluster can run, but not this "
                      "runner", found.stderr)


class Mixed(Case):
    """A topology in C whose components are not all classes of its program."""

    def setUp(self):
        super().setUp()
        shutil.copy(os.environ["MIXED"], self.path("mixed"))
        self.write("import pystorm_is_not_needed_to_check", "shout.py")

    def describe(self, *arguments):
        described = self.cstorm("describe", self.path("mixed"), *arguments)
        self.assertEqual((described.returncode, described.stderr), (0, ""))
        described = json.loads(described.stdout)
        return described, {entry["name"]: entry for entry in described["spouts"] + described["bolts"]}

    def test_describes_what_they_are(self):
        described, components = self.describe()
        self.assertEqual(described["config"], {"topology.workers": 1})
        self.assertEqual(components["shout"]["command"], ["python3", "shout.py"])
        self.assertEqual(components["shout"]["outputs"],
                         [{"stream": "default", "fields": ["word"], "direct": False}])
        self.assertEqual((components["shout"]["parallelism"], components["shout"]["tasks"]), (1, 2))
        self.assertEqual(components["store"]["java"],
                         {"className": "com.example.Store", "constructorArgs": ["table", 5]})
        self.assertEqual(components["store"]["inputs"], [
            {"component": "shout", "stream": "default", "grouping": "custom",
             "custom": {"className": "com.example.ByRegion"}}])

        self.assertEqual(components["shout"]["env"], {"VOICE": "loud", "TIMES": "2"})

    def test_has_environments(self):
        described, components = self.describe("-e", "production")
        self.assertEqual(described["config"], {"topology.workers": 4})
        self.assertEqual(components["lines"]["config"], {"lines.input": "/data/lines"})
        self.assertEqual((components["shout"]["parallelism"], components["shout"]["tasks"]), (4, 8))
        self.assertEqual(self.describe("-e", "test")[1]["shout"].get("tasks", 1), 1)

    def test_checks_them(self):
        self.assertEqual(self.cstorm("check", self.path("mixed")).returncode, 0)
        os.unlink(self.path("shout.py"))
        found = self.cstorm("check", self.path("mixed"))
        self.assertEqual(found.returncode, 2)
        self.assertIn("error: shout: there is no script shout.py", found.stderr)

    def test_refuses_to_run_what_needs_java(self):
        found = self.cstorm("run", self.path("mixed"))
        self.assertEqual(found.returncode, 2)
        self.assertIn("error: store is a Java class", found.stderr)
        self.assertIn("error: store: the custom grouping of its input from shout is a Java class", found.stderr)

    def test_a_program_is_none_of_its_foreign_components(self):
        component = Component(self, self.path("mixed"), "shout", start=False)
        component.send(component.handshake("shout", {}, {}))
        said = component.receive()
        self.assertIn("has no class for the component shout", said["msg"])

    def test_a_program_is_the_component_that_it_is_told_to_be(self):
        component = Component(self, WORDCOUNT, "words", arguments=["--component", "split"])
        component.send_tuple(["a b"], id="1")
        self.assertEqual([m["tuple"] for m in component.answers() if m["command"] == "emit"], [["a"], ["b"]])


class Graph(Case):
    def graph(self, *arguments, **more):
        drawn = self.cstorm("graph", *arguments, **more)
        self.assertEqual((drawn.returncode, drawn.stderr), (0, ""))
        return drawn.stdout

    def test_as_text(self):
        self.assertEqual(self.graph("--text", WORDCOUNT), """\
wordcount

┌───────┐
│ lines │ spout, 1 task
└─┬─────┘
  └─ shuffle ─▶ split

┌───────┐
│ split │ bolt, 2 tasks
└─┬─────┘
  └─ fields by word ─▶ count

┌───────┐
│ count │ bolt, 2 tasks
└─┬─────┘
  └─ global ─▶ table

┌───────┐
│ table │ bolt, 1 task
└───────┘
""")

    def test_in_the_language_of_graphviz(self):
        drawn = self.graph(os.environ["MIXED"], cwd=self.write_script())
        for line in ('digraph "mixed" {', '"shout" [label="shout\\nbolt, 2 tasks"];',
                     '"store" [label="store\\nJava bolt, 1 task"];', '"lines" -> "shout" [label="shuffle"];',
                     '"shout" -> "store" [label="custom"];'):
            self.assertIn(line, drawn)

    def write_script(self):
        self.write("", "shout.py")
        return self.folder

    def test_names_that_need_quotes(self):
        text = self.changed(("name: words", "name: 'a \"b\" \\'"))
        self.assertIn('digraph "a \\"b\\" \\\\" {', self.graph(self.write(text)))

    def test_other_streams_are_named(self):
        text = self.changed(("args:\n          - [word, count]", "args:\n          - [word, count]\n"
                             "      - name: setNamedStream\n        args: [rare, [word]]"),
                            ("  - {from: count, to: table, grouping: {type: GLOBAL}}",
                             "  - {from: count, to: table, grouping: {type: GLOBAL, streamId: rare}}"))
        self.assertIn("└─ rare: global ─▶ table", self.graph("--text", self.write(text)))

    def test_svg_needs_graphviz(self):
        drawn = self.cstorm("graph", "--svg", WORDCOUNT)
        if shutil.which("dot"):
            self.assertIn("<svg", drawn.stdout)
        else:
            self.assertEqual(drawn.returncode, 1)
            self.assertIn("--svg needs Graphviz: install it", drawn.stderr)

    def test_not_what_has_errors(self):
        drawn = self.cstorm("graph", self.write("name: words\n"))
        self.assertEqual((drawn.returncode, drawn.stdout), (2, ""))
        self.assertIn("the topology has no spout", drawn.stderr)


class Check(Case):
    def test_a_good_topology(self):
        found = self.cstorm("check", self.write(WORDS))
        self.assertEqual((found.returncode, found.stdout), (0, ""))
        self.assertIn("0 errors, 0 warnings", found.stderr)
        self.assertEqual(self.problems(WORDS), [])

    def test_all_problems_in_one_pass_each_with_its_place(self):
        text = self.changed(
            ("topology.max.spout.pending: 1000", "topology.max.spout.pendng: 1000\n  topology.debug: often"),
            ("      - [word]\n    parallelism: 2\n  - id: count", "      - [word]\n    paralelism: 2\n  - id: count"),
            ("numTasks: 3", "numTasks: 1"),
            ("{type: SHUFFLE}", "{type: SHUFLE}"),
            ("args: [word]", "args: [wrod]"),
            ("to: table", "to: tabel"))
        self.assertEqual(self.problems(text), [
            "3:3 warning: neither Storm nor cstorm knows the key topology.max.spout.pendng; topology.max.spout.pending",
            "4:19 error: topology.debug must be true or false",
            "17:5 error: a bolt has no key paralelism; parallelism",
            "27:15 error: count: its parallelism is 2, but it has 1 tasks: Storm runs no executor without a task",
            "28:9 error: table: a bolt needs an input",
            "35:22 error: no such type of grouping: SHUFLE; SHUFFLE",
            "40:14 error: count: stream default of splitter has no field wrod; word",
            "41:23 error: there is no bolt tabel; table"])

    def test_what_the_runner_would_refuse(self):
        good = {"cstorm.nice": 5, "cstorm.rlimits": {"as": "2G"}, "cstorm.env": {"A": "b"}, "cstorm.cgroup": {"memory.max": "2G"}}
        bad = [({"cstorm.nice": 99}, "cstorm.nice must be an integer from -20 to 19"),
               ({"cstorm.rlimits": {"asx": 1}}, "cstorm.rlimits: there is no limit asx; as"),
               ({"cstorm.env": {"A=B": "c"}}, "cstorm.env: A=B must be the name of a variable, and its value a string"),
               ({"cstorm.cgroup": {"memory": 1}}, "cstorm.cgroup: memory is no file of a controller, as memory.max is"),
               ({"topology.max.spout.pending": 0}, "topology.max.spout.pending must be a number, at least 1"),
               ({"cstorm.log.max_bytes": -1}, "cstorm.log.max_bytes must be a whole number, at least 0"),
               ({"topology.max.spout.pending": "x"}, "topology.max.spout.pending must be a whole number")]  # fmt: skip
        for config, *why in [(good,), *bad]:
            lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in config.items()]
            text = self.changed(("topology.max.spout.pending: 1000", "\n  ".join(lines)))
            self.assertEqual([problem.split(" ", 1)[1] for problem in self.problems(text)], [f"error: {w}" for w in why])

    def test_programs_and_scripts_that_are_missing(self):
        text = self.changed(('["./wordcount", "--component", "lines"]', '["./wordcuont"]'),
                            ('["./wordcount", "--component", "split"]', "[python3, split.py]"))
        self.assertEqual(self.problems(text), ["8:10 error: lines: there is no program ./wordcuont",
                                               "14:19 error: splitter: there is no script split.py"])
        self.write("", "split.py")
        self.assertEqual(len(self.problems(text)), 1)
        self.assertEqual(self.problems(self.changed(('["./wordcount", "--component", "lines"]', "[no-such-program]"))),
                         ["8:10 error: lines: there is no program no-such-program in PATH"])

    def test_cycles_and_what_nothing_comes_to(self):
        text = self.changed(("streams:\n", "streams:\n  - {from: count, to: splitter, grouping: {type: ALL}}\n"))
        self.assertEqual(self.problems(text), [
            "11:9 warning: splitter is on a cycle: it receives what comes of its own tuples",
            "17:9 warning: count is on a cycle: it receives what comes of its own tuples"])
        text = self.changed(("from: lines\n    to: splitter", "from: count\n    to: splitter"))
        self.assertIn("11:9 warning: splitter: no tuples of a spout come to it", self.problems(text))

    def test_direct_streams(self):
        text = self.changed(("{type: GLOBAL}", "{type: DIRECT}"))
        self.assertEqual(self.problems(text), [
            "40:47 error: table: a direct grouping, but stream default of count is not declared as direct"])

    def test_text_that_is_no_yaml(self):
        self.assertEqual(self.problems("name: [words\n")[0].split(": ")[1], "not YAML")
        self.assertEqual(self.problems("- a\n"), ["0:0 error: not a topology in YAML: it must be a map with name, "
                                                  "spouts, bolts and streams"])
        self.assertEqual(self.problems("name: words\n"), ["0:0 error: the topology has no spout"])

    def test_text_as_other_editors_write_it(self):
        expected = self.cstorm("describe", self.write(WORDS)).stdout
        for name, text in (("words.yaml", WORDS), ("words.json", expected)):
            for changed in ("\ufeff" + text, text.replace("\n", "\r\n"), "\ufeff" + text.replace("\n", "\r\n")):
                found = self.cstorm("describe", self.write(changed, name))
                self.assertEqual((found.returncode, found.stderr, found.stdout), (0, "", expected))

    def test_zero_bytes(self):
        for text in ("\0" + WORDS, WORDS + "\0", self.changed(("name: words", "name: ${a\0b}"))):
            self.assertIn("not YAML: byte", self.problems(text)[0])
        self.assertIn("not YAML", self.problems("\0{}", name="words.json")[0])

    def test_problems_of_any_bytes(self):
        path = self.write(self.changed(("name: words", 'name: "words"\n"a\\n\\e[31m\\x85é": 1')))
        found = self.cstorm("check", path)
        self.assertIn(":2:1: error: a topology has no key a\\u000a\\u001b[31m\\u0085é\n", found.stderr)
        strange = os.path.join(os.fsencode(self.folder), b"caf\xe9.yaml")
        shutil.copy(path, strange)
        found = self.cstorm("check", "--json", strange, "-p", b"caf\xe9=1")
        problems = json.loads(found.stdout)
        self.assertEqual([problem["message"] for problem in problems], [
            "-p caf\ufffd=1: the topology words has no such component", "a topology has no key a\n\x1b[31m\x85é"])
        self.assertTrue(problems[1]["file"].endswith("/caf\ufffd.yaml"))

    def test_programs_too(self):
        self.assertEqual(self.cstorm("check", WORDCOUNT).returncode, 0)
        self.assertEqual(self.cstorm("check", "/nowhere").returncode, 2)

    def test_environments(self):
        description = json.loads(self.cstorm("describe", WORDCOUNT).stdout)
        description["bolts"][0]["environments"] = {"production": {"parallelism": 7, "config": {"split.x": 1}}}
        description["environments"] = {"production": {"config": {"topology.workers": 4}}}
        path = self.write(json.dumps(description), "words.json")
        found = json.loads(self.cstorm("describe", "-e", "production", path).stdout)
        self.assertEqual(found["bolts"][0]["parallelism"], 7)
        self.assertEqual(found["config"]["topology.workers"], 4)
        found = self.cstorm("describe", "-e", "prodution", path)
        self.assertEqual(found.returncode, 2)
        self.assertIn("describes no environment prodution; did you mean production?", found.stderr)

    def test_usage(self):
        for command in ("check", "describe", "graph"):
            self.assertIn("Usage: cstorm " + command, self.cstorm(command, "--help").stdout)
            self.assertEqual(self.cstorm(command).returncode, 2)
            self.assertEqual(self.cstorm(command, "a", "b").returncode, 2)
            self.assertEqual(self.cstorm(command, "--nonsense", "a").returncode, 2)


if __name__ == "__main__":
    unittest.main()
