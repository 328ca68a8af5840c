"""cstorm.cgroup: control groups of version 2 for the processes of a component."""

import os
import subprocess
import unittest
import uuid

from runner_support import StoppingTest, bolt


def mounted():
    """Where groups of version 2 are; None where they are not."""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        return next((line.split()[1] for line in mounts if line.split()[2] == "cgroup2"), None)


def harmless_file():
    """A file of a controller that is here, and a value that does no harm."""
    values = {"memory": ("memory.max", "8G"), "pids": ("pids.max", 5000), "cpu": ("cpu.weight", 90),
              "io": ("io.weight", "default 90"), "hugetlb": ("hugetlb.2MB.max", "4M")}  # fmt: skip
    with open(os.path.join(mounted(), "cgroup.controllers"), encoding="ascii") as file:
        return next((values[name] for name in file.read().split() if name in values), None)


class CgroupTest(StoppingTest):
    def setUp(self):
        super().setUp()
        self.group = None

    def tearDown(self):
        super().tearDown()
        if self.group:
            for folder, _, _ in os.walk(self.group, topdown=False):
                os.rmdir(folder)

    def make_group(self):
        """A group for the runner, as a service manager delegates one."""
        if not mounted() or not os.access(mounted(), os.W_OK) or not harmless_file():
            self.skipTest("no cgroups of version 2 that may be written and have a controller")
        self.group = os.path.join(mounted(), f"cstorm-test-{uuid.uuid4().hex}")
        os.mkdir(self.group)
        controller = harmless_file()[0].split(".")[0]
        with open(os.path.join(mounted(), "cgroup.subtree_control"), "w", encoding="ascii") as file:
            file.write(f"+{controller}")

    def enter(self):
        with open(os.path.join(self.group, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write("0")

    def read_group(self, pid):
        with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
            return next(line.strip()[3:] for line in file if line.startswith("0::"))

    def topology_with(self, **files):
        sink = bolt("sink", ["source"], parallelism=2)
        sink["config"]["cstorm.cgroup"] = files
        return self.endless(sink)

    def pids(self, component):
        return [note["pid"] for note in self.all_records(component) if note["what"] == "start"]

    def stop(self):
        self.runner.terminate()
        return self.finish()


class Groups(CgroupTest):
    def test_are_made_and_removed(self):
        self.make_group()
        name, value = harmless_file()
        self.start(self.topology_with(**{name: value}), preexec_fn=self.enter)
        self.wait_for_tuples()
        own = "/" + os.path.basename(self.group)
        prefix = f"{own}/cstorm.{self.runner.pid}."
        for pid in self.pids("sink"):
            self.assertEqual(self.read_group(pid), prefix + "sink")
        for pid in [self.runner.pid, *self.pids("source")]:
            self.assertEqual(self.read_group(pid), prefix + "runner")
        with open(os.path.join(mounted(), (prefix + "sink")[1:], name), encoding="ascii") as file:
            said = file.read().strip()
        self.assertIn(said, (str(value), str(8 << 30), str(4 << 20)))
        self.assertNotIn("cgroup", self.log())
        self.stop()
        self.assertEqual([entry for entry in os.listdir(self.group) if entry.startswith("cstorm")], [])

    def test_are_those_of_processes_that_start_again(self):
        self.make_group()
        self.start(self.topology_with(**dict([harmless_file()])), preexec_fn=self.enter)
        self.wait_for_tuples()
        os.kill(self.pids("sink")[0], 9)
        self.wait_until(lambda: len(self.pids("sink")) == 3, "it is started again")
        self.assertTrue(self.read_group(self.pids("sink")[-1]).endswith(".sink"))
        self.stop()

    def test_a_value_that_is_none_ends_the_run_before_it_begins(self):
        self.make_group()
        for name in (harmless_file()[0], "nonsense.max"):
            result = self.run_topology(self.topology_with(**{name: "none"}), preexec_fn=self.enter, status=1)
            self.assertIn(f"sink: cannot have {name} = none in a cgroup: Invalid argument", result.log)
        self.assertEqual([entry for entry in os.listdir(self.group) if entry.startswith("cstorm")], [])

    def test_where_other_processes_are_in_the_way_the_run_goes_on_without(self):
        self.make_group()
        other = subprocess.Popen(["sleep", "1000"], preexec_fn=self.enter)
        try:
            self.start(self.topology_with(**dict([harmless_file()])), preexec_fn=self.enter)
            self.wait_for_tuples()
            self.assertEqual(self.read_group(self.runner.pid), "/" + os.path.basename(self.group))
            result = self.stop()
        finally:
            other.kill()
            other.wait()
        self.assertEqual(len(result.lines("in a cgroup: Device or resource busy")), 1)
        self.assertEqual(len(result.lines("the run goes on without cgroups", "Delegate=yes")), 1)

    def test_of_a_controller_that_is_not_here_the_run_goes_on_without(self):
        self.make_group()
        with open(os.path.join(self.group, "cgroup.controllers"), encoding="ascii") as file:
            here = file.read().split()
        other = next(name for name in ("memory", "pids", "cpu", "io", "cpuset") if name not in here)
        self.start(self.topology_with(**{f"{other}.max": 5}), preexec_fn=self.enter)
        self.wait_for_tuples()
        result = self.stop()
        self.assertEqual(len(result.lines(f"sink: cannot have {other}.max = 5 in a cgroup")), 1)
        self.assertEqual(len(result.lines("the run goes on without cgroups")), 1)


class Mistakes(CgroupTest):
    def test_are_found_before_anything_runs(self):
        for files, why in [
            ({"cgroup.freeze": 1}, "cstorm.cgroup: cgroup.freeze is no file of a controller, as memory.max is"),
            ({"../memory.max": 1}, "cstorm.cgroup: ../memory.max is no file of a controller"),
            ({"memory": 1}, "cstorm.cgroup: memory is no file of a controller"),
            ({"memory.max": [1]}, "cstorm.cgroup: memory.max must be a string or an integer"),
        ]:
            result = self.run_topology(self.topology_with(**files), status=2)
            self.assertIn(why, result.log)
        sink = bolt("sink", ["source"], **{"cstorm.cgroup": "2G"})
        result = self.run_topology(self.endless(sink), status=2)
        self.assertIn('cstorm.cgroup must be an object, as {"memory.max": "2G"}', result.log)


if __name__ == "__main__":
    unittest.main()
