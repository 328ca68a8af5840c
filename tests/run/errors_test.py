"""What a run says of mistakes: exit status 2 for those of its user, 1 for those of components."""

import json
import os
import subprocess
import sys
import unittest

from harness import (COMPONENT, CSTORM, PATIENCE, WORDCOUNT, python_component, read, run, subscribe, temporary,
                     topology, write)


class Usage(unittest.TestCase):
    def cstorm(self, *arguments):
        return subprocess.run([CSTORM, *arguments], capture_output=True, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL)

    def check_refused(self, *arguments, said):
        result = self.cstorm(*arguments)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn(said, result.stderr)
        self.assertEqual(result.stdout, "")

    def test_helps(self):
        for arguments, words in ((["--help"], "run a topology"), (["run", "--help"], "-p COMPONENT=N"),
                                 (["--version"], "cstorm ")):
            result = self.cstorm(*arguments)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn(words, result.stdout)

    def test_refuses_wrong_usage(self):
        self.check_refused(said="a command is missing")
        self.check_refused("rnu", said="no such command: rnu; did you mean run?")
        self.check_refused("run", said="the topology is missing")
        self.check_refused("run", WORDCOUNT, "extra", said="what is this: extra")
        self.check_refused("run", "--nonsense", WORDCOUNT, said="--nonsense")
        self.check_refused("run", "--time", "soon", WORDCOUNT, said="--time must be a number")
        self.check_refused("run", "--time", "0", WORDCOUNT, said="--time must be a number")
        self.check_refused("run", "-p", "split", WORDCOUNT, said="-p split: it must be COMPONENT=N")
        self.check_refused("run", "-p", "split=0", WORDCOUNT, said="must be 1 or more")
        self.check_refused("run", "-p", "splti=2", WORDCOUNT, said="did you mean split?")
        self.check_refused("run", "-o", "wordcount.inptu=x", WORDCOUNT, said="did you mean wordcount.input?")
        self.check_refused("run", "-o", "novalue", WORDCOUNT, said="must be KEY=VALUE")

    def test_refuses_configuration_of_the_wrong_type(self):
        for key in ("topology.message.timeout.secs", "topology.max.spout.pending", "topology.tick.tuple.freq.secs",
                    "topology.subprocess.timeout.secs"):
            self.check_refused("run", "-o", f"{key}=soon", WORDCOUNT, said=f"{key} must be a number")
            self.check_refused("run", "-o", f"{key}=-1", WORDCOUNT, said=f"{key} must be a number")

    def test_refuses_what_is_no_topology(self):
        folder = temporary(self)
        self.check_refused("run", os.path.join(folder, "none"), said="No such file or directory")
        self.check_refused("run", folder, said="is a directory")
        self.check_refused("run", write(os.path.join(folder, "text"), "text"), said="neither a topology's program")
        self.check_refused("run", "/bin/false", said="is it a topology?")
        script = write(os.path.join(folder, "script"), "#!/bin/sh\nkill -SEGV $$\n")
        os.chmod(script, 0o755)
        self.check_refused("run", script, said="was killed by signal 11")
        empty = write(os.path.join(folder, "empty"), "")
        os.chmod(empty, 0o755)
        self.check_refused("run", empty, said="cannot be run: Exec format error")

    def test_says_all_problems_of_a_topology_at_once(self):
        path = os.path.join(temporary(self), "topology.json")
        write(path, json.dumps(topology(
            [python_component("source", "x", outputs={"default": ["n"]})],
            [python_component("one", "x", inputs=[subscribe("sourec", "shuffle")], parallelism=0),
             python_component("two", "x", inputs=[subscribe("source", "fields", fields=["m"])]),
             python_component("three", "x", inputs=[subscribe("source", "shuffle", stream="defualt")])])))
        result = self.cstorm("run", path, "-p", "four=2", "-o", "topology.max.spout.pending=x")
        self.assertEqual(result.returncode, 2)
        for said in ("did you mean source?", "parallelism is 0", "has no field m", "did you mean default?",
                     "no such component", "topology.max.spout.pending must be a number"):
            self.assertIn(said, result.stderr)

    def test_says_before_the_run_that_statistics_cannot_be_written(self):
        result = self.cstorm("run", WORDCOUNT, "--stats", "/nowhere/stats")
        self.assertEqual(result.returncode, 1)
        self.assertIn("cannot write the statistics to /nowhere/stats: No such file", result.stderr)


class Components(unittest.TestCase):
    def run_with(self, *arguments, bolt=None, spout=None, config=None):
        return run(self, topology(
            [spout or python_component("source", "spout-numbers", "3", outputs={"default": ["n"]})],
            [{"inputs": [subscribe("source", "shuffle")],
              **(bolt or python_component("bolt", "bolt-note", os.devnull))}], config), *arguments)

    def check_fails(self, result, said):
        self.assertEqual(result.status, 1, result.stderr)
        self.assertRegex(result.stderr, said)
        self.assertEqual(result.stats["status"], "failed")

    def test_that_cannot_be_started(self):
        self.check_fails(self.run_with(bolt={"name": "bolt", "command": ["/nowhere/program"]}),
                         "bolt: cannot start /nowhere/program: No such file or directory")
        self.check_fails(self.run_with(bolt={"name": "bolt", "command": ["sh", "-c", "echo why >&2; exit 3"]}),
                         "bolt could not start: task 1 ended with exit status 3; it said last: why")

    def test_whose_input_is_missing(self):
        result = run(self, WORDCOUNT, "-o", "wordcount.input=/nowhere/text")
        self.check_fails(result, r"lines could not start: .*cannot open the input /nowhere/text: No such file")
        self.assertEqual(result.component("lines")["restarts"], 0)
        self.check_fails(run(self, WORDCOUNT, "-o", "wordcount.input=/tmp"), "the input /tmp: Is a directory")

    def test_whose_output_cannot_be_written(self):
        result = run(self, WORDCOUNT, "-o", "wordcount.output=/nowhere/table", input=b"a\n")
        self.check_fails(result, "table could not start: .*cannot open the output /nowhere/table")
        result = run(self, WORDCOUNT, "-o", "wordcount.output=/dev/full", input=b"a\n")
        self.check_fails(result, "cannot write /dev/full: No space left on device")

    def test_whose_line_is_too_long(self):
        path = os.path.join(temporary(self), "text")
        with open(path, "wb") as file:
            file.truncate(68 << 20)
        result = run(self, WORDCOUNT, "-o", f"wordcount.input={path}")
        self.check_fails(result, "Message too long")

    def check_breach(self, said, *more, bolt=None, spout=None):
        result = self.run_with(
            *(more or ("--time", "0.4")),
            bolt=bolt and python_component("bolt", "bolt-says", bolt, outputs={"default": ["n"], "direct": ["n"]}),
            spout=spout and python_component("source", "spout-says", spout, outputs={"default": ["n"]}))
        self.assertRegex(result.stderr, "%s broke the protocol and is killed: %s" % (
            r"bolt\[1\]:" if bolt else r"source\[2\]:", said))
        return result

    def test_that_break_the_protocol_again_and_again_end_the_run(self):
        result = self.check_breach("", "-v", bolt="garbage\nend\n")
        self.check_fails(result, "gave up after 6 deaths of bolt: task 1 was killed for breaking the protocol")

    def test_that_send_garbage(self):
        self.check_breach(r"byte 0 of a message: a message must be an object or a list: garbage", bolt="garbage\nend\n")
        self.check_breach(r'byte 18 of a message: expected a key in quotes: \{"command":"emit",\}',
                          bolt='{"command":"emit",}\nend\n')
        self.check_breach("byte 26 of a message: tuple must be an array", bolt='{"command":"emit","tuple":5}\nend\n')

    def test_that_emit_what_they_may_not(self):
        emit = '{"command":"emit","need_task_ids":false,%s}\nend\n'
        self.check_breach("it emits 2 values to stream default, which has 1 fields", bolt=emit % '"tuple":[1,2]')
        self.check_breach('it emits to a stream that it does not declare: "nowhere"', bolt=emit % '"stream":"nowhere","tuple":[1]')
        self.check_breach('it anchors a tuple to "99", which is not in flight', bolt=emit % '"anchors":["99"],"tuple":[1]')
        self.check_breach("it names a task in an emit to stream default", bolt=emit % '"task":1,"tuple":[1]')
        self.check_breach("it names no task in an emit to the direct stream", bolt=emit % '"stream":"direct","tuple":[1]')
        self.check_breach("it emits to task 50, which does not exist",
                          bolt=emit % '"stream":"direct","task":50,"tuple":[1]')

    def test_that_settle_what_is_not_in_flight(self):
        self.check_breach('it acks "12345", which is not in flight', bolt='{"command":"ack","id":"12345"}\nend\n')
        self.check_breach("it fails nothing, which is not in flight", bolt='{"command":"fail"}\nend\n')
        twice = '{"command":"ack","id":"%ID%"}\nend\n'
        self.check_breach("it acks .*, which is not in flight", bolt=twice + twice)

    def test_that_do_not_follow_a_spouts_turn(self):
        sync = '{"command":"sync"}\nend\n'
        self.check_breach("it sends a sync that nothing asked for", spout=sync * 100)
        self.check_breach('it sends the command "jump"', spout='{"command":"jump"}\nend\n')
        self.check_breach("it sends the command nothing", spout='{"msg":"x"}\nend\n')

    def test_that_answer_without_a_pid(self):
        script = 'cat >/dev/null & printf \'{"no":"pid"}\\nend\\n\'; sleep 1000'
        result = self.run_with(bolt={"name": "bolt", "command": ["sh", "-c", script]})
        self.check_fails(result, "it answers the handshake without its pid")


class Logs(unittest.TestCase):
    def run_logging(self, *arguments):
        return run(self, topology([python_component("source", "spout-numbers", "1", outputs={"default": ["n"]})],
                                  [python_component("bolt", "bolt-logs", inputs=[subscribe("source", "shuffle")])]),
                   *arguments)

    def test_name_the_component_and_the_task(self):
        result = self.run_logging()
        self.assertEqual(result.status, 0, result.stderr)
        for line in (r"INFO +bolt\[1\]: level 2", r"WARN +bolt\[1\]: level 3", r"ERROR +bolt\[1\]: level 4",
                     r"INFO +bolt\[1\]: first$", r"INFO +bolt\[1\]: second \?\[31m$", r"ERROR +bolt\[1\]: an error report",
                     r"STDERR +bolt\[1\]: on the standard error$", r"STDERR +bolt\[1\]: without an end$"):
            self.assertRegex(result.stderr, "(?m)^[0-9:.]+ " + line)
        self.assertNotIn("level 1", result.stderr)
        self.assertIn("words finished", result.stderr)

    def test_are_as_many_as_is_asked_for(self):
        loud = self.run_logging("-v").stderr
        for text in ("level 0", "level 1", "metric", "words finished"):
            self.assertIn(text, loud)
        quiet = self.run_logging("-q").stderr
        self.assertIn("level 4", quiet)
        for text in ("level 3", "standard error", "words finished"):
            self.assertNotIn(text, quiet)


if __name__ == "__main__":
    unittest.main()
