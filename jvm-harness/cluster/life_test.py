"""The life of a topology on a real cluster, by `cstorm` alone: what dies in it comes back, and nothing is lost."""

import json
import os
import shutil
import unittest
import zipfile

from cluster_support import COMPONENTS, SOURCE, ClusterTest

SERIALIZER = os.path.join(SOURCE, "jvm-harness", "serializer", "target", "cstorm-serializer.jar")
LINES = [f"line-{i}" for i in range(3000)]

TOPOLOGY = """\
name: lives
config:
  topology.workers: 1
  topology.max.spout.pending: 100
  topology.stats.sample.rate: 1.0
  lines.input: {folder}/input
  write.output: {folder}/output
spouts:
- id: lines
  className: org.apache.storm.flux.wrappers.spouts.FluxShellSpout
  constructorArgs: [[./cstorm-components, --component, lines], [line]]
  configMethods:
  - {{name: addComponentConfig, args: [cstorm.spout.rate, 500]}}
bolts:
- id: split
  className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt
  constructorArgs: [[./cstorm-components, --component, split], [word]]
  parallelism: 2
  numTasks: 4
- id: write
  className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt
  constructorArgs: [[./cstorm-components, --component, write]]
streams:
- {{from: lines, to: split, grouping: {{type: SHUFFLE}}}}
- {{from: split, to: write, grouping: {{type: GLOBAL}}}}
"""


class Life(ClusterTest):
    SLOTS = 2

    def setUp(self):
        super().setUp()
        shutil.copy(COMPONENTS, self.folder)
        self.write("input", "".join(line + "\n" for line in LINES))
        self.topology = self.write("lives.yaml", TOPOLOGY.format(folder=self.folder))

    def written(self):
        return set(self.read("output"))

    def await_some(self):
        """Some are written, and more will be."""
        self.until("some are written", lambda: len(self.written()) >= 300)
        self.assertLess(len(self.written()), len(LINES))

    def await_all(self):
        self.until("all are written", lambda: self.written() == set(LINES))

    def components(self):
        return self.processes("/resources/cstorm/bin/")

    def test_from_its_submission_to_its_end(self):
        self.assertEqual(self.listed(), [])
        submitted = json.loads(self.cstorm("submit", "--inactive", "--wait", "--json", self.topology))
        self.assertEqual((submitted["name"], submitted["status"]), ("lives", "INACTIVE"))
        self.assertEqual(self.written(), set())
        self.assertIn("a topology lives runs already: kill it, replace it with --force",
                      self.cstorm("submit", self.topology, status=1))
        self.assertEqual(json.loads(self.cstorm("activate", "--json", "lives"))["status"], "ACTIVE")
        self.await_all()
        self.until("Nimbus knows of all", lambda: self.acked("lives", "lines") == len(LINES))
        info = self.cstorm("info", "lives")
        self.assertRegex(info, r"^lives-\d+-\d+: ACTIVE for ")
        self.assertRegex(info, r"(?m)^split +2 +4  <- lines:default +3000 +3000 +0 ")
        self.assertRegex(self.cstorm("top", "--cluster", "-n", "1", "lives"), r"(?m)^split +bolt +4 +2 ")
        self.assertEqual(self.cstorm("errors", "lives"), "no errors\n")
        before = self.components()
        self.assertEqual(len(before), 6)
        rebalanced = json.loads(self.cstorm("rebalance", "--cluster", "-w", "0", "--json", "lives", "split=4"))
        self.assertEqual(rebalanced["num_executors"], submitted["num_executors"] + 2)
        self.await_end(before)
        self.until("all tasks run again", lambda: len(self.components()) == 6)
        self.cstorm("deactivate", "lives")
        self.assertEqual(self.status("lives"), "INACTIVE")
        tasks = self.components()
        self.assertEqual(json.loads(self.cstorm("kill", "-w", "0", "--json", "lives"))["status"], "KILLED")
        self.until("it is gone", lambda: self.status("lives") is None)
        self.await_end(tasks)
        self.assertIn("lives", self.cstorm("kill", "lives", status=1))

    def test_a_worker_is_killed(self):
        self.cstorm("submit", self.topology)
        self.await_some()
        before = self.components()
        self.assertEqual(len(before), 6)
        for pid in self.processes("org.apache.storm.daemon.worker.Worker"):
            self.end(pid)
        self.await_end(before)
        self.await_all()
        self.until("all tasks run again", lambda: len(self.components()) == 6)

    def kill_component(self, name, *options):
        self.cstorm("submit", *options, self.topology)
        self.await_some()
        before = self.components()
        self.end(self.processes("/resources/cstorm/bin/", f"--component {name}")[0])
        # Storm ends the worker, and starts another one.
        self.await_end(before)
        self.await_all()

    def test_a_spout_is_killed(self):
        self.kill_component("lines")

    def test_a_bolt_is_killed(self):
        self.kill_component("split")
        self.until("Nimbus knows why", lambda: " split on 127.0.0.1:" in self.cstorm("errors", "lives"))

    def test_it_is_rebalanced_on_its_way(self):
        self.cstorm("submit", self.topology)
        self.await_some()
        self.cstorm("rebalance", "--cluster", "--wait", "1", "--workers", "2", "lives", "split=3")
        self.await_all()
        self.until("there are two workers", lambda: self.listed()[0]["num_workers"] == 2)

    def test_the_supervisor_is_killed(self):
        self.cstorm("submit", self.topology)
        self.await_some()
        before = self.components()
        supervisor = self.state()["daemons"]["supervisor"]
        self.end(supervisor)
        self.await_all()
        self.until("there is another one", lambda: self.state()["daemons"]["supervisor"] != supervisor)
        self.assertEqual(self.components(), before, "the workers have gone on")

    def test_message_pack(self):
        """The serializer's classes are in the jar, or it is refused."""
        wire = ("-o", "topology.multilang.serializer=cstorm.multilang.MessagePackSerializer")
        self.assertIn("name its jar with --with", self.cstorm("submit", *wire, self.topology, status=2))
        self.cstorm("submit", "--wait", *wire, "--with", SERIALIZER, self.topology)
        self.await_all()

    def test_process_bolt(self):
        """Our class in the place of Storm's ShellBolt: nothing is lost when a process dies."""
        bolts = ("-o", "cstorm.bolt.class=cstorm.multilang.ProcessBolt")
        self.assertIn("split: the workers would not have the class", self.cstorm("submit", *bolts, self.topology, status=2))
        self.kill_component("split", *bolts, "--with", SERIALIZER)
        self.until("Nimbus knows why", lambda: "exitCode:" in self.cstorm("errors", "lives"))

    def test_nimbus_is_killed(self):
        self.cstorm("submit", self.topology)
        self.await_some()
        self.end(self.state()["daemons"]["nimbus"])
        self.assertIn("cstorm list: 127.0.0.1:", self.run_cstorm("list").stderr)
        self.await_all()
        self.until("Nimbus leads again", lambda: self.run_cstorm("deactivate", "lives").returncode == 0)
        self.assertEqual(self.status("lives"), "INACTIVE")

    def test_one_takes_the_place_of_another(self):
        noise = self.path("noise.jar")
        with zipfile.ZipFile(noise, "w") as jar:  # more than Nimbus takes at once
            jar.writestr("noise", os.urandom(3 << 20))
        self.cstorm("submit", "--with", noise, self.topology)
        [first] = self.listed()
        self.cstorm("submit", "--force", "--wait", self.topology)
        [second] = self.listed()
        self.assertEqual((first["name"], second["name"]), ("lives", "lives"))
        self.assertNotEqual(first["id"], second["id"])
        self.await_all()
        self.cstorm("submit", "--name", "others", "--inactive", self.topology)
        self.assertEqual(self.status("others"), "INACTIVE")

    def test_what_cannot_run_is_told(self):
        said = self.cstorm("submit", "--wait", "-o", "lines.input=/nowhere", self.topology, status=1)
        self.assertRegex(said, r"a process of lines has died: .*/nowhere.*\(`cstorm errors lives`\)")
        self.assertIn("/nowhere", self.cstorm("errors", "-c", "lines", "lives"))

    def test_what_nimbus_refuses(self):
        self.assertRegex(self.cstorm("submit", "--name", "a/b", self.topology, status=1), "a/b")
        self.assertIn("nothing", self.cstorm("activate", "nothing", status=1))
        self.cstorm("submit", "--inactive", self.topology)
        self.assertIn("Invalid component split2", self.cstorm("rebalance", "--cluster", "lives", "split2=1", status=1))

    def test_its_logs(self):
        self.cstorm("submit", "--wait", self.topology)
        self.cstorm("log-level", "lives", "org.apache.storm.task.ShellBolt=WARN:60", "ROOT=DEBUG")
        levels = json.loads(self.cstorm("log-level", "--json", "lives"))["named_logger_level"]
        self.assertEqual(levels["org.apache.storm.task.ShellBolt"]["target_log_level"], "WARN")
        self.until("a worker logs more", lambda: "DEBUG" in self.logs())
        self.cstorm("log-level", "-r", "ROOT", "-r", "org.apache.storm.task.ShellBolt", "lives")
        self.assertEqual(self.cstorm("log-level", "lives"), "every logger is as it was configured\n")


if __name__ == "__main__":
    unittest.main()
