"""`cstorm new`: a project, from the first command to its results, as somebody new to it goes there."""

import os
import re
import resource
import shutil
import subprocess
import unittest

from harness import CSTORM, PATIENCE, read, temporary
from installed import BUILD, Installed

FILES = [".gitignore", "README.md", "cstorm.yaml", "meson.build", "src/alarms.c", "src/reading.h", "src/readings.c",
         "src/topology.c", "tests/alarms_test.c", "tests/meson.build",
         "tests/readings.txt", "tests/topology.test.yaml"]
FILES_OF_PYTHON = ["requirements.txt", "resources/calibrate.py", "resources/meson.build"]


def list_files(folder):
    return sorted(os.path.relpath(os.path.join(root, name), folder)
                  for root, _, names in os.walk(folder) for name in names)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = temporary(self)
        self.variables = dict(os.environ)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def new(self, *arguments, **more):
        more = {"cwd": self.folder, "stdout": subprocess.PIPE, **more}
        return subprocess.run([CSTORM, "new", *arguments], stderr=subprocess.PIPE, text=True, timeout=PATIENCE, **more)


class Refusals(Case):
    def check(self, status, message, *arguments, **more):
        found = self.new(*arguments, **more)
        self.assertEqual(found.returncode, status, found)
        self.assertIn(message, found.stderr)
        return found

    def test_wrong_usage(self):
        for message, *arguments in (["the name is missing"], ["what is this: b", "a", "b"],
                                    ["options are not understood", "--ruby", "a"]):
            self.check(2, message, *arguments)
        self.assertEqual(os.listdir(self.folder), [])

    def test_names(self):
        for name in ("", "1a", "-", "_a", ".", "a/b", "a.b", "a b", "ä", "a\n", "@NAME@"):
            self.check(2, "a name begins with a letter, and has", "--", name)
        self.check(2, "a name has at most 64 characters", "a" * 65)
        for name in ("test", "tests", "topology", "meson-a"):
            self.check(2, f"has this name already: {name}\n", name)
        self.assertEqual(os.listdir(self.folder), [])
        for name in ("a", "Z9-_", "a" * 64, "meson", "tests2"):
            self.check(0, "", name)

    def test_a_folder_that_is_not_empty(self):
        os.makedirs(self.path("a", "b"))
        self.check(1, "a is there already, and is not empty", "a")
        self.assertEqual(list_files(self.folder), [])

    def test_a_file_in_the_way(self):
        with open(self.path("a"), "w", encoding="utf-8"):
            pass
        self.check(1, "cannot use a: Not a directory", "a")
        self.assertEqual(os.listdir(self.folder), ["a"])

    def test_an_empty_folder_is_taken(self):
        os.mkdir(self.path("a"))
        self.check(0, "", "a")
        self.assertEqual(list_files(self.path("a")), FILES)

    def test_nothing_can_be_made(self):
        self.check(1, "cannot make the folder a: ", "a", cwd="/proc")

    def test_no_more_room(self):
        """Not enough for one of the files: as on a full disk, those before it are written."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

        for there_before in (False, True):
            if there_before:
                os.mkdir(self.path("a"))
            found = self.check(1, ": File too large\n", "a", preexec_fn=limit)
            self.assertRegex(found.stderr, r"^cstorm new: cannot write a/src/\w+\.c: File too large\n"
                             r"cstorm new: what had been written is removed again\n$")
            self.assertEqual(found.stdout, "")
            self.assertEqual(os.listdir(self.folder), ["a"] if there_before else [])
        self.assertEqual(os.listdir(self.path("a")), [])

    def test_the_list_cannot_be_printed(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.check(1, "a is written; cannot print what it has: No space left", "a", stdout=full)
            self.assertEqual(list_files(self.path("a")), FILES)
            self.assertEqual(self.new("--help", stdout=full).returncode, 1)

    def test_help(self):
        found = self.check(0, "", "--help")
        self.assertTrue(found.stdout.startswith("Usage: cstorm new "), found)


class Project(Case):
    """What the project's user does, by the commands that they are told."""

    @classmethod
    def setUpClass(cls):
        cls.installed = Installed("installed-for-new")
        cls.addClassCleanup(cls.installed.remove)

    def setUp(self):
        super().setUp()
        self.variables = dict(self.installed.variables, CC=os.environ["CC_COMMAND"])
        if os.environ["SANITIZED"] != "none":
            # The library asks for the sanitizers, in the program too.
            self.variables["CFLAGS"] = self.variables["LDFLAGS"] = "-fsanitize=" + os.environ["SANITIZED"]

    def begin(self, *arguments):
        """Write the project. Returns the commands to be given next."""
        found = self.new("hot-or-not", *arguments, env=self.variables)
        self.assertEqual((found.returncode, found.stderr), (0, ""))
        files, _, commands = found.stdout.partition("\n\n")
        self.assertEqual(sorted(files.split()), [f"hot-or-not/{name}" for name in list_files(self.path("hot-or-not"))])
        commands = re.findall("^    (.*)$", commands, re.M)
        self.assertEqual(commands.pop(0), "cd hot-or-not")
        self.check_texts(commands)
        return commands

    def check_texts(self, commands):
        """No mark is left of the templates, and the README tells of what is there."""
        folder = self.path("hot-or-not")
        for name in list_files(folder):
            self.assertNotRegex(read(os.path.join(folder, name)).decode(), r"@[A-Z]+@|@(if .*|else|end)@")
        readme = read(os.path.join(folder, "README.md")).decode()
        blocks = "".join(re.findall("^```sh\n(.*?)^```$", readme, re.M | re.S))
        self.assertEqual(re.sub(" +#.*", "", blocks).splitlines(), commands)
        for name in re.findall(r"`(\w+/[\w.]+\.\w+)`", readme):
            self.assertTrue(os.path.exists(os.path.join(folder, name)), name)

    def sh(self, *lines):
        return subprocess.run(["sh", "-c", "\n".join(["set -e", *lines])], cwd=self.path("hot-or-not"),
                              env=self.variables, capture_output=True, text=True, timeout=PATIENCE)

    def check_sh(self, *lines):
        found = self.sh(*lines)
        self.assertEqual(found.returncode, 0, found.stdout + found.stderr)
        return found

    def check_project(self, lines, *commands):
        """The last two commands: to build and test, and to run."""
        *before, build, run = commands
        built = self.check_sh(*before, build).stdout
        self.assertRegex(built, r"Ok: +2 *\n")
        self.assertNotIn("warning", built.lower())
        ran = self.check_sh(*before, run)
        self.assertEqual(sorted(ran.stdout.splitlines()), lines)
        self.assertIn("not a reading: kitchen unknown", ran.stderr)
        checked = self.check_sh(*before, "cstorm check build/hot-or-not")
        self.assertEqual(checked.stderr, "build/hot-or-not: 0 errors, 0 warnings\n")
        tested = self.check_sh(*before, "cd tests", "cstorm test topology.test.yaml")
        self.assertIn(", 0 failed", tested.stdout)

    def edit(self, name, old, new):
        path = self.path("hot-or-not", name)
        text = read(path).decode()
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def check_a_test_fails(self, *lines):
        failed = self.sh("meson test -C build --print-errorlogs")
        self.assertGreater(failed.returncode, 0, failed)
        for line in lines:
            self.assertIn(line, failed.stdout)

    def test_in_c(self):
        commands = self.begin()
        self.assertEqual(len(commands), 2)
        self.assertEqual(list_files(self.path("hot-or-not")), FILES)
        self.check_project(["attic: 34 is above 30", "cellar: 32.5 is above 30"], *commands)
        found = self.check_sh(f"{commands[1]} -q -o hot-or-not.limit=33")
        self.assertEqual((found.stdout, found.stderr), ("attic: 34 is above 33\n", ""))

        # Its tests notice a change, and what else goes wrong.
        self.edit("src/alarms.c", "is above", "exceeds")
        self.check_a_test_fails('missing: ["attic: 34 is above 30"]',
                                'said:\nack 1\nemit ["attic: 20.5 exceeds 20"] anchors 2\nack 2\n')
        self.edit("src/alarms.c", '"30"', '"a lot"')
        self.check_a_test_fails("the setting limit is no number: a lot")

    def test_a_spout_reads_what_others_write(self):
        build, run = self.begin()
        with open(self.path("hot-or-not", "tests", "readings.txt"), "wb") as file:
            file.write(b"\n \n40\na b 40\na inf\na nan\na\n\xff 40\nb\t 0x28 \r\nc 4e1 c\n\xc3\xa9 40")
        self.check_sh("meson setup build && meson compile -C build")
        ran = self.check_sh(run)
        self.assertEqual(sorted(ran.stdout.splitlines()), ["b: 40 is above 30", "é: 40 is above 30"])
        self.assertEqual(ran.stderr.count("not a reading: "), 9)
        for argument, message in (("", "which file?"), ("-o hot-or-not.input=nowhere", "cannot open nowhere: No such")):
            failed = self.sh(f"cstorm run build/hot-or-not {argument}")
            self.assertEqual(failed.returncode, 1)
            self.assertIn(message, failed.stderr)

    def wheels(self, requirements):
        """pystorm and what it needs, from the network once for a build folder."""
        folder = os.path.join(BUILD, "tests", "wheels")
        kept = os.path.join(folder, "requirements.txt")
        if not os.path.exists(kept) or read(kept) != read(requirements):
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([self.path("hot-or-not", ".venv", "bin", "pip"), "-q", "wheel", "-w", folder,
                            "-r", requirements], check=True, timeout=4 * PATIENCE)
            shutil.copy(requirements, kept)
        return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": folder}

    def test_with_python(self):
        make, activate, install, build, run = self.begin("--python")
        self.assertEqual(list_files(self.path("hot-or-not")), sorted(FILES + FILES_OF_PYTHON))

        # Without pystorm, there is no project that fails later: the build says what to do.
        failed = self.sh(make, activate, build)
        self.assertEqual(failed.returncode, 1, failed)
        self.assertIn(".venv/bin/python3 has no pystorm.", failed.stdout)
        for command in (make, activate, install):
            self.assertIn(f"    {command}\n", failed.stdout)

        self.variables.update(self.wheels(self.path("hot-or-not", "requirements.txt")))
        self.check_sh(activate, install)
        self.check_project(["attic: 34 is above 30", "cellar: 31 is above 30"], activate, build, run)

        # Another shell: the tests know their Python, and take what has changed.
        self.check_sh("meson test -C build")
        self.edit("resources/calibrate.py", "1.5", "2.5")
        self.check_a_test_fails("FAIL  calibrate takes away", 'missing: ["cellar: 31 is above 30"]')
        self.edit("resources/calibrate.py", "pystorm.bolt", "pystorm_of_nobody")
        self.check_a_test_fails("No module named 'pystorm_of_nobody'")


if __name__ == "__main__":
    unittest.main()
