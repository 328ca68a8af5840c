"""`cstorm rebalance`: other numbers of tasks while the run goes on, and nothing is lost."""

import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import time
import unittest

from runner_support import CSTORM, PATIENCE, WORDCOUNT, StoppingTest, bolt, default, source, spout, stream


class Rebalancing(StoppingTest):
    def cstorm(self, *arguments):
        return subprocess.run([CSTORM, *arguments], capture_output=True, text=True, timeout=PATIENCE,
                              env=self.environment, check=False)

    def rebalance(self, *arguments, status=0):
        """Rebalance: what is said on the standard error."""
        found = self.cstorm("rebalance", *arguments)
        self.assertEqual((found.returncode, found.stdout), (status, ""), found.stderr)
        if status == 0:
            self.assertEqual(found.stderr, "")
        return found.stderr

    def status(self):
        """What is said of the run; nothing when it is not there yet, or no more."""
        return next(iter(json.loads(self.cstorm("ps", "--json").stdout)), {})

    def stop(self, status=0):
        self.runner.send_signal(signal.SIGTERM)
        return self.finish(status)

    def chain(self, count=400, middle=None, spout_settings=None, parallelism=2, **conf):
        """source, two of middle, sink."""
        return self.topology(
            [spout("source", count=count, pause=0.002, **(spout_settings or {}))],
            [
                bolt("middle", [source("source", "fields", fields=["value"])], outputs=default("value"),
                     parallelism=parallelism, to=["default"], **(middle or {})),
                bolt("sink", ["middle"]),
            ],
            **conf,
        )  # fmt: skip

    def handshakes(self, component):
        """Those of all processes, in the order of time."""
        return [note["handshake"] for note in self.all_records(component) if note["what"] == "start"]

    def assert_all_came_once(self, result, count):
        self.assertEqual(sorted(n for (n,) in self.values("sink")), list(range(count)), result.log)
        self.assert_sent(result, emitted=count, acked=count, failed=0)
        self.assertEqual(result.restarts(), 0)


class OfBolts(Rebalancing):
    def test_loses_nothing_and_nothing_comes_twice(self):
        self.start(self.chain(count=1200))
        numbers = [4, 1, 3, 3, 2]
        for count in numbers:
            self.wait_for_tuples("sink", len(self.all_tuples("sink")) + 50)
            self.rebalance(f"middle={count}")
            self.assertEqual(len([p for p in self.processes().values() if "bolt.py" in p]), count + 1)
        result = self.finish()
        self.assert_all_came_once(result, 1200)
        self.assertEqual(result.component("middle")["tasks"], 2)
        self.assertEqual(len(self.handshakes("middle")), 2 + sum(numbers))
        self.assertEqual(len(self.handshakes("sink")), 1)
        self.assertEqual(len(self.handshakes("source")), 1)
        closed = [note for note in self.all_records("middle") if note["what"] == "closed"]
        self.assertEqual(len(closed), 2 + sum(numbers))

    def test_without_anchors_nothing_is_lost_either(self):
        self.start(self.chain(count=600, middle={"anchor": False}, spout_settings={"id": False}))
        for count in (1, 3, 2):
            self.wait_for_tuples("sink", len(self.all_tuples("sink")) + 50)
            self.rebalance(f"middle={count}")
        self.finish()
        self.assertEqual(sorted(n for (n,) in self.values("sink")), list(range(600)))

    def test_of_c_at_full_speed(self):
        text = b"".join(b"%d to be or not to be\n" % (n % 10) for n in range(300_000))
        path = self.write("text", text)
        self.start("-o", f"wordcount.input={path}", WORDCOUNT)
        self.wait_until(lambda: self.status().get("tuples", 0) > 1000, "tuples pass")
        for count in (3, 1, 2):
            self.rebalance(f"split={count}")
        result = self.finish()
        counts = dict(line.split() for line in result.output.decode().splitlines())
        self.assertEqual(counts, {**{str(n): "30000" for n in range(10)}, "to": "600000", "be": "600000",
                                  "or": "300000", "not": "300000"})  # fmt: skip

    def test_several_at_once(self):
        self.start(self.chain(count=600))
        self.wait_for_tuples()
        self.rebalance("middle=3", "sink=2")
        result = self.finish()
        self.assert_all_came_once(result, 600)
        self.assertEqual([result.component(name)["tasks"] for name in ("middle", "sink")], [3, 2])

    def test_the_old_tasks_finish_before_the_new_ones_start(self):
        self.start(self.chain(count=600, middle={"pause": 0.01}))
        self.wait_for_tuples("middle", 40)
        self.rebalance("middle=3")
        result = self.finish()
        self.assert_all_came_once(result, 600)
        lives = {}
        for task, notes in self.records("middle").items():
            self.assertIn(task, (1, 2, 5))
            for note in notes:
                if note["what"] == "start":
                    lives.setdefault(task, []).append([])
                lives[task][-1].append(note)
        old = [lives[1][0], lives[2][0]]
        new = [lives[1][1], lives[2][1], lives[5][0]]
        self.assertLess(max(life[-1]["time"] for life in old), min(life[0]["time"] for life in new))
        for life in old + new:
            self.assertIn("tuple", [note["what"] for note in life])

    def test_new_tasks_know_each_other(self):
        self.start(self.chain(count=600))
        self.wait_for_tuples()
        self.rebalance("middle=4")
        self.rebalance("middle=1")
        self.rebalance("middle=3")
        self.finish()
        of_middle = [
            sorted(int(task) for task, name in handshake["context"]["task->component"].items() if name == "middle")
            for handshake in self.handshakes("middle")
        ]
        self.assertEqual(of_middle, [[1, 2]] * 2 + [[1, 2, 5, 6]] * 4 + [[1]] + [[1, 2, 5]] * 3)
        self.assertEqual(sorted(self.handshakes("middle")[-1]["context"]["task->component"]), list("12345"))

    def test_who_emits_directly_learns_of_the_new_tasks(self):
        path = self.topology(
            [spout("source", count=400, pause=0.002)],
            [
                bolt("middle", ["source"], outputs=[stream("own", "task", direct=True)], direct=[["sink", "own"]]),
                bolt("sink", [source("middle", "direct", stream="own")], parallelism=2),
            ],
        )
        self.start(path)
        self.wait_for_tuples()
        self.rebalance("sink=4")
        self.wait_for_tuples("sink", len(self.all_tuples("sink")) + 100)
        self.rebalance("sink=1")
        result = self.finish()
        self.assertEqual(len(self.handshakes("middle")), 3)
        sent = result.sent("source")
        self.assertEqual((sent["emitted"] - sent["failed"], result.restarts()), (sent["acked"], 0))
        self.assertEqual(len({note["tuple"][0] for note in self.all_tuples("middle")}), 400)
        for task, notes in self.tuples("sink").items():
            self.assertEqual({note["tuple"][0] for note in notes}, {task})
        self.assertEqual(sorted(self.tuples("sink")), [2, 3, 5, 6])

    def test_what_a_killed_old_task_had_is_emitted_again(self):
        self.start(self.chain(count=300, middle={"pause": 0.02}))
        self.wait_for_tuples("middle", 20)
        old = [pid for pid, command in self.processes().items() if "bolt.py" in command]
        old.remove(next(note["pid"] for note in self.all_records("sink") if note["what"] == "start"))
        self.rebalance("--no-wait", "middle=3")
        os.kill(old[0], signal.SIGKILL)
        result = self.finish()
        self.assertEqual({n for (n,) in self.values("sink")}, set(range(300)))
        sent = result.sent("source")
        self.assertEqual(sent["emitted"], sent["acked"] + sent["failed"])
        self.assertEqual(len(result.lines("was killed by signal 9", "another process is to take its place")), 1)

    def test_a_hung_old_task_is_killed(self):
        limits = {"cstorm.change.timeout.secs": 1, "topology.subprocess.timeout.secs": 2}
        self.start(self.chain(count=100, middle={"hang_on": [7]}, **limits))
        self.wait_until(lambda: any(n["what"] == "hang" for n in self.all_records("middle")), "it hangs")
        self.rebalance("middle=1")
        result = self.finish()
        self.assertEqual(len(result.lines("hangs: it has been silent")), 2)  # the new one does, too
        self.assertEqual({n for (n,) in self.values("sink")}, set(range(100)))

    def test_while_tasks_are_killed(self):
        self.start(self.chain(count=1000, middle={"pause": 0.004}))
        chance = random.Random(1)
        for count in (3, 1, 4, 2, 1, 3):
            self.wait_for_tuples("sink", len(self.all_tuples("sink")) + 20)
            middle = [n["pid"] for n in self.all_records("middle") if n["what"] == "start"]
            alive = [pid for pid in middle if pid in self.processes()]
            self.rebalance("--no-wait", f"middle={count}")
            with contextlib.suppress(ProcessLookupError):  # it may have closed already
                os.kill(chance.choice(alive), signal.SIGKILL)
            self.wait_until(lambda: self.status().get("rebalancing") is False, "the new tasks run")
        result = self.finish()
        self.assertEqual({n for (n,) in self.values("sink")}, set(range(1000)))
        sent = result.sent("source")
        self.assertEqual(sent["emitted"], sent["acked"] + sent["failed"])

    def test_recordings_have_their_own_names(self):
        folder = self.path("recordings")
        self.start("--record", folder, self.chain(count=500))
        self.wait_for_tuples()
        self.rebalance("middle=1")
        self.rebalance("middle=2")
        self.assert_all_came_once(self.finish(), 500)
        names = sorted(name for name in os.listdir(folder) if name.startswith("middle") and name.endswith(".stdin"))
        self.assertEqual(names, ["middle-1.2.stdin", "middle-1.3.stdin", "middle-1.stdin", "middle-2.2.stdin",
                                 "middle-2.stdin"])  # fmt: skip


class OfSpouts(Rebalancing):
    def test_the_old_one_closes_when_its_tuples_are_settled(self):
        self.start(self.endless(bolt("sink", ["source"], pause=0.005)))
        self.wait_for_tuples()
        self.rebalance("source=2")
        self.wait_for_tuples("sink", len(self.all_tuples("sink")) + 50)
        result = self.stop()
        sent = result.sent("source")
        self.assertEqual((sent["failed"], sent["emitted"]), (0, sent["acked"]))
        self.assertEqual(len(self.all_tuples("sink")), sent["emitted"])
        task = min(self.records("source"))
        told = [note["what"] for note in self.records("source")[task]]
        life = told[: told.index("end")]
        self.assertIn("deactivate", life)
        self.assertEqual(life.count("ack"), life.count("emit"))
        self.assertEqual(len(self.handshakes("source")), 3)
        self.assertEqual(len(self.handshakes("sink")), 1)

    def test_one_that_dies_meanwhile_is_not_waited_for(self):
        self.start(self.endless(bolt("sink", ["source"], pause=0.02)))
        self.wait_for_tuples()
        (old,) = [note["pid"] for note in self.all_records("source") if note["what"] == "start"]
        self.rebalance("--no-wait", "source=1")
        os.kill(old, signal.SIGKILL)
        self.wait_until(lambda: self.status().get("rebalancing") is False, "the new one runs")
        self.wait_for_tuples("sink", len(self.all_tuples("sink")) + 20)
        self.stop()
        self.assertEqual(len(self.handshakes("source")), 2)


class TheEnd(Rebalancing):
    def slow(self):
        """A rebalance that waits for an old task."""
        self.start(self.chain(count=20_000, middle={"close_wait": 1}))
        self.wait_for_tuples()
        self.rebalance("--no-wait", "middle=3")
        self.assertTrue(self.status()["rebalancing"])

    def test_a_graceful_stop_meanwhile_loses_nothing(self):
        self.slow()
        result = self.stop()
        sent = result.sent("source")
        self.assertEqual((sent["emitted"], sent["failed"]), (sent["acked"], 0))
        self.assertEqual(sorted(n for (n,) in self.values("sink")), list(range(sent["emitted"])))

    def test_a_stop_at_once_meanwhile(self):
        self.slow()
        self.runner.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        self.runner.send_signal(signal.SIGTERM)
        self.finish(1)
        self.assertEqual(self.components(), [])

    def test_one_that_waits_is_told(self):
        self.slow()
        waiting = subprocess.Popen([CSTORM, "rebalance", "test", "middle=2"], stderr=subprocess.PIPE,
                                   env=self.environment, text=True)  # fmt: skip
        self.assertEqual(waiting.communicate(timeout=PATIENCE)[1],
                         "cstorm rebalance: another rebalance is not done yet\n")  # fmt: skip
        self.assertEqual(waiting.returncode, 2)
        self.stop()


class Told(Rebalancing):
    def test_what_is_known_then(self):
        self.start(self.endless())
        self.wait_for_tuples()
        found = self.cstorm("rebalance", "--json", "test", "sink=2")
        self.assertEqual(found.returncode, 0, found.stderr)
        [sink] = [one for one in json.loads(found.stdout)["components"] if one["name"] == "sink"]
        self.assertEqual(sink["tasks"], 2)
        self.stop()


class Refused(Rebalancing):
    def test_what_cannot_be(self):
        self.start(self.endless())
        self.wait_for_tuples()
        for arguments, why in [
            (["skin=2"], "the topology has no component skin"),
            (["sink=10001"], "sink must have 1 to 10000 tasks"),
            (["sink=0"], "a number of tasks must be at least 1, not 0"),
            (["sink=x"], "a number of tasks must be at least 1, not x"),
            (["=2"], "what is to change must be COMPONENT=N, not =2"),
            (["test", "sink"], "what is to change must be COMPONENT=N, not sink"),
            (["test"], "which components are to have other numbers of tasks?"),
            (["-w", "1", "sink=2"], "--workers and --wait are for a cluster: see --cluster"),
            (["--cluster", "sink=2"], "which topology on the cluster?"),
            ([], "which components are to have other numbers of tasks?"),
            (["--nonsense"], "the options are not understood"),
        ]:
            said = self.rebalance(*arguments, status=2).splitlines()
            self.assertIn(f"cstorm rebalance: {why}", said)
        self.assertEqual(len(self.handshakes("sink")), 1)
        self.assert_stopped_gracefully(self.stop())

    def test_more_tasks_than_descriptors(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.start(self.endless(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)))
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), (soft, hard))
        self.wait_for_tuples()
        self.assertEqual(self.rebalance("sink=100", status=2), "cstorm rebalance: 101 tasks need 367 descriptors, "
                         "but the run may have 200 (see ulimit -n)\n")  # fmt: skip
        self.assert_stopped_gracefully(self.stop())

    def test_no_run(self):
        self.assertEqual(self.rebalance("sink=1", status=1),
                         "cstorm rebalance: no topology runs here: `cstorm run` starts one\n")  # fmt: skip


if __name__ == "__main__":
    unittest.main()
