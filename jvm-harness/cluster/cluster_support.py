"""A real Storm, of script/cluster, and `cstorm` that talks with it.

Needs CSTORM (the command), TOPOLOGIES (the folder of ours) and PYTHON (one that has pystorm) in the environment.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

CSTORM = os.environ["CSTORM"]
COMPONENTS = os.path.join(os.path.dirname(CSTORM), "cstorm-components")
TOPOLOGIES = os.environ["TOPOLOGIES"]
PYTHON = os.environ["PYTHON"]
SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
# Longer than a loaded machine takes.
PATIENCE = 180


def topology(name):
    return os.path.join(TOPOLOGIES, name)


class ClusterTest(unittest.TestCase):
    """Has one cluster for all tests of the class, and a folder for each."""

    SLOTS = 1
    SCRIPT = os.path.join(SOURCE, "script", "cluster")

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="cstorm-cluster-")
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        # Workers find the Python that has pystorm first.
        environment = dict(os.environ, PATH=os.path.dirname(PYTHON) + os.pathsep + os.environ["PATH"])
        cls.script("start", "--port", "0", "--slots", str(cls.SLOTS), env=environment)
        cls.addClassCleanup(cls.script, "stop")
        cls.environment = dict(os.environ, STORM_CONF_DIR=os.path.join(cls.home, "conf"))

    @classmethod
    def script(cls, command, *arguments, **options):
        found = subprocess.run([cls.SCRIPT, command, "--folder", cls.home, *arguments], capture_output=True, text=True,
                               timeout=PATIENCE, check=False, **options)
        if found.returncode != 0:
            raise AssertionError(found.stderr)
        return found.stdout

    @classmethod
    def state(cls):
        return json.loads(cls.script("status", "--json"))

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.addCleanup(self.kill_all)

    def kill_all(self):
        def kill():
            found = self.listed()
            for one in found:
                if one["status"] != "KILLED":
                    self.run_cstorm("kill", "--wait", "0", one["name"])
            return not found

        self.until("no topology is left", kill)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        """Its lines; the last one may be on its way yet."""
        try:
            with open(self.path(name), encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            return []
        return text[:text.rfind("\n") + 1].splitlines()

    def run_cstorm(self, *arguments, **options):
        return subprocess.run([CSTORM, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False,
                              stdin=subprocess.DEVNULL, env=self.environment, cwd=self.folder, **options)

    def cstorm(self, *arguments, status=0):
        """What it prints; if it fails, and so it should, what it says."""
        found = self.run_cstorm(*arguments)
        self.assertEqual(found.returncode, status, found.stderr)
        return found.stderr if status else found.stdout

    def listed(self):
        return json.loads(self.cstorm("list", "--json"))

    def status(self, name):
        """Its status; None: it is not there."""
        return next((one["status"] for one in self.listed() if one["name"] == name), None)

    def acked(self, name, component):
        """How many tuples of a spout were acked, says Nimbus."""
        found = self.run_cstorm("stats", "--json", "-c", component, name)
        page = json.loads(found.stdout) if found.returncode == 0 else {}
        for key in ("components", component, "window_to_stats", ":all-time", "common_stats", "acked"):
            page = page.get(key, {})
        return page or 0

    def until(self, what, condition):
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            if time.monotonic() > deadline:
                self.fail(f"waited in vain until {what}; {self.logs()}")
            time.sleep(0.1)
        return found

    def logs(self):
        """The last lines of all logs."""
        text = ""
        for folder, _, names in os.walk(os.path.join(self.home, "logs")):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    text += f"\n== {name}\n" + "".join(file.readlines()[-20:])
        return text

    def processes(self, *words):
        """The pids of the cluster's processes whose command lines have these words."""
        children = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
                with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="replace") as file:
                    line = file.read().replace("\0", " ")
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append((int(name), line))
        found, left = [], [self.state()["pid"]]
        while left:
            for pid, line in children.get(left.pop(), []):
                left.append(pid)
                if all(word in line for word in words):
                    found.append(pid)
        return sorted(found)

    def end(self, pid):
        os.kill(pid, signal.SIGKILL)

    def await_end(self, pids):
        self.until("processes have ended", lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids))
