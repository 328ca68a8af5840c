"""urlparse over a file of a million URLs, with two processes."""

import random
import subprocess
import time

import peers
import streams
from tools import CSTORM, PLACE, SOURCE, Progress, median, run, spread, table

CASES = ["urlparse"]
OURS = "cstorm map -p 2"
REQUIREMENTS = ["joblib==1.4.2", "ipyparallel==9.0.0", "ipykernel==6.29.5", "pyspark==3.5.5", "cython==3.0.12", "setuptools==75.8.0"]
PEERS = ["map", "thread pool", "process pool", "joblib", "ipyparallel", "PySpark", "Cython"]
BAR = 10

TITLE = "A function mapped over a file"
TEXT = f"""`cstorm map urlparse -p 2` over a file of a million URLs, against what maps Python's own urlparse over it: with `map`, in a loop
that Cython has compiled, in pools of two threads, of two processes (chunks of 1,000, as for joblib and ipyparallel), in PySpark with
`local[2]`, and by `xargs -P 2` with 1,000 URLs a process. Each reads the file and writes lines of the parts with tabs between them. What
starts and ends a pool, or a cluster, is not counted for Python; for cstorm and xargs the whole command is. Bar: ten times the best of
Python. ({", ".join(REQUIREMENTS)})
"""


def get_python():
    python = peers.get_python("python-map", REQUIREMENTS)
    source = SOURCE / "bench/map_cython.pyx"
    built = list((PLACE / "cython").glob("map_cython*.so"))
    if not built or built[0].stat().st_mtime < source.stat().st_mtime:
        run(python.parent / "cythonize", "-i", "-q", "--no-docstrings", source, cwd=PLACE)
        (PLACE / "cython").mkdir(exist_ok=True)
        for made in source.parent.glob("map_cython*.so"):
            made.rename(PLACE / "cython" / made.name)
        source.with_suffix(".c").unlink(missing_ok=True)
    return python


def write_urls(count):
    path = PLACE / f"urls-{count}"
    if not path.exists():
        choose = random.Random(5)
        path.write_text("".join(streams.url(choose) + "\n" for _ in range(count)))
    return path


def timed(command):
    begin = time.time()
    subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, cwd=PLACE)
    return time.time() - begin


def seconds_of(name, python, path):
    if name == OURS:
        return timed([CSTORM, "map", "-q", "-p", "2", "urlparse", path])
    if name == "xargs -P 2":
        code = f"import sys; sys.path.insert(0, '{SOURCE}/bench'); import map_peers; " \
               "sys.stdout.write(map_peers.parse_lines(sys.argv[1:]))"
        return timed(["xargs", "-a", path, "-d", "\\n", "-P", "2", "-n", "1000", python, "-c", code])
    said = subprocess.run(["env", f"PYTHONPATH={PLACE / 'cython'}", python, SOURCE / "bench/map_peers.py", name, path, "/dev/null"],
                          check=True, capture_output=True, text=True, cwd=PLACE).stdout
    return float(said.split()[-1])


def measure_all(cases, runs, quick):
    progress = Progress("map")
    python = get_python()
    count = 200_000 if quick else 1_000_000
    path = write_urls(count)
    found = {}
    for number in range(runs):
        for name in [OURS, *PEERS, "xargs -P 2"]:
            progress.show(f"run {number + 1} of {runs}, {name}")
            found.setdefault(name, {"rates": []})["rates"].append(count / seconds_of(name, python, path))
    progress.end()
    return {case: found for case in cases}


def bars(found):
    for programs_found in found.values():
        best = max((name for name in programs_found if name != OURS), key=lambda name: median(programs_found[name]))
        yield f"times the best of Python, {best}", median(programs_found[OURS]) / median(programs_found[best]), BAR


def tables(found):
    for case, programs_found in found.items():
        ours = median(programs_found[OURS])
        yield case, table(["", "URLs/s", "spread", "cstorm is faster"],
                          [[name, f"{median(entry):,.0f}", spread(entry), f"{ours / median(entry):.1f}"]
                           for name, entry in programs_found.items()])
