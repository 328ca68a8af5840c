"""A bolt and a spout that break the protocol, each in the way that test.how names.

They do it in their first test.lives lives (1), and behave as bolt.py and spout.py do otherwise.
"""

import os
import sys
import time

import multilang

# What is sent as a whole message, before the tuple is acked or the sync is sent.
TEXTS = {
    "garbage": "this is not JSON",
    "cut JSON": '{"command":"emit","tuple":["',
    "invalid UTF-8": None,
    "a number": "17",
    "a list": "[1,2]",
    "an empty message": "",
    "no command": "{}",
    "a command that is a number": '{"command":5}',
    "too few values": '{"command":"emit","tuple":[],"need_task_ids":false}',
    "too many values": '{"command":"emit","tuple":[1,2],"need_task_ids":false}',
    "no values": '{"command":"emit","need_task_ids":false}',
    "values that are no list": '{"command":"emit","tuple":"x","need_task_ids":false}',
    "unknown stream": '{"command":"emit","stream":"nowhere","tuple":[1],"need_task_ids":false}',
    "task of no direct stream": '{"command":"emit","task":1,"tuple":[1]}',
    "no task of a direct stream": '{"command":"emit","stream":"direct","tuple":[1]}',
    "task that does not exist": '{"command":"emit","stream":"direct","task":99,"tuple":[1]}',
    "task that is negative": '{"command":"emit","stream":"direct","task":-1,"tuple":[1]}',
    "anchor that is unknown": '{"command":"emit","anchors":["12345678"],"tuple":[1]}',
    "anchor that is a number": '{"command":"emit","anchors":[5],"tuple":[1]}',
    "ack of what is unknown": '{"command":"ack","id":"99"}',
    "ack of a text": '{"command":"ack","id":"one"}',
    "ack of nothing": '{"command":"ack"}',
    "fail of what is unknown": '{"command":"fail","id":"99"}',
    "unknown command": '{"command":"dance"}',
    "sync": '{"command":"sync"}',
    "next": '{"command":"next"}',
}


def is_misbehaving(component):
    return component.restarts < component.setting("lives", 1)


def start_badly(component):
    """Misbehave before the handshake is answered: whether that was all."""
    how = component.setting("how")
    if how == "no pid":
        component.send(hello="world")
    elif how == "pid that is a text":
        component.send(pid="12")
    elif how == "garbage instead of the pid":
        component.send_text("ready!")
    elif how == "exit":
        sys.stderr.write("no licence found\n")
        sys.exit(4)
    elif how == "exit with an error":
        component.send(command="error", msg="the model is missing")
        sys.exit(0)
    elif how == "signal":
        os.abort()
    else:
        return False
    time.sleep(1000)
    return True


def misbehave(component):
    how = component.setting("how")
    if how == "invalid UTF-8":
        sys.stdout.buffer.write(b'{"command":"log","msg":"\xff"}\nend\n')
        sys.stdout.flush()
    elif how == "a message without an end":
        sys.stdout.write("x" * (65 << 20))
        sys.stdout.flush()
    elif how in TEXTS:
        component.send_text(TEXTS[how])


class Bolt(multilang.Bolt):
    def process(self, message):
        how = self.setting("how")
        if not is_misbehaving(self):
            self.acknowledge(message)
            return
        misbehave(self)
        self.acknowledge(message)
        if how == "ack twice":
            self.acknowledge(message)
        elif how == "fail after ack":
            self.refuse(message)
        elif how == "anchor that is acked":
            self.send(command="emit", tuple=[1], anchors=[message["id"]], need_task_ids=False)


class Spout(multilang.Spout):
    def __init__(self):
        super().__init__()
        self.replays = [0]

    def next(self):
        if is_misbehaving(self):
            misbehave(self)
        if self.replays:
            self.emit(tuple=[self.replays.pop()], id=0, need_task_ids=False)

    def fail(self, tuple_id):
        self.replays.append(tuple_id)

    def finished(self):
        return not self.replays

    def sync(self):
        if self.setting("how") == "two syncs" and is_misbehaving(self):
            # In one write, and without the word that all is finished: the run cannot end between.
            self.send_text('{"command":"sync"}\nend\n{"command":"sync"}')
        else:
            super().sync()


def main():
    component = (Spout if sys.argv[1] == "spout" else Bolt)()
    if is_misbehaving(component) and start_badly(component):
        return
    component.run()


main()
