"""What the answer of a tool says: how a command ended, what failed, commits and branches."""

import re
from collections.abc import Iterator

from memlog.query.facts import shell
from memlog.query.facts.calls import SHELLS, Found
from memlog.query.facts.endings import HIDDEN, hidden
from memlog.query.facts.fact import Said
from memlog.query.facts.failures import COLOUR, LONGEST_LINE, errors
from memlog.query.facts.outcomes import outcomes

# How hosts say the exit code, each in its own words, near the beginning or the end of an answer.
_EXIT = re.compile(
    r"^Exit code:? (-?\d+)|^Process exited with code (-?\d+)|exit code (-?\d+)>?$|^Exit Code: (-?\d+)"
    r"|PROCESS-DONE:(-?\d+)", re.M,
)  # fmt: skip
_EDGE = 600  # characters at either end that are asked for it
_REFUSED = "The user doesn't want to "
_TOLD = "the user said:\n"

# Programs that print what files hold: an error in it is somebody's text, not what happened.
_READERS = frozenset((
    "cat", "head", "tail", "sed", "awk", "nl", "less", "more", "bat", "grep", "rg", "ag", "egrep", "find", "fd",
    "ls", "tree", "jq", "yq", "diff", "gh", "curl", "wget", "echo", "printf", "wc", "strings", "for",
))  # fmt: skip
_GIT_READERS = frozenset(
    ("show", "diff", "log", "blame", "grep", "cat-file", "ls-files", "ls-tree", "reflog")
)

_COMMIT = re.compile(r"^\[(\S+)(?: \(root-commit\))? ([0-9a-f]{7,40})\] (.*)$", re.M)
_BRANCH = re.compile(
    r"^Switched to (?:a new )?branch '([^']+)'|^On branch (\S+)$"
    r"|^(?: [*+!=-]? ?|   )(?:[0-9a-f]{7,40}\.\.\.?[0-9a-f]{7,40}|\[new branch\]) +(\S+) +-> +\S+", re.M,
)  # fmt: skip


def ending(said: Said, command: str = "") -> str:
    """How the command a result answers ended: `exit N` where the host says so, else `ok` or `failed`.

    Or that nobody knows: where its end is that of a `tail`, and its output says it failed.
    """
    edges = said.text if len(said.text) <= 2 * _EDGE else said.text[:_EDGE] + "\n" + said.text[-_EDGE:]
    for match in _EXIT.finditer(edges):
        code = next(filter(None, match.groups()))
        return HIDDEN if code == "0" and hidden(command, said.text) else f"exit {code}"
    if said.text.startswith(_REFUSED):
        return "refused"
    if said.error:
        return "failed"
    return HIDDEN if hidden(command, said.text) else "ok"


def facts(said: Said, command: str | None) -> Iterator[Found]:
    """Errors, test results, commits and branches of a result. command: the one it answers, if it is known."""
    if said.text.startswith(_REFUSED):
        return
    ran = (said.tool or "").lower() in SHELLS or command is not None or _is_shell(said)
    told = ran and not (command and reads(command))
    if told:
        yield from outcomes(said.text)
        yield from _commits(said.text)
    if told or said.error:
        found = list(errors(said.text, failed=said.error, reads=not told))
        yield from found or (_first_line(said) if said.error else ())


def said_on_refusal(said: Said) -> tuple[str, int] | None:
    """What the user said when a call was refused, and where it stands."""
    if not said.text.startswith(_REFUSED):
        return None
    at = said.text.find(_TOLD)
    return None if at < 0 else (said.text[at + len(_TOLD) :], at + len(_TOLD))


def reads(command: str) -> bool:
    """Whether a command prints what files or other people say."""
    words = shell.head(command).split()
    if words[:1] == ["git"]:
        verb = next((word for word in words[1:] if not word.startswith(("-", "/", "~"))), "")
        return verb in _GIT_READERS
    return bool(words) and words[0].rsplit("/", 1)[-1] in _READERS


_HEAD = re.compile(
    r"^(?:Exit code:? -?\d+|Chunk ID: .*|Wall time: .*|Process exited .*|Original token count: .*|Output:|\s*"
    r"|Command: .*|Directory: .*|\[[\w:.-]+\] \$ .*|=== RUN .*)$"
)


def _first_line(said: Said) -> Iterator[Found]:
    """Of a failure in nobody's format, the first line that says something."""
    at = 0
    for line in said.text.split("\n")[:40]:
        body = re.sub(r"</?tool_use_error>", "", line).strip()
        if body and not _HEAD.match(line) and len(line) <= LONGEST_LINE:
            start = at + line.index(body)
            yield Found("error", COLOUR.sub("", body), None, start, start + len(body))
            return
        at += len(line) + 1


def _commits(text: str) -> Iterator[Found]:
    for match in _COMMIT.finditer(text):
        yield Found("commit", match.group(2), match.group(3), *match.span(2))
        if match.group(1) != "detached":
            yield Found("branch", match.group(1), None, *match.span(1))
    for match in _BRANCH.finditer(text):
        group = next(n for n in (1, 2, 3) if match.group(n))
        yield Found("branch", match.group(group), None, *match.span(group))


def _is_shell(said: Said) -> bool:
    """A result of a program still running, or of an agent whose every call is a program."""
    return said.agent == "swe-agent" or said.tool in ("write_stdin", "read_bash", "BashOutput", "TaskOutput")
