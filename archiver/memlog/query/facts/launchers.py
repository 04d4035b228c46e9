"""Programs that run another: what they run, without them."""

import re

from memlog.query.facts.shell_words import Word, bare

_PYTHON = re.compile(r"python[\d.]*|py(?:\.exe)?")
# What runs the program that follows: words before it, options of it that take a word, words of its own.
_LAUNCHERS = {
    ("npx",): ("pc", 0), ("bunx",): ("", 0), ("pnpx",): ("", 0), ("pnpm", "exec"): ("", 0), ("pnpm", "dlx"): ("", 0),
    ("yarn",): ("", 0), ("pnpm",): ("", 0), ("uv", "run"): ("p", 0), ("uvx",): ("p", 0), ("pipx", "run"): ("", 0),
    ("poetry", "run"): ("", 0), ("pipenv", "run"): ("", 0), ("bundle", "exec"): ("", 0), ("hatch", "run"): ("", 0),
    ("mise", "exec"): ("", 0), ("xargs",): ("nPILdsEa", 0), ("parallel",): ("jN", 0), ("cmd",): ("", 0), ("cmd.exe",): ("", 0),
    ("docker", "exec"): ("uwe", 1), ("podman", "exec"): ("uwe", 1), ("docker", "compose", "exec"): ("uwe", 1),
    ("docker-compose", "exec"): ("uwe", 1), ("kubectl", "exec"): ("nc", 1), ("wsl",): ("ud", 0),
}  # fmt: skip
_OF_WORKSPACES = frozenset(("pnpm", "yarn"))
_STARTS = frozenset(words[0] for words in _LAUNCHERS)


def launched(words: list[Word]) -> list[Word]:
    """The words from the program on that a launcher runs: `npx`, `uv run`, `docker exec NAME`, `xargs`."""
    while words and (words[0].text in _STARTS or _PYTHON.fullmatch(words[0].text)):
        if _PYTHON.fullmatch(words[0].text):
            return words[2:] if len(words) > 2 and words[1].text == "-m" else words
        if words[0].text in _OF_WORKSPACES:
            words = _in_workspace(words)
        key = next(
            (k for n in (3, 2, 1) if (k := tuple(word.text for word in words[:n])) in _LAUNCHERS), None
        )
        if key is None:
            return words
        takes, own = _LAUNCHERS[key]
        words = words[len(key) :]
        dashes = next((n for n, word in enumerate(words) if word.text == "--"), None)
        if own and dashes is not None:
            words, own = words[dashes:], 0
        while words and (words[0].text.startswith("-") or (key[0][:3] == "cmd" and words[0].text[:1] == "/")):
            option = words[0].text
            words = words[2 if len(option) == 2 and option[1] in takes else 1 :]
        words = words[own:]
        if words and words[0].text == "--":
            words = words[1:]
        words = bare(words)
    return words


def _in_workspace(words: list[Word]) -> list[Word]:
    """`pnpm --filter web exec tsc` and `yarn workspace web tsc` without the workspace."""
    if len(words) > 2 and words[1].text in ("--filter", "-F", "-C", "--dir", "workspace", "--cwd"):
        return [words[0], *words[3:]]
    return words
