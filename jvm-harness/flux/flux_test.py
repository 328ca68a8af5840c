"""Storm's Flux and cstorm read the same YAML: what one makes of it the other does, what one refuses so does
the other. And what `cstorm flux` writes is, to Flux, the topology that it was, and runs the same.

Needs CSTORM, TOPOLOGIES (programs), FLUX_CLASS_PATH and JAVA_SOURCE (Describe.java) in the environment.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

CSTORM = os.environ["CSTORM"]
SPOUT = "org.apache.storm.flux.wrappers.spouts.FluxShellSpout"
BOLT = "org.apache.storm.flux.wrappers.bolts.FluxShellBolt"
GROUPINGS = {"local-or-shuffle": "local_or_shuffle", "global": "fields", "custom": "custom_serialized"}

BASE = f"""\
name: words
config:
  topology.workers: 1
spouts:
- id: lines
  className: {SPOUT}
  constructorArgs:
  - [sh, -c, lines]
  - [line, number]
  parallelism: 1
bolts:
- id: words
  className: {BOLT}
  constructorArgs:
  - [sh, -c, words]
  - [word]
  parallelism: 2
streams:
- from: lines
  to: words
  grouping:
    type: SHUFFLE
"""


def changed(*pairs, add=""):
    text = BASE
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text + add


def grouping(text):
    return changed(("    type: SHUFFLE\n", text))


def words(text):
    """The bolt with other lines behind its constructor."""
    return changed(("  - [word]\n  parallelism: 2\n", "  - [word]\n" + text))


def value(text):
    """A value of the configuration."""
    return changed(("  topology.workers: 1\n", f"  topology.workers: 1\n  key: {text}\n"))


# What both take, and make the same of.
SAME = {
    "base": BASE,
    "fields": grouping("    type: FIELDS\n    args: [line, number]\n"),
    "all": grouping("    type: ALL\n"),
    "global": grouping("    type: GLOBAL\n"),
    "none": grouping("    type: NONE\n"),
    "local": grouping("    type: LOCAL_OR_SHUFFLE\n"),
    "stream": changed(
        ("  - [line, number]\n", "  configMethods:\n  - name: setNamedStream\n    args:\n    - rare\n    - [a, b]\n"),
        ("    type: SHUFFLE\n", "    type: FIELDS\n    streamId: rare\n    args: [b]\n")),
    "default stream": words("  configMethods:\n  - name: setDefaultStream\n    args:\n    - [x, y]\n").replace(
        "  - [word]\n", ""),
    "several streams": words("  configMethods:\n  - {name: setNamedStream, args: [a, [x]]}\n"
                             "  - {name: setNamedStream, args: [b, [x, y]]}\n"),
    "no fields": words("").replace("  - [word]\n", ""),
    "component config": words("  configMethods:\n  - {name: addComponentConfig, args: [a.b, 5]}\n"
                              "  - {name: addComponentConfig, args: [list, [1, two]]}\n"
                              "  - {name: addComponentConfig, args: [text, \"yes\"]}\n"),
    "environment of the process": words("  configMethods:\n  - {name: setEnv, args: [{A: b, C: 'd e'}]}\n"),
    "tasks": words("  parallelism: 2\n  numTasks: 6\n"),
    "no parallelism": words(""),
    "loads": words("  parallelism: 2\n  cpuLoad: 50\n  onHeapMemoryLoad: 64\n  offHeapMemoryLoad: 32\n"),
    "custom grouping": grouping(
        "    type: CUSTOM\n    customClass:\n      className: org.apache.storm.testing.NGrouping\n"
        "      constructorArgs: [1]\n"),
    "java": changed(add="""\
- {from: lines, to: java, grouping: {type: SHUFFLE}}
""").replace("streams:", """\
- id: java
  className: org.apache.storm.flux.wrappers.bolts.LogInfoBolt
  parallelism: 3
streams:"""),
    "properties of java": changed(add="""\
- {from: words, to: java, grouping: {type: SHUFFLE}}
components:
- id: list
  className: java.util.ArrayList
  constructorArgs: [5]
""").replace("streams:", """\
- id: java
  className: org.apache.storm.flux.wrappers.bolts.LogInfoBolt
streams:"""),
    "numbers": value("[0, 12, -7, +7, 1_000, 010, 0x1F, 0b101, 1:30, 1.5, -0.5, 1.0e+3, 6.02e-23, .5]"),
    "words for true and false": value("[true, Yes, on, FALSE, no, Off, y, n]"),
    "words for nothing": value("[~, null, Null, NULL, '', \"null\"]"),
    "texts": value("[plain text, 'single ''quoted''', \"double \\\"quoted\\\" \\u00e9\\n\", \"1\", 'yes', 1.2.3, 12a, -a]"),
    "text of several lines": value("|\n    one\n      two\n\n    three\n"),
    "folded text": value(">-\n    one\n    two\n\n    three\n"),
    "anchors": value("{a: &x [1, 2], b: *x, c: {d: *x}}"),
    "merge keys": changed(("  topology.workers: 1\n",
                           "  topology.workers: 1\n  base: &base {a: 1, b: 2}\n  more: {<<: *base, b: 3}\n"
                           "  several: {<<: [{a: 5}, *base], c: 6}\n")),
    "tags": value("[!!str 5, !!int '7', !!float 3, !!bool 'yes']"),
    "keys that are not words": value("{1: one, yes: two, 1.5: three}"),
    "comments": "# first\n" + changed(("name: words", "name: words  # the name")) + "# last\n",
    "start and end": "---\n" + BASE + "...\n",
    "crlf": BASE.replace("\n", "\r\n"),
    "json": '{"name": "j", "config": {}, "spouts": [{"id": "lines", "className": "%s", "constructorArgs": [["sh"], ["x"]]}],'
            ' "bolts": [{"id": "b", "className": "%s", "constructorArgs": [["sh"]]}],'
            ' "streams": [{"from": "lines", "to": "b", "grouping": {"type": "SHUFFLE"}}]}' % (SPOUT, BOLT),
    "duplicate keys": changed(("  topology.workers: 1\n", "  topology.workers: 1\n  topology.workers: 2\n")),
    "null config": changed(("config:\n  topology.workers: 1\n", "config:\n  topology.workers: null\n")),
    "names of streams": changed(("- from: lines\n", "- name: a name\n  from: lines\n")),
    "a bolt that two feed": changed(add="- {from: words, to: words, grouping: {type: SHUFFLE}}\n"),
}

# What both refuse.
REFUSED = {
    "no yaml": "name: [",
    "a list": "- a\n",
    "unknown key of the topology": "nam: x\n" + BASE,
    "unknown key of a bolt": words("  paralelism: 2\n"),
    "unknown key of a stream": changed(("  to: words\n", "  to: words\n  too: words\n")),
    "unknown type of grouping": grouping("    type: SUFFLE\n"),
    "lower case grouping": grouping("    type: shuffle\n"),
    "no type of grouping": grouping("    streamId: default\n"),
    "no grouping": changed(("  grouping:\n    type: SHUFFLE\n", "")),
    "stream to nobody": changed(("  to: words\n", "  to: word\n")),
    "no id": changed(("- id: words\n  className", "- className")),
    "no class": changed((f"- id: words\n  className: {BOLT}\n", "- id: words\n")),
    "command that is no list": changed(("  - [sh, -c, words]\n", "  - words\n")),
    "no command": changed(("  - [sh, -c, words]\n  - [word]\n", "  []\n")),
    "parallelism that is no number": words("  parallelism: two\n"),
    "parallelism of null": words("  parallelism: null\n"),
    "method with other arguments": words("  configMethods:\n  - {name: setNamedStream, args: [a]}\n"),
    "method that is not there": words("  configMethods:\n  - {name: setNamedStreem, args: [a, [b]]}\n"),
    "spouts that are no list": changed(("spouts:\n- id: lines", "spouts:\n  id: lines")),
    "two documents": BASE + "---\n" + BASE,
    "source and bolts": changed(add="topologySource:\n  className: com.example.Source\n"),
    "config that is a list": changed(("config:\n  topology.workers: 1\n", "config: [1]\n")),
    "a tab": BASE.replace("  to: words", "\tto: words"),
    "unknown alias": value("*nobody"),
    "a class of the other kind": changed((BOLT, SPOUT)),
}

# What only Java can see: cstorm carries it to a cluster.
UNSEEN = {
    "unknown class": changed((BOLT, "com.example.Missing")),
}

# What Flux takes, and Storm refuses later, or cannot run: cstorm refuses it at once. With the reason.
STRICTER = {
    "unknown component": (changed(("- from: lines\n", "- from: line\n")), "is no component of the topology"),
    "unknown stream": (grouping("    type: SHUFFLE\n    streamId: rare\n"), "has no stream rare"),
    "unknown field": (grouping("    type: FIELDS\n    args: [lne]\n"), "has no field lne"),
    "direct": (grouping("    type: DIRECT\n"), "is not declared as direct"),
    "tasks below executors": (words("  parallelism: 4\n  numTasks: 2\n"), "Storm runs no executor without a task"),
    "reserved name": (changed(("- id: words", "- id: __words"), ("  to: words", "  to: __words")), "Storm's own"),
    "no input": (changed(("streams:\n- from: lines\n  to: words\n  grouping:\n    type: SHUFFLE\n", "")), "a bolt needs an input"),
    "wrong type of configuration": (changed(("topology.workers: 1", "topology.workers: many")),
                                    "topology.workers must be"),
    "infinity": (value(".inf"), "cannot have"),
}


class Flux(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        texts = {**SAME, **REFUSED, **UNSEEN, **{name: text for name, (text, _) in STRICTER.items()}}
        cls.paths = {name: cls.write(name.replace(" ", "-") + ".yaml", text) for name, text in texts.items()}
        cls.flux = dict(zip(texts, cls.describe(*cls.paths.values())))

    @classmethod
    def write(cls, name, text):
        path = os.path.join(cls.folder.name, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    @staticmethod
    def describe(*arguments):
        """What Flux makes of files, in one JVM."""
        found = subprocess.run(
            ["java", "-cp", os.environ["FLUX_CLASS_PATH"], os.environ["JAVA_SOURCE"], *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600, env={**os.environ, "WHO": "it"})
        described = [json.loads(line) for line in found.stdout.splitlines()]
        assert len(described) == len(arguments), found.stderr[-3000:]
        return described

    @staticmethod
    def cstorm(*arguments):
        return subprocess.run([CSTORM, *arguments], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "WHO": "it"})

    def model(self, *arguments):
        """What cstorm makes of a file, in the form that Describe.java has."""
        described = self.cstorm("describe", *arguments)
        self.assertEqual(described.returncode, 0, described.stderr)
        topology = json.loads(described.stdout)
        components = {}
        for component in topology["spouts"] + topology["bolts"]:
            config = component.get("config", {})
            if component.get("tasks", component["parallelism"]) != component["parallelism"]:
                config["topology.tasks"] = component["tasks"]
            one = {"spout": component in topology["spouts"], "config": config,
                   "parallelism": component["parallelism"]}
            if "java" in component:
                one["class"] = component["java"]["className"]
            else:
                one["command"] = component["command"]
                one["env"] = component.get("env", {})
            one["outputs"] = {stream["stream"]: {"fields": stream["fields"], "direct": stream.get("direct", False)}
                              for stream in component["outputs"]}
            one["inputs"] = {
                f"{entry['component']} {entry.get('stream', 'default')}":
                    [GROUPINGS.get(entry["grouping"], entry["grouping"]), *entry.get("fields", [])]
                for entry in component.get("inputs", [])}
            components[component["name"]] = one
        return {"name": topology["name"], "config": topology["config"], "components": components}

    def assert_same(self, flux, model):
        self.assertNotIn("error", flux)
        for component in flux["components"].values():
            component["config"].pop("topology.component.resources.map", None)  # the loads once more
            if "class" in component:
                component["outputs"] = {}
        self.assertEqual(flux, model)

    def test_what_is_the_same(self):
        for name in SAME:
            with self.subTest(name):
                self.assert_same(self.flux[name], self.model(self.paths[name]))

    def test_what_both_refuse(self):
        for name in REFUSED:
            with self.subTest(name):
                self.assertIn("error", self.flux[name])
                checked = self.cstorm("check", self.paths[name])
                self.assertEqual(checked.returncode, 2, checked.stderr)

    def test_what_only_java_sees(self):
        for name in UNSEEN:
            self.assertIn("error", self.flux[name])
            self.assertEqual(self.cstorm("check", self.paths[name]).returncode, 0)

    def test_what_only_cstorm_refuses(self):
        for name, (_, reason) in STRICTER.items():
            with self.subTest(name):
                self.assertNotIn("error", self.flux[name])
                checked = self.cstorm("check", self.paths[name])
                self.assertEqual(checked.returncode, 2, checked.stderr)
                self.assertIn(reason, checked.stderr)

    def test_variables(self):
        text = changed(
            ("name: words", "name: ${name}"), ("topology.workers: 1", "topology.workers: ${workers}"),
            ("- [sh, -c, words]", "- [sh, -c,\n     '${none}',\n     '${ENV-WHO}']"))
        path = self.write("variables.yaml", text)
        filter = self.write("filter.properties", "# a comment\nname = of properties\nworkers:3\n")
        with_all, with_filter, without = self.describe(
            f"{path},filter={filter},env", f"{path},filter={filter}", f"{path},env")
        self.assert_same(with_all, self.model(path, "--filter", filter, "--env-filter"))
        self.assert_same(with_filter, self.model(path, "--filter", filter))
        self.assertIn("error", without)  # the number of workers is no number
        self.assertEqual(self.cstorm("check", path, "--env-filter").returncode, 2)

    def test_includes(self):
        other = self.write("other.yaml", changed(
            ("name: words", "name: others"), ("topology.workers: 1", "topology.workers: 5\n  topology.debug: true"),
            ("parallelism: 2", "parallelism: 7")))
        paths = []
        for override in ("true", "false"):
            paths.append(self.write(f"including-{override}.yaml", BASE + f"""\
includes:
- resource: false
  file: {other}
  override: {override}
""" if override == "false" else f"""\
name: words
includes:
- resource: false
  file: {other}
  override: {override}
"""))
        for path, flux in zip(paths, self.describe(*paths)):
            with self.subTest(path):
                if "false" in path:
                    # The streams are there twice then: Storm keeps one of the two.
                    checked = self.cstorm("check", path)
                    self.assertIn("is its input twice", checked.stderr)
                    self.assertEqual(flux["config"]["topology.workers"], 1)
                else:
                    self.assert_same(flux, self.model(path))

    def test_what_cstorm_writes(self):
        topologies = [os.path.join(os.environ["TOPOLOGIES"], name) for name in ("wordcount", "accesslog", "ask", "rollup")]
        topologies += [self.paths[name] for name in SAME if "twice" not in name]
        written = []
        for i, topology in enumerate(topologies):
            flux = self.cstorm("flux", topology, "--program", topology)
            self.assertEqual(flux.returncode, 0, flux.stderr)
            written.append(self.write(f"written-{i}.yaml", flux.stdout))
        for topology, path, flux in zip(topologies, written, self.describe(*written)):
            with self.subTest(topology):
                model = self.model(path)
                self.assert_same(flux, model)
                original = self.model(topology)
                for one in (model, original):
                    for component in one["components"].values():
                        component["command"] = component.get("command", [])[:1]
                self.assertEqual(model, original)

    def test_a_run_is_the_same(self):
        log = "".join(f'192.0.2.{i % 256} - - [10/Oct/2000:13:55:36 -0700] "GET /{i} HTTP/1.0" {200 + i % 4 * 100} 5\n'
                      for i in range(1000))
        program = os.path.join(os.environ["TOPOLOGIES"], "accesslog")
        expected = self.run_program(program, log)
        self.assertEqual(len(expected), 500)
        written = self.cstorm("flux", program, "--program", program, "-p", "parse=3",
                              "-o", f"lines.input={self.write('log', log)}",
                              "-o", f"write.output={self.write('of-storm', '')}")
        path = self.write("accesslog.yaml", written.stdout)
        self.assertEqual(self.run_program(path, log), expected)
        self.assertEqual(self.run_in_storm(path, len(expected)), expected)

    def run_program(self, topology, log):
        output = self.write("of-cstorm", "")
        found = self.cstorm("run", "-q", topology, "-o", f"lines.input={self.write('log', log)}",
                            "-o", f"write.output={output}")
        self.assertEqual(found.returncode, 0, found.stderr)
        with open(output, encoding="utf-8") as file:
            return sorted(file)

    def run_in_storm(self, path, count):
        """Flux's own command in a local Storm, until there is as much as expected; Storm may do some of it twice."""
        command = ["java", "-cp", os.environ["FLUX_CLASS_PATH"], "-Dstorm.jar=" + path, "-Dstorm.local.sleeptime=120",
                   "-Djava.io.tmpdir=" + self.folder.name, "org.apache.storm.LocalCluster",
                   "org.apache.storm.flux.Flux", "--no-splash", path]
        with open(os.path.join(self.folder.name, "storm.log"), "w+", encoding="utf-8") as log:
            storm = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd=self.folder.name)
            self.addCleanup(storm.wait)
            self.addCleanup(os.killpg, storm.pid, signal.SIGKILL)
            deadline = time.monotonic() + 120
            lines = []
            while len(set(lines)) < count and time.monotonic() < deadline and storm.poll() is None:
                time.sleep(0.1)
                with open(os.path.join(self.folder.name, "of-storm"), encoding="utf-8") as file:
                    lines = file.readlines()
            log.seek(0)
            self.assertEqual(len(set(lines)), count, log.read()[-3000:])
        return sorted(set(lines))


if __name__ == "__main__":
    unittest.main()
