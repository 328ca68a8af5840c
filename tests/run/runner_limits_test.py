"""What the configuration allows the processes of a component: niceness, limits, environment."""

import os
import resource
import unittest

from runner_support import RunnerTest, StoppingTest, bolt, spout


class Limits(StoppingTest):
    def start_limited(self, *arguments, config=None, **conf):
        """A run whose sink has a configuration of its own: the pids of the spout and of the sink."""
        sink = bolt("sink", ["source"])
        sink["config"].update(conf)
        self.start(self.endless(sink, **(config or {})), *arguments)
        self.wait_for_tuples()
        commands = self.processes()
        return [next(pid for pid, line in commands.items() if name in line) for name in ("spout.py", "bolt.py")]

    def stop(self):
        self.runner.terminate()
        self.assert_stopped_gracefully(self.finish())

    def niceness(self, pid):
        return os.getpriority(os.PRIO_PROCESS, pid)

    def variables(self, pid):
        with open(f"/proc/{pid}/environ", "rb") as file:
            return dict(entry.split(b"=", 1) for entry in file.read().split(b"\0") if entry)

    def test_are_those_of_the_component(self):
        source, sink = self.start_limited(**{
            "cstorm.nice": 5,
            "cstorm.rlimits": {"core": 0, "as": "3G", "nofile": 100, "cpu": "unlimited"},
            "cstorm.env": {"GREETING": "good day"},
        })  # fmt: skip
        here = self.niceness(os.getpid())
        self.assertEqual((self.niceness(source), self.niceness(sink)), (here, 5))
        self.assertEqual(resource.prlimit(sink, resource.RLIMIT_CORE), (0, 0))
        self.assertEqual(resource.prlimit(sink, resource.RLIMIT_AS), (3 << 30, 3 << 30))
        self.assertEqual(resource.prlimit(sink, resource.RLIMIT_NOFILE), (100, 100))
        self.assertEqual(
            resource.prlimit(source, resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_NOFILE)
        )
        self.assertEqual(self.variables(sink)[b"GREETING"], b"good day")
        self.assertNotIn(b"GREETING", self.variables(source))
        self.stop()

    def test_are_those_of_the_topology_too(self):
        source, sink = self.start_limited(
            "-o",
            "cstorm.nice=3",
            config={"cstorm.rlimits": {"core": 0, "nofile": 200}, "cstorm.env": {"A": "1", "B": "2"}},
            **{"cstorm.rlimits": {"nofile": 100}, "cstorm.env": {"B": "3"}, "cstorm.nice": 4},
        )
        self.assertEqual((self.niceness(source), self.niceness(sink)), (3, 4))
        limits = [resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] for pid in (source, sink)]
        self.assertEqual(limits, [200, 100])
        self.assertEqual(resource.prlimit(sink, resource.RLIMIT_CORE), (0, 0))
        found = [[self.variables(pid)[name] for name in (b"A", b"B")] for pid in (source, sink)]
        self.assertEqual(found, [[b"1", b"2"], [b"1", b"3"]])
        self.stop()


class Enforced(RunnerTest):
    def test_a_component_that_takes_too_much_is_told(self):
        """Address space for nothing but the loader: the process cannot even begin."""
        sink = bolt("sink", ["source"], **{"cstorm.rlimits": {"as": "1M"}})
        result = self.run_topology(self.topology([spout("source", count=3)], [sink]), status=1)
        self.assertIn("sink", result.log)
        self.assertEqual(result.stats["status"], "failed")

    def test_what_is_not_allowed_is_told(self):
        if os.geteuid() == 0:
            self.skipTest("root may do it all")
        sink = bolt("sink", ["source"], **{"cstorm.nice": -20})
        result = self.run_topology(self.topology([spout("source", count=3)], [sink]), status=1)
        self.assertIn("Operation not permitted (see its cstorm.nice and cstorm.rlimits)", result.log)


class Mistakes(RunnerTest):
    def test_are_found_before_anything_runs(self):
        for config, text in (
            ({"cstorm.nice": 20}, "cstorm.nice must be an integer from -20 to 19"),
            ({"cstorm.nice": "low"}, "cstorm.nice must be an integer"),
            ({"cstorm.rlimits": []}, "cstorm.rlimits must be an object"),
            ({"cstorm.rlimits": {"files": 3}}, "cstorm.rlimits: there is no limit files"),
            ({"cstorm.rlimits": {"nofiel": 3}}, "did you mean nofile?"),
            ({"cstorm.rlimits": {"as": "2X"}}, "cstorm.rlimits: as must be a number, one as"),
            ({"cstorm.rlimits": {"as": -1}}, "cstorm.rlimits: as must be a number, one as"),
            ({"cstorm.rlimits": {"as": "9999999999T"}}, "cstorm.rlimits: as must be a number, one as"),
            ({"cstorm.env": "A=1"}, "cstorm.env must be an object of strings"),
            ({"cstorm.env": {"A": 1}}, "cstorm.env: A must be the name of a variable"),
            ({"cstorm.env": {"A=": "1"}}, "cstorm.env: A= must be the name of a variable"),
        ):
            with self.subTest(config):
                sink = bolt("sink", ["source"], **config)
                result = self.run_topology(self.topology([spout("source", count=3)], [sink]), status=2)
                self.assertIn(text, result.log)


if __name__ == "__main__":
    unittest.main()
