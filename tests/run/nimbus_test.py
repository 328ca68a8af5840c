"""Where Nimbus is looked for, and what becomes of one that is none."""

import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
import unittest

from harness import CSTORM, PATIENCE, WORDCOUNT
from nimbus_support import ClusterTest, Nimbus, integer, nested, string, summary, topologies


class WhereNimbusIs(ClusterTest):
    def test_storm_yaml(self):
        nimbus = Nimbus(self)
        self.storm_yaml(f"# mine\nnimbus.seeds: [127.0.0.1]\nnimbus.thrift.port: {nimbus.port}\nother: [1, {{a: b}}]\n")
        self.cstorm("list")
        self.assertEqual(len(nimbus.called("getTopologySummaries")), 1)

    def test_the_port_of_storm_yaml_is_that_of_a_host_without(self):
        nimbus = Nimbus(self)
        self.storm_yaml(f"nimbus.seeds: [nowhere.invalid]\nnimbus.thrift.port: {nimbus.port}\n")
        self.cstorm("list", "--nimbus", "127.0.0.1")

    def test_a_storm_yaml_that_is_none(self):
        self.storm_yaml("nimbus.seeds: [a\n")
        self.assertRegex(self.cstorm("list", status=1).stderr, r"storm\.yaml:\d+: ")
        self.storm_yaml("nimbus.seeds: 127.0.0.1\n")
        self.assertIn("nimbus.seeds must be a list of host names", self.cstorm("list", status=1).stderr)
        self.storm_yaml("# nothing is set\nnimbus.thrift.port: 1\n")
        self.assertIn("localhost:1: Connection refused", self.cstorm("list", status=1).stderr)

    def test_one_that_is_not_there_is_passed_over(self):
        nimbus = Nimbus(self)
        self.cstorm("list", "--nimbus", f"127.0.0.1:1,{nimbus.address}")
        self.assertEqual(self.cstorm("list", "--nimbus", "127.0.0.1:1", status=1).stderr,
                         "cstorm list: 127.0.0.1:1: Connection refused (as --nimbus says)\n")  # fmt: skip

    def test_the_leader_is_asked(self):
        leader = Nimbus(self, getTopologySummaries=topologies(summary("words")))
        other = Nimbus(self, getLeader=nested(0, string(1, "127.0.0.1"), integer(2, leader.port)))
        found = self.cstorm("list", "--nimbus", f"{other.address},127.0.0.1:1")
        self.assertIn("words", found.stdout)
        self.assertEqual(other.called("getTopologySummaries"), [])

    def test_a_leader_that_cannot_be_reached(self):
        other = Nimbus(self, getLeader=nested(0, string(1, "nimbus.invalid"), integer(2, 6627)))
        said = self.cstorm("list", "--timeout", "1", "--nimbus", f"{other.address},127.0.0.1:1", status=1).stderr
        self.assertGreater(len(other.called("getLeader")), 1)
        self.assertIn(f"the leader is nimbus.invalid:6627, as {other.address} says, which cannot be reached: ", said)
        # The only one leads by whatever name.
        self.cstorm("list", "--nimbus", other.address)

    def test_the_next_leader_is_waited_for(self):
        leader = Nimbus(self)
        leaders = iter([nested(0, string(1, "127.0.0.1"), integer(2, 1))] * 2)
        then = nested(0, string(1, "127.0.0.1"), integer(2, leader.port))
        other = Nimbus(self, getLeader=lambda _: next(leaders, then))
        self.cstorm("list", "--nimbus", f"{other.address},{other.address}")
        self.assertEqual(len(leader.called("getTopologySummaries")), 1)

    def test_addresses_that_are_none(self):
        for seeds in ("host:x", "host:0", ":1"):
            self.assertIn(f"{seeds} is no HOST or HOST:PORT", self.cstorm("list", "--nimbus", seeds, status=1).stderr)
        self.assertIn("no host is named, as --nimbus says", self.cstorm("list", "--nimbus", ",", status=1).stderr)


SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")

SSHD_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/me.pub
PidFile none
StrictModes no
"""

SSH_CONFIG = """\
Host gateway
HostName 127.0.0.1
Port {port}
IdentityFile {folder}/me
StrictHostKeyChecking no
UserKnownHostsFile {folder}/known
LogLevel ERROR
BatchMode yes
"""

# Passes on to what -W says, as ssh does from the other side.
SSH = """\
#!/usr/bin/env python3
import os, select, socket, sys
assert sys.argv[1] == "-W" and sys.argv[3] == "--", sys.argv
if sys.argv[4] == "nobody@gateway":
    sys.exit("nobody@gateway: Permission denied (publickey).")
if sys.argv[4] == "silent@gateway":
    os.read(0, 1 << 20)
    os.read(0, 1)
    sys.exit()
host, port = sys.argv[2].rsplit(":", 1)
assert (host, sys.argv[4]) == ("storm.inside", "me@gateway"), sys.argv
there = socket.create_connection(("127.0.0.1", int(port)))
while True:
    for ready in select.select([0, there], [], [])[0]:
        data = os.read(0, 1 << 16) if ready == 0 else there.recv(1 << 16)
        if not data:
            sys.exit()
        there.sendall(data) if ready == 0 else os.write(1, data)
"""


class Environments(ClusterTest):
    def setUp(self):
        super().setUp()
        self.place = os.path.join(self.folder, "project")
        os.makedirs(os.path.join(self.place, "below"))

    def cstorm(self, *arguments, status=0, below=""):
        self.environment["PWD"] = os.path.join(self.place, below)
        found = subprocess.run([CSTORM, *arguments], capture_output=True, timeout=PATIENCE, check=False, text=True,
                               stdin=subprocess.DEVNULL, env=self.environment,
                               cwd=os.path.join(self.place, below))  # fmt: skip
        self.assertEqual(found.returncode, status, found.stderr)
        return found

    def project(self, text):
        with open(os.path.join(self.place, "cstorm.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    def test_the_only_one_is_taken(self):
        nimbus = Nimbus(self)
        self.project(f"environments:\n  test: {{nimbus: '{nimbus.address}'}}\n")
        self.cstorm("list")
        self.cstorm("list", below="below")
        self.cstorm("list", "-e", "test")
        self.assertEqual(len(nimbus.called("getTopologySummaries")), 3)

    def test_one_of_several(self):
        one, other = Nimbus(self), Nimbus(self)
        self.project(f"environments:\n  one: {{nimbus: ['{one.address}']}}\n  other: {{nimbus: ['{other.address}']}}\n")
        self.cstorm("list", "--environment", "other")
        self.assertEqual((len(one.calls), len(other.calls)), (0, 2))
        self.assertRegex(self.cstorm("list", status=1).stderr,
                         "cstorm.yaml:1: there are several environments: choose one with -e\n$")  # fmt: skip
        self.assertRegex(self.cstorm("list", "-e", "othr", status=1).stderr,
                         r"cstorm.yaml:\d: there is no environment othr; did you mean other\?\n$")  # fmt: skip
        self.cstorm("list", "-e", "one", "--nimbus", other.address)
        self.cstorm("list", "--nimbus", other.address)
        self.assertEqual((len(one.calls), len(other.calls)), (0, 6))

    def test_without_a_project(self):
        self.assertIn("there is no environment test: no cstorm.yaml is in this folder or above",
                      self.cstorm("list", "-e", "test", status=1).stderr)  # fmt: skip
        self.project("# nothing yet\n")
        self.storm_yaml("nimbus.thrift.port: 1\n")
        self.assertIn("localhost:1: Connection refused", self.cstorm("list", status=1).stderr)

    def test_its_time(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        self.project(f"environments: {{slow: {{nimbus: '{address}', timeout: 0.1}}}}\n")
        self.assertIn("no answer within 0.1 s", self.cstorm("list", status=1).stderr)
        self.assertIn("no answer within 0.2 s", self.cstorm("list", "--timeout", "0.2", status=1).stderr)

    def test_what_is_wrong_has_its_place(self):
        for text, said in [
            ("environments: {a: {nimbs: b}}", ":1: an environment has no nimbs; did you mean nimbus?"),
            ("environments:\n  a:\n    nimbus: 5", ":3: nimbus of the environment a must be HOST or HOST:PORT, or a list"),
            ("environments: {a: {ssh: -oProxyCommand=x}}", "ssh of the environment a must be a destination of ssh"),
            ("environments: {a: {timeout: 0}}", "timeout of the environment a must be a number of seconds"),
            ("environments: {a: {config: 1}}", "config of the environment a must be a map"),
            ("environments: {a: }", "the environment a must be a map, {} if nothing is special in it"),
            ("environments: [a]", "environments must be a map of names"),
            ("envs: {}", "a project has no envs"),
            ("- a", "must be a map that has environments"),
            ("a: [", "cstorm.yaml:"),
        ]:
            self.project(text + "\n")
            with self.subTest(text=text):
                self.assertIn(said, self.cstorm("list", status=1).stderr)

    def test_a_topologys_configuration(self):
        self.project("environments:\n  big: {config: {topology.workers: 7, wordcount.input: /big}}\n  small: {}\n")

        def config(*arguments):
            found = self.cstorm("submit", "--dry-run", *arguments, WORDCOUNT)
            return json.loads(json.loads(found.stdout)["jsonConf"])

        self.assertEqual(config("-e", "big")["topology.workers"], 7)
        self.assertEqual(config("-e", "big", "-o", "topology.workers=2")["topology.workers"], 2)
        self.assertEqual(config("-e", "small").get("topology.workers"), config("--nimbus", "x").get("topology.workers"))
        described = json.loads(self.cstorm("describe", "-e", "big", WORDCOUNT).stdout)
        self.assertEqual(described["config"]["topology.workers"], 7)
        self.cstorm("describe", WORDCOUNT)
        self.assertIn("choose one with -e", self.cstorm("submit", "--dry-run", WORDCOUNT, status=2).stderr)
        self.project("environments:\n  big: {config: {topology.workers: lots}}\n")
        self.assertRegex(self.cstorm("check", "-e", "big", WORDCOUNT, status=2).stderr,
                         r"cstorm\.yaml:2:\d+: error: .*topology\.workers")  # fmt: skip

    def start_sshd(self):
        """A real one, that this user may log in to as `gateway`."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        for name in ("host", "me"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.folder}/{name}"], check=True)
        for name, text in [("sshd_config", SSHD_CONFIG), ("ssh_config", SSH_CONFIG),
                           ("ssh", "#!/bin/sh\nexec %s -F {folder}/ssh_config \"$@\"\n" % shutil.which("ssh"))]:
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text.format(folder=self.folder, port=port))
        os.chmod(os.path.join(self.folder, "ssh"), 0o755)
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        sshd = subprocess.Popen([SSHD, "-D", "-f", f"{self.folder}/sshd_config"], stderr=subprocess.DEVNULL)
        self.addCleanup(sshd.wait)
        self.addCleanup(sshd.terminate)
        deadline = time.monotonic() + PATIENCE
        while subprocess.run([f"{self.folder}/ssh", "gateway", "true"], capture_output=True).returncode != 0:
            if sshd.poll() is not None or time.monotonic() > deadline:
                self.skipTest("this user cannot log in to an sshd of its own")
            time.sleep(0.1)

    @unittest.skipUnless(SSHD and shutil.which("ssh"), "there is no ssh or sshd")
    def test_through_a_real_ssh(self):
        self.start_sshd()
        nimbus = Nimbus(self)
        self.environment["PATH"] = f"{self.folder}:{self.environment['PATH']}"
        self.project(f"environments: {{far: {{nimbus: '{nimbus.address}', ssh: gateway}}}}\n")
        self.cstorm("kill", "words")
        self.assertEqual(nimbus.called("killTopologyWithOpts"), [{1: b"words", 2: {}}])
        self.project("environments: {far: {nimbus: '127.0.0.1:1', ssh: gateway}}\n")
        self.assertIn("the connection was closed: what ssh says of it is above", self.cstorm("list", status=1).stderr)
        self.project(f"environments: {{far: {{nimbus: '{nimbus.address}', ssh: nobody@nowhere.invalid}}}}\n")
        said = self.cstorm("list", status=1).stderr
        self.assertIn("nowhere.invalid", said.splitlines()[0])
        self.assertIn("through ssh nobody@nowhere.invalid: the connection was closed", said)

    def test_an_environment_of_the_topology_alone(self):
        topology = json.loads(self.cstorm("describe", WORDCOUNT).stdout)
        topology["environments"] = {"mine": {"config": {"topology.workers": 5}}}
        for part in topology["spouts"] + topology["bolts"]:
            part["command"] = [WORDCOUNT, "--component", part["name"]]
        with open(os.path.join(self.place, "topology.json"), "w", encoding="utf-8") as file:
            json.dump(topology, file)
        named, other = Nimbus(self, beginFileUpload=string(0, "/jar")), Nimbus(self)
        self.project(f"environments: {{production: {{nimbus: '{other.address}'}}}}\n")
        self.assertIn("there is no environment mine",
                      self.cstorm("submit", "-e", "mine", "topology.json", status=1).stderr)  # fmt: skip
        self.cstorm("submit", "-e", "mine", "--nimbus", named.address, "topology.json")
        [call] = named.called("submitTopologyWithOpts")
        self.assertEqual(json.loads(call[3])["topology.workers"], 5)
        self.assertEqual(other.calls, [])

    def test_through_ssh(self):
        nimbus = Nimbus(self)
        ssh = os.path.join(self.folder, "ssh")
        with open(ssh, "w", encoding="utf-8") as file:
            file.write(SSH)
        os.chmod(ssh, 0o755)
        self.environment["PATH"] = f"{self.folder}:{self.environment['PATH']}"
        tunnel = "environments: {a: {nimbus: 'storm.inside:%d', ssh: %s@gateway, timeout: %s}}\n"
        self.project(tunnel % (nimbus.port, "me", 20))
        self.cstorm("list")
        self.cstorm("kill", "words")
        self.assertEqual(nimbus.called("killTopologyWithOpts"), [{1: b"words", 2: {}}])
        self.project(tunnel % (nimbus.port, "nobody", 20))
        said = self.cstorm("list", status=1).stderr
        self.assertIn("nobody@gateway: Permission denied (publickey).\n", said)
        self.assertIn("through ssh nobody@gateway: the connection was closed: what ssh says of it is above", said)
        self.project(tunnel % (nimbus.port, "silent", 0.3))
        self.assertIn("no answer within 0.3 s", self.cstorm("list", status=1).stderr)
        self.environment["PATH"] = self.folder
        os.unlink(ssh)
        self.assertIn("ssh cannot be started: No such file or directory", self.cstorm("list", status=1).stderr)


class Faults(ClusterTest):
    def server(self, talk):
        """The address of one that does something with each connection."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        kept = []

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                kept.append(connection)
                talk(connection)

        threading.Thread(target=accept, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    def said(self, talk, *arguments):
        return self.cstorm("list", "--nimbus", self.server(talk), *arguments, status=1).stderr

    def test_one_that_is_slow(self):
        self.assertIn("no answer within 0.3 s (see --timeout)", self.said(lambda connection: None, "--timeout", "0.3"))

    def test_one_that_stops_within_an_answer(self):
        self.assertIn("no answer within 0.3 s",
                      self.said(lambda connection: connection.sendall(b"\0\0\0\x50\x80"), "--timeout", "0.3"))  # fmt: skip

    def test_one_that_hangs_up(self):
        self.assertIn("the connection was closed", self.said(lambda connection: (connection.recv(1), connection.close())))

    def test_one_that_is_something_else(self):
        self.assertIn("does not speak Thrift in frames: is it Nimbus's nimbus.thrift.port?",
                      self.said(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")))  # fmt: skip
        self.assertIn("the answer to getLeader is none: is it a Nimbus?",
                      self.said(lambda connection: connection.sendall(b"\0\0\0\x04\x80\x02\0\0")))  # fmt: skip

    def test_one_that_does_not_know_the_call(self):
        def refuse(connection):
            stream = connection.makefile("rb")
            stream.read(struct.unpack(">i", stream.read(4))[0])
            Nimbus.send(connection, 3, "getLeader", 1, string(1, "Invalid method name") + integer(2, 1))

        self.assertIn("Nimbus has failed in getLeader: Invalid method name", self.said(refuse))

    def test_answers_of_any_bytes(self):
        for seed in range(40):
            data = os.urandom(seed * 5)
            nimbus = Nimbus(self, getTopologySummaries=data)
            found = subprocess.run([CSTORM, "list", "--nimbus", nimbus.address], capture_output=True, text=True,
                                   timeout=PATIENCE, check=False, env=self.environment)  # fmt: skip
            self.assertIn(found.returncode, (0, 1), found.stderr)


if __name__ == "__main__":
    unittest.main()
