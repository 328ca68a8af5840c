"""A Nimbus that does what a test wants of it, on the loopback. What a real one does, jvm-harness sees."""

import io
import os
import socket
import struct
import subprocess
import threading
import unittest

from harness import CSTORM, PATIENCE, temporary

STOP, BOOL, DOUBLE, I32, I64, STRING, STRUCT, MAP, LIST = 0, 2, 4, 8, 10, 11, 12, 13, 15


class Reader:
    """Thrift's binary protocol: structs are dicts by the numbers of their fields."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def number(self, form):
        return struct.unpack(form, self.data.read(struct.calcsize(form)))[0]

    def string(self):
        return self.data.read(self.number(">i"))

    def value(self, kind):
        if kind == STRUCT:
            found = {}
            while (member := self.number(">b")) != STOP:
                number = self.number(">h")
                found[number] = self.value(member)
            return found
        if kind == MAP:
            key, value, count = self.number(">b"), self.number(">b"), self.number(">i")
            return [(self.value(key), self.value(value)) for _ in range(count)]
        if kind == LIST:
            item, count = self.number(">b"), self.number(">i")
            return [self.value(item) for _ in range(count)]
        if kind == STRING:
            return self.string()
        return self.number({BOOL: ">?", I32: ">i", I64: ">q", DOUBLE: ">d"}[kind])


def string(number, text):
    return struct.pack(">bhi", STRING, number, len(text.encode())) + text.encode()


def integer(number, value):
    return struct.pack(">bhi", I32, number, value)


def nested(number, *fields):
    return struct.pack(">bh", STRUCT, number) + b"".join(fields) + b"\0"


def summary(name, status="ACTIVE"):
    return b"".join([string(1, f"{name}-1-1700000000"), string(2, name), integer(3, 7), integer(4, 6), integer(5, 1),
                     integer(6, 99), string(7, status), b"\0"])  # fmt: skip


def topologies(*summaries):
    return struct.pack(">bhbi", LIST, 0, STRUCT, len(summaries)) + b"".join(summaries)


class Nimbus:
    """A server on the loopback: `answers` has the fields of the result by the name of the call, or a function of the
    arguments that gives them; None: it hangs up."""

    def __init__(self, test, **answers):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.answers = {"getLeader": nested(0, string(1, "127.0.0.1"), integer(2, self.port)),
                        "getTopologySummaries": topologies(), **answers}  # fmt: skip
        self.calls = []
        self.open = []
        test.addCleanup(self.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        for each in [self.socket, *self.open]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                call = Reader(stream.read(struct.unpack(">i", head)[0]))
                call.number(">I")
                name, sequence = call.string().decode(), call.number(">i")
                arguments = call.value(STRUCT)
                self.calls.append((name, arguments))
                answer = self.answers.get(name, b"")
                answer = answer(arguments) if callable(answer) else answer
                if answer is None:
                    return
                self.send(connection, 2, name, sequence, answer)

    @staticmethod
    def send(connection, kind, name, sequence, fields):
        message = struct.pack(">Ii", 0x80010000 | kind, len(name)) + name.encode() + struct.pack(">i", sequence)
        message += fields + b"\0"
        connection.sendall(struct.pack(">i", len(message)) + message)

    def called(self, name):
        return [arguments for called, arguments in self.calls if called == name]


class ClusterTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary(self)
        self.environment = dict(os.environ, HOME=self.folder, STORM_CONF_DIR=self.folder, TMPDIR=self.folder)

    def cstorm(self, *arguments, status=0):
        found = subprocess.run([CSTORM, *arguments], capture_output=True, timeout=PATIENCE, check=False, text=True,
                               stdin=subprocess.DEVNULL, env=self.environment)  # fmt: skip
        self.assertEqual(found.returncode, status, found.stderr)
        return found

    def ask(self, nimbus, command, *arguments, status=0):
        return self.cstorm(command, "--nimbus", nimbus.address, *arguments, status=status)

    def refuse(self, nimbus, command, *arguments):
        """What is said when it fails."""
        return self.ask(nimbus, command, *arguments, status=1).stderr

    def storm_yaml(self, text):
        with open(os.path.join(self.folder, "storm.yaml"), "w", encoding="utf-8") as file:
            file.write(text)


def double(number, value):
    return struct.pack(">bhd", DOUBLE, number, value)


def long(number, value):
    return struct.pack(">bhq", I64, number, value)


def mapped(number, key_kind, *pairs):
    return struct.pack(">bhbbi", MAP, number, key_kind, STRUCT, len(pairs)) + b"".join(pairs)


def fields(*parts):
    return b"".join(parts)


def listed(number, *structs):
    return struct.pack(">bhbi", LIST, number, STRUCT, len(structs)) + b"".join(one + b"\0" for one in structs)


def string_map(number, kind, **values):
    """A map from strings to values that are packed."""
    packed = struct.pack(">bhbbi", MAP, number, STRING, kind, len(values))
    for name, value in values.items():
        packed += struct.pack(">i", len(name)) + name.encode() + value
    return packed


def executor(component, first, last, uptime):
    return fields(nested(1, integer(1, first), integer(2, last)), string(2, component), string(3, "host"),
                  integer(4, 6700), integer(5, uptime))  # fmt: skip


def errors(*texts):
    found = [fields(string(1, text), integer(2, 1700000000), string(3, "host"), integer(4, 6700)) for text in texts]
    return struct.pack(">bi", STRUCT, len(found)) + b"".join(one + b"\0" for one in found)


def topology_info(*executors, **errors_by_component):
    return nested(0, string(1, "words-1-1700000000"), string(2, "words"), listed(4, *executors), string(5, "ACTIVE"),
                  string_map(6, LIST, **{name: errors(*texts) for name, texts in errors_by_component.items()}))  # fmt: skip


FOUND = {"getTopologySummaryByName": nested(0, summary("words")[:-1])}
