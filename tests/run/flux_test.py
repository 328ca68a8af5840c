"""`cstorm flux`: topologies written in Flux YAML are what they were."""

import json
import os
import shutil
import subprocess
import unittest

from harness import CSTORM, WORDCOUNT
from spec_support import WORDS, Case


class Written(Case):
    def flux(self, *arguments):
        written = self.cstorm("flux", *arguments)
        self.assertEqual((written.returncode, written.stderr), (0, ""))
        return written.stdout

    def described(self, path):
        """A topology, without what Flux has no word for."""
        described = json.loads(self.cstorm("describe", path).stdout)
        described.pop("summary", None)
        described.pop("environments", None)
        for component in described["spouts"] + described["bolts"]:
            for key in ("summary", "settings", "metrics", "environments"):
                component.pop(key, None)
            component.setdefault("inputs", [])
            for stream in component["outputs"]:
                self.assertFalse(stream.pop("direct", False))
            for entry in component["inputs"]:
                if entry.get("stream") == "default":
                    del entry["stream"]
        return described

    def test_a_program_runs_as_it_does(self):
        input = self.write("a b a\nc a\n" * 1000, "input")
        path = self.write(self.flux(self.path("wordcount"), "-o", f"lines.input={input}", "-p", "count=3"))
        for topology in (path, self.path("wordcount")):
            found = self.cstorm("run", "-q", topology, "-o", f"lines.input={input}", cwd="/")
            self.assertEqual((found.returncode, found.stderr), (0, ""))
            self.assertEqual(sorted(found.stdout.splitlines()), ["a\t3000", "b\t1000", "c\t1000"])
        described, program = self.described(path), self.described(self.path("wordcount"))
        self.assertEqual(described["config"].pop("lines.input"), input)
        self.assertEqual(described["bolts"][1].pop("parallelism"), 3)
        self.assertEqual(program["bolts"][1].pop("parallelism"), 2)
        for component in described["spouts"] + described["bolts"]:
            self.assertEqual(component.pop("command"), ["./wordcount", "--component", component["name"]])
        for component in program["spouts"] + program["bolts"]:
            component.pop("command")
        self.assertEqual(described, program)

    def test_the_program_may_be_elsewhere(self):
        path = self.write(self.flux(self.path("wordcount"), "--program", WORDCOUNT), "elsewhere/words.yaml")
        self.assertEqual(self.described(path)["spouts"][0]["command"], [WORDCOUNT, "--component", "lines"])
        self.assertEqual(self.cstorm("check", path).returncode, 0)

    def test_yaml_comes_out_as_it_is_read(self):
        path = self.write(WORDS)
        again = self.write(self.flux(path), "again.yaml")
        self.assertEqual(self.described(again), self.described(path))
        self.assertEqual(self.flux(again), self.flux(path))

    def test_all_that_a_topology_has(self):
        shutil.copy(os.environ["MIXED"], self.path("mixed"))
        self.write("", "shout.py")
        again = self.write(self.flux(self.path("mixed"), "-e", "production"), "mixed.yaml")
        described = self.described(again)
        components = {entry["name"]: entry for entry in described["spouts"] + described["bolts"]}
        self.assertEqual(described["config"], {"topology.workers": 4})
        self.assertEqual(components["lines"]["config"], {"lines.input": "/data/lines"})
        self.assertEqual((components["shout"]["parallelism"], components["shout"]["tasks"]), (4, 8))
        self.assertEqual(components["shout"]["command"], ["python3", "shout.py"])
        self.assertEqual(components["store"]["java"],
                         {"className": "com.example.Store", "constructorArgs": ["table", 5]})
        self.assertEqual(components["store"]["inputs"], [
            {"component": "shout", "grouping": "custom", "custom": {"className": "com.example.ByRegion"}}])

    def test_streams_configuration_and_parts_of_java(self):
        text = self.changed(
            ("    parallelism: 2\n    numTasks: 3\n",
             "      - {name: setNamedStream, args: [rare, [word]]}\n"
             "      - {name: addComponentConfig, args: [count.list, [1, two, [3]]]}\n"
             "      - {name: addComponentConfig, args: [count.number, 1.0e+300]}\n"
             "    cpuLoad: 50\n    onHeapMemoryLoad: 128\n"),
            ("streams:\n", "  - id: store\n    className: com.example.Store\n    properties:\n"
                           "      - {name: keys, ref: keys}\n    cpuLoad: 10\nstreams:\n"
                           "  - {from: count, to: store, grouping: {type: ALL, streamId: rare}}\n"
                           "  - {from: lines, to: store, grouping: {type: CUSTOM, "
                           "customClass: {className: com.example.One, constructorArgs: ['1', yes, null]}}}\n"))
        text += ("components:\n  - {id: keys, className: java.util.ArrayList}\n"
                 "workerHooks:\n  - {id: hook, className: com.example.Hook}\n")
        path = self.write(text)
        written = self.flux(path)
        again = self.write(written, "again.yaml")
        self.assertEqual(self.described(again), self.described(path))
        for line in ("  cpuLoad: 50", "    - [word]", "  onHeapMemoryLoad: 128", "    streamId: rare",
                     "    args: [count.number, 1.0e+300]", '      constructorArgs: ["1", true, null]'):
            self.assertIn(line, written.splitlines())

    def test_what_flux_cannot_say(self):
        described = json.loads(self.cstorm("describe", self.write(WORDS)).stdout)
        described["bolts"][0]["outputs"].append({"stream": "chosen", "fields": ["word"], "direct": True})
        described["bolts"][2]["inputs"].append(
            {"component": "splitter", "stream": "chosen", "grouping": "direct"})
        path = self.write(json.dumps(described), "words.json")
        found = self.cstorm("flux", path)
        self.assertEqual((found.returncode, found.stdout), (2, ""))
        self.assertIn("error: splitter: the stream chosen is direct: Flux has no direct streams", found.stderr)

    def test_what_lies_too_deep_for_flux(self):
        described = json.loads(self.cstorm("describe", self.write(WORDS)).stdout)
        for levels, status in ((48, 0), (49, 2)):
            described["config"]["deep"] = json.loads("[" * levels + "]" * levels)
            found = self.cstorm("flux", self.write(json.dumps(described), "words.json"))
            self.assertEqual(found.returncode, status, found.stderr)
        self.assertIn("nested deeper than the 50 levels that Flux reads", found.stderr)

        text = self.changed(("streams:\n", "  - id: store\n    className: com.example.Store\n    config: {a: b}\n"
                                            "streams:\n  - {from: count, to: store, grouping: {type: ALL}}\n"))
        found = self.cstorm("flux", self.write(text))
        self.assertEqual((found.returncode, found.stdout), (2, ""))
        self.assertIn("words.yaml:33:5: warning: Flux 2.8 has no config of a component", found.stderr)
        self.assertIn("words.yaml:33:17: error: store: its configuration a: Flux has none", found.stderr)

    def test_a_topology_with_errors(self):
        found = self.cstorm("flux", self.write(self.changed(("    to: splitter", "    to: spliter"))))
        self.assertEqual((found.returncode, found.stdout), (2, ""))
        self.assertIn("there is no bolt spliter; did you mean splitter?", found.stderr)

    def test_a_full_disk(self):
        with open("/dev/full", "w") as full:
            found = subprocess.run([CSTORM, "flux", self.write(WORDS)], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual((found.returncode, found.stderr),
                         (1, "cstorm flux: cannot print: No space left on device\n"))


if __name__ == "__main__":
    unittest.main()
