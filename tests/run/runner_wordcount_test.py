"""The word count, run as its users run it: every count must be right."""

import collections
import itertools
import json
import os
import random
import shutil
import subprocess
import unittest

from runner_support import LOG_LINE, WORDCOUNT, RunnerTest


def count_words(text):
    """The table that the word count must write."""
    repaired = text.decode("utf-8", errors="replace").encode("utf-8")
    counts = collections.Counter(repaired.split())
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return b"".join(b"%s\t%d\n" % row for row in rows)


def count_lines(text):
    return text.count(b"\n") + (not text.endswith(b"\n") and text != b"")


def random_text(size, seed):
    """Lines of words, a few of them frequent and most of them rare, in several scripts."""
    choose = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz" * 4 + "äößéЖπ語🌩\"\\/{}[]:,'"
    words = ["".join(choose.choices(letters, k=choose.randint(1, 12))) for _ in range(20000)]
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(words))))
    lines = []
    length = 0
    while length < size:
        line = " ".join(choose.choices(words, cum_weights=weights, k=choose.randint(0, 30)))
        lines.append(line)
        length += len(line) + 1
    return ("\n".join(lines) + "\n").encode()


class WordCountTest(RunnerTest):
    def count_file(self, text, *arguments):
        """Count the words of a file, into a file."""
        path = self.write("input", text)
        return self.run_topology(
            WORDCOUNT,
            "-o",
            f"wordcount.input={path}",
            "-o",
            f"wordcount.output={self.path('output')}",
            *arguments,
        )

    def assert_counts(self, text, *arguments):
        result = self.count_file(text, *arguments)
        self.assertEqual(result.output, b"", "the table belongs into the file")
        self.assertEqual(self.read("output"), count_words(text))
        lines = count_lines(text)
        sent = result.sent("lines")
        self.assertEqual((sent["emitted"], sent["acked"], sent["failed"]), (lines, lines, 0))
        return result


class Texts(WordCountTest):
    def test_agrees_with_the_tools_of_the_shell(self):
        text = b"the quick brown fox\njumps over  the lazy dog\n\nThe end\tof the fox\n"
        self.assert_counts(text)
        if not all(shutil.which(tool) for tool in ("tr", "sort", "uniq")):
            self.skipTest("the tools are not here")
        shell = subprocess.run(
            ["sh", "-c", "tr -s '[:space:]' '\\n' | sort | uniq -c"],
            input=text,
            stdout=subprocess.PIPE,
            env=dict(os.environ, LC_ALL="C"),
            check=True,
        )
        rows = [line.split(None, 1) for line in shell.stdout.splitlines()]
        rows.sort(key=lambda row: (-int(row[0]), row[1]))
        table = b"".join(b"%s\t%s\n" % (word, count) for count, word in rows)
        self.assertEqual(self.read("output"), table)

    def test_empty_file(self):
        self.assert_counts(b"")

    def test_only_white_space(self):
        self.assert_counts(b" \t\n\v\f\r\n   \n")

    def test_one_word_without_an_end_of_line(self):
        self.assert_counts(b"word")

    def test_last_line_without_an_end(self):
        self.assert_counts(b"a b\nb c")

    def test_empty_lines(self):
        self.assert_counts(b"\n\n\na\n\n\nb a\n\n")

    def test_lines_of_dos(self):
        self.assert_counts(b"a b\r\nb c\r\n\r\na\rb\r\r\nend\r")

    def test_all_kinds_of_white_space(self):
        self.assert_counts(b"a\tb\vc\fd\re f\n\t\v\f\r \na")

    def test_white_space_of_unicode_is_part_of_words(self):
        self.assert_counts("a\u00a0b a\u00a0b \u2003 \u3000c \u0085 \u2028\n".encode())

    def test_zero_bytes(self):
        self.assert_counts(b"a\0b \0 a\0b \0\0 ab\n\0\n\0")

    def test_control_characters(self):
        self.assert_counts(bytes(range(128)) + b"\n" + bytes(range(128)))

    def test_characters_that_json_escapes(self):
        self.assert_counts(b'"\\" \\ \\u0041 A \\n {"command":"sync"} end\nend\n"\n')

    def test_a_line_that_is_like_the_end_of_a_frame(self):
        self.assert_counts(b"end\nend\r\n end \nend")

    def test_utf8_of_every_length(self):
        self.assert_counts("é é ε € 語 🌩 🌩 \U0010ffff \ud7ff \ue000 \ufffd \ufeff e\u0301\n".encode())

    def test_rows_of_one_count_stand_in_the_order_of_bytes(self):
        result = self.assert_counts("b a ab \U00010000 \uffff é Z z ~ a\0 a\n".encode())
        words = [row.split(b"\t")[0] for row in self.read("output").splitlines()]
        self.assertEqual(words[1:], sorted(words[1:]), result.log)

    def test_long_words_and_long_lines(self):
        long = b"x" * 3_000_000
        self.assert_counts(b"a " + long + b" b " + long + b"\n" + b"y" * 70_000 + b"\n" + b"z " * 200_000)

    def test_large_random_text(self):
        text = random_text(3_000_000, seed=1)
        result = self.assert_counts(text, "-p", "split=3", "-p", "count=3")
        words = len(text.split())
        self.assertEqual(result.received("count", "split")["executed"], words)


class InvalidText(WordCountTest):
    def test_each_maximal_part_becomes_one_replacement_character(self):
        text = (
            b"a\xffb \xc3 \xe2\x82 \xf0\x9f\x8c x\xe2\x82x \xc3\xa9 \xed\xa0\x80 \xc0\xaf "
            b"\xf4\x90\x80\x80 \xf0\x80 \xe0\x80\x80 \x80\x80\n\xe2\x82"
        )
        result = self.assert_counts(text)
        self.assertIn("a\ufffdb\t1".encode(), self.read("output"))
        self.assertEqual(len(result.lines("WARN", "lines[", "line 1", "byte 1")), 1, result.log)
        self.assertEqual(len(result.lines("WARN", "2 lines were not UTF-8")), 1, result.log)

    def test_a_valid_text_is_not_warned_of(self):
        result = self.assert_counts("é\n".encode())
        self.assertEqual(result.lines("WARN"), [])

    def test_random_bytes(self):
        text = random.Random(2).randbytes(200_000)
        self.assert_counts(text)

    def test_the_warning_names_the_line(self):
        result = self.assert_counts(b"good\n" * 1000 + b"b\xe4d\n" + b"good\n" * 10 + b"\xff\n")
        self.assertEqual(len(result.lines("WARN", "line 1001 ")), 1, result.log)
        self.assertEqual(len(result.lines("WARN", "2 lines")), 1, result.log)


class Parallelism(WordCountTest):
    def test_the_number_of_tasks_does_not_matter(self):
        text = random_text(100_000, seed=3)
        for tasks in (1, 4):
            result = self.assert_counts(text, "-p", f"split={tasks}", "-p", f"count={tasks}")
            self.assertEqual(result.component("split")["tasks"], tasks)
            self.assertEqual(result.component("count")["tasks"], tasks)
            self.assertEqual(result.component("table")["tasks"], 1)

    def test_ticks_do_not_change_the_counts(self):
        self.assert_counts(random_text(500_000, seed=4), "-o", "topology.tick.tuple.freq.secs=0.05")

    def test_few_pending_tuples(self):
        self.assert_counts(random_text(50_000, seed=5), "-o", "topology.max.spout.pending=1")

    def test_no_ackers(self):
        text = random_text(200_000, seed=6)
        self.count_file(text, "-o", "topology.acker.executors=0")
        self.assertEqual(self.read("output"), count_words(text))

    def test_two_tasks_for_one_table_are_refused(self):
        path = self.write("input", b"a\n")
        result = self.run_topology(
            WORDCOUNT, "-o", f"wordcount.input={path}", "-p", "table=2", status=1
        )
        self.assertIn("parallelism must be 1", result.log)


class Input(WordCountTest):
    def run_with_stdin(self, *arguments, stdin, **start):
        return self.run_topology(WORDCOUNT, *arguments, stdin=stdin, **start)

    def test_pipes_at_both_ends(self):
        text = random_text(1_000_000, seed=7)
        runner = self.start(WORDCOUNT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        table, _ = runner.communicate(text, timeout=120)
        result = self.finish()
        self.assertEqual(table, count_words(text))
        self.assertEqual(result.sent("lines")["emitted"], count_lines(text))

    def test_a_pipe_whose_writer_is_slow(self):
        runner = self.start(
            WORDCOUNT, "-o", "wordcount.input=-", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.wait_until(lambda: len(self.components()) == 6, "the components start")
        for part in (b"one t", b"wo", b"\nthree\n", b"\ntwo"):
            runner.stdin.write(part)
            runner.stdin.flush()
        table, _ = runner.communicate(timeout=120)
        self.finish()
        self.assertEqual(table, b"two\t2\none\t1\nthree\t1\n")

    def test_a_file_as_the_standard_input(self):
        text = random_text(300_000, seed=8)
        with open(self.write("input", text), "rb") as file:
            result = self.run_with_stdin(stdin=file)
        self.assertEqual(result.output, count_words(text))

    def test_a_file_of_which_the_beginning_is_read(self):
        with open(self.write("input", b"header of two\nthe words\n"), "rb", buffering=0) as file:
            file.seek(len(b"header of two\n"))
            result = self.run_with_stdin(stdin=file)
        self.assertEqual(result.output, b"the\t1\nwords\t1\n")

    def test_nothing_as_the_standard_input(self):
        result = self.run_with_stdin(stdin=subprocess.DEVNULL)
        self.assertEqual(result.output, b"")

    def test_several_files(self):
        texts = [b"a b\nno end", b"", b"b c\n", b"c\xffd\n", b"a"]
        paths = [self.write(f"input{i}", text) for i, text in enumerate(texts)]
        for tasks in (1, 3, 7):
            result = self.run_topology(
                WORDCOUNT,
                "-o",
                "wordcount.input=" + json.dumps(paths),
                "-p",
                f"lines={tasks}",
            )
            self.assertEqual(result.output, count_words(b"\n".join(texts)))

    def test_the_setting_of_the_component(self):
        good = self.write("good", b"good\n")
        result = self.run_topology(
            WORDCOUNT, "-o", "wordcount.input=/nowhere", "-o", f"lines.input={good}"
        )
        self.assertEqual(result.output, b"good\t1\n")

    def test_a_path_from_the_working_directory(self):
        self.write("input", b"here\n")
        result = self.run_topology(WORDCOUNT, "-o", "lines.input=input", cwd=self.directory)
        self.assertEqual(result.output, b"here\t1\n")

    def test_names_that_look_like_json(self):
        for name in ("7", "true", "a=b", "a b"):
            self.write(name, b"word\n")
            result = self.run_topology(
                WORDCOUNT, "-o", f"lines.input={name}", cwd=self.directory
            )
            self.assertEqual(result.output, b"word\t1\n", name)


class Output(WordCountTest):
    def setUp(self):
        super().setUp()
        self.text = b"b a\na\n"
        self.input = f"wordcount.input={self.write('input', self.text)}"

    def test_the_table_goes_to_the_standard_output(self):
        for output in ([], ["-o", "wordcount.output=-"]):
            result = self.run_topology(WORDCOUNT, "-o", self.input, *output)
            self.assertEqual(result.output, b"a\t2\nb\t1\n")

    def test_a_file_that_exists_is_replaced(self):
        path = self.write("output", b"what was there before is longer than the table\n")
        self.run_topology(WORDCOUNT, "-o", self.input, "-o", f"table.output={path}")
        self.assertEqual(self.read("output"), b"a\t2\nb\t1\n")

    def test_usual_log(self):
        result = self.run_topology(WORDCOUNT, "-o", self.input)
        self.assertEqual(result.lines("DEBUG"), [])
        self.assertEqual(len(result.lines("wordcount finished in", "tuples/s")), 1, result.log)
        row = result.lines("lines", "-> default")
        self.assertEqual(row[0].split()[:6], ["lines", "1", "->", "default", "2", "2"], row)
        row = result.lines("split", "<- lines")
        self.assertEqual(row[0].split()[:7], ["split", "2", "<-", "lines", "2", "2", "0"], row)

    def test_quiet(self):
        result = self.run_topology("-q", WORDCOUNT, "-o", self.input)
        self.assertEqual(result.log, "")
        self.assertEqual(result.output, b"a\t2\nb\t1\n")

    def test_quiet_keeps_errors(self):
        result = self.run_topology("--quiet", WORDCOUNT, "-o", "lines.input=/nowhere", status=1)
        self.assertTrue(result.lines("ERROR", "lines["), result.log)
        self.assertTrue(all("ERROR" in line for line in result.log.splitlines()), result.log)

    def test_verbose(self):
        result = self.run_topology("-v", WORDCOUNT, "-o", self.input)
        log, statistics = result.log.split("\n\n", 1)
        for line in log.splitlines():
            self.assertRegex(line, LOG_LINE)
        started = [line for line in log.splitlines() if "started as process" in line]
        self.assertEqual(len(started), 6, log)
        for task in range(1, 7):
            self.assertTrue(any(f"[{task}]: " in line for line in started), log)
        self.assertTrue(statistics.startswith("component "), statistics)

    def test_statistics_agree_with_the_truth(self):
        text = random_text(100_000, seed=9)
        result = self.count_file(text)
        words = len(text.split())
        distinct = len(set(text.split()))
        lines = count_lines(text)
        stats = result.stats
        self.assertEqual(stats["topology"], "wordcount")
        self.assertEqual(stats["status"], "finished")
        self.assertEqual(stats["tuples"], lines + words + distinct)
        self.assertGreater(stats["seconds"], 0)
        self.assertAlmostEqual(
            stats["tuples_per_second"] * stats["seconds"] / stats["tuples"], 1, delta=0.01
        )
        self.assertEqual(
            [(entry["name"], entry["kind"]) for entry in stats["components"]],
            [("lines", "spout"), ("split", "bolt"), ("count", "bolt"), ("table", "bolt")],
        )
        for source, bolt, count in (
            ("lines", "split", lines),
            ("split", "count", words),
            ("count", "table", distinct),
        ):
            sent = result.sent(source)
            self.assertEqual((sent["emitted"], sent["transferred"]), (count, count), source)
            received = result.received(bolt, source)
            self.assertEqual(received["executed"], count, bolt)
            self.assertEqual((received["acked"], received["failed"]), (count, 0), bolt)
            self.assertGreater(received["latency_ms"], 0, bolt)
        sent = result.sent("lines")
        self.assertEqual((sent["acked"], sent["failed"], sent["timed_out"]), (lines, 0, 0))
        self.assertGreater(sent["latency_ms"], 0)
        self.assertEqual(result.restarts(), 0)


if __name__ == "__main__":
    unittest.main()
