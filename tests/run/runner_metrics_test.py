"""What components measure: gathered by the runner, and shown at the end."""

import json
import unittest

from runner_support import RunnerTest, bolt, python, spout


def report(name, params):
    return {"command": "metrics", "name": name, "params": params}


def durations(count, mean, least, most):
    return {"count": count, "mean": mean, "min": least, "max": most, "p50": mean, "p99": most}


class Metrics(RunnerTest):
    def run_reporter(self, *messages, declared=()):
        """Have a bolt send the reports for each of three tuples: its metrics in the statistics."""
        says = json.dumps({"messages": messages, "stderr": "", "stdout": ""})
        reporter = bolt("reporter", ["source"], command=python("talker.py"), says=says)
        reporter["metrics"] = [{"name": name, "kind": kind} for name, kind in declared]
        path = self.topology([spout("source", count=3)], [reporter])
        self.result = self.run_topology(path)
        return self.result.component("reporter")["metrics"]

    def test_of_a_counter_the_sum(self):
        metrics = self.run_reporter(report("visits", 4), report("visits", -1), declared=[("visits", "counter")])
        self.assertEqual(metrics, {"visits": 9})
        self.assertIn("reporter.visits: 9\n", self.result.log)

    def test_of_a_gauge_the_last(self):
        metrics = self.run_reporter(report("queue", 4), report("queue", 2.5), declared=[("queue", "gauge")])
        self.assertEqual(metrics, {"queue": {"1": 2.5}})
        self.assertIn("reporter.queue: task 1 2.5\n", self.result.log)

    def test_of_a_timer_all_durations(self):
        metrics = self.run_reporter(report("latency", durations(1, 8, 8, 8)), report("latency", durations(3, 4, 2, 6)),
                                    declared=[("latency", "timer")])
        self.assertEqual(metrics, {"latency": {"count": 12, "mean": 5, "min": 2, "max": 8}})
        self.assertIn("reporter.latency: 12 times, 5.000 ms (2.000 to 8.000)\n", self.result.log)

    def test_what_is_not_declared_as_it_came(self):
        metrics = self.run_reporter(report("lag", {"a": [1, "é"]}), report("other", 1), report("other", "text"))
        self.assertEqual(metrics, {"lag": {"1": {"a": [1, "é"]}}, "other": {"1": "text"}})

    def test_what_is_not_as_declared(self):
        declared = [("count", "counter"), ("time", "timer")]
        metrics = self.run_reporter(report("count", "many"), report("time", 3), declared=declared)
        self.assertEqual(metrics, {"count": {"1": "many"}, "time": {"1": 3}})
        metrics = self.run_reporter(report("count", 2), report("count", "many"), report("time", {}), declared=declared)
        self.assertEqual(metrics["time"]["count"], 0)

    def test_nothing(self):
        self.assertEqual(self.run_reporter(), {})


if __name__ == "__main__":
    unittest.main()
