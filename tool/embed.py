"""Writes files into a C file, from which the command writes them.

Usage: embed.py OUTPUT ARRAY FOLDER FILE...

A name that begins with "dot-" is written with the dot: here it would mean something to git.
"""

import os
import sys


def literal(line):
    escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    assert escaped.isprintable(), line
    return f'"{escaped}\\n"'


def main(output, array, folder, *paths):
    with open(output, "w", encoding="utf-8") as out:
        out.write('/* Made by tool/embed.py. */\n#include "embedded.h"\n\n')
        out.write(f"const struct embedded_file {array}[] = {{\n")
        for path in paths:
            name = os.path.relpath(path, folder).replace("dot-", ".")
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
            out.write(f'\t{{ "{name}",\n')
            out.writelines(f"\t\t{literal(line)}\n" for line in lines)
            out.write("\t},\n")
        out.write("\t{ 0 },\n};\n")


main(*sys.argv[1:])
