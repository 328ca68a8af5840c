"""One topology in YAML whose components are in C, in Python with pystorm, and in Python with Storm's own storm.py.

Needs CSTORM, PYTHON (one that has pystorm) and FLUX_CLASS_PATH (whose first jar has storm.py) in the environment.
"""

import os
import subprocess
import tempfile
import unittest
import zipfile

CSTORM = os.environ["CSTORM"]
PYTHON = os.environ["PYTHON"]
COMPONENTS = os.path.join(os.path.dirname(CSTORM), "cstorm-components")
BOLT = "org.apache.storm.flux.wrappers.bolts.FluxShellBolt"

PYSTORM = """\
from pystorm import Bolt


class Shout(Bolt):
    outputs = ["word", "length"]

    def process(self, tup):
        word = tup.values[0]
        if word == "bad":
            raise ValueError("a bad word")
        self.emit([word.upper(), len(word)])


if __name__ == "__main__":
    Shout().run()
"""

STORM_PY = """\
import storm


class Join(storm.BasicBolt):
    def process(self, tup):
        storm.emit(["%s %d" % (tup.values[0], tup.values[1])])


Join().run()
"""

TOPOLOGY = f"""\
name: languages
config:
  topology.max.spout.pending: 10
spouts:
- id: lines
  className: org.apache.storm.flux.wrappers.spouts.FluxShellSpout
  constructorArgs: [[{COMPONENTS}, --component, lines], [line]]
bolts:
- id: split
  className: {BOLT}
  constructorArgs: [[{COMPONENTS}, --component, split], [word]]
- id: shout
  className: {BOLT}
  constructorArgs: [[{PYTHON}, shout.py], [word, length]]
  parallelism: 2
- id: join
  className: {BOLT}
  constructorArgs: [[{PYTHON}, join.py], [text]]
- id: write
  className: {BOLT}
  constructorArgs: [[{COMPONENTS}, --component, write]]
streams:
- {{from: lines, to: split, grouping: {{type: SHUFFLE}}}}
- {{from: split, to: shout, grouping: {{type: FIELDS, args: [word]}}}}
- {{from: shout, to: join, grouping: {{type: SHUFFLE}}}}
- {{from: join, to: write, grouping: {{type: GLOBAL}}}}
"""

TESTS = """\
topology: languages.yaml
tests:
- name: pystorm
  component: shout
  input: [[one], [three]]
  expect:
    emits:
    - {values: [ONE, 3], anchors: [1]}
    - {values: [THREE, 5], anchors: [2]}
- name: storm.py
  component: join
  input: [[a, 1], [b, 2]]
  expect:
    emits:
    - {values: [a 1], anchors: [1]}
    - {values: [b 2], anchors: [2]}
- name: the whole
  input: {lines: [[one two], [three]]}
  expect:
    emits: {join: [[ONE 3], [TWO 3], [THREE 5]]}
    output: ""
  config: {write.output: /dev/null}
"""


class Languages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with zipfile.ZipFile(os.environ["FLUX_CLASS_PATH"].split(":")[0]) as jar:
            self.write("storm.py", jar.read("resources/storm.py").decode())
        self.write("shout.py", PYSTORM)
        self.write("join.py", STORM_PY)
        self.topology = self.write("languages.yaml", TOPOLOGY)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def cstorm(self, *arguments):
        return subprocess.run([CSTORM, *arguments], capture_output=True, text=True, timeout=120, check=False)

    def test_they_run(self):
        words = [f"word{i % 100}" for i in range(3000)]
        path = self.write("lines", "\n".join(" ".join(words[i:i + 7]) for i in range(0, len(words), 7)))
        found = self.cstorm("run", "-q", self.topology, "-o", f"lines.input={path}")
        self.assertEqual((found.returncode, found.stderr), (0, ""))
        self.assertEqual(sorted(found.stdout.splitlines()), sorted(f"{word.upper()} {len(word)}" for word in words))

    def test_a_file_may_have_the_name_of_a_component(self):
        self.write("split", "one two\n")
        found = self.cstorm("run", "-q", self.topology, "-o", f"lines.input={os.path.join(self.folder, 'split')}")
        self.assertEqual((found.returncode, found.stderr), (0, ""))

    def test_cstorm_test_tests_them(self):
        found = self.cstorm("test", self.write("languages.test.yaml", TESTS))
        self.assertEqual((found.returncode, found.stderr), (0, ""), found.stdout)
        self.assertEqual(found.stdout.splitlines()[-1], "3 passed, 0 failed")

    def test_an_exception_in_python(self):
        found = self.cstorm("test", self.write("bad.test.yaml", """\
topology: languages.yaml
tests:
- {name: bad, component: shout, input: [[bad]], expect: {fails: [1], errors: ["ValueError: a bad word"]}}
"""))
        self.assertEqual(found.returncode, 0, found.stdout)


if __name__ == "__main__":
    unittest.main()
