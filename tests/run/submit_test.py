"""`cstorm submit` against a Nimbus that does what a test wants of it."""

import io
import json
import os
import unittest
import zipfile

from harness import WORDCOUNT
from nimbus_support import (FOUND, STRUCT, ClusterTest, Nimbus, executor, integer, nested, string, string_map, summary,
                             topologies, topology_info)


class Waits(ClusterTest):
    """`submit --wait`."""

    UPLOAD = {"beginFileUpload": string(0, "/inbox/jar"), "uploadChunk": b"", "finishFileUpload": b"",
              "submitTopologyWithOpts": b""}  # fmt: skip

    def submit(self, *infos, status):
        infos = iter(infos)
        nimbus = Nimbus(self, getTopologyInfo=lambda _: next(infos, None), **self.UPLOAD, **FOUND)
        found = self.ask(nimbus, "submit", "--wait", "--json", WORDCOUNT, status=status)
        self.assertEqual(list(infos), [])
        return found

    def test_until_all_tasks_run(self):
        found = self.submit(
            topology_info(),
            topology_info(executor("lines", 1, 1, 9), executor("split", 2, 3, 9), executor("table", 6, 6, 9), executor("count", 4, 4, 9)),
            topology_info(executor("lines", 1, 1, 9), executor("split", 2, 3, 9), executor("table", 6, 6, 9), executor("count", 4, 5, 1)),
            topology_info(executor("lines", 1, 1, 9), executor("split", 2, 3, 9), executor("table", 6, 6, 9), executor("count", 4, 5, 9)), status=0)  # fmt: skip
        self.assertTrue(found.stderr.endswith("all its tasks run\n"))
        self.assertEqual(json.loads(found.stdout)["id"], "words-1-1700000000")

    def test_errors_that_keep_none_from_running(self):
        self.submit(
            topology_info(split=["java.lang.Exception: Shell Process Exception: a line that is none"]),
            topology_info(executor("lines", 1, 1, 9), executor("split", 2, 3, 9), executor("table", 6, 6, 9),
                          executor("count", 4, 5, 9), split=["a line that is none"]), status=0)  # fmt: skip

    def test_a_process_that_dies(self):
        found = self.submit(
            topology_info(split=["java.lang.Exception: Shell Process Exception: only a warning"]),
            topology_info(split=["pid:7, name:split exitCode:1, errorString: "]),
            topology_info(split=["java.lang.RuntimeException: pid:7, name:split exitCode:1, errorString: ",
                                 "java.lang.Exception: Shell Process Exception: no such file\n\tat"]), status=1)  # fmt: skip
        self.assertIn("a process of split has died: no such file (`cstorm errors wordcount`)\n", found.stderr)

    def test_a_process_whose_error_has_gone_with_its_worker(self):
        info = topology_info(split=["java.lang.RuntimeException: Pipe to subprocess seems to be broken!"])
        last = nested(4, string(1, "pid:7, name:lines exitCode:1, errorString:no input"), integer(2, 1700000000),
                      string(3, "host"), integer(4, 6700))  # fmt: skip
        page = nested(0, string(1, "words"), string_map(9, STRUCT, lines=last + b"\0"))
        nimbus = Nimbus(self, getTopologyInfo=info, getTopologyPageInfo=page, **self.UPLOAD, **FOUND)
        found = self.ask(nimbus, "submit", "--wait", WORDCOUNT, status=1)
        self.assertIn("a process of lines has died: exitCode:1, errorString:no input (`cstorm errors wordcount`)\n",
                      found.stderr)  # fmt: skip


class Submits(ClusterTest):
    UPLOAD = {"beginFileUpload": string(0, "/inbox/jar")}

    def submission(self, nimbus):
        (arguments,) = nimbus.called("submitTopologyWithOpts")
        return arguments

    def test_a_class_that_runs_bolts(self):
        jar = os.path.join(self.folder, "bolts.jar")
        with zipfile.ZipFile(jar, "w") as file:
            file.writestr("cstorm/multilang/ProcessBolt.class", "code")
        nimbus = Nimbus(self, **self.UPLOAD)
        self.ask(nimbus, "submit", "-o", "cstorm.bolt.class=cstorm.multilang.ProcessBolt", "--with", jar, WORDCOUNT)
        parts = self.submission(nimbus)[4]
        ((_, lines),) = parts[1]
        self.assertEqual(lines[1], {2: {1: b"sh", 2: b"cstorm/components/lines"}})
        self.assertEqual(dict(parts[2])[b"split"][1],
                         {3: {1: b"cstorm.multilang.ProcessBolt", 2: [{3: b'["sh","cstorm/components/split"]'}]}})

    def test_what_nimbus_is_sent(self):
        nimbus = Nimbus(self, **self.UPLOAD)
        said = self.ask(nimbus, "submit", "-o", "lines.input=/x", "-p", "split=4", WORDCOUNT).stderr
        self.assertEqual(said, f"wordcount is submitted to {nimbus.address}\n")
        sent = self.submission(nimbus)
        self.assertEqual((sent[1], sent[2], sent[5]), (b"wordcount", b"/inbox/jar", {1: 1}))
        self.assertEqual(json.loads(sent[3])["lines.input"], "/x")
        parts = sent[4]
        ((name, lines),) = parts[1]
        self.assertEqual((name, lines[1]), (b"lines", {2: {1: b"sh", 2: b"cstorm/components/lines"}}))
        bolts = dict(parts[2])
        self.assertEqual(sorted(bolts), [b"count", b"split", b"table"])
        self.assertEqual(bolts[b"split"][2][3], 4)
        self.assertEqual(bolts[b"split"][2][1], [({1: b"lines", 2: b"default"}, {2: {}})])
        self.assertEqual(bolts[b"count"][2][1], [({1: b"split", 2: b"default"}, {1: [b"word"]})])
        self.assertEqual(bolts[b"table"][2][1], [({1: b"count", 2: b"default"}, {1: []})])
        self.assertEqual(dict(bolts[b"count"][2][2]), {b"default": {1: [b"word", b"count"], 2: False}})
        self.assertEqual(parts[3], [])

    def test_the_jar_is_what_cstorm_jar_makes(self):
        nimbus = Nimbus(self, **self.UPLOAD)
        self.ask(nimbus, "submit", WORDCOUNT)
        names = [call[0] for call in nimbus.calls]
        self.assertLess(names.index("beginFileUpload"), names.index("uploadChunk"))
        self.assertLess(names.index("finishFileUpload"), names.index("submitTopologyWithOpts"))
        chunks = nimbus.called("uploadChunk")
        self.assertEqual({chunk[1] for chunk in chunks}, {b"/inbox/jar"})
        uploaded = b"".join(chunk[2] for chunk in chunks)
        jar = os.path.join(self.folder, "x.jar")
        self.cstorm("jar", "-o", jar, WORDCOUNT)
        with open(jar, "rb") as file:
            self.assertEqual(uploaded, file.read())
        self.assertTrue(zipfile.is_zipfile(io.BytesIO(uploaded)))
        os.unlink(jar)
        self.assertEqual(os.listdir(self.folder), [])

    def test_names_and_states(self):
        nimbus = Nimbus(self, **self.UPLOAD)
        self.ask(nimbus, "submit", "--name", "mine", "--inactive", WORDCOUNT)
        sent = self.submission(nimbus)
        self.assertEqual((sent[1], sent[5]), (b"mine", {1: 2}))

    def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(self):
        told = json.loads(self.cstorm("submit", "--dry-run", "--nimbus", "127.0.0.1:1", WORDCOUNT).stdout)
        self.assertEqual(told["name"], "wordcount")
        self.assertEqual(told["topology"]["bolts"]["split"]["common"]["inputs"],
                         [[{"componentId": "lines", "streamId": "default"}, {"shuffle": {}}]])  # fmt: skip

    def test_a_name_that_is_taken(self):
        nimbus = Nimbus(self, getTopologySummaries=topologies(summary("wordcount")), **self.UPLOAD)
        self.assertIn("a topology wordcount runs already: kill it, replace it with --force",
                      self.refuse(nimbus, "submit", WORDCOUNT))  # fmt: skip
        self.assertEqual(nimbus.called("uploadChunk"), [])

    def test_one_that_is_replaced(self):
        nimbus = Nimbus(self, **self.UPLOAD)
        left = [2]  # answers in which it is still there, once it is killed

        def list_them(_):
            if nimbus.called("killTopologyWithOpts"):
                left[0] -= 1
            return topologies(summary("wordcount")) if left[0] > 0 else topologies()

        nimbus.answers["getTopologySummaries"] = list_them
        said = self.ask(nimbus, "submit", "--force", WORDCOUNT).stderr
        self.assertIn("wordcount is killed; waiting until it is gone\n", said)
        self.assertEqual(nimbus.called("killTopologyWithOpts"), [{1: b"wordcount", 2: {1: 0}}])
        self.assertEqual(len(nimbus.called("submitTopologyWithOpts")), 1)

    def test_what_nimbus_refuses(self):
        for field, text in [(1, "it is alive"), (2, "Topology name cannot contain a slash")]:
            nimbus = Nimbus(self, submitTopologyWithOpts=nested(field, string(1, text)), **self.UPLOAD)
            self.assertEqual(self.refuse(nimbus, "submit", WORDCOUNT), f"cstorm submit: {text}\n")
        nimbus = Nimbus(self, beginFileUpload=nested(1, string(1, "no")))
        self.assertEqual(self.refuse(nimbus, "submit", WORDCOUNT), "cstorm submit: not authorized: no\n")

    def test_a_connection_that_is_cut_in_the_upload_submits_nothing(self):
        nimbus = Nimbus(self, uploadChunk=lambda _: None, **self.UPLOAD)
        self.assertIn("the connection was closed", self.refuse(nimbus, "submit", WORDCOUNT))
        self.assertEqual(nimbus.called("submitTopologyWithOpts"), [])
        self.assertEqual(os.listdir(self.folder), [])

    def with_java(self, *components):
        """Components in Java behind the word count, in a file; their members are given."""
        topology = json.loads(self.cstorm("describe", WORDCOUNT).stdout)
        for part in topology["spouts"] + topology["bolts"]:
            part["command"] = [WORDCOUNT, "--component", part["name"]]
        for component in components:
            topology["bolts"].append({"parallelism": 1, "outputs": [], "config": {},
                                      "inputs": [{"component": "count", "grouping": "shuffle"}], **component})  # fmt: skip
        path = os.path.join(self.folder, "topology.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(topology, file)
        return path

    def test_components_and_groupings_in_java(self):
        nimbus = Nimbus(self, **self.UPLOAD)
        arguments = [1, 2**40, 1.5, "text", True]
        custom = {"component": "count", "grouping": "custom", "custom": {"className": "a.ByHand", "constructorArgs": [2]}}
        serialized = {"component": "count", "grouping": "custom", "custom": {"serialized": "AAECAw=="}}
        said = self.ask(nimbus, "submit", self.with_java(
            {"name": "java", "java": {"className": "a.B", "constructorArgs": arguments}, "inputs": [custom]},
            {"name": "storms", "java": {"className": "org.apache.storm.flux.wrappers.bolts.LogInfoBolt"},
             "inputs": [serialized]})).stderr  # fmt: skip
        self.assertIn("java: the class a.B is in no jar of --with: the workers must have it already", said)
        self.assertIn("java: the class a.ByHand is in no jar of --with", said)
        self.assertNotIn("storms:", said)
        bolts = dict(nimbus.called("submitTopologyWithOpts")[0][4][2])
        self.assertEqual(bolts[b"java"][1], {3: {1: b"a.B", 2: [{1: 1}, {2: 2**40}, {6: 1.5}, {3: b"text"}, {4: True}]}})
        self.assertEqual(bolts[b"java"][2][1], [({1: b"count", 2: b"default"}, {6: {1: b"a.ByHand", 2: [{1: 2}]}})])
        self.assertEqual(bolts[b"storms"][2][1], [({1: b"count", 2: b"default"}, {7: b"\0\1\2\3"})])

    def test_what_only_flux_can_submit(self):
        for java in ({"className": "a.B", "properties": [{"name": "x", "value": 1}]},
                     {"className": "a.B", "constructorArgs": [[1]]},
                     {"className": "a.B", "factory": "make"}):  # fmt: skip
            said = self.cstorm("submit", "--dry-run", self.with_java({"name": "java", "java": java}), status=2).stderr
            self.assertIn("java takes more than a constructor with numbers, strings and truth values", said)
        path = self.with_java(
            {"name": "java", "java": {"className": "a.B"}},
            {"name": "next", "java": {"className": "a.C"},
             "inputs": [{"component": "java", "grouping": "shuffle"}]})  # fmt: skip
        self.assertIn("next: what its source java emits is known to Java alone",
                      self.cstorm("submit", "--dry-run", path, status=2).stderr)  # fmt: skip

    def test_a_topology_that_is_none(self):
        self.assertIn("cstorm submit: the topology cannot be submitted:",
                      self.cstorm("submit", os.path.join(self.folder, "none"), status=2).stderr)  # fmt: skip


if __name__ == "__main__":
    unittest.main()
