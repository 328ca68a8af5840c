#!/usr/bin/env python3
"""Makes the man pages of the public headers, as scdoc source.

Usage: generate.py list HEADER...
       generate.py write VERSION DIRECTORY HEADER...

"list" prints the names of all files that "write" writes: NAME.3.scd is a page, and NAME.3 a link to
the page that describes NAME.

A header is a page: its file gives the name, its first comment the title and the introduction. A
comment such as /* Emitting */ that stands alone begins a page of its own, unless it has the
header's title or is followed by less than three declarations: then it is a part of the header's
page. The comment before a declaration describes it and those that follow without an empty line.
"""

import os
import re
import sys
import textwrap

from headers import lines_of, links_of, pages_of

# Headers that cstorm.h does not take: what they are included as, and the package to link with.
APART = {"storm_kafka": ("cstorm/kafka.h", "cstorm-kafka"), "storm_testing": ("cstorm/testing.h", "cstorm")}

WIDTH = 68  # of code, so that it fits on a terminal of 80 columns


class Writer:
    """Writes a page in scdoc's language."""

    def __init__(self, page, links):
        self.page, self.links = page, links
        self.paragraphs = []
        self.is_term = False  # the last paragraph is a term: what it means comes on the next line
        self.mentioned = set()  # pages

    def text(self, text):
        """A paragraph: what scdoc would take for markup is made harmless, known names are bold."""
        def piece(match):
            escaped = re.sub(r"([\\*_+])", r"\\\1", match[0].strip("`"))
            if match[0] not in self.links and not match[0].startswith("`"):
                return escaped
            self.mentioned.update(self.links[word] for word in re.findall(r"\w+", match[0]) if word in self.links)
            return f"*{escaped}*"
        text = re.sub(r"`[^`]+`|\w+|.", piece, " ".join(text.split()))
        return text if re.match(r"[\w*(\"\\]", text) else "\\" + text

    def add(self, depth, *lines):
        paragraph = "\n".join("\t" * depth + line if line else "" for line in lines)
        if self.is_term:
            self.paragraphs[-1] += "\n" + paragraph
        else:
            self.paragraphs.append(paragraph)
        self.is_term = False

    def term(self, depth, term):
        self.add(depth, term)
        self.is_term = True

    def literal(self, depth, code):
        lines = []
        for line in code.replace("\\", "\\\\").expandtabs(4).split("\n"):
            indent = re.match(" *", line)[0]
            # Break it only behind a comma: the other spaces hold together.
            whole = re.sub(r"(?<!,) ", "\0", line.strip())
            broken = textwrap.wrap(whole, WIDTH, initial_indent=indent, subsequent_indent=indent + " " * 8,
                                   break_long_words=False, break_on_hyphens=False)
            lines += [part.replace("\0", " ") for part in broken or [""]]
        self.mentioned.update(self.links[word] for word in re.findall(r"\w+", code) if word in self.links)
        self.add(depth, "```", *lines, "```")

    def held(self, depth, kind, lines):
        """What comment() has gathered: a paragraph, an item of a list, or code."""
        if kind == "code":
            self.literal(depth, textwrap.dedent("\n".join(lines)))
        elif kind == "item":
            self.term(depth, f"*{self.text(lines[0])}*")
            if any(lines[1:]):
                self.add(depth + 1, self.text(" ".join(lines[1:])))
            self.is_term = False
        elif lines:
            self.add(depth, self.text(" ".join(lines)))

    def comment(self, depth, lines):
        """A comment: paragraphs, lists of errors, code, @param and @return."""
        inner, kind, held, column = depth, None, [], 0
        for line in map(str.expandtabs, lines):
            indent = len(line) - len(line.lstrip())
            tag = re.match(r"@param\s+(\w+)\s+(.*)|@(return)\s+(.*)", line)
            item = re.match(r" {2,4}(-E[A-Z0-9]+|\S+(?=  ))\s*(.*)", line)
            begins = None
            if not line:
                begins = "nothing"
            elif tag:
                begins = "text"
            elif item and not (kind == "item" and indent > column):
                begins = "item"
            elif kind is None or (kind == "item" and not indent):
                begins = "code" if indent > 1 else "text"
            if begins:
                self.held(inner, kind, held)
                kind, held, column = begins, [], indent
            if not line:
                kind, inner = None, depth
            elif tag:
                self.term(depth, "*Return value*" if tag[3] else self.parameter(tag[1]))
                inner = depth + 1
                held.append(tag[4] if tag[3] else tag[2])
            elif begins == "item":
                held += item.groups()
            else:
                held.append(line if kind == "code" else line.strip())
        self.held(inner, kind, held)

    def parameter(self, name):
        return "_" + self.text(name).strip("*") + "_"

    def entries(self, entries):
        for comment, declarations in entries:
            self.add(0, "## " + ", ".join(d.title for d in declarations))
            self.literal(0, "\n".join(d.code for d in declarations))
            if comment:
                self.comment(0, lines_of(comment))
            for names, about in [member for d in declarations for member in d.members()]:
                self.term(0, ", ".join(map(self.parameter, names)))
                self.comment(1, lines_of(about))

    def write(self, version, siblings):
        page = self.page
        names = {d.name for d in page.declarations()} - {page.name}
        names = [page.name] + sorted(names, key=lambda name: (name.lower(), name))
        self.add(0, f'{page.name}(3) "cstorm {version}" "cstorm manual"')
        self.add(0, "# NAME")
        self.add(0, f"{', '.join(names)} - {self.text(page.title)}")
        self.add(0, "# SYNOPSIS")
        header, package = APART.get(page.header, ("cstorm.h", "cstorm"))
        self.add(0, f"*#include <{header}>*")
        self.add(0, f"Link with *pkg-config --libs {package}*, or *{package}-static*.")
        self.add(0, "# DESCRIPTION")
        if page.introduction:
            self.comment(0, page.introduction)
        else:
            self.add(0, f"A part of *{page.header}*(3), which says what holds for all its parts.")
        for title, entries in page.sections:
            if title and entries and page.introduction:
                self.add(0, "# " + title.upper())
            self.entries(entries)
        self.add(0, "# SEE ALSO")
        others = sorted((self.mentioned | siblings) - {page.name})
        self.add(0, ", ".join([f"*{name}*(3)" for name in others] + ["*cstorm*(7)"]))
        return "\n\n".join(self.paragraphs) + "\n"


def files_of(headers, version):
    """The text of all files, by name."""
    pages = [page for path in sorted(headers) for page in pages_of(path)]
    links = links_of(pages)
    files = {f"{name}.3": f".so man3/{page}.3\n" for name, page in links.items() if name != page}
    for page in pages:
        siblings = {other.name for other in pages if other.header == page.header}
        files[f"{page.name}.3.scd"] = Writer(page, links).write(version, siblings)
    return files


def main(command, *arguments):
    if command == "list":
        print("\n".join(sorted(files_of(arguments, ""))))
        return
    version, directory, *headers = arguments
    for name, text in files_of(headers, version).items():
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
