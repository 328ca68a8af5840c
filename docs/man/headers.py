"""Reads the public headers: what they declare, and the comments on it."""

import os
import re

SMALL_SECTION = 2  # declarations; a larger section is a page
COMMENT = re.compile(r"/\*.*?\*/", re.S)
ATTRIBUTES = re.compile(r"^(STORM_[A-Z_]+(\([^)]*\))?\s+)+")
# In which order declarations of the same name get the link.
KINDS = ("function", "macro", "data", "type")


class Declaration:
    """What is declared: its kind and name, a title, and the code as a synopsis has it."""

    def __init__(self, source):
        self.source = source
        code = ATTRIBUTES.sub("", COMMENT.sub("", source).strip())
        macro = re.match(r"#define\s+(\w+)(\([^)]*\))?\s*([^\\\n]*)", code)
        named = re.match(r"(struct|enum|union)\s+(\w+)\s*\{", code)
        if macro:
            self.kind, self.name = "macro", macro[1]
            self.title = macro[1] + ("()" if macro[2] else "")
            self.code = f"#define {macro[1]}" + (macro[2] or f" {macro[3]}".rstrip())
        elif named:
            self.kind, self.name = "type", named[2]
            self.title = f"{named[1]} {named[2]}"
            self.code = re.sub(r"[ \t]*\n\s*\n|[ \t]+\n", "\n", code)
        elif code.startswith("typedef"):
            self.kind, self.code = "type", re.sub(r"\s+", " ", code)
            self.name = self.title = last_name(code)
        elif "(" in code:
            self.kind, self.name = "function", re.search(r"(\w+)\s*\(", code)[1]
            self.title = self.name + "()"
            code = re.sub(r"^static\s+inline\s+", "", code.split("{")[0].rstrip(" \n;"))
            self.code = re.sub(r"\(\s+", "(", re.sub(r"\s+", " ", code)) + ";"
        else:
            self.kind, self.code = "data", re.sub(r"\s+", " ", code)
            self.name = self.title = last_name(code)

    def members(self):
        """The members that have a comment, in order: (names, comment)."""
        if "{" not in self.code:
            return []
        end = ",}" if self.title.startswith("enum") else ";{}"
        token = re.compile(rf"(\s*)(?:(/\*.*?\*/)|([^\s/{end}][^/{end}]*[{end}]?|[{end}]))", re.S)
        result, names, last = [], [], None
        for space, comment, code in token.findall(self.source, self.source.find("{") + 1):
            if space.count("\n") > 1:
                names = []
            if comment and last and "\n" not in space:
                if last in names:
                    names.remove(last)
                result.append(([last], comment))
            elif comment:
                names = []
                result.append((names, comment))
            elif last_name(code):
                last = last_name(code)
                names.append(last)
        return [entry for entry in result if entry[0]]


class Page:
    """What goes into one man page; without an introduction it is a part of its header's page."""

    def __init__(self, name, title, header, introduction=None):
        self.name, self.title, self.header, self.introduction = name, title, header, introduction
        self.sections = []  # (title, entries); an entry is (comment or None, declarations)

    def declarations(self):
        return [declaration for _, entries in self.sections for declaration in declarations_of(entries)]


def last_name(code):
    """The name that a member, a typedef or a variable declares."""
    match = re.search(r"\(\*(\w+)\)|(\w+)\s*(?:\[[^]]*\]\s*|:\s*\w+\s*)*(?:=[^;]*)?[;,}]?\s*$", code)
    return match and (match[1] or match[2])


def declarations_of(entries):
    return [declaration for _, declarations in entries for declaration in declarations]


def lines_of(comment):
    """The lines of a comment, without what makes it one."""
    lines = re.sub(r"^/\*+|\*/$", "", comment).split("\n")
    return [lines[0].strip()] + [re.sub(r"^\s*\*? ?", "", line).rstrip() for line in lines[1:]]


def lower(text):
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def end_of_declaration(text, start):
    """Behind the semicolon that ends it, or the brace that ends a function."""
    depth = 0
    for match in re.compile(r"/\*.*?\*/|[{};]", re.S).finditer(text, start):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0 and (match[0] == ";" or match[0] == "}" and text.startswith("static", start)):
            return match.end()
    raise ValueError("a declaration has no end: " + text[start:start + 60])


def read_header(path):
    """The first comment of a header, and its sections."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    first = COMMENT.match(text)
    if not first:
        raise ValueError(f"{path}: it does not begin with a comment")
    entries, comment, adjoins, at = [], None, False, first.end()
    sections = [(None, entries)]
    token = re.compile(r"\s*(/\*.*?\*/|#(?:\\\n|[^\n])*|[^\s#])", re.S)
    while match := token.match(text, at):
        start, at = match.start(1), match.end()
        space = text[match.start():start]
        adjoins = adjoins and space.count("\n") < 2
        if match[1].startswith("/*"):
            if "\n" not in space:
                continue  # on the line of what it is about
            comment, adjoins = match[1], False
            if "\n" not in comment and text.startswith("\n\n", at):
                entries = []
                sections.append((lines_of(comment)[0], entries))
                comment = None
            continue
        if not match[1].startswith("#"):
            at = end_of_declaration(text, start)
        source = text[start:at]
        if re.match(r"#(?!define)|#define \w+_H\b|(struct|enum|union) \w+;", source):
            comment = None
        elif comment is None and entries and (adjoins or entries[-1][0] is None):
            entries[-1][1].append(Declaration(source))
        else:
            entries.append((comment, [Declaration(source)]))
        comment, adjoins = None, True
    return lines_of(first[0]), sections


def pages_of(path):
    """The pages of a header."""
    lines, sections = read_header(path)
    header = "storm_" + os.path.splitext(os.path.basename(path))[0]
    title, rest = re.match(r"(.*?)\.?(?:\n|(?<=\.) |$)(.*)", "\n".join(lines).strip(), re.S).groups()
    subject = title.split(":")[0]
    pages = [Page(header, lower(title), header, rest.strip("\n").split("\n") if rest.strip() else [title + "."])]
    for section_title, entries in sections:
        page = pages[0]
        if section_title not in (None, subject) and len(declarations_of(entries)) > SMALL_SECTION:
            name = "storm_" + re.sub(r"\W+", "_", section_title.lower())
            page = Page(name, f"{lower(subject)}: {lower(section_title)}", header)
            pages.append(page)
        page.sections.append((section_title, entries))
    return pages


def links_of(pages):
    """Which page describes a name; a page describes itself."""
    names = [page.name for page in pages]
    links = {}
    for kind in KINDS:
        for page in pages:
            for declaration in page.declarations():
                if declaration.kind == kind:
                    links.setdefault(declaration.name, page.name)
    wrong = {name for name in names if names.count(name) > 1 or links.get(name, name) != name}
    if wrong:
        raise ValueError("more than one page would have the name " + ", ".join(sorted(wrong)))
    return links | {name: name for name in names}
