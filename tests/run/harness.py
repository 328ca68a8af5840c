"""What the tests of components share: where the programs are, and a component's wire."""

import json
import os
import select
import subprocess
import tempfile
import time

import msgpack

CSTORM = os.environ["CSTORM"]
WORDCOUNT = os.environ["WORDCOUNT"]
PROBE = os.environ["PROBE"]
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


def logs(messages):
    return [m["msg"] for m in messages if m["command"] == "log"]


class JsonWire:
    """Messages are lines, with a line `end` behind each."""

    END = b"\nend\n"

    def encode(self, message):
        return json.dumps(message).encode() + self.END

    def take(self, data):
        """The first message of the bytes and what is behind it; None where it is not whole."""
        text, end, rest = data.partition(self.END)
        if not end:
            return None
        assert b"\n" not in text, text
        return json.loads(text), rest


class MessagePackWire:
    """Messages follow one another."""

    def encode(self, message):
        return msgpack.encode(message)

    def take(self, data):
        try:
            message, length = msgpack.decode_first(data)
        except msgpack.Incomplete:
            return None
        return message, data[length:]


WIRES = {"json": JsonWire(), "msgpack": MessagePackWire()}


class OnMessagePack:
    """To mix into a class of tests that say `wire=self.wire`: the same on the other wire."""

    wire = "msgpack"


SIGN_OF_LIFE = {"command": "log", "msg": "busy", "level": 0}


class Component:
    """A topology's program as one of its components, with the test as its parent."""

    def __init__(self, test, program, component, conf=None, context=None, handshake=None, start=True, arguments=(),
                 wire="json"):
        self.wire = WIRES[wire]
        self.folder = temporary(test)
        self.buffer = b""
        self.wants_signs = "topology.subprocess.timeout.secs" in (conf or {})
        # One for all: a component that hangs gives signs of life.
        self.deadline = time.monotonic() + PATIENCE
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
        self.send_bytes(self.wire.encode(message))

    def send_tuple(self, values, id="-1", stream="default", comp="source", task=2):
        self.send({"id": id, "comp": comp, "stream": stream, "task": task, "tuple": values})

    def heartbeat(self):
        self.send({"id": "-77", "comp": None, "stream": "__heartbeat", "task": -1, "tuple": []})

    def receive(self):
        """The next message; without signs of life, which may come at any time, unless the test is about them."""
        while (message := self.receive_any()) == SIGN_OF_LIFE and not self.wants_signs:
            pass
        return message

    def receive_any(self):
        """Raises EOFError, with the bytes that are left, where none comes any more."""
        while not (taken := self.wire.take(self.buffer)):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, self.deadline - time.monotonic()))
            if not ready:
                raise AssertionError("no message came")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise EOFError(self.buffer)
            self.buffer += data
        message, self.buffer = taken
        return message

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
        return self.end_of_life()

    def end_of_life(self):
        """All that still comes, then the exit status. What comes is whole messages."""
        messages = []
        try:
            while True:
                messages.append(self.receive())
        except EOFError as end:
            assert end.args == (b"",), end.args
        return messages, self.process.wait(PATIENCE)
