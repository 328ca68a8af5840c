"""A spout that emits what its configuration says.

test.emits    the JSON text of a list of emits, each the fields of an emit command or the text of
              one; or
test.count    so many tuples, the numbers from 0, with these numbers as their ids
test.id       false: the numbers have no ids, so nobody tracks them
test.batch    so many emits a next (1)
test.replay   false: what failed is not emitted again
test.endless  it never finishes
test.pause    seconds to sleep in each next
test.hang_at  in its first life, it stops to do anything instead of emitting this number
test.exit_at  in its first life, it exits with status 3 instead of emitting this number
test.close    a list of values to emit at the end
test.busy_at  instead of emitting this number it logs for three seconds, and then emits it
"""

import json
import os
import time

import multilang


class PlannedSpout(multilang.Spout):
    def __init__(self):
        super().__init__()
        if self.setting("emits"):
            self.emits = json.loads(self.setting("emits"))
        else:
            self.emits = [self.number(i) for i in range(self.setting("count", 0))]
        self.at = 0
        self.replays = []
        self.pending = {}  # by their ids as text, because an id may be a list or an object

    def number(self, i):
        emit = {"tuple": [i], "need_task_ids": False}
        if self.setting("id", True):
            emit["id"] = i
        return emit

    def next(self):
        time.sleep(self.setting("pause", 0))
        for _ in range(self.setting("batch", 1)):
            if self.replays:
                self.emit_and_note(self.replays.pop(0))
            elif self.at < len(self.emits):
                self.linger()
                self.at += 1
                self.emit_and_note(self.emits[self.at - 1])

    def linger(self):
        if self.at == self.setting("hang_at") and self.restarts == 0:
            self.note("hang")
            time.sleep(1000)
        if self.at == self.setting("exit_at") and self.restarts == 0:
            os._exit(3)
        if self.at == self.setting("busy_at"):
            self.be_busy()

    def emit_and_note(self, emit):
        if isinstance(emit, str):
            self.send_text(emit)
            return
        if emit.get("id") is not None:
            self.pending[repr(emit["id"])] = emit
        tasks = self.emit(**emit)
        self.note("emit", tuple=emit["tuple"], tasks=tasks, pending=len(self.pending))

    def ack(self, tuple_id):
        self.pending.pop(repr(tuple_id), None)

    def fail(self, tuple_id):
        emit = self.pending.pop(repr(tuple_id), None)
        if emit and self.setting("replay", True):
            self.replays.append(emit)

    def finished(self):
        if self.setting("endless", False):
            return False
        return self.at == len(self.emits) and not self.replays

    def close(self):
        for value in self.setting("close", []):
            self.emit(tuple=value, need_task_ids=False)


PlannedSpout().run()
