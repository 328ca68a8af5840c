"""
Whole topologies on one machine: a spout, bolts and a sink, one process for each task, all acked, in `cstorm run` and in Storm's
LocalCluster. The spouts write down themselves when their tuples were acked (see source.h): the first quarter is the warm-up.
"""

import contextlib
import json
import os
import random
import subprocess
import time

import peers
import streams
from tools import COMPONENTS, CSTORM, PLACE, SOURCE, Failure, Progress, end_group, median, memory, seconds, spread, table, tree

PATIENCE = 180  # seconds: a run that takes longer hangs
PENDING = 2000
JVM_MEMORY = "-Xmx2g"

OURS, OURS_MSGPACK = "cstorm run, C", "cstorm run, C, MessagePack"
JAVA, PYSTORM, SHELL_C = "LocalCluster, Java", "LocalCluster, pystorm", "LocalCluster, C"

TITLE = "The local runner"
TEXT = """A spout, bolts and a sink, one process for each task, each tuple acked; 2,000 may be pending. *echo* is spout, bolt and sink;
*wordcount* a spout of lines of eight words, split and count (what is counted is lines); *fanout-N* a spout whose tuples go to N
bolts; *parallel-N* is echo with N tasks of the bolt and of the sink. The first quarter of the tuples is the warm-up. *Start* is
from the call of the command to the first ack; memory is of all processes, when the last tuple was acked. Bars: more tuples a second
than LocalCluster with bolts in Java and 15 times as many as there with pystorm; a hundredth of its start and a tenth of its memory.
"""


class Topology:
    """Components by name: the bolt that it is, its parallelism and its input with a grouping."""

    def __init__(self, bolts, kind="word"):
        self.bolts, self.kind = bolts, kind


def echo(parallelism):
    return Topology([("echo", "echo", parallelism, "source", None), ("sink", "ack", parallelism, "echo", None)])


TOPOLOGIES = {
    "echo": echo(1),
    "wordcount": Topology([("split", "split", 1, "source", None), ("count", "count", 1, "split", "word")], "line"),
    **{f"fanout-{n}": Topology([(f"sink{i}", "ack", 1, "source", None) for i in range(n)]) for n in (2, 4, 8)},
    **{f"parallel-{n}": echo(n) for n in (2, 4)},
}
CASES = list(TOPOLOGIES)


def yaml(topology, language, config, python=None):
    """The topology for Flux, which `cstorm run` reads, too."""
    def component(kind, bolt):
        if language == "java":
            return {"className": "bench.Source" if kind == "spout" else "bench.Bolt",
                    **({} if kind == "spout" else {"constructorArgs": [bolt]})}
        script = "pystorm_source.py" if kind == "spout" else "pystorm_bolts.py"
        command = [str(COMPONENTS), "--component", bolt] if language == "c" else [str(python), str(SOURCE / "bench" / script), bolt]
        fields = {"ack": ["none"], "count": ["word", "count"]}.get(bolt, ["word"])
        return {"className": f"org.apache.storm.flux.wrappers.{kind}s.FluxShell{kind.capitalize()}",
                "constructorArgs": [command, fields]}

    return json.dumps({  # which is YAML, too
        "name": "bench", "config": config,
        "spouts": [{"id": "source", **component("spout", "source"), "parallelism": 1}],
        "bolts": [{"id": name, **component("bolt", bolt), "parallelism": parallelism}
                  for name, bolt, parallelism, _, _ in topology.bolts],
        "streams": [{"from": source, "to": name,
                     "grouping": {"type": "FIELDS", "args": [field]} if field else {"type": "SHUFFLE"}}
                    for name, _, _, source, field in topology.bolts]}, indent=1)


def write_input(kind, size=None, variety=1000):
    """The lines that the spout emits; `size` is in bytes."""
    path = PLACE / f"input-{kind}{'' if size is None else f'-{size}'}"
    choose = random.Random(5)
    if not path.exists():
        lines = [" ".join(streams.word(choose) for _ in range(8)) if kind == "line" else streams.word(choose) if size is None
                 else (streams.word(choose) * (size // 4 + 1))[:size] for _ in range(min(variety, max(1, 10**7 // (size or 1))))]
        path.write_text("".join(line + "\n" for line in lines))
    return path


class Run:
    """One run of a topology: what its spout has reported, and what was seen of it from outside."""

    def __init__(self, command):
        self.command = command

    def measure(self, report):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(report)
        begin = time.time()
        log = PLACE / "run.log"
        with open(log, "wb") as output:
            process = subprocess.Popen([str(word) for word in self.command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                       cwd=PLACE, start_new_session=True)
        try:
            memory_used = 0
            pids = []
            while not (os.path.exists(report) and os.path.getsize(report) > 0):
                if process.poll() is not None or time.time() - begin > PATIENCE:
                    if os.path.exists(report):
                        break
                    raise Failure(f"{self.command[0]} {'hangs' if process.returncode is None else 'has ended'}: see {log}")
                pids = tree(process.pid)
                memory_used = max(memory_used, memory(pids))
                time.sleep(0.25)
        finally:
            end_group(process)
        said = json.loads(report.read_text())
        if said["failed"]:
            raise Failure(f"{said['failed']} tuples have failed: see {log}")
        return {"rates": said["measured"] / (said["end"] - said["warm"]), "start": said["first"] - begin, "memory": memory_used,
                "p50": said["p50"], "p99": said["p99"]}


def config_of(topology, count, report, **settings):
    return {"bench.input": str(write_input(topology.kind)), "bench.count": count, "bench.report": str(report),
            "topology.max.spout.pending": PENDING, "topology.acker.executors": 1, **settings}


def local_command(text, name):
    path = PLACE / f"{name}.yaml"
    path.write_text(text)
    return [CSTORM, "run", "-q", path]


def local_cluster_command(text, name, flux, class_path, classes):
    path = PLACE / f"{name}.yaml"
    path.write_text(text)
    return ["java", JVM_MEMORY, f"-Dstorm.local.sleeptime={PATIENCE}", f"-Dstorm.jar={flux}", "-cp", f"{classes}:{flux}:{class_path}",
            "org.apache.storm.LocalCluster", "org.apache.storm.flux.Flux", path]


MSGPACK = {"topology.multilang.serializer": "cstorm.multilang.MessagePackSerializer"}


def programs(case):
    """Their names, languages, whether they run in LocalCluster, more of the configuration, and tuples for a second or two."""
    all_programs = [
        (OURS, "c", False, {}, 1_000_000),
        (OURS_MSGPACK, "c", False, MSGPACK, 1_000_000),
        ("cstorm run, pystorm", "python", False, {}, 40_000),
        (JAVA, "java", True, {}, 2_000_000),
        (SHELL_C, "c", True, {}, 150_000),
        (PYSTORM, "python", True, {}, 30_000),
    ]
    # The same on both sides of ShellBolt: once tells it.
    return [program for program in all_programs if case == "echo" or program[0] != SHELL_C]


# A line is eight words, a fan-out of N is N tuples.
WEIGHTS = {"wordcount": 8, "fanout-2": 1.5, "fanout-4": 3, "fanout-8": 6}


def measure_all(cases, runs, quick):
    progress = Progress("runner")
    python = peers.get_python("python", peers.PYSTORM)
    class_path = peers.storm_class_path()
    classes, flux = peers.get_java(class_path), peers.get_flux()
    report = PLACE / "report.json"
    found = {case: {} for case in cases}
    for case in cases:
        topology = TOPOLOGIES[case]
        for number in range(runs):
            for name, language, in_cluster, settings, base in programs(case):
                progress.show(f"{case}, run {number + 1} of {runs}, {name}")
                count = int(base * (0.4 if quick else 2) / WEIGHTS.get(case, 1))
                text = yaml(topology, language, config_of(topology, count, report, **settings), python)
                command = (local_cluster_command(text, "bench", flux, class_path, classes) if in_cluster
                           else local_command(text, "bench"))
                measured = Run(command).measure(report)
                entry = found[case].setdefault(name, {})
                for key, value in measured.items():
                    entry.setdefault(key, []).append(value)
    progress.end()
    return found


def bars(found):
    for case, programs_found in found.items():
        ours = max(median(programs_found[OURS]), median(programs_found[OURS_MSGPACK]))
        java = programs_found[JAVA]
        yield f"{case}: times LocalCluster with Java", ours / median(java), 1
        yield f"{case}: times LocalCluster with pystorm", ours / median(programs_found[PYSTORM]), 15
        yield f"{case}: its start is so many times LocalCluster's", median(java, "start") / median(programs_found[OURS], "start"), 100
        yield (f"{case}: its memory goes so many times into LocalCluster's",
               median(java, "memory") / median(programs_found[OURS], "memory"), 10)


def tables(found):
    for case, programs_found in found.items():
        java = median(programs_found[JAVA])
        yield case, table(
            ["", "tuples/s", "spread", "times Java", "start, s", "MB"],
            [[name, f"{median(entry):,.0f}", spread(entry), f"{median(entry) / java:.2f}",
              seconds(median(entry, "start")) if median(entry, "start") > 0.1 else f"{median(entry, 'start'):.3f}",
              f"{median(entry, 'memory') / 1e6:.0f}"] for name, entry in programs_found.items()])
