# cython: language_level=3
from urllib.parse import urlparse


def run(path, output):
    cdef str line
    cdef object out
    with open(path) as lines, open(output, "w") as out:
        write = out.write
        for line in lines:
            write("\t".join(urlparse(line.rstrip("\n"))) + "\n")
