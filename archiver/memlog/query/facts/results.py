"""What the answer of a tool says: how a command ended, what failed, commits and branches."""

import re
from collections.abc import Iterator
from functools import lru_cache

from memlog.query.facts import calls, shell
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
_SHORT_ANSWER = 600  # characters of what a tool that is no shell says of itself
_EDGE = 600  # characters at either end that are asked for it
_REFUSED = "The user doesn't want to "
# How Claude Code hands on what was answered to a question the agent put through its tool.
_ANSWERED = (
    "User has answered your question",
    "Your questions have been answered",
    "The user answered",
    "User answered",
)
_ANSWER = re.compile(r'"[^"\n]{1,600}" ?= ?"([^"\n]{1,600})"')
_MOST_ANSWERS = 20_000  # characters of them
_TOLD = "the user said:\n"

# Programs that print what files hold: an error in it is somebody's text, not what happened.
_READERS = frozenset((
    "cat", "head", "tail", "sed", "awk", "nl", "less", "more", "bat", "grep", "rg", "ag", "egrep", "find", "fd",
    "ls", "tree", "jq", "yq", "diff", "gh", "curl", "wget", "echo", "printf", "wc", "strings", "for",
))  # fmt: skip
# What says nothing of what a command is for; a command of nothing else prints its own words.
_ASIDE = frozenset((
    "echo", "printf", "sleep", "cd", "pushd", "popd", "export", "set", "unset", "true", ":", "pwd", "date", "which", "for",
    "done", "fi", "wait", "mkdir", "source", ".", "clear", "local", "trap", "exit",
))  # fmt: skip
_SHELL_NAMES = frozenset(("bash", "sh", "zsh", "(eval)", "dash", "fish"))
_COMPLAINS = re.compile(
    r"^[ \t]*-?([\w./()-]{1,60}):(?: line)?(?: ?\d+:)? (?:.*: )?(?:[Nn]o such file|[Pp]ermission denied|(?:[Ii]s|[Nn]ot) a directory|[Oo]peration not permitted|"
    r"command not found|not found|no matches found|cannot |can['’]t |could not |invalid |illegal |unrecognized |unknown |error|parse error|\(\d+\) |fatal|unable to |missing |syntax error|bad |unterminated ).*",
    re.M,
)
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


def _ended_badly(text: str) -> bool:
    edges = text if len(text) <= 2 * _EDGE else text[:_EDGE] + "\n" + text[-_EDGE:]
    return any(next(filter(None, match.groups())) != "0" for match in _EXIT.finditer(edges))


def facts(said: Said, command: str | None) -> Iterator[Found]:
    """Errors, test results, commits and branches of a result. command: the one it answers, if it is known."""
    if said.text.startswith(_REFUSED):
        return
    ran = (said.tool or "").lower() in SHELLS or command is not None or _is_shell(said)
    told = ran and not (command and reads(command))
    printed = told and not (command and any(_programs(command)))
    ended = list(outcomes(said.text)) if told else []
    if told:
        yield from ended
        yield from _commits(said.text)
    if told or said.error:
        failed = said.error or _ended_badly(said.text)
        lines = frozenset(
            said.text.rfind("\n", 0, one.start) + 1 for one in ended if not one.value.startswith("FAILED: ")
        )
        names = _names(command) if printed and failed and command else ()
        found = list(
            errors(said.text, failed=failed, reads=not told, printed=printed, results=lines, names=names)
        )
        yield from found or (_first_line(said, command) if said.error and not ended else ())
    elif ran and command:
        yield from _own_words(said.text, command)
        if _ASKS.search(command):
            yield from _answered(said.text)
    elif len(said.text) <= _SHORT_ANSWER and (
        "\n" not in said.text.strip() or (said.tool or "").lower() not in calls.READS
    ):
        yield from errors(said.text, reads=True, printed=True)


def said_on_refusal(said: Said) -> tuple[str, int] | None:
    """What the user said when a call was refused, and where it stands."""
    if not said.text.startswith(_REFUSED):
        return None
    at = said.text.find(_TOLD)
    return None if at < 0 else (said.text[at + len(_TOLD) :], at + len(_TOLD))


def answers(said: Said) -> Iterator[Found]:
    """What the user picked or wrote where the agent put questions through a tool."""
    if said.text.startswith(_ANSWERED):
        for match in _ANSWER.finditer(said.text, 0, _MOST_ANSWERS):
            yield Found("instruction", match[1], "request", *match.span(1))


def reads(command: str) -> bool:
    """Whether a command prints nothing but what files or other people say."""
    ran = _programs(command)
    return bool(ran) and all(ran)


@lru_cache(64)  # a command is asked when it ends, and twice when its answer is read
def _programs(command: str) -> tuple[bool, ...]:
    """For each program of a command, what only announces, moves or waits left out, whether it is a reader."""
    aside, found = False, []
    for words in shell.ran_words(command):
        name = words[0].rsplit("/", 1)[-1]
        if name in _ASIDE:
            aside = aside or name in _READERS
        elif name == "git":
            verb = next((word for word in words[1:] if not word.startswith(("-", "/", "~"))), "")
            found.append(verb in _GIT_READERS)
        else:
            found.append(name in _READERS)
    return (*found, True) if aside else tuple(found)


def _names(command: str) -> frozenset[str]:
    return frozenset(words[0].rsplit("/", 1)[-1] for words in shell.ran_words(command) if words[0])


def _own_words(text: str, command: str) -> Iterator[Found]:
    """Of what prints what files say, the lines in which a program of the command, or its shell, says that it cannot."""
    if not _COMPLAINS.search(text):
        return
    names = _names(command) | _SHELL_NAMES
    for match in _COMPLAINS.finditer(text):
        if match[1].rsplit("/", 1)[-1] in names:
            yield Found("error", match.group().strip(), None, match.start(), match.end())


# What a server answered that was asked: its status, or an object that names an error.
_ASKS = re.compile(r"\b(?:curl|wget|https?|xh)\b")
_ANSWERED_BADLY = re.compile(
    r"^(?:\* |< )?HTTP/[\d.]+ [45]\d\d\b.*|^\s*\{(?:\"[\w-]+\": ?(?:\"[^\"\n]{0,60}\"|[\w.-]+), ?){0,3}\"(?:error|errors|detail)\": ?(?!null|\[\]|\{\}|\"\"|false)[\[{\"].*"
    r"|^\s*\{(?:\"[\w-]+\": ?\"[^\"\n]{0,80}\", ?)?\"(?:status|statusCode|code)\": ?\"?[45]\d\d\b.*|.*<title>[45]\d\d\b.*",
    re.M,
)
_ANSWERS_FROM = 600  # characters; what a page says further down is its text


def _answered(text: str) -> Iterator[Found]:
    for match in _ANSWERED_BADLY.finditer(text, 0, _ANSWERS_FROM):
        end = text.find("\n", match.start() + 1)
        end = len(text) if end < 0 else end
        value = text[match.start() : end].strip()
        start = text.index(value, match.start())
        yield Found("error", value[:LONGEST_LINE], None, start, start + len(value[:LONGEST_LINE]))


# What ends with 1 where nothing was found, or two things differ.
_FAILS_QUIETLY = re.compile(
    r"(?:^|[|;&]\s*)(?:\w*grep|rg|diff|cmp|pgrep|git (?:diff|grep)|which|test|\[)\s[^|;&]*$"
)
_FEW = 4  # lines of an answer
_UNWELL = re.compile(
    r"\b(?:fail\w*|errors?|not|n['’]t|no|cannot|missing|invalid|unable|denied|refused|vulnerabilit\w+|broken|wrong|mismatch\w*|differ\w*|outdated|expected|exit\w*)\b",
    re.I,
)
_HEAD = re.compile(
    r"^(?:(?:Error: )?=+(?: .*)?|(?:Error: )?Exit code:? -?\d+|Chunk ID: .*|Wall time: .*|Process exited .*|Original token count: .*|Output:|\s*"
    r"|Command: .*|Directory: .*|\[[\w:.-]+\] \$ .*|=== RUN .*)$"
)


def _first_line(said: Said, command: str | None) -> Iterator[Found]:
    """Of a failure in nobody's format the first line that claims one; of a short answer the first that says something."""
    if command and _FAILS_QUIETLY.search(command):
        return
    at, lines = 0, []
    for line in said.text.split("\n")[:40]:
        body = re.sub(r"</?tool_use_error>", "", line).strip()
        if body and not _HEAD.match(line) and len(line) <= LONGEST_LINE:
            lines.append((at + line.index(body), body))
        at += len(line) + 1
    few = lines if len(lines) <= _FEW or command is None else [one for one in lines if _UNWELL.search(one[1])]
    for start, body in few[:1]:
        yield Found("error", COLOUR.sub("", body), None, start, start + len(body))


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
