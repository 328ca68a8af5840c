"""Components in C that crash: what the log says of it."""

import os
import re
import unittest

from runner_support import RunnerTest, bolt, default, spout

SANITIZED = os.environ["SANITIZED"] != "none"
WAYS_LIFE = os.environ["WAYS_LIFE"]
MSGPACK = ("-o", "topology.multilang.serializer=cstorm.multilang.MessagePackSerializer")

FRAME = re.compile(r"\S+ ERROR +life\[\d+\]: (\S+)\(\S*\+0x[0-9a-f]+\)\[0x[0-9a-f]+\](.*)")


class Crash(RunnerTest):
    def crash(self, how, *arguments, replayed=False, status=None):
        """A run in which a bolt crashes at a tuple; it is the last one, so the bolt may be closing meanwhile."""
        tuples = [{"tuple": [how, None], **({"id": 1} if replayed else {})}]
        path = self.topology(
            [spout("source", default("what", "more"), emits=tuples)],
            [bolt("life", ["source"], default("value"), command=[WAYS_LIFE, "--component", "life"])])
        return self.run_topology(path, *arguments, status=status)

    def stack(self, log):
        """What stands behind the frames, the innermost first."""
        return [frame[2] for frame in map(FRAME.match, log.splitlines()) if frame]

    def check(self, how, name, innermost):
        result = self.crash(how)
        (said,) = result.lines("life[1]: crashed by SIG")
        self.assertRegex(said, rf"ERROR +life\[1\]: crashed by SIG{name}.* in process\(\) of component life, task 1, "
                               r"tuple \d+ from source, stream default$")
        functions = "\n".join(self.stack(result.log))
        self.assertRegex(functions, innermost + r" at ways_life\.c:\d+")
        self.assertRegex(functions, r"\bprocess at ways_life\.c:\d+")
        self.assertNotIn("on_crash", functions)  # the handler itself
        self.assertEqual(result.lines("STDERR"), [])  # all of it is said once

    @unittest.skipIf(SANITIZED, "the sanitizer handles SIGSEGV itself")
    def test_by_an_address(self):
        self.check("SEGV", "SEGV", "^ access_nowhere")

    @unittest.skipIf(SANITIZED, "the sanitizer handles SIGSEGV itself")
    def test_of_the_stack(self):
        result = self.crash("overflow")
        self.assertEqual(len(result.lines("life[1]: crashed by SIGSEGV")), 1, result.log)
        stack = self.stack(result.log)
        self.assertGreater(len(stack), 50)  # all that is in the report
        self.assertEqual({bool(re.match(r" recurse at ways_life\.c:\d+", frame)) for frame in stack}, {True})

    def test_by_abort(self):
        self.check("ABRT", "ABRT", " give_up")

    def test_on_the_other_wire(self):
        path = self.topology([spout("life", default("value"), command=[WAYS_LIFE, "--component", "spout"])], [])
        result = self.run_topology(path, *MSGPACK, status=1)
        self.assertEqual(len(result.lines("ERROR", "life[1]: crashed by SIGABRT in activate()")), 6, result.log)
        self.assertRegex("\n".join(self.stack(result.log)), r" at ways_life\.c:\d+")
        self.assertEqual(result.lines("STDERR"), [])

    def test_of_an_assertion(self):
        result = self.crash("assert")
        self.assertEqual(len(result.lines("ERROR", "Assertion `storm_tuple_size(tuple) == 77' failed.")), 1, result.log)
        self.assertRegex("\n".join(self.stack(result.log)), r" fail_assertion at ways_life\.c:\d+")

    def test_again_and_again(self):
        result = self.crash("ABRT", replayed=True, status=1)
        self.assertEqual(len(result.lines("ERROR", "life[1]: crashed by SIGABRT")), 6, result.log)
        (last,) = result.lines("gave up")
        self.assertRegex(last, r"it said last: crashed by SIGABRT in process\(\) of component life.* stream default$")

    def without_names(self, result):
        self.assertEqual(len(result.lines("ERROR", "life[1]: crashed by SIGABRT")), 1, result.log)
        stack = self.stack(result.log)
        self.assertGreater(len(stack), 5)
        self.assertEqual(set(stack), {""})

    def test_without_addr2line(self):
        self.environment["PATH"] = self.directory
        self.without_names(self.crash("ABRT"))

    def test_with_an_addr2line_that_hangs(self):
        self.write("addr2line", b"#!/bin/sh\nexec sleep 1000\n")
        os.chmod(self.path("addr2line"), 0o755)
        self.environment["PATH"] = self.directory + ":" + self.environment["PATH"]
        self.without_names(self.crash("ABRT"))


if __name__ == "__main__":
    unittest.main()
