"""The spout of what is measured with pystorm: see source.h."""

import json
import time

from pystorm import Spout

AT_ONCE = 32


class Source(Spout):
    def initialize(self, conf, context):
        with open(conf["bench.input"]) as file:
            self.lines = file.read().splitlines()
        self.count = conf["bench.count"]
        self.report = conf["bench.report"]
        self.emitted = self.acked = self.failed = 0
        self.times = [0.0] * self.count

    def next_tuple(self):
        now = time.time()
        for _ in range(min(AT_ONCE, self.count - self.emitted)):
            self.times[self.emitted] = now
            self.emit([self.lines[self.emitted % len(self.lines)]], tup_id=str(self.emitted))
            self.emitted += 1

    def ack(self, tup_id):
        now = time.time()
        self.times[int(tup_id)] = now - self.times[int(tup_id)]
        self.acked += 1
        if self.acked == 1:
            self.first = now
        if self.acked == self.count // 4:
            self.warm = now
        if self.acked == self.count:
            self.write_report(now)

    def fail(self, tup_id):
        self.failed += 1
        self.ack(tup_id)

    def write_report(self, now):
        self.times.sort()
        with open(self.report, "w") as file:
            json.dump({"first": self.first, "warm": self.warm, "end": now, "measured": self.count - self.count // 4,
                       "failed": self.failed, "p50": self.times[self.count // 2] * 1e6,
                       "p99": self.times[self.count - 1 - self.count // 100] * 1e6}, file)
            file.write("\n")


if __name__ == "__main__":
    Source().run()
