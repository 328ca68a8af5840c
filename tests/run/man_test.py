"""The man pages: they tell of all that is public, and are well-formed."""

import glob
import os
import re
import subprocess
import unittest

from harness import PATIENCE, read, temporary

SOURCE = os.environ["SOURCE"]
PAGES = os.path.join(os.environ["BUILD"], "docs", "man")
CSTORM = os.environ["CSTORM"]
CC = os.environ["CC_COMMAND"].split()

# scdoc begins a paragraph behind every heading, which does no harm.
HARMLESS = re.compile(r"skipping paragraph macro: PP (after S[HS]|empty)$")


def run(*command):
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=PATIENCE)


def show(path):
    """A page as its reader sees it, without bold and underlined."""
    return re.sub(r".\x08", "", run("mandoc", "-T", "utf8", "-O", "width=200", path).stdout)


def section(text, title):
    return re.search(rf"^{title}\n(.*?)(?=^\S)", text, re.M | re.S)[1]


class ManTest(unittest.TestCase):
    def page(self, name):
        path = os.path.join(PAGES, name)
        self.assertTrue(os.path.exists(path), f"{name} is not built: was scdoc there when the build was set up?")
        return path


class OfHeaders(ManTest):
    @classmethod
    def setUpClass(cls):
        headers = [read(path).decode() for path in glob.glob(f"{SOURCE}/include/cstorm/*.h")]
        cls.headers = [text for text in headers if "/**" in text]
        cls.code = [re.sub(r"/\*.*?\*/", "", text, flags=re.S) for text in cls.headers]

    def find(self, pattern):
        names = {name for text in self.code for name in re.findall(pattern, text, re.M)}
        self.assertTrue(names, pattern)
        return names

    def text_about(self, name):
        """The page, directly or by a link."""
        path = self.page(name + ".3")
        link = re.fullmatch(rb"\.so man3/(\w+\.3)\n", read(path))
        return show(self.page(link[1].decode()) if link else path)

    def check(self, names, pattern):
        for name in sorted(names):
            with self.subTest(name=name):
                self.assertTrue(re.search(pattern.replace("NAME", name), self.text_about(name), re.M))

    def test_functions(self):
        names = self.find(r"^(?:STORM_API|static inline) [^;{]*?(storm_\w+)\(")
        self.assertGreater(len(names), 40)
        self.check(names, r"^ +\w[^\n]*\bNAME\((?=[^)])")

    def test_macros(self):
        self.check(self.find(r"^#define (\w+)(?<!_H)\b"), r"^ +#define NAME\b")

    def test_data(self):
        self.check(self.find(r"^STORM_API extern [^;(]*?(\w+);"), r"^ +extern [^\n]* \*?NAME;")

    def test_structs_and_enums(self):
        # A function may have the name of a struct: then the link leads to the function.
        functions = self.find(r"(storm_\w+)\(")
        types = self.find(r"^(?:struct|enum|union) (\w+)\n?\s*\{")
        self.check(types - functions, r"^ +(struct|enum|union) NAME \{")
        everything = self.everything()
        for name in types:
            self.assertTrue(re.search(rf"^ +(struct|enum|union) {name} \{{", everything, re.M), name)

    def everything(self):
        paths = [path for path in glob.glob(f"{PAGES}/*.3") if not read(path).startswith(b".so")]
        return "\n".join(map(show, paths))

    def test_members_and_constants(self):
        everything = self.everything()
        for text in self.code:
            for body in re.findall(r"^(?:struct|enum) \w+ \{\n(.*?)^\};", text, re.M | re.S):
                for line in filter(str.strip, body.split("\n")):
                    start = line.strip().split(",")[0].rstrip("};")
                    self.assertTrue(start in everything, start)

    def test_what_is_said_of_them(self):
        """No sentence is lost, and none is changed by what scdoc takes for markup."""
        everything = " ".join(self.everything().split())
        for text in self.headers:
            for comment in re.findall(r"/\*\*(.*?)\*/", text, re.S):
                for line in re.sub(r"^[ \t]*\* ?|`", "", comment, flags=re.M).split("\n"):
                    words = re.sub(r"^ *(@param \w+|@return|-E[A-Z]+(?= ))", "", line)
                    self.assertTrue(" ".join(words.split()) in everything, line)

    def test_no_attributes(self):
        self.assertNotRegex(self.everything(), r"STORM_(API|MUST_CHECK|PRINTF)\b")


class OfTheCommand(ManTest):
    def test_the_options_are_those_of_the_help(self):
        for command in ("activate", "check", "deactivate", "describe", "errors", "flux", "graph", "info", "jar", "kill", "list", "log-level", "map", "new",
                        "rebalance", "replay", "run", "stats", "submit", "top"):
            told = re.findall(r"^  (-.*?)  ", run(CSTORM, command, "--help").stdout, re.M)
            self.assertGreater(len(told), 1)
            options = section(show(self.page(f"cstorm-{command}.1")), "OPTIONS")
            self.assertEqual(re.findall(r"^ +(-\S.*)$", options, re.M), told)

    def test_the_commands_are_those_of_the_help(self):
        told = re.findall(r"^  ([a-z-]+) ", run(CSTORM, "--help").stdout, re.M)
        commands = section(show(self.page("cstorm.1")), "COMMANDS")
        self.assertEqual(re.findall(r"^ {1,8}([a-z-]+)$", commands, re.M), told)
        for command in told:
            self.page(f"cstorm-{command}.1")

    def test_every_exit_status_is_told(self):
        header = read(os.path.join(SOURCE, "tool", "command.h")).decode()
        statuses = re.findall(r"EXIT_STATUS_\w+ = (\d+)", header)
        self.assertGreater(len(statuses), 2)
        for page in ("cstorm.1", "cstorm-run.1"):
            told = section(show(self.page(page)), "EXIT STATUS")
            self.assertEqual(re.findall(r"^ +(\d+)$", told, re.M), statuses)


class AllPages(ManTest):
    def test_each_is_well_formed(self):
        paths = glob.glob(f"{PAGES}/*.[1-9]")
        self.assertGreater(len(paths), 50)
        for path in paths:
            if not read(path).startswith(b".so"):
                found = run("mandoc", "-T", "lint", "-W", "warning", path).stdout.splitlines()
                self.assertEqual([line for line in found if not HARMLESS.search(line)], [])

    def test_the_code_in_the_introduction_compiles(self):
        introduction = read(os.path.join(SOURCE, "docs", "man", "cstorm.7.scd")).decode()
        program = os.path.join(temporary(self), "program.c")
        with open(program, "w", encoding="utf-8") as file:
            for block in re.findall(r"```\n(.*?)```", introduction, re.S):
                if "{" in block:
                    file.write(block)
        result = run(*CC, "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                     "-I", os.path.join(SOURCE, "include"), program)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.returncode, 0)

    def test_the_pages_that_they_refer_to_exist(self):
        for path in glob.glob(f"{PAGES}/*.[1-9]"):
            for name, number in re.findall(r"\b(cstorm[\w-]*|storm_\w+(?=\(3))\((\d)\)", show(path)):
                self.page(f"{name}.{number}")


if __name__ == "__main__":
    unittest.main()
