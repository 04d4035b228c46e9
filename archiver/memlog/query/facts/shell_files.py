"""Files a shell command reads or writes, as far as its words say so."""

import re
from collections.abc import Iterator

from memlog.query.facts.shell_words import LONGEST, Use, Word, bare, is_path, simple

# Programs whose operands are files, and what they do with them.
ACTS = {
    "cat": "read", "head": "read", "tail": "read", "less": "read", "more": "read", "nl": "read", "wc": "read",
    "bat": "read", "tac": "read", "od": "read", "xxd": "read", "hexdump": "read", "strings": "read",
    "file": "read", "stat": "read", "md5sum": "read", "sha256sum": "read", "sort": "read", "uniq": "read",
    "cut": "read", "diff": "read", "cmp": "read", "source": "read", ".": "read", "column": "read",
    "ls": "list", "tree": "list", "du": "list", "rm": "delete", "rmdir": "delete", "unlink": "delete",
    "touch": "write", "tee": "write", "mkdir": "write", "mv": "write", "cp": "write", "ln": "write",
    "chmod": "write", "chown": "write", "truncate": "write", "rsync": "write",
    "sed": "read", "awk": "read", "gawk": "read", "jq": "read", "yq": "read", "perl": "read",
    "grep": "search", "egrep": "search", "fgrep": "search", "rg": "search", "ag": "search", "find": "search",
    "fd": "search",
}  # fmt: skip
_SCRIPT_FIRST = frozenset(
    ("sed", "awk", "gawk", "jq", "yq", "grep", "egrep", "fgrep", "rg", "ag", "fd", "perl")
)
# Options whose value is a word of its own, by program; of the others no word is skipped.
_TAKES = {
    "head": "nc", "tail": "nc", "sed": "", "awk": "vF", "gawk": "vF", "jq": "", "grep": "ABCm",
    "egrep": "ABCm", "fgrep": "ABCm", "rg": "ABCgtTmjM", "ag": "ABCGm", "cut": "dfbc", "sort": "kto",
    "tree": "LIP", "du": "d", "fd": "etdE", "nl": "wbvis", "ls": "I", "column": "tsc", "touch": "drt",
    "mkdir": "m", "chmod": "", "truncate": "s",
}  # fmt: skip
_LONG_TAKES = frozenset((
    "--glob", "--type", "--type-not", "--max-count", "--context", "--after-context", "--before-context",
    "--arg", "--argjson", "--slurpfile", "--lines", "--bytes", "--max-depth", "--field-separator", "--size",
))  # fmt: skip
_SCRIPT_OPTIONS = {"-e", "-f", "--regexp", "--expression", "--file"}
_FILE_OPTIONS = ("-f", "--file")  # of a script: the file is read
_GIT = {
    "add": "read", "rm": "delete", "mv": "write", "restore": "write", "blame": "read", "stage": "read",
    "check-ignore": "read",
}  # fmt: skip
_GIT_PATHS = frozenset(
    ("show", "diff", "log", "checkout", "reset", "commit", "grep", "ls-files", "stash", "status")
)
GIT_TAKES = frozenset(("-C", "-c", "--git-dir", "--work-tree"))
_NAMES_A_FILE = re.compile(r"(?:[\w.@+-]+/)+[\w.@+-]+\.[A-Za-z]\w{0,5}")


def files(command: str) -> Iterator[Use]:
    """Files the programs of a command read, write, search or list; quoted scripts are not looked into."""
    for words, redirects in simple(command[:LONGEST]):
        yield from redirects
        words = bare(words)
        if not words:
            continue
        program = words[0].text.rsplit("/", 1)[-1]
        if program == "git":
            yield from _git(words[1:])
        elif program in ACTS:
            yield from _operands(program, words[1:])


def _git(words: list[Word]) -> Iterator[Use]:
    while words and words[0].text.startswith("-"):
        words = words[2 if words[0].text in GIT_TAKES else 1 :]
    if not words:
        return
    verb, rest = words[0].text, words[1:]
    dashes = next((n for n, word in enumerate(rest) if word.text == "--"), None)
    if dashes is not None and (verb in _GIT or verb in _GIT_PATHS):
        rest, act = rest[dashes + 1 :], _GIT.get(verb, "read")
    elif verb in _GIT:
        rest, act = [word for word in rest if not word.text.startswith("-")], _GIT[verb]
    elif verb in _GIT_PATHS:
        yield from (use for word in rest if (use := _of_revision(word)) is not None)
        return
    else:
        return
    for word in rest:
        if is_path(word) and word.text not in (".", "-A"):
            yield Use(word.text, act, word.start, word.end)


def _of_revision(word: Word) -> Use | None:
    """The file a word of `git diff` names without `--` before it; None where it may be a revision."""
    if word.quoted or ".." in word.text or not _NAMES_A_FILE.fullmatch(word.text):
        return None
    return Use(word.text, "read", word.start, word.end)


def _operands(program: str, words: list[Word]) -> Iterator[Use]:
    act, takes = ACTS[program], _TAKES.get(program, "")
    wants_script = program in _SCRIPT_FIRST
    n, ended = 0, False
    while n < len(words):
        word, text = words[n], words[n].text
        n += 1
        if not ended and text == "--":
            ended = True
        elif (
            not ended and text.startswith("-") and len(text) > 1 and not (program == "find" and wants_script)
        ):
            if program == "find":
                return  # its operands are over: what follows are tests
            if text in _SCRIPT_OPTIONS and wants_script:
                wants_script = False
                if text in _FILE_OPTIONS and n < len(words) and program != "perl":
                    yield Use(words[n].text, "read", words[n].start, words[n].end)
                n += 1
            elif text in _LONG_TAKES or (len(text) == 2 and text[1] in takes):
                n += 1
            elif program in ("sed", "perl") and text.startswith("-i"):
                act = "edit"
                if text == "-i" and n < len(words) and words[n].quoted and not words[n].text:
                    n += 1
            elif program == "perl" and text[-1] == "e":
                wants_script, n = False, n + 1
        elif program == "find" and text in ("!", "(", ")", "\\(", "\\!"):
            return
        elif wants_script:
            wants_script = False
        elif program in ("chmod", "chown") and n == 1:
            continue
        elif is_path(word):
            yield Use(text, act, word.start, word.end)
