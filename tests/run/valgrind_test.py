"""The runner and its components under valgrind: no error, no leak."""

import glob
import os
import signal
import subprocess
import time
import unittest

from harness import CSTORM, PATIENCE, WORDCOUNT, read, temporary, wait_until, write


class Valgrind(unittest.TestCase):
    def run_under_valgrind(self, *arguments, disturb=None):
        folder = temporary(self)
        output = os.path.join(folder, "table")
        text = b"the quick brown fox \xff\n" * 200
        process = subprocess.Popen(
            ["valgrind", "--trace-children=yes", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect",
             "--error-exitcode=99", f"--log-file={folder}/valgrind.%p", "-q", CSTORM, "run", WORDCOUNT,
             "-o", "wordcount.input=" + write(os.path.join(folder, "text"), text),
             "-o", f"wordcount.output={output}", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        if disturb:
            disturb(process)
        _, said = process.communicate(timeout=3 * PATIENCE)
        logs = {path: read(path).decode() for path in glob.glob(f"{folder}/valgrind.*")}
        self.assertGreaterEqual(len(logs), 7)  # --describe, the runner, and the tasks
        self.assertEqual([log for log in logs.values() if log.strip()], [])
        self.assertEqual(process.returncode, 0, said.decode(errors="replace"))
        return read(output)

    def test_a_whole_run_is_clean(self):
        table = self.run_under_valgrind("-p", "split=2", "-o", "topology.tick.tuple.freq.secs=1")
        self.assertTrue(table.startswith(b"brown\t200\n"))

    def test_a_run_with_a_crash_is_clean(self):
        def kill_one(process):
            def tasks():
                try:
                    return read(f"/proc/{process.pid}/task/{process.pid}/children").split()
                except FileNotFoundError:
                    return []
            pids = wait_until(lambda: len(tasks()) == 6 and tasks(), "the tasks to start")
            os.kill(int(pids[0]), signal.SIGKILL)

        self.run_under_valgrind(disturb=kill_one)


if __name__ == "__main__":
    unittest.main()
