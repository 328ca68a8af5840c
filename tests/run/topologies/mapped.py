"""A bolt for `cstorm map`: what it does with a line is the line's first word."""

import os
import sys
import time

import multilang


class Mapped(multilang.Bolt):
    def process(self, message):
        values = message["tuple"]
        word, _, rest = str(values[0]).partition(" ")
        anchors = [message["id"]]
        if word == "die":
            sys.stderr.write("no more\n")
            sys.stderr.flush()
            os._exit(7)
        if word == "die-once" and self.restarts == 0:
            os._exit(7)
        if word == "hang":
            time.sleep(1000)
        if word == "garbage":
            self.send_text("this is no JSON")
        if word == "sleep":
            time.sleep(float(rest))
        if word == "forget":
            return
        if word == "fail":
            self.emit(tuple=["never written"], anchors=anchors, need_task_ids=False)
            self.send(command="error", msg="it is bad")
            self.refuse(message)
            return
        if word == "ask":
            values = [self.emit(stream="asked", tuple=values, anchors=anchors)]
        if word == "loose":
            self.emit(tuple=["loose"], need_task_ids=False)
        for _ in range(int(rest) if word == "times" else 1):
            self.emit(tuple=values, anchors=anchors, need_task_ids=False)
        self.acknowledge(message)

    def close(self):
        if self.setting("close"):
            self.emit(tuple=["closed"], need_task_ids=False)
        if self.setting("linger"):
            time.sleep(1000)


Mapped().run()
