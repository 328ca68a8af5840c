"""What a tuple costs in `cstorm run`: processor, memory, bytes, system calls; and how long one takes."""

import contextlib
import pathlib
import subprocess
import time

from runner import MSGPACK, TOPOLOGIES, Run, config_of, local_command, yaml
from tools import PLACE, Failure, Progress, measure, median, memory, spread, table, tree

CASES = ["echo"]
WIRES = {"JSON": {}, "MessagePack": MSGPACK}
COUNT = 1_000_000
IDLE_RATE, IDLE_COUNT = 100, 500
HOP_BAR = 1.0  # milliseconds

TITLE = "What a tuple costs"
TEXT = """Spout, bolt and sink in C in `cstorm run`, each tuple acked: the processor's time, that of the spout's bookkeeping and of the start
among it; what is resident of each process (its share of what is shared); bytes that all processes write, and their reads and writes.
The times are from a tuple's emit to its ack, two hops to the sink and one back: at half of the greatest load, and at 100 tuples a
second, where nothing may wait for company. Bar: less than a millisecond a hop then.
"""


def numbers(path):
    return {key: int(value) for key, value in (line.split(": ") for line in path.read_text().splitlines())}


def watch(command):
    """Run a topology; the memory of its processes by name, and what they have written and how often, shortly before its end."""
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd=PLACE)
    memories, io = {}, {}
    while process.poll() is None:
        for pid in tree(process.pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError, ValueError):
                io[pid] = numbers(pathlib.Path(f"/proc/{pid}/io"))
                name = "runner" if pid == process.pid else "component"
                memories.setdefault((name, pid), []).append(memory([pid]))
        time.sleep(0.02)
    if process.returncode != 0:
        raise Failure(f"cstorm run has ended with status {process.returncode}")
    return memories, io


def measure_once(settings, count):
    report = PLACE / "report.json"
    echo = TOPOLOGIES["echo"]

    def command(**more):
        return local_command(yaml(echo, "c", config_of(echo, more.pop("count", count), report, **settings, **more)), "cost")

    fastest = Run(command()).measure(report)["rates"]
    _, cpu, _ = measure(command())
    memories, io = watch(command())
    half = Run(command(**{"cstorm.spout.rate": fastest / 2, "bench.at_once": 1, "count": count // 2})).measure(report)
    idle = Run(command(**{"cstorm.spout.rate": IDLE_RATE, "bench.at_once": 1, "count": IDLE_COUNT})).measure(report)
    components = [max(found) for (name, _), found in memories.items() if name == "component"]
    return {"cpu": cpu / count * 1e6, "component": sum(components) / len(components),
            "runner": max(max(found) for (name, _), found in memories.items() if name == "runner"),
            "bytes": sum(found["wchar"] for found in io.values()) / count,
            "calls": sum(found["syscr"] + found["syscw"] for found in io.values()) / count * 1000,
            "rates": fastest, "half p50": half["p50"], "half p99": half["p99"], "idle p50": idle["p50"], "idle p99": idle["p99"]}


def measure_all(cases, runs, quick):
    progress = Progress("cost")
    found = {}
    for number in range(runs):
        for wire, settings in WIRES.items():
            progress.show(f"run {number + 1} of {runs}, {wire}")
            for key, value in measure_once(settings, COUNT // 4 if quick else COUNT).items():
                found.setdefault(wire, {}).setdefault(key, []).append(value)
    progress.end()
    return {case: found for case in cases}


def bars(found):
    for programs_found in found.values():
        for wire, entry in programs_found.items():
            yield f"{wire}: milliseconds a hop at 100 tuples/s, the median, at most", median(entry, "idle p50") / 3000, -HOP_BAR


def tables(found):
    for case, programs_found in found.items():
        yield case, table(
            ["", "tuples/s", "spread", "CPU s/million", "MB, component", "MB, runner", "bytes/tuple", "reads and writes/1000"],
            [[name, f"{median(entry):,.0f}", spread(entry), f"{median(entry, 'cpu'):.2f}", f"{median(entry, 'component') / 1e6:.1f}",
              f"{median(entry, 'runner') / 1e6:.1f}", f"{median(entry, 'bytes'):.0f}", f"{median(entry, 'calls'):.1f}"]
             for name, entry in programs_found.items()])
        yield f"{case}, from emit to ack in milliseconds", table(
            ["", "half load, p50", "half load, p99", "100/s, p50", "100/s, p99"],
            [[name, *(f"{median(entry, key) / 1e3:.3f}" for key in ("half p50", "half p99", "idle p50", "idle p99"))]
             for name, entry in programs_found.items()])
