"""`memlog query search --count`, `--facet` and `--by-session`: how many, of what, where."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from memlog.cli import hits, output, remarks, terminal
from memlog.cli.hit_rows import TABLE_COLUMNS
from memlog.cli.search import DEFAULT_LIMIT, Request
from memlog.errors import InputError
from memlog.query import facets, grouped
from memlog.query.answer import WORDS, answer

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.selection import Selection

BAR = 24  # columns of the longest bar


def run(
    request: Request, con: "Connection", text: str, selection: "Selection", mode: str, now_ns: int
) -> int:
    """Count, group and print. Raises: MemlogError."""
    flags = request.flags
    how: dict[str, Any] = {"now_ns": now_ns, "mode": mode}
    if "count" in flags:
        counted = facets.count(con, text, selection, **how)
        _count(request, counted)
        for note in counted.notes:
            terminal.say(note)
        _doubts(con, text, selection, how)
        if not counted.count and mode == WORDS and answer(con, text, selection, limit=1, **how):
            terminal.say("no record has all of these words; without --count those that have some are shown")
    elif "facet" in flags:
        keys = tuple(dict.fromkeys(key for said in flags["facet"] for key in said.split(",") if key))
        if not keys:
            raise InputError("--facet names no key", hint=f"one of {', '.join(facets.KEYS)}")
        found = facets.facets(con, text, selection, keys=keys, limit=flags.get("limit", DEFAULT_LIMIT), **how)
        _emit(request, list(map(asdict, found)), _bars(found))
        _doubts(con, text, selection, how)
        for note in found.notes:
            terminal.say(note)
        if found and found[0].estimated:
            terminal.say("estimated: only some of the records were looked at")
    else:
        sessions, made_of = grouped.by_session(
            con, text, selection, limit=flags.get("limit", DEFAULT_LIMIT), newest="newest" in flags,
            context=flags.get("context", 0), **how,
        )  # fmt: skip
        _emit(request, [_row(one) for one in sessions], hits.session_page(sessions))
        for note in made_of.notes:
            terminal.say(note)
        remarks.say(made_of)
    return 0


def _doubts(con: "Connection", text: str, selection: "Selection", how: dict[str, Any]) -> None:
    for sentence in facets.doubts(con, text, selection, **how):
        terminal.say(sentence)


def _count(request: Request, found: facets.Count) -> None:
    row = {"count": found.count, "estimated": found.estimated}
    _emit(request, [row], f"{'about ' * found.estimated}{found.count:,}\n", bare=str(found.count))


def _row(one: grouped.SessionHits) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in one.__slots__ if name != "best"}
    return row | {"best": [hit.as_dict() for hit in one.best]}


def _emit(request: Request, rows: list[dict[str, Any]], page: str, bare: str | None = None) -> None:
    """The rows as the flags say: a page on a terminal, JSON into a pipe; `bare` in its place there."""
    fmt, to = request.flags.get("fmt"), request.flags.get("output")
    if request.rows is None and fmt is None and to is None:
        if terminal.is_terminal():
            terminal.write(page)
            return
        if bare is not None:
            terminal.write(bare + "\n")
            return
    columns = [name for name in rows[0] if name != "best"] if rows else TABLE_COLUMNS
    style = output.RowFormat(request.rows) if request.rows else None
    output.emit(rows, style, fmt, columns, headed="no-headers" not in request.flags, output=to)


def _bars(found: list[facets.Facet]) -> str:
    """Values with their counts and a bar each."""
    on = terminal.colours()
    lines: list[str] = []
    key = None
    most = max((one.count for one in found), default=1)
    for one in found:
        if one.facet != key:
            lines += [""] * bool(lines) + [terminal.painted(one.facet, terminal.BOLD, on)]
            key = one.facet
        bar = "█" * max(1, round(BAR * one.count / most))
        about = "~" if one.estimated else ""
        value = terminal.safe_line(str(one.value)) if one.value is not None else "–"
        count = f"{about}{one.count:,}"
        lines.append(f"{count:>10}  {terminal.painted(bar.ljust(BAR), terminal.KIND, on)}  {value}")
    return "\n".join(lines) + "\n" if lines else ""
