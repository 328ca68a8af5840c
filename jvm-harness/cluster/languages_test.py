"""One topology on a cluster, whose components are in C, in Python with pystorm, and in Java.

Needs LANGUAGES (the topology's program) and FLUX_CLASS_PATH (Storm) in the environment, too.
"""

import os
import subprocess
import unittest
import zipfile

from cluster_support import ClusterTest

HERE = os.path.dirname(os.path.realpath(__file__))


class Languages(ClusterTest):
    def test_they_run_together(self):
        subprocess.run(["javac", "-cp", os.environ["FLUX_CLASS_PATH"], "-d", self.folder,
                        os.path.join(HERE, "Mark.java")], check=True)
        with zipfile.ZipFile(self.path("mark.jar"), "w") as jar:
            jar.write(self.path("cstorm/cluster/Mark.class"), "cstorm/cluster/Mark.class")
        words = [f"word{i % 70}" for i in range(1000)]
        self.write("lines", "\n".join(" ".join(words[i:i + 7]) for i in range(0, len(words), 7)) + "\n")
        self.cstorm("submit", "--wait", "--resources", os.path.join(HERE, "resources"), "--with", self.path("mark.jar"),
                    "-o", f"lines.input={self.path('lines')}", "-o", f"write.output={self.path('output')}",
                    "-o", "topology.stats.sample.rate=1.0", os.environ["LANGUAGES"])
        expected = sorted(f"{word.upper()} {len(word)}!!" for word in words)
        self.until("all are written", lambda: len(self.read("output")) >= len(expected))
        self.assertEqual(sorted(self.read("output")), expected)
        self.until("all are acked", lambda: self.acked("languages", "lines") == 143)
        self.assertEqual(self.cstorm("errors", "languages"), "no errors\n")

    def test_a_class_that_is_in_no_jar(self):
        said = self.run_cstorm("submit", "--dry-run", "--resources", os.path.join(HERE, "resources"),
                               os.environ["LANGUAGES"])
        self.assertEqual(said.returncode, 0)
        self.assertIn("mark: the class cstorm.cluster.Mark is in no jar of --with", said.stderr)


if __name__ == "__main__":
    unittest.main()
