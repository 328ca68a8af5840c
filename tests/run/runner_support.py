"""What the tests of `cstorm run` share.

Every run gets a mark in its environment, which all its processes inherit, and a directory of its
own for what the runner keeps on disk: each test ends by looking for processes and files that were
left behind.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
TOPOLOGIES = os.path.join(HERE, "topologies")
CSTORM = os.environ.get("CSTORM", "cstorm")
WORDCOUNT = os.environ.get("WORDCOUNT", "wordcount")
RUNNER_PROBE = os.environ.get("RUNNER_PROBE", "runner_probe")

# Nothing here should take so long; it only keeps a test from hanging for ever.
PATIENCE = 120

MARK = "CSTORM_TEST_MARK"


def python(script, *arguments):
    """The command of a component that is one of the scripts in topologies/."""
    return [sys.executable, "-E", "-S", "-B", os.path.join(TOPOLOGIES, script), *arguments]


def stream(name, *fields, direct=False):
    return {"stream": name, "fields": list(fields), "direct": direct}


def default(*fields):
    """The outputs of a component that has only the default stream."""
    return [stream("default", *fields)]


def source(component, grouping="shuffle", stream="default", fields=None):
    """An input of a bolt."""
    entry = {"component": component, "stream": stream, "grouping": grouping}
    if fields is not None:
        entry["fields"] = fields
    return entry


def spout(name, outputs=None, command=None, parallelism=1, **conf):
    """A spout; its behaviour is set by test.* keys of its configuration (see spout.py)."""
    if "emits" in conf:
        conf["emits"] = json.dumps(conf["emits"])  # as text: a description has no zero bytes
    return {
        "name": name,
        "parallelism": parallelism,
        "command": command or python("spout.py"),
        "outputs": default("value") if outputs is None else outputs,
        "config": settings(conf),
    }


def bolt(name, inputs, outputs=None, command=None, parallelism=1, **conf):
    """A bolt; its behaviour is set by test.* keys of its configuration (see bolt.py)."""
    return {
        "name": name,
        "parallelism": parallelism,
        "command": command or python("bolt.py"),
        "outputs": outputs or [],
        "inputs": [source(entry) if isinstance(entry, str) else entry for entry in inputs],
        "config": settings(conf),
    }


def settings(conf):
    """Keys without a dot are those of the test components."""
    return {key if "." in key else "test." + key: value for key, value in conf.items()}


class Result:
    """How a run ended."""

    def __init__(self, status, output, log, stats):
        self.status = status
        self.output = output
        self.log = log
        self.stats = stats

    def component(self, name):
        return next(entry for entry in self.stats["components"] if entry["name"] == name)

    def sent(self, component, stream="default"):
        """The statistics of a stream at its source."""
        return next(
            entry for entry in self.component(component)["outputs"] if entry["stream"] == stream
        )

    def received(self, component, source, stream="default"):
        """The statistics of a stream at a bolt that receives it."""
        return next(
            entry
            for entry in self.component(component)["inputs"]
            if (entry["component"], entry["stream"]) == (source, stream)
        )

    def restarts(self):
        return sum(entry["restarts"] for entry in self.stats["components"])

    def lines(self, *words):
        """The lines of the log that have all these words in them."""
        return [line for line in self.log.split("\n") if all(word in line for word in words)]


class RunnerTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="cstorm-test-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.runtime = os.path.join(self.directory, "runtime")
        self.records_directory = os.path.join(self.directory, "records")
        os.mkdir(self.runtime)
        os.mkdir(self.records_directory)
        self.mark = uuid.uuid4().hex
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.runtime)
        self.environment[MARK] = self.mark
        self.runner = None
        # The runner was killed: it could not remove its directory, and its processes end by
        # themselves, a moment later.
        self.runner_was_killed = False

    def tearDown(self):
        if self.runner and self.runner.poll() is None:
            self.runner.kill()
            self.runner.wait()
            self.runner_was_killed = True
        left = self.processes()
        if self.runner_was_killed:
            deadline = time.monotonic() + 20
            while left and time.monotonic() < deadline:
                time.sleep(0.02)
                left = self.processes()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.assertEqual(left, {}, "processes are left behind")
        if not self.runner_was_killed:
            self.assertEqual(os.listdir(self.runtime), [], "the run's directory is left behind")

    # Files

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def topology(self, spouts, bolts, name="test", file="topology.json", **config):
        """A file with the description of a topology."""
        config = settings(config)
        config["test.records"] = self.records_directory
        description = {
            "cstorm": 1,
            "name": name,
            "config": config,
            "spouts": spouts,
            "bolts": bolts,
        }
        return self.write(file, json.dumps(description).encode())

    def records(self, component):
        """What each task of a component has noted, by the number of the task."""
        found = {}
        for name in os.listdir(self.records_directory):
            owner, _, task = name.rpartition("-")
            if owner != component:
                continue
            with open(os.path.join(self.records_directory, name), encoding="utf-8") as file:
                found[int(task)] = [json.loads(line) for line in file if line.endswith("\n")]
        return found

    def all_records(self, component):
        """The same of all its tasks, in the order of time."""
        notes = [note for notes in self.records(component).values() for note in notes]
        return sorted(notes, key=lambda note: note["time"])

    def tuples(self, component):
        """The tuples that each task of a bolt has received."""
        return {
            task: [note for note in notes if note["what"] == "tuple"]
            for task, notes in self.records(component).items()
        }

    def all_tuples(self, component):
        return [note for note in self.all_records(component) if note["what"] == "tuple"]

    def values(self, component):
        """The values of the tuples that a bolt has received."""
        return [note["tuple"] for note in self.all_tuples(component)]

    def heard(self, what, component="source"):
        """The ids that a spout was told to be acked or failed."""
        return [note["id"] for note in self.all_records(component) if note["what"] == what]

    def assert_sent(self, result, **counts):
        """Compare the statistics of the spout."""
        sent = result.sent("source")
        self.assertEqual({name: sent[name] for name in counts}, counts, result.log)

    # What happened when

    def first(self, component, what):
        return min(note["time"] for note in self.all_records(component) if note["what"] == what)

    def last(self, component, what):
        return max(note["time"] for note in self.all_records(component) if note["what"] == what)

    # Processes

    def processes(self):
        """The processes that have the test's mark: the command by the pid."""
        found = {}
        entry = f"{MARK}={self.mark}".encode()
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if entry not in file.read().split(b"\0"):
                        continue
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    found[int(name)] = file.read().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                pass  # it has ended meanwhile, or is another user's
        return found

    def components(self):
        """The pids of the processes of the run, without the runner's own."""
        return sorted(pid for pid in self.processes() if pid != self.runner.pid)

    def wait_until(self, condition, what, alive=True):
        """Wait for something to become true, and return it."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            self.assertLess(time.monotonic(), deadline, f"waited in vain: {what}")
            if alive and self.runner and self.runner.poll() is not None:
                self.fail(f"the run ended while waiting: {what}\n{self.log()}")
            time.sleep(0.01)
        return found

    # Runs

    def start(
        self,
        *arguments,
        stats=True,
        launcher=(),
        stdin=subprocess.DEVNULL,
        stdout=None,
        **popen,
    ):
        """Start `cstorm run`; its standard error goes to a file."""
        for name in os.listdir(self.records_directory):
            os.unlink(os.path.join(self.records_directory, name))
        if os.path.exists(self.path("stats.json")):
            os.unlink(self.path("stats.json"))
        command = [*launcher, CSTORM, "run"]
        if stats:
            command += ["--stats", self.path("stats.json")]
        command += arguments
        with open(self.path("stderr"), "wb") as stderr, open(self.path("stdout"), "wb") as output:
            self.runner = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=output if stdout is None else stdout,
                stderr=stderr,
                env=self.environment,
                **popen,
            )
        return self.runner

    def log(self):
        return self.read("stderr").decode(errors="replace")

    def finish(self, status=0, patience=PATIENCE):
        """Wait for the end of the run that was started."""
        try:
            found = self.runner.wait(patience)
        except subprocess.TimeoutExpired:
            self.fail(f"the run does not end\n{self.log()[-5000:]}")
        if status is not None:
            self.assertEqual(found, status, self.log()[-5000:])
        stats = None
        if os.path.exists(self.path("stats.json")) and self.read("stats.json"):
            stats = json.loads(self.read("stats.json"))
        return Result(found, self.read("stdout"), self.log(), stats)

    def run_topology(self, *arguments, status=0, **start):
        """Run a topology to its end."""
        self.start(*arguments, **start)
        return self.finish(status)


class StoppingTest(RunnerTest):
    """For runs that are stopped before their end."""

    def endless(self, *bolts, **conf):
        """A topology that runs until it is stopped."""
        return self.topology(
            [spout("source", count=20_000, endless=True, pause=0.002)],
            list(bolts) or [bolt("sink", ["source"])],
            **conf,
        )

    def wait_for_tuples(self, component="sink", count=5):
        self.wait_until(lambda: len(self.all_tuples(component)) >= count, "tuples arrive")

    def assert_stopped_gracefully(self, result):
        self.assertEqual(result.stats["status"], "stopped")
        sent = result.sent("source")
        self.assertGreater(sent["emitted"], 0)
        self.assertEqual((sent["emitted"], sent["failed"]), (sent["acked"], 0))
        self.assertEqual(len(self.all_tuples("sink")), sent["emitted"])
        self.assertEqual(len([n for n in self.all_records("sink") if n["what"] == "closed"]), 1)
        told = [note["what"] for note in self.all_records("source")]
        self.assertIn("deactivate", told)
        self.assertNotIn("emit", told[told.index("deactivate") :])
        self.assertEqual(result.restarts(), 0)


LOG_LINE = re.compile(
    r"\d\d:\d\d:\d\d\.\d\d\d (?:TRACE|DEBUG|INFO|WARN|ERROR|STDERR) +(?:cstorm|[^ \[]+\[\d+\]): .*"
)
