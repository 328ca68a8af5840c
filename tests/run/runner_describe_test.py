"""Programs that do not describe themselves: the runner neither waits for ever nor leaves them."""

import os
import signal
import subprocess
import unittest

from runner_support import RunnerTest


class Descriptions(RunnerTest):
    def program(self, text):
        path = self.write("program", b"#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        return path

    def test_the_runner_is_stopped_while_a_program_does_not_describe_itself(self):
        self.start(self.program(b"exec sleep 1000\n"), stats=False)
        self.wait_until(self.components, "the program is started")
        self.runner.send_signal(signal.SIGTERM)
        self.runner.wait()
        self.runner_was_killed = True  # it need not have set up anything for signals yet

    def test_a_program_that_closes_its_output_and_stays(self):
        self.start(self.program(b"exec >&-\nexec sleep 1000\n"), stats=False)
        try:
            status = self.runner.wait(40)
        except subprocess.TimeoutExpired:
            self.fail("the runner waits for it for ever")
        self.assertEqual(status, 2, self.log())


if __name__ == "__main__":
    unittest.main()
