"""`cstorm jar`: what is in a jar is all that a worker needs, wherever and however it is extracted."""

import json
import os
import re
import shutil
import stat
import struct
import subprocess
import unittest
import zipfile

from harness import CSTORM, HERE, PATIENCE, WORDCOUNT, read, temporary
from installed import Installed, output

CC = os.environ["CC_COMMAND"].split()
SANITIZED = os.environ["SANITIZED"] != "none"
NOBODY = 65534
TEXT = "to be or not to be\n"
COUNTS = "be\t2\nto\t2\nnot\t1\nor\t1\n"
MACHINE = os.uname().machine
PYTHON_BOLT = """\
import json, os, sys

def read():
    lines = []
    for line in sys.stdin:
        if line == "end\\n":
            return json.loads("".join(lines))
        lines.append(line)
    sys.exit()

def send(message):
    print(json.dumps(message), "end", sep="\\n", flush=True)

handshake = read()
open(os.path.join(handshake["pidDir"], str(os.getpid())), "w").close()
send({"pid": os.getpid()})
while True:
    message = read()
    if message["stream"] != "__heartbeat":
        words = [sys.argv[1:], os.environ.get("GREETING"), message["tuple"]]
        send({"command": "emit", "anchors": [message["id"]], "tuple": [json.dumps(words)], "need_task_ids": False})
        send({"command": "ack", "id": message["id"]})
    else:
        send({"command": "sync"})
"""


class JarTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary(self)
        self.input = self.write("input", TEXT)
        self.jar = os.path.join(self.folder, "topology.jar")

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def cstorm(self, *arguments, status=0, **more):
        found = subprocess.run([CSTORM, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False,
                               stdin=subprocess.DEVNULL, **more)  # fmt: skip
        self.assertEqual(found.returncode, status, found.stderr)
        return found

    def pack(self, topology=WORDCOUNT, *arguments, status=0, **more):
        return self.cstorm("jar", "-o", self.jar, *arguments, topology, status=status, **more)

    def describe(self, topology=WORDCOUNT, *arguments, **more):
        """What --json says of a jar."""
        return json.loads(self.pack(topology, *arguments, "--json", **more).stdout)

    def refuse(self, *arguments):
        """What is said of a topology that cannot be packed."""
        said = self.pack(*arguments, status=2).stderr
        self.assertFalse(os.path.exists(self.jar))
        return said

    def extract(self):
        """Extract as Storm does: without the bits to execute."""
        folder = os.path.join(self.folder, "extracted")
        with zipfile.ZipFile(self.jar) as jar:
            self.assertIsNone(jar.testzip())
            jar.extractall(folder)
        for parent, _, names in os.walk(folder):
            for name in names:
                mode = os.stat(os.path.join(parent, name)).st_mode
                self.assertFalse(mode & stat.S_IXUSR)
        return folder

    def run_extracted(self, folder, *arguments, **more):
        """Run the topology in the jar: its components run in resources, as in a cluster."""
        return self.cstorm("run", "-q", *arguments, os.path.join(folder, "topology.yaml"), **more)

    def run_wordcount(self, folder, **more):
        return self.run_extracted(folder, "-o", f"lines.input={self.input}", **more).stdout

    def yaml(self, command, env=""):
        """A topology with lines of a file, a bolt with a command, and what writes its tuples down."""
        shutil.copy(os.path.join(os.path.dirname(CSTORM), "cstorm-components"), self.folder)
        return self.write("topology.yaml", f"""\
name: mixed
spouts:
- id: lines
  className: org.apache.storm.flux.wrappers.spouts.FluxShellSpout
  constructorArgs: [[./cstorm-components, --component, lines], [line]]
bolts:
- id: bolt
  className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt
  constructorArgs: [{json.dumps(command)}, [said]]
{env}
- id: write
  className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt
  constructorArgs: [[./cstorm-components, --component, write]]
streams:
- {{from: lines, to: bolt, grouping: {{type: SHUFFLE}}}}
- {{from: bolt, to: write, grouping: {{type: SHUFFLE}}}}
""")

    def said_by_bolt(self, *arguments, **more):
        """What the bolt in Python was given: its words, GREETING and the tuple."""
        self.pack(self.yaml(*arguments, **more))
        shutil.copy(self.jar, self.jar + ".kept")
        out = os.path.join(self.folder, "out")
        self.run_extracted(self.extract(), "-o", f"lines.input={self.input}", "-o", f"write.output={out}")
        return json.loads(read(out).decode())


class Contents(JarTest):
    def test_it_runs_where_it_is_extracted(self):
        said = self.pack().stderr
        self.assertRegex(said, rf"topology.jar: \d+ files, \d+ bytes\n  program wordcount for {MACHINE}")
        self.assertEqual(self.run_wordcount(self.extract()), COUNTS)

    def test_it_is_named_after_the_topology(self):
        self.cstorm("jar", WORDCOUNT, cwd=self.folder)
        self.assertTrue(zipfile.is_zipfile(os.path.join(self.folder, "wordcount.jar")))

    def test_the_same_files_make_the_same_bytes(self):
        copy = shutil.copy(WORDCOUNT, os.path.join(self.folder, "wordcount"))
        self.pack(copy)
        first = read(self.jar)
        os.utime(copy, (0, 0))
        os.unlink(self.jar)
        self.pack(copy, env=dict(os.environ, TZ="Asia/Tokyo", LC_ALL="C"))
        self.assertEqual(read(self.jar), first)

    def test_what_is_said_as_json(self):
        told = self.describe()
        with zipfile.ZipFile(self.jar) as jar:
            self.assertEqual(told["files"], jar.namelist())
            self.assertEqual(jar.namelist()[0], "META-INF/MANIFEST.MF")
            self.assertEqual({info.date_time for info in jar.infolist()}, {(1980, 1, 1, 0, 0, 0)})
        self.assertEqual(told["bytes"], os.path.getsize(self.jar))
        self.assertEqual(told["components"]["split"], ["sh", "cstorm/components/split"])
        self.assertEqual((told["topology"], told["flux"]), ("wordcount", True))
        (program,) = [native for native in told["natives"] if native["kind"] == "program"]
        self.assertEqual((program["name"], program["machine"]), ("wordcount", MACHINE))
        needed = output("objdump", "-T", WORDCOUNT)
        newest = max(int(minor) for minor in re.findall(r"GLIBC_2\.(\d+)", needed))
        self.assertEqual(program["glibc"], f"2.{newest}")

    def test_an_old_jar_is_replaced_and_kept_when_nothing_can_be_written(self):
        self.write("topology.jar", "something else")
        self.pack()
        self.assertTrue(zipfile.is_zipfile(self.jar))
        said = self.cstorm("jar", "-o", os.path.join(self.folder, "none/x.jar"), WORDCOUNT, status=1).stderr
        self.assertIn("cstorm jar: cannot write", said)


class Components(JarTest):
    def test_a_script_beside_the_topology(self):
        self.write("tools/bolt.py", PYTHON_BOLT)
        said = self.said_by_bolt(["python3", "tools/bolt.py", "it's", "a b", "$HOME", '"'])
        self.assertEqual(said, [["it's", "a b", "$HOME", '"'], None, [TEXT.rstrip()]])

    def test_a_script_that_names_its_interpreter(self):
        self.write("bolt", "#!/usr/bin/env python3\n" + PYTHON_BOLT, mode=0o755)
        self.assertEqual(self.said_by_bolt(["./bolt", "x"])[0], ["x"])

    def test_scripts_in_the_folder_resources(self):
        self.write("resources/bolt.py", PYTHON_BOLT)
        self.write("resources/data/table.txt", "")
        self.write("resources/__pycache__/bolt.pyc", "")
        self.write("resources/.git", "")
        os.makedirs(os.path.join(self.folder, "resources"), exist_ok=True)
        shutil.copy(os.path.join(os.path.dirname(CSTORM), "cstorm-components"), os.path.join(self.folder, "resources"))
        self.assertEqual(self.said_by_bolt(["python3", "bolt.py"])[0], [])
        with zipfile.ZipFile(self.jar + ".kept") as jar:
            names = jar.namelist()
        self.assertIn("resources/data/table.txt", names)
        self.assertEqual([name for name in names if "pyc" in name or "git" in name], [])

    def test_the_environment_of_a_component(self):
        self.write("bolt.py", PYTHON_BOLT)
        env = "  configMethods: [{name: setEnv, args: [{GREETING: it's \"so\" $HOME}]}]"
        self.assertEqual(self.said_by_bolt(["python3", "bolt.py"], env=env)[1], "it's \"so\" $HOME")

    def test_the_environment_of_the_configuration(self):
        self.write("bolt.py", PYTHON_BOLT)
        path = self.yaml(["python3", "bolt.py"])
        text = read(path).decode().replace("spouts:", "config: {cstorm.env: {GREETING: good day}}\nspouts:", 1)
        self.pack(self.write("other.yaml", text))
        with zipfile.ZipFile(self.jar) as jar:
            starter = jar.read("resources/cstorm/components/bolt").decode()
        self.assertIn("GREETING='good day'\nexport GREETING\n", starter)
        wrong = self.write("wrong.yaml", text.replace("GREETING", "A-B", 1))
        os.unlink(self.jar)
        self.assertIn("bolt: A-B must be the name of a variable", self.refuse(wrong))

    def test_names_that_are_none_of_files(self):
        topology = json.loads(output(WORDCOUNT, "--describe"))
        names = {"split": "a/b", "count": "a_b"}
        for part in topology["spouts"] + topology["bolts"]:
            part["command"] = [WORDCOUNT, "--component", part["name"]]
            part["name"] = names.get(part["name"], part["name"])
            for source in part.get("inputs", []):
                source["component"] = names.get(source["component"], source["component"])
        path = self.write("topology.json", json.dumps(topology))
        told = self.describe(path)
        self.assertEqual(told["components"]["a/b"], ["sh", "cstorm/components/a_b"])
        self.assertEqual(told["components"]["a_b"], ["sh", "cstorm/components/a_b-2"])


class Machines(JarTest):
    def foreign(self, machine=183, name="wordcount"):
        """The program, as one for another machine."""
        binary = bytearray(read(WORDCOUNT))
        binary[18:20] = struct.pack("<H", machine)
        path = os.path.join(self.folder, "other", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(binary)
        return path

    @unittest.skipIf(SANITIZED, "a program with sanitizers needs libraries of this machine")
    def test_several_in_one_jar(self):
        told = self.describe(WORDCOUNT, "--program", self.foreign())
        self.assertEqual({native["machine"] for native in told["natives"]}, {MACHINE, "aarch64"})
        self.assertIn("resources/cstorm/bin/aarch64/wordcount", told["files"])
        self.assertEqual(self.run_wordcount(self.extract()), COUNTS)

    def test_a_build_that_is_none_of_the_topology(self):
        self.assertIn("the topology starts no program of this name",
                      self.refuse(WORDCOUNT, "--program", self.foreign(name="another")))  # fmt: skip
        self.assertIn("is no program of a machine that is known here",
                      self.refuse(WORDCOUNT, "--program", self.foreign(machine=9999)))  # fmt: skip
        copy = self.foreign(machine=struct.unpack("<H", read(WORDCOUNT)[18:20])[0])
        self.assertIn("there is another wordcount", self.refuse(WORDCOUNT, "--program", copy))

    def test_a_machine_that_the_jar_does_not_know(self):
        self.pack()
        folder = self.extract()
        self.write("bin/uname", "#!/bin/sh\necho mips\n", mode=0o755)
        found = subprocess.run(["sh", "cstorm/components/split"], cwd=os.path.join(folder, "resources"), check=False,
                               capture_output=True, text=True, stdin=subprocess.DEVNULL,
                               env=dict(os.environ, PATH=f"{self.folder}/bin:{os.environ['PATH']}"))  # fmt: skip
        self.assertEqual(found.returncode, 127)
        self.assertEqual(found.stderr.strip(),
                         f"wordcount: the jar of this topology has none for mips, only for: {MACHINE}")  # fmt: skip

    def test_a_glibc_that_the_workers_do_not_have(self):
        self.assertRegex(self.refuse(WORDCOUNT, "--glibc", "2.5"),
                         r"wordcount needs glibc 2\.\d+, but the workers have 2\.5: build it there")  # fmt: skip
        self.pack(WORDCOUNT, "--glibc", "2.99")
        self.assertIn("must be a version as 2.28, not 3", self.pack(WORDCOUNT, "--glibc", "3", status=2).stderr)


@unittest.skipIf(SANITIZED, "the sanitizers' libraries are in the way")
class Libraries(JarTest):
    def setUp(self):
        super().setUp()
        installed = Installed("installed")
        self.addCleanup(installed.remove)
        self.installed = installed
        flags = output("pkg-config", "--cflags", "--libs", "cstorm", env=installed.variables).split()
        self.program = os.path.join(self.folder, "outside")
        output(*CC, "-o", self.program, os.path.join(HERE, "outside.c"), *flags)

    def libraries(self):
        return dict(os.environ, LD_LIBRARY_PATH=self.installed.libraries)

    def test_those_that_are_no_part_of_every_system_come_along(self):
        told = self.describe(self.program, env=self.libraries())
        names = [native["name"] for native in told["natives"] if native["kind"] == "library"]
        self.assertTrue([name for name in names if name.startswith("libcstorm.so.")], names)
        self.assertEqual([name for name in names if re.match(r"libc\.|libm\.|ld-", name)], [])
        folder = self.extract()
        environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
        self.assertEqual(self.run_extracted(folder, env=environment).stdout, "hello\t2\nfrom\t1\noutside,\t1\n")

    def test_one_that_is_not_here(self):
        hidden = os.path.join(self.folder, "hidden")
        os.mkdir(hidden)
        library = os.path.join(hidden, "libtiny.so")
        output(*CC, "-shared", "-fPIC", "-o", library, self.write("tiny.c", "int tiny(void) { return 0; }\n"))
        helper = [*CC, "-o", os.path.join(self.folder, "helper"),
                  self.write("helper.c", "int tiny(void);\nint main(void) { return tiny(); }\n")]  # fmt: skip
        path = self.yaml(["./helper", "x"])
        output(*helper, library)
        self.assertIn(f"helper needs the library {library} by this path, which a worker does not have", self.refuse(path))
        output(*helper, f"-L{hidden}", "-ltiny")
        self.assertRegex(self.refuse(path), "helper needs the library libtiny.so, which is not here: install it, or "
                         "name its file with --library")  # fmt: skip
        told = self.describe(path, "--library", library)
        self.assertIn({"name": "libtiny.so", "kind": "library", "machine": MACHINE}.items(),
                      [{k: v for k, v in native.items() if k != "glibc"}.items() for native in told["natives"]])


@unittest.skipIf(SANITIZED, "the programs of other users and loaders are what is tested")
class WhereItIsExtracted(JarTest):
    def started_program(self, folder, *launcher):
        """What the starter of a component has become, and its answer."""
        component = subprocess.Popen([*launcher, "sh", "cstorm/components/split"], cwd=os.path.join(folder, "resources"),
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        self.addCleanup(component.wait)
        self.addCleanup(component.kill)
        handshake = {"conf": {}, "pidDir": self.pids, "context": {"taskid": 1, "componentid": "split",
                     "task->component": {"1": "split"}}}  # fmt: skip
        component.stdin.write(json.dumps(handshake).encode() + b"\nend\n")
        component.stdin.flush()
        answer = component.stdout.readline()
        self.assertIn(b'"pid"', answer, answer or component.stderr.read())
        program = os.readlink(f"/proc/{json.loads(answer)['pid']}/exe")
        component.communicate(timeout=PATIENCE)
        return program

    def setUp(self):
        super().setUp()
        if os.getuid() != 0:
            self.skipTest("only root can take another user's rights, and mount")
        self.pids = os.path.join(self.folder, "pids")
        os.mkdir(self.pids)
        os.chmod(self.pids, 0o777)
        os.chmod(self.folder, 0o755)
        self.pack()

    def test_the_folder_is_ours(self):
        self.assertTrue(self.started_program(self.extract()).endswith("/wordcount"))

    def test_the_folder_is_another_users(self):
        folder = self.extract()
        program = self.started_program(folder, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        self.assertRegex(program, r"/ld-linux|/ld-musl")

    def test_nothing_there_may_be_executed(self):
        folder = self.extract()
        mount = f"mount -t tmpfs -o noexec none {folder}/mnt && cp -r {folder}/resources {folder}/mnt/ && " \
                f"cd {folder}/mnt/resources && exec \"$@\""  # fmt: skip
        os.mkdir(os.path.join(folder, "mnt"))
        if subprocess.run(["unshare", "-m", "sh", "-c", mount, "sh", "true"], capture_output=True, check=False).returncode:
            self.skipTest("no file system can be mounted here")
        program = self.started_program(folder, "unshare", "-m", "sh", "-c", mount, "sh")
        self.assertRegex(program, r"/cstorm\.\w+/wordcount")
        self.assertEqual([name for name in os.listdir("/tmp") if re.fullmatch(r"cstorm\.\w{6}", name)], [])


class Jars(JarTest):
    SERIALIZER = "cstorm.multilang.MessagePackSerializer"

    def configured(self, key, value):
        topology = json.loads(output(WORDCOUNT, "--describe"))
        topology["config"][key] = value
        for part in topology["spouts"] + topology["bolts"]:
            part["command"] = [WORDCOUNT, "--component", part["name"]]
        return self.write("topology.json", json.dumps(topology))

    def message_pack(self):
        return self.configured("topology.multilang.serializer", self.SERIALIZER)

    def make_jar(self, name, **entries):
        path = os.path.join(self.folder, name)
        with zipfile.ZipFile(path, "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "theirs")
            for entry, text in entries.items():
                jar.writestr(entry, text)
        return path

    def test_what_they_have_comes_along(self):
        other = self.make_jar("other.jar", **{self.SERIALIZER.replace(".", "/") + ".class": "code"})
        self.pack(self.message_pack(), "--with", other)
        with zipfile.ZipFile(self.jar) as jar:
            self.assertEqual(jar.read("cstorm/multilang/MessagePackSerializer.class"), b"code")
            self.assertIn(b"Created-By: cstorm", jar.read("META-INF/MANIFEST.MF"))

    def test_a_serializer_that_the_workers_would_not_have(self):
        self.assertIn(f"the workers would not have the class {self.SERIALIZER}", self.refuse(self.message_pack()))

    def test_a_class_for_bolts_that_the_workers_would_not_have(self):
        topology = self.configured("cstorm.bolt.class", "cstorm.multilang.ProcessBolt")
        self.assertIn("split: the workers would not have the class cstorm.multilang.ProcessBolt, cstorm.bolt.class: name "
                      "its jar with --with (jvm-harness/serializer", self.refuse(topology))
        jar = self.make_jar("bolt.jar", **{"cstorm/multilang/ProcessBolt.class": "code"})
        self.pack(topology, "--with", jar)

    def test_two_that_have_different_files_of_one_name(self):
        one, same = (self.make_jar(name, **{"a/B.class": "1"}) for name in ("one.jar", "same.jar"))
        two = self.make_jar("two.jar", **{"a/B.class": "2"})
        self.pack(WORDCOUNT, "--with", one, "--with", same)
        os.unlink(self.jar)
        self.assertIn("two.jar: a/B.class comes from elsewhere, too, and is not the same",
                      self.refuse(WORDCOUNT, "--with", one, "--with", two))  # fmt: skip

    def test_what_is_no_jar(self):
        self.assertIn("is no jar, or is damaged", self.refuse(WORDCOUNT, "--with", self.write("x.jar", "nonsense" * 99)))
        self.assertIn("No such file", self.refuse(WORDCOUNT, "--with", os.path.join(self.folder, "none.jar")))


class Mistakes(JarTest):
    def test_files_that_would_not_be_found(self):
        self.write("bolt.py", PYTHON_BOLT)
        os.mkdir(os.path.join(self.folder, "sub"))
        path = self.yaml(["python3", "../bolt.py"])
        shutil.copy(os.path.join(self.folder, "cstorm-components"), os.path.join(self.folder, "sub"))
        moved = os.path.join(self.folder, "sub", "topology.yaml")
        os.rename(path, moved)
        self.assertIn("bolt: ../bolt.py is outside of the topology's folder", self.refuse(moved))

    def test_a_topology_that_is_none(self):
        self.assertIn("there is no script none.py", self.refuse(self.yaml(["python3", "none.py"])))

    def test_a_link_to_nothing(self):
        os.makedirs(os.path.join(self.folder, "data"))
        os.symlink("nowhere", os.path.join(self.folder, "data", "link"))
        self.assertIn("data: No such file or directory",
                      self.refuse(WORDCOUNT, "--resources", os.path.join(self.folder, "data")))  # fmt: skip

    def test_resources_that_are_not_there(self):
        said = self.refuse(WORDCOUNT, "--resources", os.path.join(self.folder, "none"))
        self.assertIn("none: No such file or directory", said)

    def test_usage(self):
        self.assertIn("the options are not understood", self.cstorm("jar", "--nonsense", status=2).stderr)
        self.cstorm("jar", status=2)


if __name__ == "__main__":
    unittest.main()
