"""Acks, fails, replays, time-outs, ticks and heartbeats in a run."""

import json
import os
import unittest

from harness import Run, python_component, read, run, subscribe, temporary, topology


def notes(path):
    return [json.loads(line) for line in read(path).splitlines()] if os.path.exists(path) else []


class Acking(unittest.TestCase):
    def setUp(self):
        self.path = os.path.join(temporary(self), "notes")

    def numbers(self, count, **more):
        return python_component("source", "spout-numbers", str(count), outputs={"default": ["n"]}, **more)

    def bolt(self, role, *arguments, **more):
        return python_component("bolt", role, *arguments, inputs=[subscribe("source", "shuffle")], **more)

    def finish(self, spouts, bolts, config=None, *arguments):
        result = run(self, topology(spouts, bolts, config), *arguments)
        self.assertEqual(result.status, 0, result.stderr)
        return result

    def test_what_fails_is_replayed(self):
        result = self.finish([self.numbers(50)], [self.bolt("bolt-fail-first", self.path)])
        seen = notes(self.path)
        self.assertEqual(sorted(n for (n,), again in seen if not again), list(range(50)))
        self.assertEqual(sorted(n for (n,), again in seen if again), list(range(50)))
        output = result.output("source")
        self.assertEqual((output["emitted"], output["acked"], output["failed"], output["timed_out"]), (100, 50, 50, 0))
        self.assertEqual(result.input("bolt", "source")["failed"], 50)

    def test_a_fail_far_downstream_fails_the_whole_tree(self):
        result = self.finish([self.numbers(10)], [
            self.bolt("bolt-pass", outputs={"default": ["n"]}),
            python_component("last", "bolt-fail-first", self.path, inputs=[subscribe("bolt", "shuffle")])])
        self.assertEqual(result.output("source")["acked"], 10)
        self.assertEqual(result.output("source")["failed"], 10)
        self.assertEqual(result.input("bolt", "source")["failed"], 0)

    def test_what_takes_too_long_is_replayed(self):
        result = self.finish([self.numbers(5)], [self.bolt("bolt-ignore-first", self.path)],
                             {"topology.message.timeout.secs": 1})
        output = result.output("source")
        self.assertEqual((output["acked"], output["failed"], output["timed_out"]), (5, 1, 1))
        first = notes(self.path)[0]
        self.assertEqual(notes(self.path).count(first), 2)

    def test_the_spout_is_told_with_the_id_that_it_gave(self):
        self.finish([python_component("source", "spout-recorder", self.path, "20", outputs={"default": ["n"]})],
                    [self.bolt("bolt-note", os.devnull)])
        commands = notes(self.path)
        self.assertEqual(commands[0][0], "activate")
        self.assertEqual([c[1] for c in commands if c[0] == "ack"], [{"n": n, "s": "é"} for n in range(20)])

    def test_no_more_is_pending_than_the_limit(self):
        for limit in (1, 3):
            self.finish([python_component("source", "spout-recorder", self.path, "200", outputs={"default": ["n"]})],
                        [self.bolt("bolt-note", os.devnull)], {"topology.max.spout.pending": limit})
            self.assertEqual(max(pending for _, _, pending in notes(self.path)), limit)
            os.remove(self.path)

    def test_without_ackers_a_tuple_is_acked_when_it_is_emitted(self):
        result = self.finish([self.numbers(10)], [self.bolt("bolt-note", self.path)], {"topology.acker.executors": 0})
        self.assertEqual(len(notes(self.path)), 10)
        self.assertEqual(result.output("source")["failed"], 0)

    def test_tuples_without_an_id_reach_their_end_too(self):
        spout = python_component("source", "spout-numbers", "0", *['{"tuple":[%d]}' % n for n in range(100)],
                                 outputs={"default": ["n"]})
        result = self.finish([spout], [self.bolt("bolt-note", self.path)])
        self.assertEqual(sorted(v[0] for _, _, _, v, _ in notes(self.path)), list(range(100)))
        self.assertEqual(result.output("source")["acked"], 0)

    def test_a_stream_that_nobody_receives_is_acked_at_once(self):
        result = self.finish(
            [python_component("source", "spout-numbers", "0", '{"tuple":[1],"id":1,"stream":"unheard"}',
                              outputs={"default": ["n"], "unheard": ["n"]})],
            [self.bolt("bolt-note", self.path)])
        self.assertEqual(result.output("source", "unheard")["acked"], 1)

    def test_ticks_come_where_they_are_asked_for(self):
        result = run(self, topology([python_component("source", "spout-endless", outputs={"default": ["n"]})], [
            python_component("bolt", "bolt-ticks", self.path, inputs=[subscribe("source", "shuffle")],
                             config={"topology.tick.tuple.freq.secs": 1}),
            python_component("other", "bolt-ticks", self.path + "2", inputs=[subscribe("source", "shuffle")])],
            {"topology.max.spout.pending": 1}), "--time", "2.5")
        self.assertEqual(result.status, 0, result.stderr)
        ticks = [n for n in notes(self.path) if n[1] == "__tick"]
        self.assertIn(len(ticks), (1, 2, 3))
        self.assertEqual(ticks[0], ["__system", "__tick", -1, [1]])
        self.assertEqual([n for n in notes(self.path + "2") if n[1] == "__tick"], [])

    def check_hang(self, spouts, bolts):
        result = self.finish(spouts, bolts, {"topology.subprocess.timeout.secs": 1.5})
        self.assertIn("hangs: it has been silent for", result.stderr)
        self.assertIn("was killed because it hung; it is started again", result.stderr)
        return result

    def test_a_bolt_that_hangs_is_started_again_and_its_tuples_replayed(self):
        result = self.check_hang([self.numbers(5)], [self.bolt("bolt-hang-once", self.path)])
        self.assertEqual({n for ((n,),) in notes(self.path)}, set(range(5)))
        self.assertEqual(result.output("source")["acked"], 5)
        self.assertEqual(result.component("bolt")["restarts"], 1)

    def test_a_spout_that_hangs_is_started_again(self):
        result = self.check_hang(
            [python_component("source", "spout-hangs-once", self.path, outputs={"default": ["n"]})],
            [self.bolt("bolt-note", os.devnull)])
        self.assertEqual(result.output("source")["acked"], 1)


if __name__ == "__main__":
    unittest.main()
