"""The log of a run: everything that components say, with their names, and nothing that plays
tricks on a terminal."""

import json
import unittest

from runner_support import LOG_LINE, RunnerTest, bolt, python, spout

LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]


def message(text, level=None):
    """A log message."""
    said = {"command": "log", "msg": text}
    return said if level is None else {**said, "level": level}


class LogTest(RunnerTest):
    def say(self, *arguments, messages=(), stderr="", stdout="", status=0):
        """Run a bolt that says something: its lines of the log."""
        path = self.topology(
            [spout("source", count=1)],
            [
                bolt(
                    "talker",
                    ["source"],
                    command=python("talker.py"),
                    says=json.dumps({"messages": messages, "stderr": stderr, "stdout": stdout}),
                )
            ],
        )
        self.result = self.run_topology(path, *arguments, status=status)
        for line in self.result.log.split("\n\n")[0].rstrip("\n").split("\n"):
            if line:
                self.assertRegex(line, LOG_LINE)
        return [line[13:] for line in self.result.log.split("\n") if "talker[2]: " in line]


class Levels(LogTest):
    MESSAGES = [message(f"level {level}", level) for level in range(5)]

    def test_usual(self):
        self.assertEqual(
            self.say(messages=self.MESSAGES),
            [f"{LEVELS[level]:<6} talker[2]: level {level}" for level in (2, 3, 4)],
        )

    def test_quiet(self):
        self.assertEqual(
            self.say("-q", messages=self.MESSAGES), ["ERROR  talker[2]: level 4"]
        )
        self.assertEqual(len(self.result.log.splitlines()), 1)

    def test_verbose(self):
        lines = [line for line in self.say("-v", messages=self.MESSAGES) if "level" in line]
        self.assertEqual(
            lines, [f"{LEVELS[level]:<6} talker[2]: level {level}" for level in range(5)]
        )

    def test_levels_that_storm_does_not_know_are_information(self):
        self.assertEqual(
            self.say(messages=[message("none"), message("high", 5), message("low", -1)]),
            [f"INFO   talker[2]: {text}" for text in ("none", "high", "low")],
        )

    def test_errors_and_metrics(self):
        lines = self.say(
            "-v",
            messages=[
                {"command": "error", "msg": "something broke"},
                {"command": "metrics", "name": "lag", "params": {"seconds": 1.5}},
            ],
        )
        self.assertIn("ERROR  talker[2]: something broke", lines)
        (metric,) = [line for line in lines if "metric" in line]
        for word in ("DEBUG", "lag", '{"seconds": 1.5}'):
            self.assertIn(word, metric)

    def test_an_error_of_another_language_at_the_end_fails_the_run(self):
        path = self.topology(
            [spout("source", count=1)],
            [
                bolt(
                    "sink",
                    ["source"],
                    command=[
                        "sh",
                        "-c",
                        '"$@"; printf \'{"command":"error","msg":"no room"}\\nend\\n\'',
                        "sh",
                        *python("bolt.py"),
                    ],
                )
            ],
        )
        result = self.run_topology(path, status=1)
        self.assertEqual(len(result.lines("ERROR", "sink[", "did not close", "no room")), 1)


class Texts(LogTest):
    def assert_says(self, said, logged):
        self.assertEqual(
            self.say(messages=[message(said)]), [f"INFO   talker[2]: {text}" for text in logged]
        )

    def test_each_line_is_named(self):
        self.assert_says("one\ntwo\n\nfour\n", ["one", "two", "", "four"])

    def test_nothing(self):
        self.assert_says("", [""])
        self.say(messages=[{"command": "log"}, {"command": "log", "msg": None}])
        self.say(messages=[{"command": "error"}, {"command": "metrics"}])

    def test_text_of_other_scripts_stays(self):
        self.assert_says('é語🌩 "quoted" \\ tab\tbed', ['é語🌩 "quoted" \\ tab\tbed'])

    def assert_taken_out(self, characters):
        lines = self.say(messages=[message(f"a{character}[31mb") for character in characters])
        self.assertEqual(len(lines), len(characters))
        for character, line in zip(characters, lines):
            self.assertNotIn(character, line, hex(ord(character)))
            self.assertRegex(line, r"a.{1,12}\[31mb$")

    def test_control_characters_are_taken_out(self):
        self.assert_taken_out(list(map(chr, [*range(0x09), *range(0x0B, 0x20), 0x7F])))

    def test_controls_beyond_ascii_are_taken_out(self):
        # U+009B is for many terminals what ESC [ is.
        self.assert_taken_out(list(map(chr, range(0x80, 0xA0))))

    def test_a_long_text(self):
        text = "x" * 1_000_000
        self.assert_says(text, [text])

    def test_controls_in_what_breaks_the_protocol(self):
        lines = self.say(stdout="\x1b[2Jgarbage\r\nend\n", status=1)
        self.assertNotIn("\x1b", self.result.log)
        self.assertNotIn("\r", self.result.log)
        self.assertTrue([line for line in lines if "[2Jgarbage" in line], self.result.log)


class StandardError(LogTest):
    def stderr(self, text, *arguments):
        return [line for line in self.say(*arguments, stderr=text) if line.startswith("STDERR")]

    def test_each_line_is_named(self):
        self.assertEqual(
            self.stderr("one\ntwo\n"), ["STDERR talker[2]: one", "STDERR talker[2]: two"]
        )

    def test_empty_lines(self):
        self.assertEqual(
            self.stderr("\n\none\n\n"),
            [f"STDERR talker[2]: {text}" for text in ("", "", "one", "")],
        )

    def test_a_last_line_without_an_end(self):
        self.assertEqual(self.stderr("cut"), ["STDERR talker[2]: cut"])

    def test_quiet(self):
        self.assertEqual(self.stderr("one\n", "-q"), [])

    def test_control_characters_are_taken_out(self):
        (line,) = self.stderr("a\x1b[31mb\x07\x00\x7f\n")
        self.assertEqual(line[:19], "STDERR talker[2]: a")
        self.assertFalse(set(line) & set("\x1b\x07\x00\x7f"), line)

    def test_much_does_not_block(self):
        text = "".join(f"line {i} {'x' * 100}\n" for i in range(20_000))
        lines = self.stderr(text)
        self.assertEqual(len(lines), 20_000)
        self.assertTrue(lines[-1].startswith("STDERR talker[2]: line 19999 x"))

    def test_a_very_long_line_is_cut_into_parts(self):
        lines = self.stderr("x" * 100_000 + "\nnext\n")
        parts = [line[len("STDERR talker[2]: ") :] for line in lines]
        self.assertEqual("".join(parts[:-1]), "x" * 100_000)
        self.assertEqual(parts[-1], "next")

    def test_what_is_said_before_a_death(self):
        path = self.topology(
            [spout("source", count=1)],
            [
                bolt(
                    "sink",
                    ["source"],
                    command=["sh", "-c", "echo first >&2; printf last >&2; exit 5"],
                )
            ],
        )
        result = self.run_topology(path, status=1)
        self.assertEqual(len(result.lines("STDERR", "sink[1]: first")), 1, result.log)
        self.assertEqual(len(result.lines("STDERR", "sink[1]: last")), 1, result.log)
        self.assertIn("it said last: last", result.log)


if __name__ == "__main__":
    unittest.main()
