"""What a shell command runs, as far as its words say so."""

import re
from collections.abc import Iterator

from memlog.query.facts.git_files import TAKES
from memlog.query.facts.shell_programs import NAMED_BY_OPERANDS
from memlog.query.facts.shell_words import LONGEST, Word, bare, simple

_VERB = re.compile(r"[a-z][a-z0-9:_-]*")
_VERBS = 2  # `docker compose up`
# Programs that run what they are given, and options that make others do so.
_RUNS_OTHERS = frozenset((
    "xargs", "python", "python3", "node", "bash", "sh", "zsh", "ruby", "perl", "eval", "ssh", "deno", "bun",
))  # fmt: skip
_ACTS_ON_FOUND = frozenset(("-exec", "-execdir", "-delete", "-ok", "-x", "--exec"))


def ran(command: str) -> tuple[str, ...]:
    """What a command runs, in order, each as its words: what makes it the same command elsewhere.

    Without folders it moves to, where output goes and what filters it: `cd x && go test ./... 2>&1 | tail -5`
    gives `go test ./...`. Of what is no such command, or is given a text of its own, the words as they are.
    """
    found: list[str] = []
    if "<<" in command:
        return (" ".join(command.split()),)
    for words, _ in simple(command[:LONGEST]):
        if words and words[0].text != "cd" and not _filters(command, words[0]):
            found.append(" ".join(word.text for word in words))
    return tuple(found) or (" ".join(command.split()),)


def ran_words(command: str) -> Iterator[list[str]]:
    """Words of each program a command runs, what stands before it and what filters another left out."""
    for words, _ in simple(command[:LONGEST]):
        words = bare(words)
        if words and not _filters(command, words[0]):
            yield [word.text for word in words]


def programs(command: str) -> tuple[str, ...]:
    """Each program a command runs, with what it is told to do: `git push origin main` gives `git push`.

    Of a script, of a substitution and of what has no end in sight the whole command: what it does is in it.
    """
    if "$(" in command or "`" in command or command.startswith("[") or command.endswith("…"):
        return (command,)
    found: list[str] = []
    for words, redirects in simple(command):
        words = bare(words)
        if not words or words[0].text == "cd" or _filters(command, words[0]):
            continue
        program = words[0].text.rsplit("/", 1)[-1]
        if program in _RUNS_OTHERS or any(word.text in _ACTS_ON_FOUND for word in words):
            return (command,)
        found.append(" ".join([program, *_verbs(program, words[1:]), *(use.act for use in redirects)]))
    return tuple(found)


def _verbs(program: str, words: list[Word]) -> Iterator[str]:
    """What a program is told to do: words before the first that is an option, a path or quoted."""
    if program in NAMED_BY_OPERANDS:
        yield from (word.text for word in words if word.text.startswith("-i"))
        return
    while words and words[0].text.startswith("-"):
        words = words[2 if words[0].text in TAKES else 1 :]
    for word in words[:_VERBS]:
        if word.quoted or not _VERB.fullmatch(word.text):
            return
        yield word.text


def _filters(command: str, word: Word) -> bool:
    """Whether a program reads what the one before it writes. word: its first."""
    before = command[max(0, word.start - 64) : word.start].rstrip(" \t\n'\"")
    return before.endswith(("|", "|&")) and not before.endswith("||")


def head(command: str) -> str:
    """What a command runs, without the folder it moves to, where its output goes and what filters it.

    `cd x && go test ./... 2>&1 | tail -5` gives `go test ./...`.
    """
    folded = re.sub(r"^(?:cd \S+ (?:&&|;) )+", "", " ".join(command.split()))
    return re.sub(r"\s*(?:\d?>&\d|\|.*$)", "", folded).strip()
