"""What the parts of script/bench share: where things are, how they are run, and what is made of several runs."""

import os
import pathlib
import platform
import re
import signal
import statistics
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BUILD = SOURCE / "build"
PLACE = BUILD / "bench"
CSTORM = BUILD / "tool/cstorm"
COMPONENTS = PLACE / "bench_components"


class Failure(Exception):
    """What a user should know."""


def run(*command, **options):
    """Run what prepares; what it says is no result."""
    return subprocess.run([str(word) for word in command], check=True, stdout=sys.stderr, **options)


class Progress:
    """A line of the terminal that says what is being measured."""

    def __init__(self, part):
        self.part = part

    def show(self, text):
        if sys.stderr.isatty():
            print(f"\r\033[K{self.part}: {text}", end="", file=sys.stderr, flush=True)

    def end(self):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)


def median(found, key="rates"):
    return statistics.median(found[key])


def spread(found, key="rates"):
    return f"{min(found[key]):,.0f} to {max(found[key]):,.0f}"


def measure(command, path=os.devnull, output=subprocess.DEVNULL, **options):
    """Seconds on the clock, of the processor, and the memory in bytes. How a peer ends at the end of its input is its own."""
    with open(path, "rb") as given:
        said = subprocess.run([PLACE / "bench_measure", *command], stdin=given, stdout=output, stderr=subprocess.PIPE,
                              cwd=PLACE, check=True, text=True, **options).stderr
    return tuple(float(number) for number in said.split())


def end_group(process):
    """End a process that leads a group of its own, with all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def tree(pid):
    """The process and all below it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += tree(int(child))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def memory(pids):
    """What these processes take together, in bytes: what they share counts once."""
    total = 0
    for pid in pids:
        try:
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += 1024 * int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])
        except (FileNotFoundError, ProcessLookupError, PermissionError, TypeError):
            pass
    return total


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    return {"processor": model[1] if model else platform.machine(), "cores": os.cpu_count()}


def said(*command):
    """What a program says of its version, or nothing where it is not there."""
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "(none)"
    version = re.search(r"\d+(\.\d+)+", found.stdout + found.stderr)
    return version[0] if version else "(unknown)"


def table(head, rows):
    """Markdown: the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def seconds(value):
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"
