"""Words of a shell command, its simple commands one by one; quoted texts and substitutions stay whole."""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 20_000  # characters of a command that are read as shell
_NOT_A_PATH = re.compile(
    r"^$|^\d+[,$\d]*p?$|^[-+]?\d+$|^-$|^/dev/(?:null|stdout|stderr|tty)$|^&\d$|^\{\}$|^\$\(|^`|^\$\w+$|^\$\{\w+\}$"
)
_TOKEN = re.compile(
    r"""(?P<cont>\\\n)|(?P<comment>(?:(?<=\s)|^)\#[^\n]*)|(?P<space>[ \t]+)"""
    r"""|(?P<redirect>(?:\d*|&)(?:>>?\|?|<)(?!\()(?:&\d+-?)?)"""
    r"""|(?P<split>&&|\|\|?&?|;;?|&|\n|[()])""",
)
_OTHER = frozenset("\\# \t0123456789&<>|;\n()")  # what begins no plain word
_BARE = re.compile(
    r"([^ \t\n;|&<>()'\"$\\#\d][^ \t\n;|&<>()'\"$\\]*)(?:[ \t]+|(?=[\n;|&<>()])|\Z)"
)  # a word, no more
_PLAIN = re.compile(r"[^ \t\n;|&<>()'\"$\\]+")
_IN_QUOTES = re.compile(r'["\\]|\$\(')
_BRACKET = re.compile(r"[()]")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([\w.-]+)\1")
_PREFIX = frozenset(
    ("sudo", "time", "command", "nohup", "nice", "env", "then", "do", "else", "if", "while", "!", "(")
)
_ENV = re.compile(r"[A-Za-z_]\w*=")


class Word(NamedTuple):
    """A word of a command without its quotes, and the characters it stands at."""

    text: str
    start: int
    end: int
    quoted: bool


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
    while words and (words[0].text in _PREFIX or (_ENV.match(words[0].text) and not words[0].quoted)):
        words = words[1:]
    return words


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
    found = re.compile(rf"^\t*{re.escape(end)}[ \t]*$", re.M).search(command, at)
    return found.end() + 1 if found else len(command)


def _word(command: str, at: int) -> tuple[Word, int]:
    """The word at a place, without quotes; substitutions are taken whole."""
    start, said, quoted, size = at, [], False, len(command)
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
            stop = _quote_ends(command, at + 1)
            said.append(command[at + 1 : stop])
            at, quoted = stop + 1, True
        elif c == "$" and command.startswith("$(", at):
            stop = _closing(command, at + 1)
            said.append(command[at:stop])
            at = stop
        elif c == "\\" and at + 1 < size:
            said.append(command[at + 1])
            at += 2
        else:
            plain = _PLAIN.match(command, at)
            said.append(plain.group() if plain else c)
            at += len(said[-1])
    if at == start:  # a character no rule takes
        return Word(command[at], at, at + 1, False), at + 1
    inner = 1 if quoted and len(said) == 1 and command[start] in "'\"" else 0
    return Word("".join(said), start + inner, min(at, size) - inner, quoted), min(at, size)


def _quote_ends(command: str, at: int) -> int:
    """Where the double quote is that closes a text, or the command's end or one behind it."""
    while at < len(command):
        found = _IN_QUOTES.search(command, at)
        if found is None:
            return len(command)
        if found.group() == '"':
            return found.start()
        at = _closing(command, found.start() + 1) if found.group() == "$(" else found.start() + 2
    return at


def _closing(command: str, at: int) -> int:
    """Where the bracket that opens at a place is closed, brackets within it counted."""
    depth = 0
    for bracket in _BRACKET.finditer(command, at):
        depth += 1 if bracket.group() == "(" else -1
        if not depth:
            return bracket.end()
    return len(command)
