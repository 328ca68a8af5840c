"""What `cstorm map urlparse` is measured against: NAME INPUT OUTPUT. Prints the seconds that it took, without its start."""

import sys
import time
from urllib.parse import urlparse

PROCESSES = 2
CHUNK = 1000


def parse(line):
    return "\t".join(urlparse(line.rstrip("\n"))) + "\n"


def parse_lines(lines):
    return "".join(map(parse, lines))


def write(results, path):
    with open(path, "w") as output:
        output.writelines(results)


def plain_map(path, output):
    with open(path) as lines:
        begin = time.time()
        write(map(parse, lines), output)
    return begin


def thread_pool(path, output):
    from multiprocessing.pool import ThreadPool
    with ThreadPool(PROCESSES) as pool, open(path) as lines:
        begin = time.time()
        write(pool.imap(parse, lines, CHUNK), output)
    return begin


def process_pool(path, output):
    from multiprocessing import Pool
    with Pool(PROCESSES) as pool, open(path) as lines:
        begin = time.time()
        write(pool.imap(parse, lines, CHUNK), output)
    return begin


def joblib(path, output):
    from joblib import Parallel, delayed
    with Parallel(n_jobs=PROCESSES, batch_size=CHUNK, return_as="generator") as parallel, open(path) as lines:
        list(parallel(delayed(parse)("http://a/") for _ in range(PROCESSES)))
        begin = time.time()
        write(parallel(delayed(parse)(line) for line in lines), output)
    return begin


def ipyparallel(path, output):
    import ipyparallel as ipp
    with ipp.Cluster(n=PROCESSES, log_level=40) as cluster:
        view = cluster.load_balanced_view()
        view.block = True
        cluster[:].push({"urlparse": urlparse, "parse": parse}, block=True)
        with open(path) as lines:
            given = lines.readlines()
        begin = time.time()
        write(view.map(parse, given, chunksize=CHUNK), output)
        end = time.time()
    return time.time() - (end - begin)  # its end takes seconds, too


def pyspark(path, output):
    import shutil
    import tempfile

    from pyspark import SparkContext
    context = SparkContext(f"local[{PROCESSES}]", "map")
    context.setLogLevel("OFF")
    context.parallelize(["http://a/"] * PROCESSES, PROCESSES).map(parse).collect()
    folder = tempfile.mkdtemp()
    begin = time.time()
    context.textFile(path, PROCESSES).map(lambda line: "\t".join(urlparse(line))).saveAsTextFile(folder + "/output")
    end = time.time()
    shutil.rmtree(folder)
    context.stop()
    return time.time() - (end - begin)


def cython(path, output):
    import map_cython
    begin = time.time()
    map_cython.run(path, output)
    return begin


PEERS = {"map": plain_map, "thread pool": thread_pool, "process pool": process_pool, "joblib": joblib,
         "ipyparallel": ipyparallel, "PySpark": pyspark, "Cython": cython}

if __name__ == "__main__":
    begun = PEERS[sys.argv[1]](*sys.argv[2:])
    print(time.time() - begun)
