"""Storm's multi-lang protocol, spoken by hand: for components that test the runner.

Nothing here knows of libcstorm. A component notes what it sees in a file of its own, if the
configuration has a directory for it (test.records).
"""

import collections
import json
import os
import sys
import time


class Component:
    def __init__(self):
        self.waiting = collections.deque()  # messages that came before an awaited list of task ids
        self.handshake = self.read()
        self.conf = self.handshake["conf"]
        self.context = self.handshake["context"]
        self.name = self.context["componentid"]
        self.task = self.context["taskid"]
        self.restarts = self.conf.get("cstorm.task.restarts", 0)
        self.records = None
        if "test.records" in self.conf:
            path = os.path.join(self.conf["test.records"], f"{self.name}-{self.task}")
            self.records = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.note("start", pid=os.getpid(), handshake=self.handshake)

    def answer_handshake(self):
        with open(os.path.join(self.handshake["pidDir"], str(os.getpid())), "w", encoding="ascii"):
            pass
        self.send(pid=os.getpid())

    def setting(self, name, default=None):
        return self.conf.get("test." + name, default)

    def note(self, what, **details):
        if self.records is not None:
            line = json.dumps({"what": what, "time": time.monotonic(), **details}) + "\n"
            os.write(self.records, line.encode())

    # The wire

    def read(self):
        """The next message, None at the end of the input."""
        lines = []
        while True:
            line = sys.stdin.buffer.readline()
            if not line:
                return None
            if line == b"end\n":
                return json.loads(b"".join(lines))
            lines.append(line)

    def receive(self):
        return self.waiting.popleft() if self.waiting else self.read()

    def send(self, message=None, **fields):
        self.send_text(json.dumps(message if message is not None else fields))

    @staticmethod
    def send_text(text):
        sys.stdout.write(text + "\nend\n")
        sys.stdout.flush()

    def log(self, text, level=2):
        self.send(command="log", msg=text, level=level)

    def be_busy(self):
        """Work for three seconds, in which only the log says that it is alive."""
        for _ in range(12):
            time.sleep(0.25)
            self.log("still at work", level=1)

    def emit(self, **fields):
        """Emit; the ids of the receiving tasks, if the fields do not say that they are not wanted."""
        self.send(command="emit", **fields)
        if not fields.get("need_task_ids", True) or fields.get("task"):
            return None
        while True:
            message = self.read()
            if message is None or isinstance(message, list):
                return message
            self.waiting.append(message)


class Spout(Component):
    def next(self):
        raise NotImplementedError

    def ack(self, tuple_id):
        pass

    def fail(self, tuple_id):
        pass

    def finished(self):
        return False

    def close(self):
        pass

    def sync(self):
        if self.finished():
            self.send(command="sync", finished=True)
        else:
            self.send(command="sync")

    def handle(self, message):
        if message["command"] == "next":
            self.next()
        else:
            self.note(message["command"], id=message.get("id"))
        if message["command"] == "ack":
            self.ack(message["id"])
        elif message["command"] == "fail":
            self.fail(message["id"])

    def run(self):
        self.answer_handshake()
        while (message := self.receive()) is not None:
            self.handle(message)
            self.sync()
        self.note("end")
        self.close()


class Bolt(Component):
    def process(self, message):
        raise NotImplementedError

    def tick(self, message):
        pass

    def heartbeat(self):
        self.send(command="sync")

    def close(self):
        pass

    def acknowledge(self, message):
        self.send(command="ack", id=message["id"])

    def refuse(self, message):
        self.send(command="fail", id=message["id"])

    def handle(self, message):
        if message["stream"] == "__heartbeat":
            self.note("heartbeat", message=message)
            self.heartbeat()
        elif message["comp"] == "__system" and message["stream"] == "__tick":
            self.note("tick", message=message)
            self.tick(message)
            self.acknowledge(message)
        else:
            self.note("tuple", **message)
            self.process(message)

    def run(self):
        self.answer_handshake()
        while (message := self.receive()) is not None:
            self.handle(message)
        self.note("end")
        self.close()
