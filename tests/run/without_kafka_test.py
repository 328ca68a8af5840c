"""Without librdkafka all else builds and runs."""

import glob
import os
import subprocess
import unittest

from harness import temporary

SOURCE = os.environ["SOURCE"]
PATIENCE = 280


class WithoutKafka(unittest.TestCase):
    def test_all_else_is_there(self):
        build = temporary(self)
        options = ["-Dkafka=disabled", "-Dunit_tests=disabled", "-Dman_pages=disabled", "-Doptimization=0"]
        for command in (["meson", "setup", *options, build, SOURCE], ["ninja", "-C", build]):
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr)
        self.assertEqual(glob.glob(f"{build}/**/*kafka*.so", recursive=True), [])
        with open(os.path.join(build, "text"), "w") as file:
            file.write("to be or not to be\n")
        said = subprocess.run([f"{build}/tool/cstorm", "run", "-q", f"{build}/topologies/wordcount", "-o",
                               f"wordcount.input={file.name}"], capture_output=True, text=True, timeout=PATIENCE, check=True)
        self.assertEqual(said.stdout, "be\t2\nto\t2\nnot\t1\nor\t1\n")


if __name__ == "__main__":
    unittest.main()
