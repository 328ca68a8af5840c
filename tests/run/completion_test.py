"""The completion of bash and zsh: it offers what the command has, in shells that really run."""

import os
import pty
import re
import select
import subprocess
import time
import unittest

from harness import CSTORM
from spec_support import WORDS, Case

BUILT = os.path.join(os.environ["BUILD"], "completion")


class Completion(Case):
    def setUp(self):
        super().setUp()
        self.write(WORDS)
        os.makedirs(self.path("bin"))
        os.symlink(CSTORM, self.path("bin/cstorm"))
        self.environment = {**os.environ, "PATH": self.path("bin") + ":" + os.environ["PATH"],
                            "XDG_RUNTIME_DIR": self.folder, "HOME": self.folder, "ZDOTDIR": self.folder, "TERM": "dumb"}


class Bash(Completion):
    def offers(self, *words):
        script = f"""source '{BUILT}/cstorm'
        COMP_WORDS=(cstorm "$@"); COMP_CWORD=$#; _cstorm; printf '%s\\n' "${{COMPREPLY[@]}}" """
        found = subprocess.run(["bash", "--norc", "-c", script, "bash", *words], capture_output=True, text=True,
                               cwd=self.folder, env=self.environment, check=False)
        self.assertEqual(found.stderr.replace("bash: line 1: compopt: not currently executing completion function\n", ""), "")
        return sorted(found.stdout.split())

    def test_commands_and_options(self):
        helped = self.cstorm("--help").stdout.split("Commands:\n")[1].split("\n\n")[0]
        commands = [line.split()[0] for line in helped.splitlines()]
        self.assertEqual(self.offers(""), sorted(commands + ["--help", "--version"]))
        self.assertEqual(self.offers("ch"), ["check"])
        for command in commands:
            options = set(re.findall(r"^  (-\w)\b", self.cstorm(command, "--help").stdout, re.M))
            options |= set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", self.cstorm(command, "--help").stdout, re.M))
            self.assertEqual(self.offers(command, "-"), sorted(options), command)
        self.assertEqual(self.offers("check", "--js"), ["--json"])
        self.assertEqual(self.offers("nonsense", ""), [])

    def test_files_and_values(self):
        self.assertEqual(self.offers("run", "wo"), ["wordcount", "words.yaml"])
        self.assertEqual(self.offers("run", "--filter", "words"), ["words.yaml"])
        self.assertEqual(self.offers("run", "-o", "wo"), [])
        self.assertEqual(self.offers("new", "wo"), [])
        self.assertEqual(self.offers("run", "words.yaml", "-p", ""), ["count=", "lines=", "splitter=", "table="])
        self.assertEqual(self.offers("run", "words.yaml", "-p", "sp"), ["splitter="])
        self.assertEqual(self.offers("run", "wordcount", "-p", ""), [])
        self.assertEqual(self.offers("top", ""), [])


class Zsh(Completion):
    def complete(self, line):
        """What a zsh on a terminal makes of a line when TAB is pressed, and the prompt comes again."""
        self.unread = ""
        try:
            pid, terminal = pty.fork()
        except OSError as error:
            self.skipTest(f"there are no terminals here: {error}")
        if pid == 0:
            os.chdir(self.folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], self.environment)
        try:
            self.send(terminal, f"PROMPT='READY> '; fpath=('{BUILT}' $fpath); unsetopt beep; autoload -Uz compinit;"
                                " compinit -u -D; echo LOADED\n")
            self.read_until(terminal, "LOADED\r\n")
            self.read_until(terminal, "READY> ")
            self.send(terminal, line + "\t")
            time.sleep(0.2)  # zsh reads on: what is typed next must not be a part of the completion
            self.send(terminal, "\x01print -r -- '<\x05>'\n")
            return re.findall(r"\n<(.*?)>\r", self.read_until(terminal, ">\r\n"))[-1]
        finally:
            os.close(terminal)
            os.waitpid(pid, 0)

    @staticmethod
    def send(terminal, text):
        os.write(terminal, text.encode())

    def read_until(self, terminal, end):
        """What is said up to that; what is read beyond it is for the next time."""
        deadline = time.monotonic() + 60
        while end not in self.unread:
            self.assertLess(time.monotonic(), deadline, self.unread)
            if select.select([terminal], [], [], 1)[0]:
                self.unread += os.read(terminal, 4096).decode(errors="replace")
        text, end, self.unread = self.unread.partition(end)
        return text + end

    def test_it_completes(self):
        for line, completed in (("cstorm desc", "cstorm describe"), ("cstorm check --js", "cstorm check --json"),
                                ("cstorm check words", "cstorm check words.yaml"),
                                ("cstorm run words.yaml -p spl", "cstorm run words.yaml -p splitter="),
                                ("cstorm run --env-f", "cstorm run --env-filter"),
                                ("cstorm new words", "cstorm new words")):
            self.assertEqual(self.complete(line).rstrip(), completed)


if __name__ == "__main__":
    unittest.main()
