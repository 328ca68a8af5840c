"""The JSON Schema of descriptions: what is printed is valid, and what it refuses `cstorm check` refuses."""

import copy
import json
import os
import shutil
import subprocess
import unittest

from spec_support import WORDS, Case

SCHEMA = os.path.join(os.environ["SOURCE"], "docs/description.schema.json")


def delete(key):
    def change(target):
        del target[key]
    return change


def put(**values):
    return lambda target: target.update(values)


class Schema(Case):
    def problems_of(self, description):
        path = self.write(json.dumps(description) if isinstance(description, dict) else description, "described.json")
        found = subprocess.run(["jsonschema", "--instance", path, SCHEMA], capture_output=True, text=True, check=False)
        return (found.stdout + found.stderr) if found.returncode else ""

    def describe(self, *command):
        described = subprocess.run(command, capture_output=True, text=True, check=True, cwd=self.folder)
        return json.loads(described.stdout)

    def test_all_that_is_printed(self):
        programs = [os.environ["WORDCOUNT"], os.environ["WAYS_BOLTS"], os.environ["WAYS_SPOUTS"], os.environ["MIXED"]]
        programs += [os.path.join(os.environ["EXAMPLES"], name) for name in ("accesslog", "ask", "follow", "rollup")]
        for program in programs:
            self.assertEqual(self.problems_of(self.describe(program, "--describe")), "", program)

    def test_all_that_the_command_prints(self):
        shutil.copy(os.environ["MIXED"], self.path("mixed"))
        self.write("", "shout.py")
        flux = WORDS + ("components: [{id: a, className: A}]\nworkerHooks: [{id: hook, className: Hook}]\n")
        for topology in (self.path("mixed"), self.path("wordcount"), self.write(flux)):
            described = self.cstorm("describe", topology, "-p", "count=3" if "mixed" not in topology else "shout=3")
            self.assertEqual(self.problems_of(described.stdout), "", topology)

    def test_what_is_not_valid(self):
        valid = self.describe(self.path("wordcount"), "--describe")
        for component in valid["spouts"] + valid["bolts"]:
            component["command"] = ["./wordcount"]
        self.assertEqual(self.problems_of(valid), "")
        self.assertEqual(self.problems(json.dumps(valid), name="valid.json"), [])
        bolt = lambda description: description["bolts"][0]
        output = lambda description: bolt(description)["outputs"][0]
        input = lambda description: bolt(description)["inputs"][0]
        whole = lambda description: description
        for where, change in (
                (whole, put(cstorm=2)), (whole, delete("name")), (whole, put(config=[])),
                (whole, put(spouts={})), (whole, put(name=5)), (bolt, delete("name")),
                (bolt, put(name="__system")), (bolt, put(parallelism=0)), (bolt, put(parallelism="2")),
                (bolt, put(tasks=1.5)), (bolt, put(command=[])), (bolt, put(command="./wordcount")),
                (bolt, put(command=[1])), (bolt, put(env={"A": 1})), (bolt, put(inputs={})),
                (output, put(stream="__x")), (output, put(fields=["a", "a"])), (output, put(fields="word")),
                (output, delete("stream")), (input, put(grouping="suffle")), (input, delete("component")),
                (input, put(grouping="fields")), (input, put(grouping="custom")), (input, put(fields=[1])),
                (input, put(grouping="custom", custom={}))):
            description = copy.deepcopy(valid)
            change(where(description))
            text = json.dumps(description)
            self.assertNotEqual(self.problems_of(description), "", text)
            self.assertEqual(self.cstorm("check", self.write(text, "invalid.json")).returncode, 2, text)

    def test_keys_that_nobody_knows(self):
        valid = self.describe(self.path("wordcount"), "--describe")
        valid["bolts"][0]["paralelism"] = 2
        self.assertIn("paralelism", self.problems_of(valid))


if __name__ == "__main__":
    unittest.main()
