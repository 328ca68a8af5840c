"""What the tests of topology specs share: a topology in Flux YAML in a folder of its own."""

import json
import os
import shutil
import subprocess
import unittest

from harness import CSTORM, PATIENCE, WORDCOUNT, temporary

SHELL_SPOUT = "org.apache.storm.flux.wrappers.spouts.FluxShellSpout"
SHELL_BOLT = "org.apache.storm.flux.wrappers.bolts.FluxShellBolt"

WORDS = f"""\
name: words
config:
  topology.max.spout.pending: 1000
spouts:
  - id: lines
    className: {SHELL_SPOUT}
    constructorArgs:
      - ["./wordcount", "--component", "lines"]
      - [line]
bolts:
  - id: splitter
    className: {SHELL_BOLT}
    constructorArgs:
      - ["./wordcount", "--component", "split"]
      - [word]
    parallelism: 2
  - id: count
    className: {SHELL_BOLT}
    constructorArgs:
      - ["./wordcount"]
    configMethods:
      - name: setDefaultStream
        args:
          - [word, count]
    parallelism: 2
    numTasks: 3
  - id: table
    className: {SHELL_BOLT}
    constructorArgs:
      - ["./wordcount"]
streams:
  - from: lines
    to: splitter
    grouping: {{type: SHUFFLE}}
  - from: splitter
    to: count
    grouping:
      type: FIELDS
      args: [word]
  - {{from: count, to: table, grouping: {{type: GLOBAL}}}}
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = temporary(self)
        shutil.copy(WORDCOUNT, self.path("wordcount"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, text, name="words.yaml"):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def cstorm(self, *arguments, **more):
        return subprocess.run([CSTORM, *arguments], capture_output=True, text=True, timeout=PATIENCE, **more)

    def problems(self, text, *arguments, name="words.yaml"):
        """The problems of a topology, each as "LINE:COLUMN severity: message; suggestion"."""
        path = self.write(text, name)
        found = self.cstorm("check", "--json", *arguments, path)
        problems = json.loads(found.stdout)
        errors = sum(problem["severity"] == "error" for problem in problems)
        self.assertEqual(found.returncode, 2 if errors else 0, found)
        for problem in problems:
            self.assertEqual(problem.get("file", path), path)
        return [f"{p.get('line', 0)}:{p.get('column', 0)} {p['severity']}: {p['message']}"
                + (f"; {p['suggestion']}" if "suggestion" in p else "") for p in problems]

    def changed(self, *pairs):
        text = WORDS
        for old, new in pairs:
            self.assertEqual(text.count(old), 1, old)
            text = text.replace(old, new)
        return text
