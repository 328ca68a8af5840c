"""
One component on a recorded stream: a handshake and tuples from a file, the answers to /dev/null. The start of each program
is taken off: what a run with no tuples takes.
"""

import re
import subprocess

import peers
import streams
from tools import COMPONENTS, PLACE, SOURCE, Failure, Progress, measure, median, spread, table

CASES = ["echo", "ack", "split", "urlparse", "wide"]
PEER = "pystorm, JSON"
LIMIT = "limit"
OURS = "cstorm, JSON"
BARS = {"echo": 30, "split": 30}  # times pystorm; the others 15
LIMIT_BAR = 3

TITLE = "One component on a recorded stream"
TEXT = """A handshake and tuples from a file, the answers to `/dev/null`; the start of each program is taken off. *limit* is
`bench/limit.c`, which only finds frames and copies text. Bars: echo and split at least 30 times pystorm with JSON, the others
15 times; all within 3 times of the limit. storm.py and storm.js get the ids of tasks behind each tuple, which they ask for
with every emit. gostorm is a library in Go.
"""


class Program:
    """`scale` is how many times as many tuples it is given, so that each run takes about as long."""

    def __init__(self, name, wire, scale, command, cases=CASES):
        self.name, self.wire, self.scale, self.command, self.cases = name, wire, scale, command, cases


def programs():
    python = peers.get_python("python", peers.PYSTORM)
    scripts = peers.get_storm_scripts()
    bolts = SOURCE / "bench"
    gostorm = peers.get_gostorm()
    return [
        Program(OURS, "json", 40, lambda case: [COMPONENTS]),
        Program("cstorm, MessagePack", "msgpack", 40, lambda case: [COMPONENTS]),
        Program(PEER, "json", 1, lambda case: [python, bolts / "pystorm_bolts.py", case]),
        Program("pystorm, MessagePack", "msgpack", 1, lambda case: [python, bolts / "pystorm_bolts.py", case, "msgpack"]),
        Program("storm.py", "json+tasks", 1,
                lambda case: ["env", f"PYTHONPATH={scripts}", python, bolts / "storm_bolts.py", case]),
        # It needs a pipe to write to.
        Program("storm.js", "json+tasks", 5,
                lambda case: ["sh", "-c", f"NODE_PATH='{scripts}' node '{bolts}/storm_bolts.js' {case} | cat"]),
        Program("gostorm", "json", 3, lambda case: [gostorm, case], CASES if gostorm else []),
        Program(LIMIT, "json", 40, lambda case: [PLACE / "bench_limit", case], ["echo", "ack", "wide"]),
    ]


def stream(case, program, count):
    path = PLACE / f"{case}-{program.wire}-{count}"
    streams.write(str(path), case, program.wire, count, str(PLACE / "pids"))
    return path


def check(case, program):
    """What a program answers to ten tuples: as many acks. A peer that fails at its start would be fast."""
    if program.wire == "msgpack":
        return
    with open(stream(case, program, 10), "rb") as given:
        said = subprocess.run([str(word) for word in program.command(case)], stdin=given, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, cwd=PLACE, check=False).stdout
    acks = len(re.findall(rb'"command": ?"ack"', said))
    if acks != 10:
        raise Failure(f"{program.name} acks {acks} of 10 tuples in {case}")


def measure_case(case, chosen, runs, base, progress):
    found = {program.name: {"rates": [], "cpu": [], "memory": []} for program in chosen}
    for program in chosen:
        check(case, program)
    for number in range(runs):
        for program in chosen:
            progress.show(f"{case}, run {number + 1} of {runs}, {program.name}")
            count = base * program.scale
            idle, idle_cpu, _ = measure(program.command(case), stream(case, program, 0))
            seconds, cpu, memory = measure(program.command(case), stream(case, program, count))
            if seconds < 1.2 * idle or cpu < 1.2 * idle_cpu:
                raise Failure(f"{program.name} takes no time for {count} tuples in {case}: it must have ended early")
            entry = found[program.name]
            entry["rates"].append(count / (seconds - idle))
            entry["cpu"].append(max(cpu - idle_cpu, 0) / count * 1e6)
            entry["memory"].append(memory)
    return found


def measure_all(cases, runs, quick):
    progress = Progress("components")
    (PLACE / "pids").mkdir(exist_ok=True)
    all_programs = programs()
    found = {}
    for case in cases:
        chosen = [program for program in all_programs if case in program.cases]
        found[case] = measure_case(case, chosen, runs, 5_000 if quick else 20_000, progress)
    progress.end()
    return found


def bars(found):
    """What is to be reached: a text, what was, and the bar."""
    for case, programs_found in found.items():
        rate = median(programs_found[OURS])
        yield f"{case}: times pystorm", rate / median(programs_found[PEER]), BARS.get(case, 15)
        if LIMIT in programs_found:
            yield f"{case}: the limit is so many times faster, at most", median(programs_found[LIMIT]) / rate, -LIMIT_BAR


def tables(found):
    for case, programs_found in found.items():
        peer, limit = median(programs_found[PEER]), programs_found.get(LIMIT)
        yield case, table(
            ["", "tuples/s", "spread", "times pystorm", "limit is faster", "CPU s/million", "MB"],
            [[name, f"{median(entry):,.0f}", spread(entry), f"{median(entry) / peer:.1f}",
              f"{median(limit) / median(entry):.1f}" if limit else "", f"{median(entry, 'cpu'):.2f}",
              f"{median(entry, 'memory') / 1e6:.1f}"] for name, entry in programs_found.items()])
