"""What the tests of components share: where the programs are, and a component's wire."""

import json
import os
import select
import subprocess
import tempfile
import time
import unittest

import messagepack

WORDCOUNT = os.environ["WORDCOUNT"]
PROBE = os.environ["PROBE"]
WAYS = os.environ["WAYS"]
HERE = os.path.dirname(os.path.abspath(__file__))

# Generous: only to end a test that hangs.
PATIENCE = 60


def temporary(test):
    """A folder that goes when the test ends."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return folder.name


def read(path):
    with open(path, "rb") as file:
        return file.read()


def describe(program):
    return json.loads(subprocess.check_output([program, "--describe"], timeout=PATIENCE))


class Json:
    """Storm's own wire: JSON with an end."""

    END = b"\nend\n"

    def pack(self, message):
        return json.dumps(message).encode() + self.END

    def unpack(self, data):
        """The first message of the data and what is behind it, or None."""
        if self.END not in data:
            return None
        frame, rest = data.split(self.END, 1)
        assert b"\n" not in frame, frame
        return json.loads(frame), rest


class MessagePack:
    """pystorm's other wire: messages of MessagePack, one behind the other."""

    def pack(self, message):
        return messagepack.pack(message)

    def unpack(self, data):
        try:
            message, end = messagepack.unpack(data)
        except messagepack.Short:
            return None
        return message, data[end:]


JSON = Json()
MESSAGE_PACK = MessagePack()
WIRES = (JSON, MESSAGE_PACK)


class Component:
    """A topology's program as one of its components, with the test as its parent."""

    def __init__(self, test, program, component, conf=None, context=None, handshake=None, start=True, wire=JSON,
                 arguments=()):
        self.wire = wire
        self.folder = temporary(test)
        self.buffer = b""
        self.process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
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
        self.send_bytes(self.wire.pack(message))

    def send_tuple(self, values, id="-1", stream="default", comp="source", task=2):
        self.send({"id": id, "comp": comp, "stream": stream, "task": task, "tuple": values})

    def heartbeat(self):
        self.send({"id": "-77", "comp": None, "stream": "__heartbeat", "task": -1, "tuple": []})

    def receive(self):
        deadline = time.monotonic() + PATIENCE
        while not (found := self.wire.unpack(self.buffer)):
            ready, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
            if not ready:
                raise AssertionError("no message came")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise EOFError(self.buffer)
            self.buffer += data
        message, self.buffer = found
        return message

    def is_silent(self, seconds):
        """Whether nothing comes for so long."""
        return not self.buffer and not select.select([self.process.stdout], [], [], seconds)[0]

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


def logs(messages):
    return [m["msg"] for m in messages if m["command"] == "log"]


def emits(messages):
    return [m["tuple"] for m in messages if m["command"] == "emit"]


def outcomes(messages):
    return [(m["command"], m["id"]) for m in messages if m["command"] in ("ack", "fail")]


class WaysTest(unittest.TestCase):
    """Tests with components of ways.c."""

    wire = JSON

    def component(self, name, conf=None, **more):
        return Component(self, WAYS, name, conf, wire=self.wire, **more)

    def receive_until(self, component, command, count=1):
        """Messages up to the last of so many of a command."""
        messages = []
        while count > 0:
            messages.append(component.receive())
            count -= messages[-1]["command"] == command
        return messages
