"""How the cost of a tuple grows with its size, its fields, tasks, what is pending, and components."""

import streams
from runner import Run, Topology, config_of, echo, local_command, write_input, yaml
from tools import COMPONENTS, PLACE, Progress, measure, median, seconds, table

SIZES = [10, 100, 1_000, 10_000, 100_000, 1_000_000]
FIELDS = [1, 3, 10, 30, 100, 300, 1000]
TASKS = [1, 2, 4, 8, 16, 32, 64]
PENDING = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
COMPONENTS_COUNT = [2, 5, 10, 20, 50, 100, 200]

CASES = ["size", "fields", "tasks", "pending", "components"]
UNITS = {"size": "bytes", "fields": "fields", "tasks": "tasks of the bolt", "pending": "pending tuples at most",
         "components": "components in a chain"}

TITLE = "How the cost grows"
TEXT = """Microseconds on the clock for each tuple in `cstorm run`, with components in C and JSON between them: spout, bolt and sink, all acked, but
for *components*, a chain in which each tuple passes all bolts, and for *fields*, a bolt alone on a recorded stream.
"""

REASONS = {
    "size": "Flat while the envelope is most of it, then each byte is scanned once, and copied from pipe to pipe, in each process that it "
            "passes: the cost of a byte is what stays.",
    "fields": "A field is scanned once, and what is not asked for is not decoded: the cost of a field is what stays.",
    "tasks": "Flat as far as the processors go, which few tasks fill; with more, each is given fewer tuples at a time, so that there are "
             "more system calls and changes of process for as many tuples.",
    "pending": "With few pending, tuples go one by one, and a tuple costs the way there and back; from a hundred or so on they go by "
               "batches, and a million that are pending cost no more.",
    "components": "Flat for each hop, which is the runner once and a process once; the first one costs more, for it is shared with the "
                  "spout's bookkeeping and the acks.",
}


def topology_point(topology, count, **settings):
    report = PLACE / "report.json"
    text = yaml(topology, "c", {**config_of(topology, count, report), **settings})
    return 1e6 / Run(local_command(text, "growth")).measure(report)["rates"]


def size_point(size, scale):
    count = max(200, min(int(400_000 * scale), int(2 * 10**8 * scale / size)))
    pending = max(4, min(2000, 50_000_000 // size))
    return topology_point(echo(1), count, **{"bench.input": str(write_input("word", size)), "topology.max.spout.pending": pending})


def fields_point(fields, scale):
    count = int(400_000 * scale / (1 + fields / 10))
    case = f"fields-{fields}"
    paths = []
    for number in (0, count):
        paths.append(PLACE / f"{case}-json-{number}")
        streams.write(str(paths[-1]), case, "json", number, str(PLACE / "pids"))
    idle = measure([COMPONENTS], paths[0])[0]
    taken = measure([COMPONENTS], paths[1])[0]
    paths[1].unlink()
    return (taken - idle) / count * 1e6


def tasks_point(tasks, scale):
    topology = Topology([("echo", "echo", tasks, "source", None), ("sink", "ack", 1, "echo", None)])
    return topology_point(topology, int(600_000 * scale))


def pending_point(pending, scale):
    count = int({1: 20_000, 10: 100_000, 100: 400_000}.get(pending, 1_000_000) * scale)
    return topology_point(echo(1), max(count, min(2 * pending, 2_000_000)), **{"topology.max.spout.pending": pending})


def components_point(components, scale):
    names = [f"echo{i}" for i in range(components - 1)]
    bolts = [(name, "ack" if name == names[-1] else "echo", 1, names[i - 1] if i else "source", None) for i, name in enumerate(names)]
    return topology_point(Topology(bolts), max(30_000, int(800_000 * scale / components)))


POINTS = {"size": (SIZES, size_point), "fields": (FIELDS, fields_point), "tasks": (TASKS, tasks_point),
          "pending": (PENDING, pending_point), "components": (COMPONENTS_COUNT, components_point)}
# By how much of what the cost is divided for the other column; tasks and what is pending change nothing that a tuple needs.
DIVIDED = {"size": ("nanoseconds a byte", lambda point: point / 1e3), "fields": ("nanoseconds a field", lambda point: point / 1e3),
           "components": ("microseconds a hop", lambda point: point - 1)}


def measure_all(cases, runs, quick):
    progress = Progress("growth")
    (PLACE / "pids").mkdir(exist_ok=True)
    found = {case: {} for case in cases}
    for number in range(runs):
        for case in cases:
            points, measure_point = POINTS[case]
            for point in points[::2] if quick else points:
                progress.show(f"run {number + 1} of {runs}, {case} {point:,}")
                found[case].setdefault(str(point), {"micros": []})["micros"].append(measure_point(point, 0.25 if quick else 1))
    progress.end()
    return found


def bars(found):
    yield from ()


def tables(found):
    for case, points in found.items():
        name, divide = DIVIDED.get(case, (None, None))
        head = [UNITS[case], "microseconds a tuple", "from", "to", *([name] if name else [])]
        rows = [[f"{int(point):,}", seconds(median(entry, "micros")), seconds(min(entry["micros"])), seconds(max(entry["micros"])),
                 *([f"{median(entry, 'micros') / divide(int(point)):.2f}"] if name else [])] for point, entry in points.items()]
        yield case, REASONS[case] + "\n\n" + table(head, rows)
