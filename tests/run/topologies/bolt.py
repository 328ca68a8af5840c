"""A bolt that does with its tuples what its configuration says.

test.to          the streams to which it emits each tuple's values, anchored ([])
test.anchor      false: not anchored
test.ask         it asks for the ids of the tasks that receive its tuples, and notes them
test.direct      a list of [component, stream]: it emits to each task of that component
test.batch       it keeps so many tuples, emits the sum of their first values, anchored to all of
                 them, and then acks them
test.fail_first  it fails each value when it comes for the first time
test.fail_late   the same, but it emits before
test.fail_all    it fails everything
test.hold        a list of values that it neither acks nor fails when they come for the first time
test.exit_on     a value at which it exits with status 3, in its first so many lives
test.hang_on     a value at which it stops to do anything, in its first so many lives
test.lives       so many lives (1)
test.slow_on     a value for which it sleeps two and a half seconds when it comes for the first time
test.busy_on     a value for which it logs for three seconds
test.close       a list of values to emit at the end
test.close_wait  seconds to sleep before that
test.pause       seconds to sleep for each tuple
test.start_wait  seconds to sleep before it answers the handshake
"""

import os
import time

import multilang


class PlannedBolt(multilang.Bolt):
    def __init__(self):
        super().__init__()
        self.seen = []
        self.kept = []
        self.was_slow = False
        time.sleep(self.setting("start_wait", 0))

    def is_new(self, value):
        if value in self.seen:
            return False
        self.seen.append(value)
        return True

    def send_on(self, message):
        anchors = [message["id"]] if self.setting("anchor", True) else []
        for stream in self.setting("to", []):
            tasks = self.emit(
                stream=stream,
                tuple=message["tuple"],
                anchors=anchors,
                need_task_ids=self.setting("ask", False),
            )
            if tasks is not None:
                self.note("ids", tuple=message["tuple"], stream=stream, tasks=tasks)
        for component, stream in self.setting("direct", []):
            for task, name in self.context["task->component"].items():
                if name == component:
                    self.emit(
                        stream=stream,
                        tuple=[int(task)],
                        task=int(task),
                        anchors=anchors,
                    )

    def keep(self, message):
        self.kept.append(message)
        if len(self.kept) < self.setting("batch"):
            return
        self.emit(
            tuple=[sum(kept["tuple"][0] for kept in self.kept)],
            anchors=[kept["id"] for kept in self.kept],
            need_task_ids=False,
        )
        for kept in self.kept:
            self.acknowledge(kept)
        self.kept = []

    def come_to_harm(self, value):
        if value == self.setting("exit_on"):
            os._exit(3)
        if value == self.setting("hang_on"):
            self.note("hang")
            time.sleep(1000)

    def process(self, message):
        value = message["tuple"]
        time.sleep(self.setting("pause", 0))
        if self.restarts < self.setting("lives", 1):
            self.come_to_harm(value)
        if value == self.setting("slow_on") and not self.was_slow:
            self.was_slow = True
            time.sleep(2.5)
        if value == self.setting("busy_on"):
            self.be_busy()
        if self.setting("fail_all") or (self.setting("fail_first") and self.is_new(value)):
            self.refuse(message)
        elif self.setting("fail_late") and self.is_new(value):
            self.send_on(message)
            self.refuse(message)
        elif value in self.setting("hold", []) and self.is_new(value):
            pass
        elif self.setting("batch"):
            self.keep(message)
        else:
            self.send_on(message)
            self.acknowledge(message)

    def close(self):
        time.sleep(self.setting("close_wait", 0))
        for value in self.setting("close", []):
            self.emit(tuple=value, need_task_ids=False)
        self.note("closed")


PlannedBolt().run()
