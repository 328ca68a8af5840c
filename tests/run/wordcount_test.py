"""The word count, from end to end, against a count of our own."""

import collections
import os
import random
import re
import time
import unittest

from harness import WORDCOUNT, Run, run, temporary, write, read

WHITE_SPACE = rb"[ \t\n\v\f\r]+"


def expected(text):
    counts = collections.Counter(word for word in re.split(WHITE_SPACE, text) if word)
    return b"".join(b"%s\t%d\n" % entry for entry in sorted(counts.items(), key=lambda e: (-e[1], e[0])))


def random_text(size, seed):
    source = random.Random(seed)
    vocabulary = ["".join(source.choices("abcdefghé€😀\"\\/'", k=source.randint(1, 12))) for _ in range(5000)]
    lines = []
    while size > 0:
        line = source.choice([" ", "\t", "  "]).join(
            source.choices(vocabulary, weights=[1 / (n + 1) for n in range(5000)], k=source.randint(0, 15)))
        lines.append(line)
        size -= len(line) + 1
    return "\n".join(lines).encode()


class WordCount(unittest.TestCase):
    def count(self, text, *arguments):
        folder = temporary(self)
        input = write(os.path.join(folder, "in put"), text)
        output = os.path.join(folder, "output")
        result = run(self, WORDCOUNT, "-o", f"wordcount.input={input}", "-o", f"wordcount.output={output}",
                     *arguments)
        self.assertEqual(result.status, 0, result.stderr)
        self.assertEqual(result.stdout, b"")
        return read(output), result

    def check(self, text, *arguments):
        counted, result = self.count(text, *arguments)
        self.assertEqual(counted, expected(text))
        return result

    def test_counts_a_text(self):
        self.check(b"the cat and the dog\nand the end\n")

    def test_counts_a_large_text_however_it_is_shared_out(self):
        text = random_text(500000, 1)
        for arguments in ((), ("-p", "split=4", "-p", "count=4"), ("-p", "split=1", "-p", "count=3"),
                          ("-o", "topology.max.spout.pending=1"), ("-o", "topology.max.spout.pending=null"),
                          ("-o", "topology.acker.executors=0")):
            with self.subTest(arguments):
                self.check(text if "topology.max.spout.pending=1" not in arguments else text[:10000], *arguments)

    def test_counts_at_the_edges(self):
        for name, text in {
            "empty": b"",
            "white space only": b" \n\t\n\v\f\r\n",
            "no final newline": b"one two\nthree",
            "CRLF": b"one two\r\none\r\n\r\n",
            "lone CR": b"one\rtwo\rone",
            "empty lines": b"\n\none\n\n\ntwo\n\n",
            "ties by bytes": b"b a B A \xc3\xa9 z ~ b a B A \xc3\xa9 z ~",
            "one word": b"word",
            "NUL": b"a\0b a\0b \0\n",
            "what JSON escapes": b"\"quoted\" back\\slash / \x01 \x7f \"quoted\"\n",
            "what looks like a frame's end": b"end\nend\n{\"id\":1}\nend\n",
            "UTF-8": "Übergröße 日本語 🌩 Übergröße \u00a0 \u2028 x\u0301".encode(),
            "a long line": b"word " * 100000,
        }.items():
            with self.subTest(name):
                self.check(text)

    def test_counts_very_long_words(self):
        self.check(b"x" * 5000000 + b" " + b"y" * 1000000 + b"\n" + b"x" * 5000000)

    def test_replaces_what_is_not_utf8_loses_no_line_and_says_so(self):
        text = b"caf\xe9 ok\n\xff\xfe\nfine\n\xe2\x82 \xf0\x9f\x98x \xed\xa0\x80\n"
        counted, result = self.count(text)
        self.assertEqual(counted.decode(), "\ufffd\t1\n".join([""] * 1) + "".join(
            f"{word}\t1\n" for word in sorted(
                ["caf\ufffd", "ok", "\ufffd\ufffd", "fine", "\ufffd", "\ufffdx", "\ufffd\ufffd\ufffd"],
                key=lambda w: w.encode())))
        self.assertRegex(result.stderr, r"in put, line 1 is not UTF-8 at byte 3")
        self.assertRegex(result.stderr, r"3 lines were not UTF-8")
        self.assertEqual(result.output("lines")["emitted"], 4)

    def test_reads_the_standard_input_and_writes_the_standard_output(self):
        result = run(self, WORDCOUNT, input=b"a b a\n")
        self.assertEqual((result.status, result.stdout), (0, b"a\t2\nb\t1\n"))
        path = write(os.path.join(temporary(self), "text"), b"c\nd c\n")
        with open(path) as file:
            result = Run(self, WORDCOUNT, "-o", "wordcount.input=-", stdin=file).wait()
        self.assertEqual((result.status, result.stdout), (0, b"c\t2\nd\t1\n"))

    def test_reads_the_standard_input_from_where_it_stands(self):
        path = write(os.path.join(temporary(self), "text"), b"a header\nword\n")
        descriptor = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, descriptor)
        os.lseek(descriptor, len(b"a header\n"), os.SEEK_SET)
        result = Run(self, WORDCOUNT, stdin=descriptor).wait()
        self.assertEqual((result.status, result.stdout), (0, b"word\t1\n"))

    def test_reads_several_files(self):
        folder = temporary(self)
        paths = [write(os.path.join(folder, str(n)), b"word %d" % n) for n in range(3)]
        for tasks in (1, 2, 4):
            result = run(self, WORDCOUNT, "-p", f"lines={tasks}",
                         "-o", "wordcount.input=[%s]" % ",".join(f'"{p}"' for p in paths))
            self.assertEqual((result.status, result.stdout), (0, b"word\t3\n0\t1\n1\t1\n2\t1\n"), result.stderr)

    def test_counts_as_it_goes_along_where_ticks_are_asked_for(self):
        folder = temporary(self)
        process = Run(self, WORDCOUNT, "-o", "topology.tick.tuple.freq.secs=1", stdin=-1)
        process.process.stdin.write(b"a b a\n")
        process.process.stdin.flush()
        time.sleep(1.5)
        process.wait(b"a c\n")
        self.assertEqual((process.status, process.stdout), (0, b"a\t3\nb\t1\nc\t1\n"))
        # a and b at the tick, a and c at the end.
        self.assertEqual(process.output("count")["emitted"], 4)

    def test_has_statistics_that_agree_with_the_truth(self):
        text = random_text(100000, 2) + b"\nthe end\n"
        lines = len(text.splitlines())
        words = len([word for word in re.split(WHITE_SPACE, text) if word])
        result = self.check(text)
        distinct = expected(text).count(b"\n")
        self.assertEqual(result.stats["topology"], "wordcount")
        self.assertEqual(result.stats["status"], "finished")
        self.assertEqual(result.output("lines")["emitted"], lines)
        self.assertEqual(result.output("lines")["transferred"], lines)
        self.assertEqual(result.output("lines")["acked"], lines)
        self.assertEqual(result.output("lines")["failed"], 0)
        self.assertEqual(result.input("split", "lines")["acked"], lines)
        self.assertEqual(result.output("split")["emitted"], words)
        self.assertEqual(result.input("count", "split")["executed"], words)
        self.assertEqual(result.input("count", "split")["acked"], words)
        self.assertEqual(result.output("count")["emitted"], distinct)
        self.assertEqual(result.input("table", "count")["acked"], distinct)
        self.assertEqual(result.stats["tuples"], lines + words + distinct)
        self.assertGreater(result.stats["tuples_per_second"], 0)
        self.assertGreater(result.output("lines")["latency_ms"], 0)
        self.assertRegex(result.stderr, rf"split +2 +<- lines +{lines} +{lines} +0 ")
        self.assertRegex(result.stderr, rf"wordcount finished in [0-9.]+ s: {lines + words + distinct} tuples")

    def test_refuses_two_tables(self):
        result = run(self, WORDCOUNT, "-p", "table=2", input=b"a\n")
        self.assertEqual(result.status, 1)
        self.assertIn("its parallelism must be 1", result.stderr)


if __name__ == "__main__":
    unittest.main()
