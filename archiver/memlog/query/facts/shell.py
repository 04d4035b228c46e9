"""Files a shell command reads or writes, as far as its words say so."""

import re
from collections.abc import Iterator
from typing import NamedTuple


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


# Programs whose operands are files, and what they do with them.
_ACTS = {
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
_GIT_TAKES = frozenset(("-C", "-c", "--git-dir", "--work-tree"))
_PREFIX = frozenset(
    ("sudo", "time", "command", "nohup", "nice", "env", "then", "do", "else", "if", "while", "!", "(")
)
_ENV = re.compile(r"[A-Za-z_]\w*=")
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
_VERB = re.compile(r"[a-z][a-z0-9:_-]*")
_VERBS = 2  # `docker compose up`
# Programs that run what they are given, and options that make others do so.
_RUNS_OTHERS = frozenset((
    "xargs", "python", "python3", "node", "bash", "sh", "zsh", "ruby", "perl", "eval", "ssh", "deno", "bun",
))  # fmt: skip
_ACTS_ON_FOUND = frozenset(("-exec", "-execdir", "-delete", "-ok", "-x", "--exec"))
_NAMES_A_FILE = re.compile(r"(?:[\w.@+-]+/)+[\w.@+-]+\.[A-Za-z]\w{0,5}")
_LONGEST = 20_000  # characters of a command that are read as shell


def files(command: str) -> Iterator[Use]:
    """Files the programs of a command read, write, search or list; quoted scripts are not looked into."""
    for words, redirects in _simple(command[:_LONGEST]):
        yield from redirects
        while words and (words[0].text in _PREFIX or (_ENV.match(words[0].text) and not words[0].quoted)):
            words = words[1:]
        if not words:
            continue
        program = words[0].text.rsplit("/", 1)[-1]
        if program == "git":
            yield from _git(words[1:])
        elif program in _ACTS:
            yield from _operands(program, words[1:])


def words(command: str) -> list[Word]:
    """Words of the first simple command."""
    return next((found for found, _ in _simple(command[:_LONGEST])), [])


def ran(command: str) -> tuple[str, ...]:
    """What a command runs, in order, each as its words: what makes it the same command elsewhere.

    Without folders it moves to, where output goes and what filters it: `cd x && go test ./... 2>&1 | tail -5`
    gives `go test ./...`. Of what is no such command, or is given a text of its own, the words as they are.
    """
    found: list[str] = []
    if "<<" in command:
        return (" ".join(command.split()),)
    for words, _ in _simple(command[:_LONGEST]):
        if words and words[0].text != "cd" and not _filters(command, words[0]):
            found.append(" ".join(word.text for word in words))
    return tuple(found) or (" ".join(command.split()),)


def ran_words(command: str) -> Iterator[list[str]]:
    """Words of each program a command runs, what stands before it and what filters another left out."""
    for words, _ in _simple(command[:_LONGEST]):
        while words and (words[0].text in _PREFIX or (_ENV.match(words[0].text) and not words[0].quoted)):
            words = words[1:]
        if words and not _filters(command, words[0]):
            yield [word.text for word in words]


def programs(command: str) -> tuple[str, ...]:
    """Each program a command runs, with what it is told to do: `git push origin main` gives `git push`.

    Of a script, of a substitution and of what has no end in sight the whole command: what it does is in it.
    """
    if "$(" in command or "`" in command or command.startswith("[") or command.endswith("…"):
        return (command,)
    found: list[str] = []
    for words, redirects in _simple(command):
        while words and (words[0].text in _PREFIX or (_ENV.match(words[0].text) and not words[0].quoted)):
            words = words[1:]
        if not words or words[0].text == "cd" or _filters(command, words[0]):
            continue
        program = words[0].text.rsplit("/", 1)[-1]
        if program in _RUNS_OTHERS or any(word.text in _ACTS_ON_FOUND for word in words):
            return (command,)
        found.append(" ".join([program, *_verbs(program, words[1:]), *(use.act for use in redirects)]))
    return tuple(found)


def _verbs(program: str, words: list[Word]) -> Iterator[str]:
    """What a program is told to do: words before the first that is an option, a path or quoted."""
    if program in _ACTS:
        yield from (word.text for word in words if word.text.startswith("-i"))
        return
    while words and words[0].text.startswith("-"):
        words = words[2 if words[0].text in _GIT_TAKES else 1 :]
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


def _git(words: list[Word]) -> Iterator[Use]:
    while words and words[0].text.startswith("-"):
        words = words[2 if words[0].text in _GIT_TAKES else 1 :]
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
        if _is_path(word) and word.text not in (".", "-A"):
            yield Use(word.text, act, word.start, word.end)


def _of_revision(word: Word) -> Use | None:
    """The file a word of `git diff` names without `--` before it; None where it may be a revision."""
    if word.quoted or ".." in word.text or not _NAMES_A_FILE.fullmatch(word.text):
        return None
    return Use(word.text, "read", word.start, word.end)


def _operands(program: str, words: list[Word]) -> Iterator[Use]:
    act, takes = _ACTS[program], _TAKES.get(program, "")
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
        elif _is_path(word):
            yield Use(text, act, word.start, word.end)


def _is_path(word: Word) -> bool:
    text = word.text
    if _NOT_A_PATH.match(text) or "\n" in text or len(text) > 1_000:
        return False
    return not any(c in text for c in "<>|;`") and "$(" not in text


def _simple(command: str) -> Iterator[tuple[list[Word], list[Use]]]:
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
                if _is_path(word):
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
