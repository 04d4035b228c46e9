"""Files a shell command reads or writes, as far as its words say so."""

import re
from collections.abc import Iterator

from memlog.query.facts import git_files, powershell
from memlog.query.facts.endings_of_files import has_ending
from memlog.query.facts.launchers import launched
from memlog.query.facts.shell_programs import HEADS, PROGRAMS, Option, Program
from memlog.query.facts.shell_words import LONGEST, Use, Word, bare, is_path, simple

_DEEPEST = 4  # substitutions within each other that are followed
_ELSEWHERE = re.compile(r"(?![A-Za-z]:[\\/])[\w.@$\{\}/-]+:|s3://|gs://")
_ROOTED = re.compile(r"(?:~|\.{1,2})?/|[^{}$]*/\*")
_SWITCH = re.compile(r"/[A-Za-z?](?::.*)?|/[A-Z]{2,4}")
_MODE = re.compile(r"[-+=ugoa]?[rwxXst]+(?:,.*)?")
_BESIDE = re.compile(r"@(?=[^\s@])")
_GIVEN = re.compile(r"[A-Za-z_]\w*=")
_TESTS = frozenset(("-newer", "-samefile", "-anewer", "-cnewer"))


def files(command: str) -> Iterator[Use]:
    """Files the programs of a command read, write, search or list; quoted scripts are not looked into."""
    yield from _within(command[:LONGEST], 0, 0)


def _within(command: str, at: int, depth: int) -> Iterator[Use]:
    """at: where the command stands in the one that was asked for."""
    for words, redirects in simple(command):
        found = [*redirects, *_of_program(launched(bare(words)))] if words else redirects
        for word in words:
            for start, end in word.inner if depth < _DEEPEST else ():
                found += _within(command[start:end], start, depth + 1)
        for use in found:
            yield Use(use.path, use.act, use.start + at, use.end + at) if at else use


def _of_program(words: list[Word]) -> Iterator[Use]:
    if not words:
        return
    name = words[0].text.rsplit("/", 1)[-1].lstrip("\\")
    if name == "git":
        yield from git_files.files(words[1:])
    elif name == "for":
        yield from _looped(words)
    elif name in ("find", "gfind"):
        yield from _found(words[1:])
    elif name == "dd":
        yield from _copied(words[1:])
    elif name in PROGRAMS or name in HEADS:
        program, rest = _known(name, words[1:])
        if program is not None:
            yield from operands(program, rest)
    elif name.lower().removesuffix(".exe") in powershell.CMDLETS:
        yield from powershell.files(words)
    elif (program := PROGRAMS.get(name.lower().removesuffix(".exe"))) and "win" in program.says:
        yield from operands(program, words[1:])


def _known(name: str, words: list[Word]) -> tuple[Program | None, list[Word]]:
    """What is known of a program and what it is told to do, and the words behind that."""
    found, rest = PROGRAMS.get(name), words
    while name in HEADS:
        n = next((n for n, word in enumerate(words) if not word.text.startswith("-")), None)
        if n is None:
            break
        name, words = f"{name}+{words[n].text}", words[n + 1 :]
        if name in PROGRAMS:
            found, rest = PROGRAMS[name], words
    return found, rest


def _looped(words: list[Word]) -> Iterator[Use]:
    """`for f in a.txt b.txt`."""
    if len(words) > 3 and words[2].text == "in":
        for word in words[3:]:
            if is_path(word) and (has_ending(word.text) or _ROOTED.match(word.text)):
                yield Use(word.text, "read", word.start, word.end)


def _found(words: list[Word]) -> Iterator[Use]:
    """Where `find` looks; its tests begin with the first option behind that."""
    while words and words[0].text in ("-L", "-H", "-P", "-E", "-X"):
        words = words[1:]
    begun = False
    for n, word in enumerate(words):
        begun = begun or word.text[:1] in "-!()" or word.text in ("\\(", "\\!")
        if not begun:
            if is_path(word):
                yield Use(word.text, "search", word.start, word.end)
        elif n and words[n - 1].text in _TESTS and is_path(word):
            yield Use(word.text, "read", word.start, word.end)


def _copied(words: list[Word]) -> Iterator[Use]:
    for word in words:
        name, _, value = word.text.partition("=")
        if name in ("if", "of") and value:
            yield from _value(word, value, "read" if name == "if" else "write")


def operands(program: Program, words: list[Word]) -> Iterator[Use]:
    """Files among a program's words."""
    says, options, act = program.says, program.options, program.act
    skip, ended, count, n = program.skip, False, 0, 0
    if "script" in says:  # of `perl`: operands are files only where the script is given
        skip = 1_000
    if skip and any(_is_script(word.text, options, whole="whole" in says) for word in words):
        skip = 0  # also where it comes last: `grep -r src -e x`
    if program.verbs and words and words[0].text in program.verbs:
        words = words[1:]
    if "write" in says:
        act = "write"
    if program is PROGRAMS["tar"] and words and words[0].text[:1] != "-":  # `tar xf a.tgz`
        cluster, words = words[0], words[1:]
        if "f" in cluster.text and words:
            yield from _file(words[0], "write" if "c" in cluster.text else "read")
            words = words[1:]
    while n < len(words):
        word, text = words[n], words[n].text
        n += 1
        if not ended and text == "--":
            ended = True
            continue
        if not ended and _is_option(text, says) and not ("mode" in says and skip and _MODE.fullmatch(text)):
            name, option, value = _option(text, options, whole="whole" in says)
            if option is None:
                if "valued" in says and text[:2] != "--":
                    n += 1
                continue
            act = option.turns or act
            if name == "-i" and option.joined and n < len(words) and words[n].quoted and not words[n].text:
                n += 1  # BSD's `sed -i ''`
            if option.scripts:
                skip = 0
            if option.values and value is None:
                n += option.values
                word = words[n - 1] if n <= len(words) else word
                value = words[n - 1].text if n <= len(words) else ""
            if value and option.at:
                yield from _behind_at(word, value)
            elif value and option.act and name:
                yield from _value(word, value, option.act)
            continue
        count += 1
        if skip:
            skip -= 1
        elif "none" in says or (program.only and count > program.only):
            continue
        elif _is_operand(word, says):
            yield Use(text.rstrip(",") if "win" in says else text, act, word.start, word.end)


def _is_option(text: str, says: frozenset[str]) -> bool:
    if text[:1] == "-" and len(text) > 1:
        return True
    return (text[:1] == "+" and "plus" in says) or ("win" in says and _SWITCH.fullmatch(text) is not None)


def _is_script(text: str, options: dict[str, Option], *, whole: bool) -> bool:
    if text[:1] != "-" or len(text) == 1:
        return False
    option = _option(text, options, whole=whole)[1]
    return option is not None and option.scripts


def _is_operand(word: Word, says: frozenset[str]) -> bool:
    text = word.text
    if not is_path(word):
        return False
    if "named" in says and not has_ending(text):
        return False
    if "win" in says and "named" in says and "\\" not in text:
        return False
    if "pathlike" in says and not ("/" in text or has_ending(text)):
        return False
    if "local" in says and _ELSEWHERE.match(text):
        return False
    if "dirs" in says and "/" not in text:
        return False
    return not ("keys" in says and _GIVEN.match(text))


def _option(text: str, options: dict[str, Option], *, whole: bool) -> tuple[str, Option | None, str | None]:
    """An option a word is, what is known of it, and its value where that is joined to it."""
    name, equals, value = text.partition("=")
    if name in options:
        return name, options[name], value if equals else None
    if text.startswith("--") or whole:
        return name, None, None
    turned: Option | None = None
    for at in range(1, len(text)):
        option = options.get("-" + text[at])
        if option is None:
            continue
        if option.joined or option.turns:
            turned = option
            if option.joined:
                break
            continue
        if option.values or option.scripts:
            rest = text[at + 1 :] or None
            if rest and option.act and at > 1:
                break  # `-layout` is one option
            return "-" + text[at], option._replace(turns=turned.turns) if turned else option, rest
    return name, turned, None


def _file(word: Word, act: str) -> Iterator[Use]:
    if is_path(word):
        yield Use(word.text, act, word.start, word.end)


def _value(word: Word, value: str, act: str) -> Iterator[Use]:
    """A file at a word's end; the whole word, where it is the value."""
    if not is_path(Word(value, 0, 0, False)):
        return
    if value == word.text:
        yield Use(value, act, word.start, word.end)
    else:
        end = word.end - int(word.quoted and word.end - word.start != len(word.text))
        yield Use(value, act, end - len(value), end)


def _behind_at(word: Word, value: str) -> Iterator[Use]:
    """`@file`, `name=@file;type=x`."""
    found = _BESIDE.search(value)
    if found and (found.start() == 0 or value[found.start() - 1] == "="):
        path = value[found.end() :].split(";", 1)[0]
        start = word.end - len(value) + found.end()
        if path and is_path(Word(path, 0, 0, False)):
            yield Use(path, "read", start, start + len(path))
