"""cstorm map: lines through one bolt, as its users run it."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import time
import unittest

from runner_support import CSTORM, MARK, WORDCOUNT, RunnerTest, python

MAPPED = ["--", *python("mapped.py")]
MAPPED_PROGRAM = os.environ.get("MAPPED", "mapped")


class MapTest(RunnerTest):
    def popen(self, *arguments, **options):
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **options}
        process = subprocess.Popen(
            [CSTORM, "map", *arguments],
            stderr=subprocess.PIPE,
            env=self.environment,
            **options,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def map(self, lines, *arguments, status=0):
        """Map lines, or bytes: the lines of the output."""
        if not isinstance(lines, bytes):
            lines = "".join(line + "\n" for line in lines).encode()
        process = self.popen(*arguments)
        output, errors = process.communicate(lines, timeout=120)
        self.errors = errors.decode()
        self.assertEqual(process.returncode, status, self.errors)
        return output.decode().splitlines()

    def pids(self, process):
        return [pid for pid in self.processes() if pid != process.pid]


class Results(MapTest):
    def test_come_in_the_order_of_the_lines(self):
        choose = random.Random(3)
        lines = ["x" * choose.randint(0, 300) + str(i) for i in range(20_000)]
        self.assertEqual(self.map(lines, "split", "-p", "3"), lines)

    def test_come_in_any_order_where_that_is_asked_for(self):
        lines = [f"line-{i}" for i in range(20_000)]
        found = self.map(lines, "split", "-p", "3", "--unordered")
        self.assertEqual(sorted(found), sorted(lines))

    def test_of_a_slow_line_hold_up_others_only_in_order(self):
        lines = ["sleep 1", *(f"line-{i}" for i in range(50))]
        found = self.map(lines, "-p", "2", "--unordered", *MAPPED)
        self.assertEqual(sorted(found), sorted(lines))
        self.assertNotEqual(found[0], "sleep 1")
        self.assertEqual(self.map(lines, "-p", "2", *MAPPED), lines)

    def test_may_be_none_or_several_of_a_line(self):
        found = self.map(["times 3", "times 0", "times 1"], *MAPPED)
        self.assertEqual(found, ["times 3"] * 3 + ["times 1"])

    def test_have_tabs_between_their_values(self):
        values = ['["a",1,1.5,true,null,"",[1,"b"],{"c":"d"}]', '["tab\\tline\\nend\\r\\\\"]']
        found = self.map(values, "--from", "json", *MAPPED)
        self.assertEqual(found, ['a\t1\t1.5\ttrue\t\t\t[1, "b"]\t{"c": "d"}', "tab\\tline\\nend\\r\\"])

    def test_are_objects_by_their_fields(self):
        found = self.map(["a b"], "split", "--to", "json")
        self.assertEqual([json.loads(line) for line in found], [{"word": "a"}, {"word": "b"}])

    def test_are_lists_where_the_fields_are_not_known(self):
        found = self.map(['["a", 1]', '"\u00e9\\u0000"'], "--from", "json", "--to", "json", *MAPPED)
        self.assertEqual([json.loads(line) for line in found], [["a", 1], ["\u00e9\0"]])

    def test_that_belong_to_no_line_are_written_too(self):
        found = self.map(["loose", "x"], "-p", "1", "-o", "test.close=true", *MAPPED)
        self.assertEqual(sorted(found), ["closed", "loose", "loose", "x"])
        self.assertEqual(found[-1], "closed")

    def test_of_a_bolt_that_waits_for_the_ids_of_tasks(self):
        found = self.map(["ask", "x"], "-p", "1", *MAPPED)
        self.assertEqual(len(found), 2)
        self.assertRegex(found[0], r"^\[\d+\]$")
        self.assertIn("tuples of other streams than default were not written", self.errors)

    def test_can_be_those_of_another_stream(self):
        found = self.map(["ask"], "-p", "1", "--stream", "asked", *MAPPED)
        self.assertEqual(found, ["ask"])

    def test_follow_the_lines_as_they_come(self):
        process = self.popen("split", "-p", "2")
        for word in (b"one", b"two"):
            process.stdin.write(word + b"\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), word + b"\n")
        self.assertEqual(process.communicate(timeout=60)[0], b"")
        self.assertEqual(process.returncode, 0)


class Wires(MapTest):
    """What bolts of libcstorm and cstorm map say to each other is hardly more than lines: it must be as with messages."""

    SERIALIZERS = ("org.apache.storm.multilang.JsonSerializer", "cstorm.multilang.MessagePackSerializer")

    def map_on_all(self, lines, *arguments, status=0):
        """The lines of the output, which must be the same on all wires."""
        found = self.map(lines, *arguments, status=status)
        errors = self.errors
        for serializer in self.SERIALIZERS:
            with self.subTest(serializer):
                setting = f"topology.multilang.serializer={serializer}"
                self.assertEqual(self.map(lines, "-o", setting, *arguments, status=status), found)
                for word in ("failed", "written", "UTF-8"):
                    self.assertEqual(self.errors.count(word), errors.count(word), self.errors)
        self.errors = errors
        return found

    def test_have_the_same_values(self):
        found = self.map_on_all(["types"], "-p", "1", f"{MAPPED_PROGRAM}:map")
        self.assertEqual(found[:8], [
            "\t0", "true\t1", "-42\t2", "0.1\t3", "3.0\t4", "\t5", 'a\\tb\\nc\\rd\\e"f\x01\x7f\u00e9\t6',
            "more than sixteen bytes,\\tand a tab; \u4e16\u754c\\n\t7"])
        self.assertEqual(json.loads(found[8].split("\t")[0]), {"a": [1, "b\tc"]})
        self.assertEqual(found[9:], ["json\\t\u00e9\t9", "\t10", 'AP8J\t11', 'tree\\tof "a" string\t12'])

    def test_have_the_same_lines(self):
        lines = ["", "a", "tab\tbed", "\ttab", "1\t2", "+1", "-1", "{", "{}", "[1]", "end", "\u00e9\x01\x00\x7f", "\\n\"",
                 "carriage\rreturn", "x" * 100_000]
        found = self.map_on_all(lines, f"{MAPPED_PROGRAM}:map")
        escaped = [line.replace("\t", "\\t").replace("\r", "\\r") for line in lines]
        self.assertEqual(found, [f"{text}\t{len(line.encode())}" for text, line in zip(escaped, lines)])

    def test_repair_the_same_bytes(self):
        self.assertEqual(self.map_on_all(b"a\xff\xe4\xb8b\n\x80\n", f"{MAPPED_PROGRAM}:map"),
                         ["a\ufffd\ufffdb\t8", "\ufffd\t3"])

    def test_emit_in_the_same_ways(self):
        found = self.map_on_all(["ask", "origin", "other", "x"], "-p", "1", f"{MAPPED_PROGRAM}:map")
        self.assertEqual(found[0], "asked\\t\t")
        self.assertRegex(found[1], r"^tasks\t\d+$")
        self.assertEqual(found[2], "map.input\tdefault")
        self.assertRegex(found[3], r"^\d+\t$")
        self.assertEqual(found[4:], ["x\t1"])
        self.assertIn("1 tuples of other streams than default were not written", self.errors)
        self.assertEqual(self.map_on_all(["loose"], f"{MAPPED_PROGRAM}:map"), ["loose\t"])

    def test_fail_for_the_same_reasons(self):
        lines = ["a", "fail", "invalid", "infinite", "b"]
        found = self.map_on_all(lines, "--retries", "1", f"{MAPPED_PROGRAM}:map", status=1)
        self.assertEqual(found, ["a\t1", "b\t1"])
        for number, reason in ((2, "it was to fail"), (3, "cannot be sent"), (4, "cannot be sent")):
            self.assertRegex(self.errors, rf"standard input:{number}: failed each time: .*{reason}")

    def test_tell_of_crashes(self):
        found = self.map_on_all(["a", "crash", "b"], "-p", "1", "--retries", "0", f"{MAPPED_PROGRAM}:map", status=1)
        self.assertEqual(found, ["a\t1", "b\t1"])
        self.assertIn("crashed by SIG", self.errors)

    def test_have_batches(self):
        lines = [f"line-{i}" for i in range(8)]
        found = self.map_on_all(lines, "-p", "1", f"{MAPPED_PROGRAM}:batch")
        self.assertEqual(sorted(found), sorted(lines * 2))


class Lines(MapTest):
    def test_of_several_files_and_the_standard_input(self):
        first = self.write("first", b"1\r\n2")
        empty = self.write("empty", b"")
        last = self.write("last", b"\n4\n")
        found = self.map(b"3\n", "-p", "1", first, empty, "-", last, *MAPPED)
        self.assertEqual(found, ["1", "2", "3", "", "4"])

    def test_that_are_not_utf_8_are_repaired(self):
        found = self.map(b"a\xffb\nc\n", "split")
        self.assertEqual(found, ["a\ufffdb", "c"])
        self.assertIn("1 lines were not UTF-8", self.errors)

    def test_that_are_long(self):
        line = "y" * 3_000_000
        self.assertEqual(self.map([line, "z"], "split"), [line, "z"])

    def test_that_are_too_long_end_it(self):
        self.map(b"a\n" + b"x" * (34 << 20), "split", status=1)
        self.assertIn("standard input:2: the line is longer than 32 MiB", self.errors)

    def test_that_are_objects_give_the_named_fields(self):
        lines = ['{"b": 2, "a": "1", "c": 3}', '{"a": null, "b": {"x": []}}']
        found = self.map(lines, "--from", "json", "--to", "json", "--fields", "a,b", *MAPPED)
        self.assertEqual([json.loads(line) for line in found], [["1", 2], [None, {"x": []}]])

    def test_that_are_no_json_fail_alone(self):
        lines = ['["good"]', "[bad", '{"b": 1}', '["good too"]', ""]
        found = self.map(lines, "--from", "json", "-p", "2", *MAPPED, status=1)
        self.assertEqual(found, ["good", "good too"])
        self.assertRegex(self.errors, r"standard input:2: not JSON: .* at byte 2")
        self.assertIn('standard input:3: the object has no "line" (see --fields)', self.errors)
        self.assertIn("standard input:5: not JSON", self.errors)
        self.assertIn("3 of 5 lines failed", self.errors)

    def test_in_a_file_that_is_not_there(self):
        here = self.write("here", b"x\n")
        self.assertEqual(self.map([], "split", here, self.path("nowhere"), status=1), [])
        self.assertIn("cannot open " + self.path("nowhere"), self.errors)
        self.map([], "split", self.directory, status=1)
        self.assertIn("Is a directory", self.errors)


class Failures(MapTest):
    def test_are_tried_again_and_listed(self):
        path = self.write("lines", b"good\nfail 1\nfine\nfail 2\n")
        failures = self.path("failures")
        found = self.map([], "-p", "2", "--failures", failures, path, *MAPPED, status=1)
        self.assertEqual(found, ["good", "fine"])
        self.assertEqual(sorted(self.read("failures").splitlines()), [b"fail 1", b"fail 2"])
        self.assertIn(f"{path}:2: failed each time: it is bad", self.errors)
        self.assertIn("2 of 4 lines failed", self.errors)

    def test_of_a_file_that_cannot_be_written(self):
        self.map(["x"], "--failures", "/nowhere/failures", "split", status=1)
        self.assertIn("cannot write /nowhere/failures", self.errors)

    def test_by_death_are_those_of_one_line_alone(self):
        lines = [f"line-{i}" for i in range(3000)]
        lines[1000] = "die"
        lines[2000] = "die"
        found = self.map(lines, "-p", "2", *MAPPED, status=1)
        self.assertEqual(found, [line for line in lines if line != "die"])
        self.assertIn("standard input:1001: failed each time: its process ended with exit status 7: no more",
                      self.errors)  # fmt: skip
        self.assertIn("2 of 3000 lines failed", self.errors)

    def test_by_hanging_or_forgetting_are_found(self):
        for word in ("hang", "forget"):
            with self.subTest(word):
                lines = ["a", word, "b"]
                found = self.map(lines, "-p", "1", "--timeout", "1", "--retries", "1", *MAPPED, status=1)
                self.assertEqual(found, ["a", "b"])
                self.assertIn("it settled nothing for too long", self.errors)

    def test_by_garbage_are_found(self):
        found = self.map(["a", "garbage", "b"], "-p", "1", "--retries", "0", *MAPPED, status=1)
        self.assertEqual(found, ["a", "b"])
        self.assertIn("broke the protocol", self.errors)

    def test_that_go_away_leave_no_trace(self):
        found = self.map(["a", "die-once", "b"], "-p", "1", "--stats", self.path("stats"), *MAPPED)
        self.assertEqual(found, ["a", "die-once", "b"])
        stats = json.loads(self.read("stats"))
        self.assertEqual(
            {key: stats[key] for key in ("lines", "results", "failed", "restarts")},
            {"lines": 3, "results": 3, "failed": 0, "restarts": 1},
        )

    def test_of_every_process_end_it(self):
        self.map(["a"] * 50, "-p", "2", "--", "false", status=1)
        self.assertIn("exit status 1, for the 5th time in a row: it is not started again", self.errors)

    def test_to_end_are_found(self):
        self.map(["a"], "-p", "1", "--timeout", "1", "-o", "test.linger=true", *MAPPED, status=1)
        self.assertIn("has not ended for", self.errors)

    def test_to_write(self):
        with open("/dev/full", "wb") as full:
            process = self.popen("split", stdout=full)
            errors = process.communicate(b"a\n" * 100, timeout=60)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"cannot write the results: No space left on device", errors)


class Kills(MapTest):
    def test_lose_nothing(self):
        lines = [f"line-{i}" for i in range(4000)]
        text = "".join(line + "\n" for line in lines).encode()
        choose = random.Random(11)
        for order in ([], ["--unordered"]):
            with self.subTest(order), open(self.path("out"), "wb") as out:
                process = self.popen("-p", "3", *order, *MAPPED, stdout=out)
                # While more is to come: who is killed at the end has perhaps not closed well, which is an error.
                for kill in range(12):
                    process.stdin.write(text[kill * 1000 : kill * 1000 + 1000])
                    process.stdin.flush()
                    time.sleep(0.02)
                    victims = self.pids(process)
                    if victims:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(choose.choice(victims), signal.SIGKILL)
                errors = process.communicate(text[12000:], timeout=120)[1].decode()
                self.assertEqual(process.returncode, 0, errors)
                self.assertGreater(errors.count("it is started again"), 0)
                found = self.read("out").decode().splitlines()
                self.assertEqual(sorted(found), sorted(lines))
                if not order:
                    self.assertEqual(found, lines)

    def test_of_itself_leave_no_process(self):
        process = self.popen("-p", "2", *MAPPED)
        process.stdin.write(b"x\n")
        process.stdin.flush()
        process.stdout.readline()
        self.assertEqual(len(self.pids(process)), 2)
        process.kill()
        process.communicate(timeout=60)
        self.runner_was_killed = True  # tearDown waits for the others to end


class Ends(MapTest):
    def test_at_once_where_nobody_reads(self):
        process = self.popen("split", "-p", "2", stdin=subprocess.DEVNULL)
        process.communicate(timeout=60)
        path = self.write("lines", b"some words\n" * 200_000)
        process = self.popen("split", "-p", "2", path)
        process.stdout.readline()
        process.stdout.close()
        process.wait(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGPIPE)
        self.assertEqual(process.stderr.read(), b"")

    def test_well_with_no_lines(self):
        self.assertEqual(self.map([], "split"), [])
        self.assertEqual(self.errors, "")

    def test_gracefully_by_a_signal(self):
        process = self.popen("-p", "1", *MAPPED)
        process.stdin.write(b"a\nsleep 0.5\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"a\n")
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        output, errors = process.stdout.read(), process.stderr.read()
        process.wait(timeout=60)
        self.assertEqual((output, process.returncode), (b"sleep 0.5\n", -signal.SIGTERM))
        self.assertIn(b"interrupted: 2 lines were processed", errors)


class Bolts(MapTest):
    def test_of_a_topology(self):
        self.assertEqual(self.map(["a b"], f"{WORDCOUNT}:split"), ["a", "b"])

    def test_of_a_file_with_their_settings(self):
        topology = self.topology(
            [], [{"name": "mine", "command": python("mapped.py"), "config": {"test.close": True}}]
        )
        self.assertEqual(self.map(["x"], f"{topology}:mine", "-p", "2"), ["x", "closed", "closed"])

    def test_keep_their_processes_apart(self):
        found = self.map(["a"] * 1000, "count", "-p", "2")
        counts = [line.split("\t") for line in found]
        self.assertEqual(sum(int(count) for _, count in counts), 1000)

    def test_get_ticks(self):
        process = self.popen("-p", "1", "-o", "topology.tick.tuple.freq.secs=0.1", "count")
        process.stdin.write(b"a\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"a\t1\n")
        process.communicate(timeout=60)

    def test_that_do_not_exist(self):
        for arguments, text in (
            (["splt"], "there is no ready-made bolt splt; did you mean split?"),
            (["lines"], "there is no ready-made bolt lines"),
            ([f"{WORDCOUNT}:lines"], "there is no bolt lines"),
            ([f"{WORDCOUNT}:cuont"], "there is no bolt cuont; did you mean count?"),
            (["/nowhere:split"], "/nowhere: error: No such file or directory"),
            (["--", "/nowhere/program"], "there is no program /nowhere/program"),
            (["--stream", "wrods", "split"], "split has no stream wrods (see --stream)"),
            (["-o", "urlparse.invlaid=skip", "urlparse"], "did you mean"),
        ):
            with self.subTest(arguments):
                self.assertEqual(self.map([], *arguments, status=2), [])
                self.assertIn(text, self.errors)


class Usage(MapTest):
    def test_that_is_wrong(self):
        for arguments, text in (
            ([], "the bolt is missing"),
            (["--"], "the command behind -- is missing"),
            (["-p", "0", "split"], "-p must be a number of processes from 1 to 1024, not 0"),
            (["-p", "2x", "split"], "not 2x"),
            (["--from", "xml", "split"], "--from must be lines or json, not xml"),
            (["--to", "xml", "split"], "--to must be text or json, not xml"),
            (["--retries", "-1", "split"], "--retries must be a number"),
            (["--timeout", "0", "split"], "--timeout must be a number of seconds above 0"),
            (["--frm", "json", "split"], "the options are not understood"),
        ):
            with self.subTest(arguments):
                self.assertEqual(self.map([], *arguments, status=2), [])
                self.assertIn(text, self.errors)
                self.assertIn("`cstorm map --help` says more.", self.errors)

    def test_is_shown(self):
        self.assertRegex("\n".join(self.map([], "--help")), "^Usage: cstorm map ")


class Progress(MapTest):
    def run_on_terminal(self, *arguments):
        import pty

        try:
            leader, follower = pty.openpty()
        except OSError as error:
            self.skipTest(f"no terminal: {error}")
        with open(self.path("out"), "wb") as out:
            process = subprocess.Popen(
                [CSTORM, "map", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=follower,
                env=self.environment,
            )
        os.close(follower)
        shown = b""
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:
                break  # the other end was closed
            if not piece:
                break
            shown += piece
        os.close(leader)
        self.assertEqual(process.wait(timeout=60), 0)
        return shown.decode()

    def test_is_shown_on_a_terminal(self):
        path = self.write("lines", b"sleep 0.4\n" * 4)
        shown = self.run_on_terminal("-p", "1", path, *MAPPED)
        self.assertRegex(shown, r"\[[#.]+\] +\d+% \d+ lines/s, \d+:\d\d left, 0 failed")
        self.assertTrue(shown.endswith("\r\033[K"), repr(shown[-40:]))

    def test_is_not_shown_where_it_is_not_wanted(self):
        path = self.write("lines", b"sleep 0.4\n" * 2)
        self.assertEqual(self.run_on_terminal("-q", "-p", "1", path, *MAPPED), "")


if __name__ == "__main__":
    unittest.main()
