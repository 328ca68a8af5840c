"""What the tests of the programs share: where they are, runs of topologies, a component's wire."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

CSTORM = os.environ["CSTORM"]
WORDCOUNT = os.environ["WORDCOUNT"]
PROBE = os.environ["PROBE"]
HERE = os.path.dirname(os.path.abspath(__file__))
COMPONENT = os.path.join(HERE, "component.py")

# Generous: only to end a test that hangs.
PATIENCE = 60


def temporary(test):
    """A folder that goes when the test ends."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return folder.name


def write(path, content):
    mode = "wb" if isinstance(content, bytes) else "w"
    with open(path, mode) as file:
        file.write(content)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def describe(program):
    return json.loads(subprocess.check_output([program, "--describe"], timeout=PATIENCE))


def with_marker(marker):
    """The processes that have a word in their environment or command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = read(f"/proc/{pid}/environ") + read(f"/proc/{pid}/cmdline")
            state = read(f"/proc/{pid}/stat").rsplit(b")", 1)[1].split()[0]
        except OSError:
            continue
        if marker.encode() in text and state not in (b"Z", b"X"):
            found.append(int(pid))
    return found


def wait_until(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s for {what}")


class Run:
    """One `cstorm run`, with everything it says."""

    def __init__(self, test, topology, *arguments, stdin=subprocess.DEVNULL, environment=None, **more):
        self.folder = temporary(test)
        self.stats_path = os.path.join(self.folder, "stats.json")
        self.marker = f"CSTORM_TEST_{os.getpid()}_{id(self)}"
        variables = dict(os.environ, CSTORM_TEST_MARKER=self.marker, TMPDIR=self.folder)
        variables.pop("XDG_RUNTIME_DIR", None)
        variables.update(environment or {})
        if isinstance(topology, dict):
            topology = write(os.path.join(self.folder, "topology.json"), json.dumps(topology))
        self.process = subprocess.Popen(
            [CSTORM, "run", topology, "--stats", self.stats_path, *arguments],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables, **more)
        self.pid = self.process.pid
        test.addCleanup(self.kill)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def wait(self, input=None, seconds=PATIENCE):
        """Wait for the end: self, with status, stdout, stderr (text) and stats."""
        try:
            self.stdout, stderr = self.process.communicate(input, timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, stderr = self.process.communicate()
            raise AssertionError("the run hangs; it said:\n" + stderr.decode(errors="replace"))
        self.status = self.process.returncode
        self.stderr = stderr.decode(errors="replace")
        self.stats = None
        if os.path.exists(self.stats_path) and os.path.getsize(self.stats_path):
            self.stats = json.loads(read(self.stats_path))
        return self

    def tasks(self):
        """The processes of the tasks."""
        try:
            text = read(f"/proc/{self.pid}/task/{self.pid}/children")
        except OSError:
            return []
        return [int(pid) for pid in text.split()]

    def component(self, name):
        return next(c for c in self.stats["components"] if c["name"] == name)

    def output(self, name, stream="default"):
        return next(o for o in self.component(name)["outputs"] if o["stream"] == stream)

    def input(self, name, source):
        return next(i for i in self.component(name)["inputs"] if i["component"] == source)


def run(test, topology, *arguments, input=None, **more):
    if input is not None:
        more["stdin"] = subprocess.PIPE
    return Run(test, topology, *arguments, **more).wait(input)


def python_component(name, role, *arguments, inputs=None, outputs=None, parallelism=1, config=None):
    """A component of component.py for a topology given as JSON."""
    component = {
        "name": name,
        "parallelism": parallelism,
        "command": [sys.executable, COMPONENT, role, *arguments],
        "outputs": [
            {"stream": stream, "fields": fields, "direct": stream.startswith("direct")}
            for stream, fields in (outputs or {}).items()
        ],
        "config": config or {},
    }
    if inputs is not None:
        component["inputs"] = inputs
    return component


def subscribe(component, grouping, stream="default", fields=None):
    entry = {"component": component, "stream": stream, "grouping": grouping}
    if fields is not None:
        entry["fields"] = fields
    return entry


def topology(spouts, bolts, config=None, name="words"):
    return {"cstorm": 1, "name": name, "spouts": spouts, "bolts": bolts, "config": config or {}}


class Component:
    """A topology's program as one of its components, with the test as its parent."""

    def __init__(self, test, program, component, conf=None, context=None, handshake=None, start=True):
        self.folder = temporary(test)
        self.buffer = b""
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        test.addCleanup(self.end)
        if handshake is None:
            handshake = self.handshake(component, conf or {}, context or {})
        if start:
            self.send(handshake)
            self.pid = self.receive()["pid"]

    def handshake(self, component, conf, context):
        return {
            "pidDir": self.folder,
            "conf": {"topology.name": "probe", "topology.workers": 1, "ui.filter": None,
                     "nimbus.seeds": ["127.0.0.1"], "topology.message.timeout.secs": 30, **conf},
            "context": {
                "task->component": {"1": "__acker", "2": "source", "3": component, "4": component, "5": "sink"},
                "taskid": 4,
                "componentid": component,
                "streams": ["default"],
                "stream->outputfields": {"default": ["word"]},
                "stream->target->grouping": {},
                "source->stream->grouping": {"source": {"default": {"type": "SHUFFLE"}}},
                "source->stream->fields": {"source": {"default": ["text", "number", "flag", "more"]}},
                **context,
            },
        }

    def end(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        self.send_bytes(json.dumps(message).encode() + b"\nend\n")

    def send_tuple(self, values, id="-1", stream="default", comp="source", task=2):
        self.send({"id": id, "comp": comp, "stream": stream, "task": task, "tuple": values})

    def heartbeat(self):
        self.send({"id": "-77", "comp": None, "stream": "__heartbeat", "task": -1, "tuple": []})

    def receive_text(self):
        deadline = time.monotonic() + PATIENCE
        while b"\nend\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
            if not ready:
                raise AssertionError("no message came")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise EOFError(self.buffer)
            self.buffer += data
        frame, self.buffer = self.buffer.split(b"\nend\n", 1)
        return frame

    def receive(self):
        frame = self.receive_text()
        assert b"\n" not in frame, frame
        return json.loads(frame)

    def until_sync(self):
        """The messages before the next sync, and the sync."""
        messages = []
        while True:
            message = self.receive()
            if message["command"] == "sync":
                return messages, message
            messages.append(message)

    def answers(self):
        """What the component says to all that it was sent: a heartbeat marks the end."""
        self.heartbeat()
        return self.until_sync()[0]

    def command(self, command, id=""):
        self.send({"command": command, "id": id})
        return self.until_sync()

    def rest(self):
        """Close the input: all that still comes, then the exit status."""
        self.process.stdin.close()
        messages = []
        try:
            while True:
                messages.append(self.receive())
        except EOFError:
            pass
        return messages, self.process.wait(PATIENCE)
