"""The tutorial, word for word, on a real cluster.

Needs BUILD (the folder of the build), and what tests/run needs of the environment, too.
"""

import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
SCRIPT = os.path.join(SOURCE, "script", "cluster")
sys.path.insert(0, os.path.join(SOURCE, "tests", "run"))
from installed import Installed  # noqa: E402

# Longer than a loaded machine takes.
PATIENCE = 300


def load_script():
    loader = importlib.machinery.SourceFileLoader("cluster", SCRIPT)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("cluster", loader))
    loader.exec_module(module)
    return module


def read_steps():
    """The commands, each with the output that follows it, or nothing."""
    with open(os.path.join(SOURCE, "docs", "tutorial.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", file.read(), re.M | re.S)
    steps = []
    for language, text in blocks:
        if language == "sh":
            steps.append([text, None])
        else:
            steps[-1][1] = text
    return steps


def pattern(text):
    """... is anything: within a line, or whole lines."""
    lines = []
    for line in text.splitlines():
        if line == "...":
            lines.append("(?:.*\n)*?")
        else:
            lines.append(".*?".join(re.escape(part) for part in line.split("...")) + r" *\n")
    return "".join(lines)


class Tutorial(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.place = self.home = folder.name
        installed = Installed("tutorial")
        self.addCleanup(installed.remove)
        os.symlink(SOURCE, os.path.join(self.home, "cstorm"))
        subprocess.run([SCRIPT, "fetch"], check=True)
        # With a cluster and a port of its own, where the machine permits it: somebody may have one running.
        self.environment = dict(installed.variables, HOME=self.home, TZ="UTC",
                                CSTORM_CLUSTER=os.path.join(self.home, "cluster"))
        self.environment.pop("STORM_CONF_DIR", None)
        self.script = load_script()
        self.network = subprocess.Popen(["sleep", "infinity"], preexec_fn=self.script.enter_namespace)
        self.addCleanup(self.network.wait)
        self.addCleanup(self.network.kill)
        self.addCleanup(self.run_in_place, "~/cstorm/script/cluster stop")

    def run_in_place(self, commands):
        def enter():
            self.script.share_namespace(self.network.pid)

        found = subprocess.run(["bash", "-c", f"{commands}\npwd >{self.home}/place"], cwd=self.place, env=self.environment,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                               timeout=PATIENCE, check=False, text=True, preexec_fn=enter)
        with open(os.path.join(self.home, "place"), encoding="utf-8") as file:
            self.place = file.read().strip()
        return found.stdout

    def check(self, commands, expected):
        """What only looks may be early, and look again."""
        deadline = time.monotonic() + 60
        found = self.run_in_place(commands)
        while not re.fullmatch(pattern(expected or ""), found):
            is_look = re.match(r"(cstorm (info|list)|sort) ", commands)
            if not is_look or time.monotonic() > deadline:
                self.fail(f"{commands}{found}\n-- is not --\n{expected}")
            time.sleep(0.5)
            found = self.run_in_place(commands)

    def test_word_for_word(self):
        steps = read_steps()
        self.assertGreater(len(steps), 10)
        for commands, expected in steps:
            self.check(commands, expected)


if __name__ == "__main__":
    unittest.main()
