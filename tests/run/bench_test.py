"""script/bench: that it measures, not how fast; of its parts those that need no peer."""

import json
import os
import subprocess
import unittest

BENCH = os.path.join(os.environ["SOURCE"], "script", "bench")


class Bench(unittest.TestCase):
    def bench(self, *arguments, status=0):
        found = subprocess.run([BENCH, *arguments], capture_output=True, text=True, timeout=250, check=False)
        self.assertEqual(found.returncode, status, found.stderr)
        return found

    def test_measures(self):
        found = json.loads(self.bench("--quick", "--json", "cost", "growth/pending").stdout)["parts"]
        self.assertEqual(list(found), ["cost", "growth"])
        for wire, entry in found["cost"]["cases"]["echo"].items():
            with self.subTest(wire):
                for key in ("rates", "cpu", "component", "runner", "bytes", "calls", "half p50", "idle p99"):
                    self.assertEqual(len(entry[key]), 1, key)
                    self.assertGreater(entry[key][0], 0, key)
                self.assertLess(entry["component"][0], entry["runner"][0])
        self.assertEqual(list(found["growth"]["cases"]["pending"]), ["1", "100", "10000", "1000000"])

    def test_prints_tables(self):
        said = self.bench("--quick", "growth/fields").stdout
        self.assertIn("# How the cost grows", said)
        self.assertIn("| fields | microseconds a tuple |", said)
        self.assertRegex(said, r"(?m)^\| 1,000 \| \d")

    def test_refuses_what_it_does_not_have(self):
        for arguments, text in (
            (["compnents"], "there is no part compnents: there are components, runner"),
            (["components/ehco"], "components has no case ehco: it has echo, ack"),
            (["--runs", "0"], "--runs must be at least 1"),
            (["--fast"], "unrecognized arguments: --fast"),
        ):
            with self.subTest(arguments):
                self.assertIn(text, self.bench(*arguments, status=2).stderr)

    def test_says_what_it_does(self):
        self.assertTrue(self.bench("--help").stdout.startswith("Usage: script/bench"))


if __name__ == "__main__":
    unittest.main()
