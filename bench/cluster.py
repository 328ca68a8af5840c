"""
A bolt that echoes in a real Storm cluster (script/cluster): one worker, a spout and a sink in Java, all acked. The bolts are in
Java, in C and of pystorm, with Storm's serializer and with ours.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import zipfile

import peers
from runner import PATIENCE, PENDING, write_input
from tools import COMPONENTS, CSTORM, PLACE, SOURCE, Failure, Progress, median, spread, table

CASES = ["echo"]
JAVA, C_JSON, C_MSGPACK, C_PROCESS = "Java", "C, JSON", "C, our serializer", "C, our serializer and ProcessBolt"
PYSTORM, PYSTORM_MSGPACK = "pystorm, JSON", "pystorm, our serializer"

TITLE = "A bolt in a real Storm"
TEXT = """A spout and a sink in Java with the bolt that echoes between them, in one worker of a cluster with one supervisor, each tuple
acked, 2,000 pending; the first quarter is the warm-up. *ProcessBolt* is a Java class of ours that runs the process in place of Storm's
ShellBolt (`cstorm.bolt.class`, cstorm-submit(1)). Bars: four times pystorm with Storm's serializer, 60 % of Java with ours.

ShellBolt is the ceiling: with it, a bolt in C waits most of the time. Each tuple goes through a queue from the thread that executes
to one that writes, as an object with an id that is a random number as text, by which it is looked up in a map for each emit and
ack; a hand-over and a wake-up for each of them on machines with few cores. ProcessBolt encodes in the thread that executes, writes
what has come together at once, and has numbers for ids.
"""


def programs(python):
    """Their names, the command of the bolt, more of the configuration, and tuples for ten seconds or so."""
    ours = {"topology.multilang.serializer": "cstorm.multilang.MessagePackSerializer"}
    c = [str(COMPONENTS), "--component", "echo"]
    pystorm = [str(python), str(SOURCE / "bench/pystorm_bolts.py"), "echo"]
    return [
        (JAVA, None, {}, 4_000_000),
        (C_JSON, c, {}, 1_000_000),
        (C_MSGPACK, c, ours, 1_500_000),
        (C_PROCESS, c, {**ours, "cstorm.bolt.class": "cstorm.multilang.ProcessBolt"}, 3_000_000),
        (PYSTORM, pystorm, {}, 200_000),
        (PYSTORM_MSGPACK, [*pystorm, "msgpack"], ours, 300_000),
    ]


def java_component(name, class_name, *arguments):
    return {"name": name, "java": {"className": class_name, **({"constructorArgs": list(arguments)} if arguments else {})},
            "parallelism": 1}


def description(command, count, report, settings):
    word = [{"stream": "default", "fields": ["word"]}]
    bolt = {"name": "echo", "command": command, "parallelism": 1} if command else java_component("echo", "bench.Bolt", "echo")
    config = {"bench.input": str(write_input("word")), "bench.count": count, "bench.report": str(report),
              "topology.max.spout.pending": PENDING, "topology.acker.executors": 1, "topology.workers": 1,
              "topology.worker.childopts": "-Xmx1g", **settings}
    return json.dumps({
        "cstorm": 1, "name": "bench", "config": config,
        "spouts": [{**java_component("source", "bench.Source"), "outputs": word}],
        "bolts": [{**bolt, "outputs": word, "inputs": [{"component": "source", "stream": "default", "grouping": "shuffle"}]},
                  {**java_component("sink", "bench.Bolt", "ack"), "outputs": [],
                   "inputs": [{"component": "echo", "stream": "default", "grouping": "shuffle"}]}]}, indent=1)


class Cluster:
    """A cluster of script/cluster, with nothing on it but what is measured."""

    def __init__(self):
        self.home = PLACE / "cluster"
        self.environment = dict(os.environ, STORM_CONF_DIR=str(self.home / "conf"))

    def script(self, command, *arguments):
        subprocess.run([SOURCE / "script/cluster", command, "--folder", self.home, *arguments], check=True, stdout=sys.stderr)

    def __enter__(self):
        self.script("stop")
        self.script("start", "--port", "0", "--slots", "1")
        return self

    def __exit__(self, *_):
        self.script("stop")

    def cstorm(self, *arguments):
        said = subprocess.run([CSTORM, *arguments], env=self.environment, capture_output=True, text=True, check=False)
        if said.returncode != 0:
            raise Failure(f"cstorm {arguments[0]}: {said.stderr}")
        return said.stdout

    def run(self, text, report, jars):
        """Submit a topology, wait for what its spout reports, and end it."""
        path = PLACE / "cluster.json"
        path.write_text(text)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(report)
        begin = time.time()
        self.cstorm("submit", "--force", *(word for jar in jars for word in ("--with", jar)), path)
        while not (report.exists() and report.stat().st_size > 0):
            if time.time() - begin > PATIENCE:
                raise Failure(f"the topology hangs: {self.cstorm('errors', 'bench')}")
            time.sleep(0.2)
        said = json.loads(report.read_text())
        self.cstorm("kill", "--wait", "0", "bench")
        while json.loads(self.cstorm("list", "--json")):
            time.sleep(0.2)
        if said["failed"]:
            raise Failure(f"{said['failed']} tuples have failed")
        return {"rates": said["measured"] / (said["end"] - said["warm"]), "p50": said["p50"], "p99": said["p99"]}


def get_jars():
    class_path = peers.storm_class_path()
    classes = peers.get_java(class_path)
    jar = PLACE / "bench.jar"
    with zipfile.ZipFile(jar, "w") as file:
        for path in classes.glob("**/*.class"):
            file.write(path, path.relative_to(classes))
    return [jar, peers.get_serializer()]


def measure_all(cases, runs, quick):
    progress = Progress("cluster")
    python = peers.get_python("python", peers.PYSTORM)
    jars = get_jars()
    report = PLACE / "report.json"
    found = {}
    with Cluster() as cluster:
        for number in range(runs):
            for name, command, settings, count in programs(python):
                progress.show(f"run {number + 1} of {runs}, {name}")
                measured = cluster.run(description(command, int(count * (0.3 if quick else 1)), report, settings), report, jars)
                entry = found.setdefault(name, {})
                for key, value in measured.items():
                    entry.setdefault(key, []).append(value)
    progress.end()
    return {case: found for case in cases}


def bars(found):
    for programs_found in found.values():
        best = max((C_MSGPACK, C_PROCESS), key=lambda name: median(programs_found[name]))
        yield "C: times pystorm with the stock serializer", median(programs_found[C_JSON]) / median(programs_found[PYSTORM]), 4
        yield f"{best}: of Java, in %", 100 * median(programs_found[best]) / median(programs_found[JAVA]), 60


def tables(found):
    for case, programs_found in found.items():
        java, pystorm = median(programs_found[JAVA]), median(programs_found[PYSTORM])
        yield case, table(
            ["", "tuples/s", "spread", "of Java", "times pystorm", "p50, ms", "p99, ms"],
            [[name, f"{median(entry):,.0f}", spread(entry), f"{100 * median(entry) / java:.0f} %", f"{median(entry) / pystorm:.1f}",
              f"{median(entry, 'p50') / 1e3:.1f}", f"{median(entry, 'p99') / 1e3:.1f}"] for name, entry in programs_found.items()])
