"""A run as a service: what a manager such as systemd is told, and the unit for it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import unittest

from runner_support import CSTORM, StoppingTest, bolt, spout


class Manager(StoppingTest):
    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.settimeout(60)
        self.states = []

    def listen(self, address):
        self.socket.bind(address)
        self.environment["NOTIFY_SOCKET"] = address.replace("\0", "@")

    def wait_for(self, state):
        while not any(re.search(state, found) for found in self.states):
            self.states.append(self.socket.recv(4096).decode())

    def stop(self):
        self.runner.send_signal(signal.SIGTERM)
        return self.finish()

    def test_is_told_when_it_begins_and_ends(self):
        self.listen(self.path("notify"))
        self.start(self.endless())
        self.wait_for("^READY=1$")
        self.assertNotIn("STOPPING=1", self.states)
        self.wait_for_tuples()
        self.wait_for(r"^STATUS=running for \d+ s, \d+ tuples, \d+ tuples/s, \d+ in flight$")
        self.assertNotIn("WATCHDOG=1", self.states)
        self.stop()
        self.wait_for("^STOPPING=1$")

    def test_is_told_that_it_is_alive(self):
        self.listen("\0cstorm-test-" + self.mark)  # a socket that is no file
        self.environment["WATCHDOG_USEC"] = "2000000"
        self.start(self.endless())
        for _ in range(2):
            self.states = []
            self.wait_for("^WATCHDOG=1$")
        self.stop()

    def test_is_not_told_so_of_another_process(self):
        self.listen(self.path("notify"))
        self.environment.update(WATCHDOG_USEC="2000000", WATCHDOG_PID="1")
        self.start(self.endless())
        self.wait_for("^STATUS=")
        self.wait_for("^STATUS=running for 2 s")
        self.assertNotIn("WATCHDOG=1", self.states)
        self.stop()

    def test_is_not_known_to_the_components(self):
        self.listen(self.path("notify"))
        self.environment["WATCHDOG_USEC"] = "2000000"
        self.start(self.endless())
        self.wait_for("^READY=1$")
        for pid in self.components():
            with open(f"/proc/{pid}/environ", "rb") as file:
                names = {entry.split(b"=")[0] for entry in file.read().split(b"\0")}
            self.assertEqual(names & {b"NOTIFY_SOCKET", b"WATCHDOG_USEC"}, set())
        self.stop()

    def test_that_does_not_listen_is_no_harm(self):
        self.environment["NOTIFY_SOCKET"] = self.path("nobody")
        result = self.run_topology(self.topology([spout("source", count=3)], [bolt("sink", ["source"])]))
        self.assert_sent(result, acked=3)

    def test_is_told_of_the_end_by_itself(self):
        self.listen(self.path("notify"))
        self.run_topology(self.topology([spout("source", count=3)], [bolt("sink", ["source"])]))
        self.wait_for("^READY=1$")
        self.wait_for("^STOPPING=1$")


class Unit(StoppingTest):
    def test_is_one_that_systemd_takes(self):
        path = os.path.join(os.environ["BUILD"], "systemd", "cstorm@.service")
        with open(path, encoding="utf-8") as file:
            unit = re.sub(r"^ExecStart=\S+", "ExecStart=" + CSTORM, file.read(), flags=re.M)
        verify = shutil.which("systemd-analyze")
        if not verify:
            self.skipTest("systemd is not here")
        run = subprocess.run(
            [verify, "verify", "--man=no", self.write("cstorm@.service", unit.encode())],
            capture_output=True,
            check=False,
        )
        # What it says of the units of the machine itself is not ours.
        self.assertNotIn("cstorm", run.stderr.decode())


if __name__ == "__main__":
    unittest.main()
