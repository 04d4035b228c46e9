"""`memlog query search`: the command an agent runs while it waits, so it loads no click.

OPTIONS is the one declaration of its flags: the parser here reads it, and cli/query.py makes of it
the click command that shows help.
"""

import gc
import time

from memlog.cli import terminal
from memlog.cli.encode import to_json
from memlog.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from memlog.query.hit import Hits
    from memlog.query.selection import Selection

TEXT, MANY, NUMBER, FLAG, ROWS = "text", "many", "number", "flag", "rows"
# name, kind, metavar or the format a rows flag stands for, help
OPTIONS = (
    (
        "session",
        TEXT,
        "ID",
        "In this session: its id, its first characters, `last`, or `@2`, the one before; ID@N: its epoch N",
    ),
    ("project", TEXT, "DIR", "In sessions of this directory; its last part will do."),
    ("agent", TEXT, "NAME", "In sessions of this agent, e.g. claude-code."),
    ("kind", MANY, "KIND", "Of this kind: message, thinking, tool_use, tool_result, summary ..."),
    ("role", MANY, "ROLE", "Said by user, assistant ..."),
    ("tool", MANY, "TOOL", "Calls and answers of this tool, e.g. Bash."),
    ("epoch", NUMBER, "N", "Between two compactions of a session; 0: before the first."),
    (
        "since",
        TEXT,
        "TIME",
        "From then on: 2026-03-05, 2h, 3 days ago, yesterday 14:00 (local time).",
    ),
    ("until", TEXT, "TIME", "Before then; a day named here is included."),
    (
        "path",
        MANY,
        "FILE",
        "Whose text names this file or folder: whole parts of a path, or a pattern such as *.go.",
    ),
    ("error", FLAG, "", "Only failures; the same as is:error."),
    ("limit", NUMBER, "N", "Rows at most.  [default: 20]"),
    (
        "after",
        TEXT,
        "PLACE",
        "The next page: where the last one ended, or `id` and `same` of all rows so far.",
    ),
    ("context", NUMBER, "N", "With this many records of the session before and after each."),
    ("newest", FLAG, "", "Newest first instead of best first."),
    ("exhaustive", FLAG, "", "Rank every hit, not only the newest 2,000."),
    ("no-fold", FLAG, "", "Records that say the same as a row each, not as one with a count."),
    ("literal", FLAG, "", "WORDS are characters to be found as they stand, also inside words."),
    ("regex", FLAG, "", "WORDS are a regular expression; newest first."),
    ("raw", FLAG, "", "WORDS are an expression in FTS5's own language."),
    ("count", FLAG, "", "Only how many records have all of the words."),
    ("facet", MANY, "KEY", "How many by tool, session, project, agent, kind, role, epoch, day or error."),
    ("by-session", FLAG, "", "The sessions that answer, with the best records of each."),
    ("follow", FLAG, "", "What is found now, oldest first, then more as it is archived, until Ctrl-C."),
    ("open", TEXT, "ID", "Read the session of this record, from there on."),
    ("explain", FLAG, "", "What each score is made of."),
    ("json", ROWS, "json", "One JSON array; also what a pipe gets by default."),
    ("nl", ROWS, "nl", "One JSON object a line."),
    ("csv", ROWS, "csv", "Comma-separated values."),
    ("tsv", ROWS, "tsv", "Tab-separated values."),
    ("table", ROWS, "table", "A table."),
    ("fmt", TEXT, "STYLE", "A table in a style of tabulate, e.g. github."),
    ("no-headers", FLAG, "", "No line of column names."),
    ("output", TEXT, "FILE", "Into this new file; its ending says the format: .json .jsonl .csv .tsv .txt"),
)
SHORT = {"-o": "--output"}  # every other word with one hyphen is searched for or excluded
OUTPUTS: "tuple[str, ...]" = ("open", "count", "facet", "by-session", "follow")  # one at a time
NAMING = ("session", "project", "agent", "epoch")  # of several values any
DEFAULT_LIMIT = 20
_KINDS = {name: (kind, word) for name, kind, word, _ in OPTIONS}


class Request:
    """A command line, read. flags: option → value, those that were given; rows: the format, None for auto.

    also: earlier values of an option that was given again. plain: words that stand after `--`.
    """

    __slots__ = ("also", "flags", "formats", "help", "plain", "rows", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.flags: dict[str, Any] = {}
        self.rows: str | None = None
        self.formats: list[str] = []  # all that were named
        self.help = False
        self.also: dict[str, list[Any]] = {}
        self.plain = 0

    @property
    def text(self) -> str:
        """What is asked for. A word after `--` with a minus is a word; bytes that are no text are marked."""
        first = len(self.words) - self.plain
        typed = " ".join([*self.words[:first], *map(_plain, self.words[first:])])
        return (
            typed if typed.isascii() else typed.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        )


def _plain(word: str) -> str:
    first, space, rest = word.partition(" ")
    if first[:1] != "-" or first[:2] in ("-", "--") or '"' in word:
        return word
    return f'"{first}"{space}{rest}'


def parse(arguments: "Sequence[str]") -> Request:
    """The request of the words after `query search`.

    An option that is none of ours is a word; after `--` everything is. Those that name
    sessions, projects, agents, kinds, roles, tools or epochs may be given again: any of them; of others the
    last counts.
    Raises: InputError: a value is missing, is no number, or belongs to a flag that takes none.
    """
    request = Request()
    at = 0
    while at < len(arguments):
        word = SHORT.get(arguments[at], arguments[at])
        at += 1
        if word == "--":
            request.words += arguments[at:]
            request.plain = len(arguments) - at
            break
        name, equals, value = word[2:].partition("=")
        if word == "--help" or (word == "-h" and len(arguments) == 1):
            request.help = True
        elif not word.startswith("--") or name not in _KINDS:
            request.words.append(word)
        elif _KINDS[name][0] in (FLAG, ROWS):
            if equals:
                raise InputError(f"option '--{name}' does not take a value", hint=_HINT)
            _set_flag(request, name)
        else:
            if not equals:
                if at >= len(arguments):
                    raise InputError(f"option '--{name}' needs a value", hint=_HINT)
                value = arguments[at]
                at += 1
            _set_value(request, name, value)
    return request


_HINT = "memlog query search --help"


def _set_flag(request: Request, name: str) -> None:
    kind, word = _KINDS[name]
    if kind == ROWS:
        request.rows = word
        request.formats.append(word)
    else:
        request.flags[name] = True


def _set_value(request: Request, name: str, value: str) -> None:
    kind = _KINDS[name][0]
    if name in NAMING and name in request.flags:
        request.also.setdefault(name, []).append(request.flags[name])
    if kind == MANY:
        request.flags[name] = (*request.flags.get(name, ()), value)
    elif kind == NUMBER:
        digits = value.strip()
        if digits.isascii() and digits.isdigit() and len(digits) > 9:
            raise InputError(f"option '--{name}': {value[:20]} … is more than 999999999", hint=_HINT)
        if not (digits.isascii() and digits.isdigit()):
            raise InputError(f"option '--{name}': {value!r} is not a whole number from 0", hint=_HINT)
        request.flags[name] = int(digits)
    else:
        request.flags[name] = value


def main(arguments: "Sequence[str]", home: str | None = None) -> int:
    """Exit code of `memlog [--home DIR] query search ARGUMENTS…`."""
    gc.disable()  # what is made here lives as long as the process: 20 ms
    try:
        return guarded(lambda: run(parse(arguments), home))
    finally:
        gc.enable()


def guarded(command: "Callable[[], int]") -> int:
    """Exit code of a command, whatever it raises."""
    try:
        return command()
    except KeyboardInterrupt as exc:
        from memlog.cli import interrupt

        return interrupt.ended(exc)
    except Exception as exc:  # noqa: BLE001 - the last edge: a person gets a sentence
        from memlog.cli.edge import ended_by

        return ended_by(exc)


def run(request: Request, home: str | None) -> int:
    """Search and print. Raises: MemlogError."""
    if request.help:
        from memlog.cli import root

        return root.main(["query", "search", "--help"])
    from memlog.archive.connection import open_reader
    from memlog.paths import Home, own
    from memlog.query.answer import WORDS, answer

    flags = request.flags
    _agree(request)
    path = own(Home(home)).archive
    if "open" in flags:
        from memlog.cli import opened

        return opened.run(request, path)
    mode = _mode(flags)
    text = request.text if mode == WORDS else " ".join(request.words)
    now_ns = time.time_ns()
    selection = _pinned(_selection(request, now_ns), path)
    said = text.strip() or any(getattr(selection, name) is not None for name in selection.__slots__)
    if not said and not {"follow", "count", "facet"} & flags.keys():
        raise InputError("say what to look for: words, or a filter such as --session", hint=_HINT)
    if "follow" in flags:
        from memlog.cli import following

        return following.run(request, path, text, selection, mode)
    con = open_reader(path)
    try:
        if {"count", "facet", "by-session"} & flags.keys():
            from memlog.cli import tally

            return tally.run(request, con, text, selection, mode, now_ns)
        hits = answer(
            con, text, selection, now_ns=now_ns, limit=flags.get("limit", DEFAULT_LIMIT),
            newest="newest" in flags, context=flags.get("context", 0), mode=mode,
            exhaustive="exhaustive" in flags, explain="explain" in flags, after=flags.get("after"),
            fold="no-fold" not in flags,
        )  # fmt: skip
    finally:
        con.close()
    _print(hits, request)
    _remark(hits, request)
    return 0


def _agree(request: Request) -> None:
    """Nothing. Raises: InputError for flags of which one would be left out in silence."""
    kinds = [name for name in OUTPUTS if name in request.flags]
    if kinds and "after" in request.flags:
        kinds.append("after")
    if len(kinds) > 1:
        raise InputError(f"--{kinds[0]} and --{kinds[1]} do not go together", hint=_HINT)
    formats = list(dict.fromkeys(request.formats))
    if "fmt" in request.flags:
        formats = [one for one in formats if one != "table"] + ["fmt"]
    if len(formats) > 1:
        raise InputError(f"--{formats[0]} and --{formats[1]} are two formats of the same rows", hint=_HINT)


def _pinned(selection: "Selection", path: str) -> "Selection":
    """The selection with the epoch that SESSION@N names."""
    if "@" not in (selection.session or "")[1:]:
        return selection
    from memlog.archive.connection import open_reader
    from memlog.query.names import pinned

    con = open_reader(path)
    try:
        return pinned(con, selection)
    finally:
        con.close()


def _mode(flags: "dict[str, Any]") -> str:
    said = [name for name in ("raw", "literal", "regex") if name in flags]
    if len(said) > 1:
        raise InputError(f"--{said[0]} and --{said[1]} are two ways to read the same words", hint=_HINT)
    return said[0] if said else "words"


def _selection(request: Request, now_ns: int) -> "Selection":
    from memlog.query import dates
    from memlog.query.selection import Selection

    flags = request.flags
    for name in ("session", "project", "agent", "kind", "role", "tool", "path"):
        values = flags.get(name, ())
        if "" in [one.strip(" ,") for one in ([values] if isinstance(values, str) else values)]:
            raise InputError(f"option '--{name}' has an empty value", hint=_HINT)
    said: dict[str, Any] = {
        name: flags[name]
        for name in ("session", "project", "agent", "kind", "role", "tool", "path", "epoch", "error")
        if name in flags
    }
    if "since" in flags:
        said["since_ns"] = dates.since(flags["since"], now_ns)
    if "until" in flags:
        said["until_ns"] = dates.until(flags["until"], now_ns)
    if request.also:
        from memlog.query.filters import either

        said |= either({name: [*earlier, said.pop(name)] for name, earlier in request.also.items()})
    return Selection(**said)


def _print(hits: "Hits", request: Request) -> None:
    rows = request.rows or ("table" if "fmt" in request.flags else None)
    if "output" in request.flags:
        from memlog.cli.hit_rows import into_file

        into_file(rows, hits, request)
    else:
        print_as(rows, hits, request)


def print_as(rows: str | None, hits: "Hits", request: Request) -> None:
    """Print hits. rows: the format; None: JSON for a pipe, which must not wait for what loads the others."""
    if rows is None:
        rows = "page" if terminal.is_terminal() else "json"
    if rows == "json":
        terminal.write("[" + ",\n ".join(to_json(hit.as_dict()) for hit in hits) + "]\n")
    elif rows == "nl":
        terminal.write("".join(to_json(hit.as_dict()) + "\n" for hit in hits))
    else:
        from memlog.cli.hit_rows import show

        show(rows, hits, request)


def _remark(hits: "Hits", request: Request) -> None:
    for note in hits.notes:
        terminal.say(note)
    if not hits or hits.relaxed or hits.capped or hits.near:
        from memlog.cli import remarks

        remarks.say(hits, remarks.why_none(request.flags))
    if terminal.is_terminal() and hits.after is not None:
        from memlog.cli.remarks import tell_next

        tell_next(hits.after, request.flags.get("limit", DEFAULT_LIMIT))
