"""What is installed: a program outside of the tree builds with it and runs."""

import glob
import os
import re
import subprocess
import unittest

from harness import HERE, WORDCOUNT, read, temporary
from installed import Installed, output

SOURCE = os.environ["SOURCE"]
CC = os.environ["CC_COMMAND"].split()


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installed = Installed("installed")
        cls.addClassCleanup(cls.installed.remove)

    def flags(self, package):
        return output("pkg-config", "--cflags", "--libs", package, env=self.installed.variables).split()

    def check_program(self, package, **variables):
        program = os.path.join(temporary(self), "outside")
        output(*CC, "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-o", program,
               os.path.join(HERE, "outside.c"), *self.flags(package))
        environment = dict(os.environ, **variables)
        result = output(self.installed.command, "run", "-q", program, env=environment, stdin=subprocess.DEVNULL)
        self.assertEqual(result, "hello\t2\nfrom\t1\noutside,\t1\n")
        return program

    def test_a_program_links_the_archive_and_needs_only_libc(self):
        program = self.check_program("cstorm-static")
        self.check_needs_only_libc(program)

    def test_a_program_links_the_shared_library(self):
        self.check_program("cstorm", LD_LIBRARY_PATH=self.installed.libraries)

    def test_a_program_links_the_library_of_kafka(self):
        if not self.has_kafka():
            self.skipTest("built without librdkafka")
        for package in ("cstorm-kafka-static", "cstorm-kafka"):
            with self.subTest(package):
                program = os.path.join(temporary(self), "outside")
                output(*CC, "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-o", program,
                       os.path.join(HERE, "kafka_ways.c"), *self.flags(package))
                environment = dict(os.environ, LD_LIBRARY_PATH=self.installed.libraries)
                self.assertIn("producer     bolt x1: sends each tuple to a topic of Kafka",
                              output(program, "--help", env=environment))

    def check_needs_only_libc(self, program):
        needed = re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", program))
        self.assertTrue(needed)
        for library in needed:
            self.assertRegex(library, r"^(libc|libm|ld-linux.*)\.so")

    def test_a_topology_of_the_tree_needs_only_libc(self):
        self.check_needs_only_libc(WORDCOUNT)

    def test_only_public_names_are_to_be_seen(self):
        libraries = [(["-g"], "libcstorm.a", self.declared()), (["-D"], "libcstorm.so", self.declared())]
        if self.has_kafka():
            of_kafka = self.declared("kafka.h")
            libraries += [(["-g"], "libcstorm_kafka.a", of_kafka), (["-D"], "libcstorm_kafka.so", of_kafka)]
        for options, library, declared in libraries:
            listing = output("nm", *options, "--defined-only", os.path.join(self.installed.libraries, library))
            names = set(re.findall(r"^\S+ [A-Z] (\S+)$", listing, re.M))
            self.assertEqual({n for n in names if not n.startswith("storm_")}, set(), library)
            self.assertEqual(names, declared, library)

    def has_kafka(self):
        return os.path.exists(os.path.join(self.installed.libraries, "libcstorm_kafka.a"))

    def declared(self, only=None):
        """What the installed headers declare as public: all but that of Kafka, or one of them."""
        names = set()
        for path in glob.glob(f"{self.installed.root}/**/include/cstorm/*.h", recursive=True):
            name = os.path.basename(path)
            if name != only if only else name == "kafka.h":
                continue
            text = re.sub(r"/\*.*?\*/", "", read(path).decode(), flags=re.S)
            for declaration in re.findall(r"^STORM_API ([^;]*);", text, re.M):
                names.add(re.search(r"(storm_\w+)\s*(?:\(|$)", declaration).group(1))
        self.assertGreater(len(names), 1 if only else 40)
        return names

    def test_each_header_stands_alone(self):
        headers = glob.glob(f"{self.installed.root}/**/include/**/*.h", recursive=True)
        self.assertEqual({os.path.basename(h) for h in headers},
                         {os.path.basename(h) for h in glob.glob(f"{SOURCE}/include/**/*.h", recursive=True)
                          if self.has_kafka() or os.path.basename(h) != "kafka.h"})
        for header in headers:
            output(*CC, "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c",
                   "-include", header, "/dev/null", *self.flags("cstorm"))


class Examples(unittest.TestCase):
    def test_the_readme_shows_the_code_that_is_built(self):
        readme = read(os.path.join(SOURCE, "README.md")).decode()
        blocks = re.findall(r"```c\n(.*?)```", readme, re.S)
        split = read(os.path.join(SOURCE, "bolts", "split.c")).decode()
        wordcount = read(os.path.join(SOURCE, "topologies", "wordcount.c")).decode()
        self.assertIn(blocks[0], read(os.path.join(SOURCE, "topologies", "urls.c")).decode())
        self.assertIn(blocks[1], split)
        for part in re.findall(r"\t+\{.*?\n\t+\}", blocks[2], re.S):
            self.assertIn(part, wordcount)


if __name__ == "__main__":
    unittest.main()
