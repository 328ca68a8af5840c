"""At least once: every line is processed although processes are killed at random, and the run ends."""

import collections
import os
import random
import signal
import time
import unittest

from harness import PROBE, Run, describe, read, temporary, wait_until, with_marker, write

LINES = 150000
KILLS = 50


def chaos_topology():
    """Of the probe's components: lines -> pass -> mark, several tasks of each bolt."""
    whole = describe(PROBE)
    wanted = {"lines": 1, "pass": 3, "mark": 3}
    for kind in ("spouts", "bolts"):
        whole[kind] = [c for c in whole[kind] if c["name"] in wanted]
        for component in whole[kind]:
            component["parallelism"] = wanted[component["name"]]
            component["command"] = [PROBE]
    whole["config"] = {"topology.max.spout.pending": 500}
    return whole


class Chaos(unittest.TestCase):
    def test_every_line_is_processed_although_processes_are_killed(self):
        folder = temporary(self)
        lines = [f"line {n}" for n in range(LINES)]
        input = write(os.path.join(folder, "lines"), "\n".join(lines))
        marks = os.path.join(folder, "marks")
        source = random.Random(1)
        process = Run(self, chaos_topology(), "-o", f"probe.input={input}", "-o", f"probe.marks={marks}")
        killed = collections.Counter()
        while sum(killed.values()) < KILLS and process.process.poll() is None:
            time.sleep(0.01 + source.random() * 0.03)
            try:
                pid = source.choice(process.tasks())
                os.kill(pid, signal.SIGKILL)
                killed[pid] += 1
            except (IndexError, ProcessLookupError):
                pass
        process.wait()
        self.assertEqual(process.status, 0, process.stderr[-4000:])
        self.assertGreater(sum(killed.values()), KILLS / 4, "the run ended before there was chaos")

        marked = collections.Counter(read(marks).decode().split("\n")[:-1])
        missing = [line for line in lines if line not in marked]
        self.assertEqual(missing, [])
        self.assertEqual(set(marked), set(lines))
        restarts = sum(c["restarts"] for c in process.stats["components"])
        self.assertGreater(restarts, 0)
        self.assertLessEqual(restarts, sum(killed.values()))
        wait_until(lambda: not with_marker(process.marker), "the processes of the run to end")


if __name__ == "__main__":
    unittest.main()
