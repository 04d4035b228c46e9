"""Files a git command names."""

import re
from collections.abc import Iterator

from memlog.query.facts.endings_of_files import has_ending
from memlog.query.facts.shell_words import Use, Word, is_path

# Verbs whose operands are paths, and what they do with them.
_PATHS = {
    "add": "read", "stage": "read", "rm": "delete", "mv": "write", "restore": "write", "blame": "read", "annotate": "read",
    "check-ignore": "read", "check-attr": "read", "apply": "read", "am": "read", "ls-files": "list", "hash-object": "read",
    "clean": "delete", "update-index": "write", "init": "write", "difftool": "read",
}  # fmt: skip
# Verbs whose words are revisions and paths.
_BOTH = frozenset((
    "show", "diff", "log", "checkout", "reset", "commit", "grep", "stash", "status", "rev-list", "shortlog", "whatchanged",
    "cat-file", "ls-tree", "diff-tree", "diff-index", "rev-parse", "switch", "push", "difftool", "bisect", "merge-file",
    "show-branch", "archive", "range-diff", "cherry-pick", "revert", "name-rev", "last-modified",
))  # fmt: skip
_REVISION_FIRST = frozenset(("show", "cat-file"))  # `show REV:path`
TAKES = frozenset(("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"))
# Options whose value is a word of its own and no file …
_VALUES = frozenset((
    "-L", "-s", "--source", "-m", "-b", "-B", "-c", "-C", "-n", "--author", "--since", "--until", "--after", "--before", "--format",
    "--grep", "-S", "-G", "--message", "--chmod", "-e", "-A", "-U", "-x", "-X", "--exclude", "-W", "--date", "--orphan",
    "--directory", "--max-count", "--pretty", "-u", "--skip",
))  # fmt: skip
# … and those whose value is one.
_FILES = {
    "-F": "read", "--file": "read", "-o": "write", "--output": "write", "--output-directory": "write", "-t": "read",
    "--template": "read", "--pathspec-from-file": "read", "--ignore-revs-file": "read",
}  # fmt: skip
_FILES_OF = frozenset(("commit", "archive", "format-patch", "tag", "merge", "diff", "log", "notes"))
_FLAGS = {  # where a letter that takes a word elsewhere takes none
    "apply": frozenset(("-C", "-c", "-x", "-X")), "add": frozenset(("-A", "-e", "-n", "-u")), "log": frozenset(("-c", "-m", "-C", "-B", "-u")),
    "diff": frozenset(("-b", "-c", "-C", "-B", "-m", "-s", "-W", "-u")), "show": frozenset(("-c", "-m", "-s", "-C", "-B", "-b", "-u", "-W")),
    "ls-files": frozenset(("-m", "-s", "-c", "-u", "-b")), "rm": frozenset(("-n",)), "mv": frozenset(("-n",)), "clean": frozenset(("-n", "-x", "-X")),
    "check-ignore": frozenset(("-n",)), "stash": frozenset(("-u", "-k")), "commit": frozenset(("-n", "-s", "-e", "-S", "-u", "-A")),
    "blame": frozenset(("-b", "-c", "-C", "-e", "-s")), "restore": frozenset(("-W", "-m", "-S")), "checkout": frozenset(("-m",)),
    "grep": frozenset(("-n", "-c", "-L", "-W", "-s", "-G", "-E", "-F")), "push": frozenset(("-u", "-n")), "status": frozenset(("-s", "-b", "-u")),
    "cat-file": frozenset(("-t", "-s", "-e")), "ls-tree": frozenset(("-t",)), "am": frozenset(("-s", "-u", "-c", "-m", "-b")),
    "reset": frozenset(("-N",)),
}  # fmt: skip
_NAMES_A_FILE = re.compile(r"(?:[\w.@+\[\]()-]+/)*[\w.@+\[\]()-]+")
_OF_REVISION = re.compile(r"([\w./@^~{}$-]*):(?!/)([\w.@+/\[\]()-]+)")
# A store's folders are named by what they hold; a source file's are not.
_OF_A_STORE = re.compile(r"(?:^|/)[0-9a-f]{2}/[0-9a-f]{8,}(?:/|$)")


def files(words: list[Word]) -> Iterator[Use]:
    """Files of the words behind `git`."""
    while words and words[0].text.startswith("-"):
        words = words[2 if words[0].text in TAKES else 1 :]
    if not words:
        return
    verb, rest = words[0].text, words[1:]
    dashes = next((n for n, word in enumerate(rest) if word.text == "--"), None)
    if dashes is None:
        given = rest
    else:
        given = rest[:dashes]
        if verb in _PATHS or verb in _BOTH:
            act = _PATHS.get(verb, "write" if verb in ("checkout", "restore") else "read")
            yield from _all(rest[dashes + 1 :], act)
    named, options = _operands(verb, given)
    yield from options
    if verb == "clone" and len(named) > 1:
        yield from _all(named[1:2], "write")
    elif verb == "worktree" and len(named) > 1 and named[0].text in ("add", "remove"):
        yield from _all(named[1:2], "write" if named[0].text == "add" else "delete")
    elif verb == "submodule" and len(named) > 2 and named[0].text == "add":
        yield from _all(named[2:3], "write")
    elif "--no-index" in (word.text for word in given) or (verb in _PATHS and dashes is None):
        yield from _all(named, _PATHS.get(verb, "read"))
    elif verb in ("ls-tree", "status") and dashes is None:
        yield from _all(named[1 if verb == "ls-tree" else 0 :], "list")
    elif verb in _BOTH:
        for word in named:
            if (use := _of_revision(word, verb, dashes is not None)) is not None:
                yield use


def _all(words: list[Word], act: str) -> Iterator[Use]:
    for word in words:
        if is_path(word) and word.text not in (".", ":/", ":"):
            yield Use(word.text, act, word.start, word.end)


def _operands(verb: str, words: list[Word]) -> tuple[list[Word], list[Use]]:
    """Words that are no option and no option's value, and files that are one."""
    named: list[Word] = []
    found: list[Use] = []
    flags = _FLAGS.get(verb, frozenset())
    n = 0
    while n < len(words):
        word, text = words[n], words[n].text
        n += 1
        if not text.startswith("-") or len(text) == 1:
            named.append(word)
        elif text in _FILES and verb in _FILES_OF and text not in flags:
            found += _all(words[n : n + 1], _FILES[text])
            n += 1
        elif (text in _VALUES and text not in flags) or (verb == "commit" and _MESSAGE.fullmatch(text)):
            n += 1
        elif (name := text.partition("=")[0]) in _FILES and verb in _FILES_OF and "=" in text:
            value = text[len(name) + 1 :]
            if value and not word.quoted:
                found.append(Use(value, _FILES[name], word.end - len(value), word.end))
    if verb == "grep" and named and not any(word.text == "-e" for word in words):
        named = named[1:]
    return named, found


_MESSAGE = re.compile(r"-[a-z]*m")


def _of_revision(word: Word, verb: str, dashes: bool) -> Use | None:
    """The file a word of `git diff` names without `--` before it; None where it may be a revision."""
    text = word.text
    if ".." in text:
        return None
    inside = _OF_REVISION.fullmatch(text)
    if inside:
        path = inside[2]
        if _OF_A_STORE.search(path) or path.endswith("/") or not (has_ending(path) or "/" in path):
            return None
        if verb == "push":
            return None
        end = word.end - int(word.quoted and word.end - word.start != len(text))
        return Use(path, "read", end - len(path), end)
    if dashes or verb in _REVISION_FIRST or verb in ("switch", "push", "cherry-pick", "revert", "name-rev"):
        return None
    if _NAMES_A_FILE.fullmatch(text) is None or not has_ending(text) or not _rooted(text):
        return None
    act = "write" if verb == "checkout" else "read"
    return Use(text, act, word.start, word.end)


def _rooted(text: str) -> bool:
    return not text.startswith(("origin/", "upstream/", "refs/"))
