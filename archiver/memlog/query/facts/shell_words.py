"""Words of a shell command, its simple commands one by one; quoted texts and substitutions stay whole."""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 20_000  # characters of a command that are read as shell
_NOT_A_PATH = re.compile(
    r"^$|^\d+[,$\d]*p?$|^[-+]?\d+$|^-$|^/dev/(?:null|std(?:out|err|in)|tty|fd/\d+)$|^&\d$|^\{\}[;+]?$|^[<>]?\(|^\$\(|^`"
    r"|^\$[\w@*#?]+$|^\$\{\w+\}$|^[\w+.-]+://|^\.{3,}$|…$|^:memory:$|^(?:nul|NUL|Out-Null|[\[\]{}@=!^%]|\]\])$"
)
_TOKEN = re.compile(
    r"""(?P<cont>\\\n)|(?P<comment>(?:(?<=\s)|^)\#[^\n]*)|(?P<space>[ \t]+)"""
    r"""|(?P<redirect>(?:\d*|&)(?:>>?\|?|<)(?!\()(?:&\d+-?)?)"""
    r"""|(?P<split>&&|\|\|?&?|;;?|&|\n|[()])""",
)
_OTHER = frozenset("\\# \t0123456789&<>|;\n()")  # what begins no plain word
_BARE = re.compile(
    r"([^ \t\n;|&<>()'\"$\\`#\d][^ \t\n;|&<>()'\"$\\`]*)(?:[ \t]+|(?=[\n;|&<>()])|\Z)"
)  # a word, no more
_PLAIN = re.compile(r"[^ \t\n;|&<>()'\"$\\`]+")
_IN_QUOTES = re.compile(r'["\\]|\$\(')
_BRACKET = re.compile(r"""[()'"\\]|<<(?![<\d])""")
# A terminal wrapped the line: what follows is no program but one file more.
_WRAPPED = re.compile(
    r" {5,}(?![./])[\w.@/-]+/[\w.@-]+\.(?!(?:sh|bash|exe|cmd|bat|ps1)\b)[A-Za-z]\w{0,5}(?=\s|\Z)"
)
_DEEPEST = 8  # brackets within quotes within brackets that are followed
_HEREDOC = re.compile(r"<<-?\s*(['\"\\]?)([\w.-]+)['\"]?")
# What stands before a program, with its options that take a word, and how many words it takes itself.
_PREFIX = {
    "sudo": ("ughpCDRT", 0), "doas": ("u", 0), "time": ("of", 0), "nice": ("n", 0), "env": ("uCS", 0), "nohup": ("", 0),
    "timeout": ("ks", 1), "gtimeout": ("ks", 1), "stdbuf": ("ioe", 0), "ionice": ("cnp", 0), "exec": ("a", 0),
    "setsid": ("", 0), "caffeinate": ("tw", 0), "unbuffer": ("", 0), "winpty": ("", 0), "watch": ("n", 0),
    "command": None, "builtin": None, "then": None, "do": None, "else": None, "elif": None, "if": None, "while": None,
    "until": None, "!": None, "(": None, "{": None, "busybox": None, "rtk": None, "noglob": None,
}  # fmt: skip
_FOLDER = re.compile(r"[\w.-]")
_ENV = re.compile(r"[A-Za-z_]\w*(?:\[\w+\])?\+?=")


class Word(NamedTuple):
    """A word of a command without its quotes, and the characters it stands at."""

    text: str
    start: int
    end: int
    quoted: bool
    inner: tuple[tuple[int, int], ...] = ()  # what is run to make it: `$(...)`, `<(...)`


class Use(NamedTuple):
    """A file a command names: what is done with it, and where."""

    path: str
    act: str
    start: int
    end: int


def simple(command: str) -> Iterator[tuple[list[Word], list[Use]]]:
    """Simple commands of a line or script: words, and what is redirected; here-documents are left out."""
    words: list[Word] = []
    redirects: list[Use] = []
    at, size = 0, len(command)
    waiting: list[str] = []  # ends of here-documents that begin on the next line
    redirect = ""
    while at < size:
        bare = None if redirect else _BARE.match(command, at)
        if bare:
            words.append(Word(bare[1], at, bare.end(1), False))
            at = bare.end()
            continue
        if command.startswith("<<<", at):
            at += 3
            _, at = _word(command, _skip(command, at))
            continue
        if command[at] in "<>" and command.startswith("(", at + 1) and not redirect:
            start, at = at, _closing(command, at + 1)
            words.append(Word(command[start:at], start, at, True, ((start + 2, at - 1),)))
            continue
        heredoc = _HEREDOC.match(command, at) if command[at] == "<" else None
        if heredoc:
            waiting.append(heredoc.group(2))
            at = heredoc.end()
            continue
        token = _TOKEN.match(command, at) if command[at] in _OTHER else None
        if token is None:
            word, at = _word(command, at)
            if redirect:
                if is_path(word):
                    redirects.append(
                        Use(word.text, "read" if redirect == "<" else "write", word.start, word.end)
                    )
                redirect = ""
            else:
                words.append(word)
            continue
        at = token.end()
        if token.lastgroup == "redirect":
            redirect = "" if "&" in token.group().lstrip("&") else token.group().lstrip("0123456789&")
        elif token.lastgroup == "split":
            if words and token.group() == "\n" and not waiting and _WRAPPED.match(command, at):
                continue
            yield words, redirects
            words, redirects, redirect = [], [], ""
            if token.group() == "\n":
                for end in waiting:
                    at = _after(command, at, end)
                waiting = []
    yield words, redirects


def words(command: str) -> list[Word]:
    """Words of the first simple command."""
    return next((found for found, _ in simple(command[:LONGEST])), [])


def bare(words: list[Word]) -> list[Word]:
    """The words from the program on, without what stands before it: `sudo`, `X=1`, `then`."""
    while words:
        first = words[0].text
        if first in _PREFIX:
            words = _without_options(words[1:], _PREFIX[first])
        elif _ENV.match(first):
            words = words[1:]
        elif first[:1] == "$" and len(words) > 1 and words[1].text == "=":  # PowerShell's
            words = words[2:]
        else:
            break
    return words


def _without_options(words: list[Word], takes: tuple[str, int] | None) -> list[Word]:
    """What follows a prefix, its options and own words left out."""
    if takes is None:
        return words
    letters, own = takes
    while words and words[0].text[:1] == "-" and len(words[0].text) > 1:
        text = words[0].text
        words = words[2 if text[1] != "-" and text[-1] in letters else 1 :]
        if text == "--":
            break
    return words[own:]


def is_path(word: Word) -> bool:
    text = word.text
    if _NOT_A_PATH.match(text) or "\n" in text or len(text) > 1_000:
        return False
    return not any(c in text for c in "<>|;`") and "$(" not in text


def _skip(command: str, at: int) -> int:
    while at < len(command) and command[at] in " \t":
        at += 1
    return at


def _after(command: str, at: int, end: str) -> int:
    """Where the line after a here-document begins."""
    found = re.compile(rf"^[ \t]*{re.escape(end)}[ \t]*$", re.M).search(command, at)
    return found.end() + 1 if found else len(command)


def _word(command: str, at: int) -> tuple[Word, int]:
    """The word at a place, without quotes; substitutions are taken whole."""
    start, said, quoted, size = at, [], False, len(command)
    inner: list[tuple[int, int]] = []
    while at < size:
        c = command[at]
        if c in " \t\n;|&<>()":
            break
        if c == "'":
            stop = command.find("'", at + 1)
            stop = size if stop < 0 else stop
            said.append(command[at + 1 : stop])
            at, quoted = stop + 1, True
        elif c == '"':
            stop = _quote_ends(command, at + 1, inner)
            said.append(command[at + 1 : stop])
            at, quoted = stop + 1, True
        elif c == "$" and command.startswith("$(", at):
            stop = _closing(command, at + 1)
            said.append(command[at:stop])
            inner.append((at + 2, stop - 1))
            at = stop
        elif c == "`" and (stop := command.find("`", at + 1)) > 0:
            said.append(command[at : stop + 1])
            inner.append((at + 1, stop))
            at = stop + 1
        elif c == "\\" and at + 1 < size:
            # before a letter it escapes nothing: a path of Windows
            folder = _FOLDER.match(command, at + 1) or (command[at + 1] == "*" and at > start)
            said.append(command[at + (0 if folder else 1) : at + 2])
            at += 2
        else:
            plain = _PLAIN.match(command, at)
            said.append(plain.group() if plain else c)
            at += len(said[-1])
    if at == start:  # a character no rule takes
        return Word(command[at], at, at + 1, False), at + 1
    bare = 1 if quoted and len(said) == 1 and command[start] in "'\"" else 0
    return Word("".join(said), start + bare, min(at, size) - bare, quoted, tuple(inner)), min(at, size)


def _quote_ends(command: str, at: int, inner: list[tuple[int, int]] | None = None, depth: int = 0) -> int:
    """Where the double quote is that closes a text, or the command's end or one behind it."""
    while at < len(command):
        found = _IN_QUOTES.search(command, at)
        if found is None:
            return len(command)
        if found.group() == '"':
            return found.start()
        if found.group() == "\\":
            at = found.start() + 2
            continue
        at = _closing(command, found.start() + 1, depth + 1)
        if inner is not None:
            inner.append((found.end(), at - 1))
    return at


def _closing(command: str, at: int, depth: int = 0) -> int:
    """Behind the bracket that closes the one at a place; what quotes and here-documents hold closes none."""
    opened, size = 0, len(command)
    while found := _BRACKET.search(command, at):
        c, at = found.group(), found.end()
        if c == "(":
            opened += 1
        elif c == ")":
            opened -= 1
            if not opened:
                return at
        elif c == "'":
            stop = command.find("'", at)
            at = size if stop < 0 else stop + 1
        elif c == '"':
            at = _quote_ends(command, at, None, depth) + 1 if depth < _DEEPEST else at
        elif c == "\\":
            at += 1
        elif heredoc := _HEREDOC.match(command, at - 2):
            begins = command.find("\n", at)
            at = size if begins < 0 else _after(command, begins + 1, heredoc.group(2))
    return size
