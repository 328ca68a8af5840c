"""At least once: trees of tuples, acks, fails and replays."""

import unittest

from runner_support import RunnerTest, bolt, default, spout


class Trees(RunnerTest):
    def test_each_tuple_is_acked_once(self):
        path = self.topology([spout("source", count=100)], [bolt("sink", ["source"])])
        result = self.run_topology(path)
        self.assertEqual(sorted(self.heard("ack")), list(range(100)))
        self.assertEqual(self.heard("fail"), [])
        self.assert_sent(result, emitted=100, acked=100, failed=0, timed_out=0)

    def test_a_large_tree(self):
        path = self.topology(
            [spout("source", count=5)],
            [
                bolt("one", ["source"], default("v"), to=["default"] * 5),
                bolt("two", ["one"], default("v"), to=["default"] * 5, parallelism=2),
                bolt("three", ["two"], default("v"), to=["default"] * 5, parallelism=2),
                bolt("sink", ["three"]),
            ],
        )
        result = self.run_topology(path)
        self.assertEqual(len(self.values("sink")), 5 * 125)
        self.assert_sent(result, emitted=5, acked=5, failed=0)
        self.assertEqual(sorted(self.heard("ack")), list(range(5)))

    def test_the_spout_is_told_when_the_last_of_the_tree_is_acked(self):
        path = self.topology(
            [spout("source", count=3)],
            [
                bolt("through", ["source"], default("v"), to=["default"]),
                bolt("slow", ["through"], pause=0.1),
            ],
        )
        result = self.run_topology(path)
        self.assertGreaterEqual(result.sent("source")["latency_ms"], 100)
        self.assertGreaterEqual(result.received("slow", "through")["latency_ms"], 100)
        done = {note["tuple"][0]: note["time"] for note in self.all_tuples("slow")}
        for note in self.all_records("source"):
            if note["what"] == "ack":
                self.assertGreater(note["time"], done[note["id"]])

    def test_ids_of_every_type_come_back_as_they_were(self):
        ids = [
            0, -5, 1.5, 10**30, "", "text", 'é"\\\n\0', "🌩", True, False,
            [], [1, ["a", None]], {}, {"k": [1.0]}, "x" * 100_000,
        ]  # fmt: skip
        emits = [{"tuple": [n], "id": tag, "need_task_ids": False} for n, tag in enumerate(ids)]
        path = self.topology(
            [spout("source", emits=emits)], [bolt("sink", ["source"], fail_first=True)]
        )
        result = self.run_topology(path)
        self.assert_sent(result, emitted=2 * len(ids), acked=len(ids), failed=len(ids))
        for what in ("ack", "fail"):
            self.assertEqual(sorted(map(repr, self.heard(what))), sorted(map(repr, ids)))

    def test_an_id_that_is_null_is_none(self):
        emits = [{"tuple": [i], "id": None, "need_task_ids": False} for i in range(10)]
        path = self.topology([spout("source", emits=emits)], [bolt("sink", ["source"])])
        result = self.run_topology(path)
        self.assert_sent(result, emitted=10, acked=0, failed=0)
        self.assertEqual(self.heard("ack"), [])

    def test_two_tuples_of_one_id(self):
        emits = [{"tuple": [i], "id": "same", "need_task_ids": False} for i in range(10)]
        path = self.topology([spout("source", emits=emits)], [bolt("sink", ["source"])])
        self.run_topology(path)
        self.assertEqual(self.heard("ack"), ["same"] * 10)


class Fails(RunnerTest):
    def test_what_failed_is_emitted_again(self):
        path = self.topology(
            [spout("source", count=20)],
            [
                bolt("through", ["source"], default("v"), to=["default"]),
                bolt("sink", ["through"], fail_first=True),
            ],
        )
        result = self.run_topology(path)
        self.assert_sent(result, emitted=40, acked=20, failed=20, timed_out=0)
        self.assertEqual(sorted(self.heard("fail")), list(range(20)))
        self.assertEqual(sorted(self.heard("ack")), list(range(20)))
        received = result.received("sink", "through")
        self.assertEqual((received["acked"], received["failed"]), (20, 20))
        self.assertEqual(result.received("through", "source")["failed"], 0)

    def test_what_the_spout_does_not_emit_again_is_lost(self):
        path = self.topology(
            [spout("source", count=20, replay=False)], [bolt("sink", ["source"], fail_all=True)]
        )
        result = self.run_topology(path)
        self.assert_sent(result, emitted=20, acked=0, failed=20)
        self.assertEqual(sorted(self.heard("fail")), list(range(20)))

    def test_one_branch_fails(self):
        path = self.topology(
            [spout("source", count=10)],
            [bolt("good", ["source"]), bolt("bad", ["source"], fail_first=True)],
        )
        result = self.run_topology(path)
        self.assert_sent(result, emitted=20, acked=10, failed=10)
        self.assertEqual(sorted(self.values("good")), sorted([[i] for i in range(10)] * 2))

    def test_both_branches_fail(self):
        path = self.topology(
            [spout("source", count=10, replay=False)],
            [bolt(name, ["source"], fail_all=True) for name in ("left", "right")],
        )
        result = self.run_topology(path)
        self.assertEqual(sorted(self.heard("fail")), list(range(10)), "each is told once")
        self.assert_sent(result, failed=10)

    def test_a_tuple_fails_when_others_are_anchored_to_it(self):
        path = self.topology(
            [spout("source", count=10)],
            [
                bolt("through", ["source"], default("v"), to=["default"], fail_late=True),
                bolt("sink", ["through"]),
            ],
        )
        result = self.run_topology(path)
        self.assertEqual(len(self.values("sink")), 20)
        self.assert_sent(result, emitted=20, acked=10, failed=10)

    def test_a_tuple_of_several_trees_fails_all_of_them(self):
        path = self.topology(
            [spout("source", count=4, batch=4)],
            [
                bolt("join", ["source"], default("sum"), batch=2),
                bolt("sink", ["join"], fail_first=True),
            ],
        )
        result = self.run_topology(path)
        self.assertEqual(self.values("sink"), [[1], [5]] * 2)
        self.assert_sent(result, emitted=8, acked=4, failed=4)

    def test_what_is_not_anchored_does_not_fail(self):
        path = self.topology(
            [spout("source", count=10)],
            [
                bolt("through", ["source"], default("v"), to=["default"], anchor=False),
                bolt("sink", ["through"], fail_all=True),
            ],
        )
        result = self.run_topology(path)
        self.assert_sent(result, emitted=10, acked=10, failed=0)
        self.assertEqual(result.received("sink", "through")["failed"], 10)

    def test_tuples_without_ids(self):
        path = self.topology(
            [spout("source", count=10, id=False)],
            [
                bolt("through", ["source"], default("v"), to=["default"]),
                bolt("sink", ["through"], fail_all=True),
            ],
        )
        result = self.run_topology(path)
        self.assertEqual(self.values("sink"), [[i] for i in range(10)])
        self.assert_sent(result, emitted=10, acked=0, failed=0)
        self.assertEqual(self.heard("ack") + self.heard("fail"), [])

    def test_no_ackers(self):
        path = self.topology(
            [spout("source", count=10)],
            [bolt("sink", ["source"], fail_all=True)],
            **{"topology.acker.executors": 0},
        )
        result = self.run_topology(path)
        self.assertEqual(self.heard("ack"), list(range(10)))
        self.assertEqual(self.heard("fail"), [])
        self.assertEqual(self.values("sink"), [[i] for i in range(10)])
        self.assertEqual(result.received("sink", "source")["failed"], 10)


class MaxSpoutPending(RunnerTest):
    def test_never_more_are_pending_and_not_fewer(self):
        for limit in (1, 3, 17):
            # The bolt acks only when it has as many as may be pending.
            path = self.topology(
                [spout("source", count=limit * 20)],
                [bolt("join", ["source"], default("sum"), batch=limit)],
                **{"topology.max.spout.pending": limit},
            )
            result = self.run_topology(path)
            pending = [n["pending"] for n in self.all_records("source") if n["what"] == "emit"]
            self.assertEqual(max(pending), limit)
            self.assert_sent(result, emitted=limit * 20, acked=limit * 20, failed=0)

    def test_each_task_has_its_own_bound(self):
        path = self.topology(
            [spout("source", count=20, parallelism=2)],
            [bolt("sink", ["source"], pause=0.005)],
        )
        self.run_topology(path, "-o", "topology.max.spout.pending=2")
        records = self.records("source")
        self.assertEqual(len(records), 2)
        for notes in records.values():
            self.assertEqual(max(n["pending"] for n in notes if n["what"] == "emit"), 2)

    def test_replays_count(self):
        path = self.topology(
            [spout("source", count=50)], [bolt("sink", ["source"], fail_first=True)]
        )
        self.run_topology(path, "-o", "topology.max.spout.pending=5")
        pending = [n["pending"] for n in self.all_records("source") if n["what"] == "emit"]
        self.assertEqual(len(pending), 100)
        self.assertLessEqual(max(pending), 5)

    def test_tuples_without_ids_are_not_bounded(self):
        path = self.topology([spout("source", count=50, id=False)], [bolt("sink", ["source"])])
        self.run_topology(path, "-o", "topology.max.spout.pending=2")
        self.assertEqual(len(self.values("sink")), 50)


if __name__ == "__main__":
    unittest.main()
