"""A session as text a person reads: a chapter for each epoch, losses where they are."""

from collections.abc import Iterator

from memlog.cli.brief import last_part, lasted, minute
from memlog.cli.terminal import (
    BOLD,
    DIM,
    KIND,
    MATCH,
    NAME,
    colours,
    painted,
    safe_line,
    safe_text,
    width,
)  # fmt: skip
from memlog.cli.width import wrapped
from memlog.query.gaps import HoleRow
from memlog.query.record import Whole
from memlog.query.session import Chapter, Transcript
from memlog.query.sessions import SessionRow

RESULT_LINES = 12
CALL_LINES = 20
WIDEST = 100  # columns of prose; a line longer than that is hard to follow
_ROWS = 4  # a line of a call or a result may take on a screen, unless --full


def render(read: Transcript, *, full: bool) -> str:
    """The transcript. full: tool results whole, not their first lines."""
    return "".join(line + "\n" for line in _Page(full).lines(read))


def card(one: Whole) -> str:
    """One record with all that is known of it."""
    on = colours()
    lines = []
    for name in one.__slots__:
        value = getattr(one, name)
        if name not in ("text", "extra", "ids", "at") and value is not None:
            lines.append(f"{painted(name, KIND, on)}: {safe_line(str(value))}")
    if one.extra is not None:
        from memlog.cli.encode import to_json

        lines.append(f"{painted('extra', KIND, on)}: {to_json(one.extra)}")
    return "\n".join([*lines, "", *wrapped(safe_text(one.text), width()), ""])


class _Page:
    """One transcript being written. Into a pipe its lines stay as long as they are."""

    def __init__(self, full: bool) -> None:
        self._full = full
        self._on = colours()
        self._width = width()
        self._rule = min(self._width or WIDEST, WIDEST)
        self._day = ""

    def lines(self, read: Transcript) -> Iterator[str]:
        yield from self._head(read.session)
        several = len(read.chapters) > 1
        for chapter in read.chapters:
            yield from self._chapter(chapter, several)

    def _head(self, row: SessionRow) -> Iterator[str]:
        title = safe_line((row.title or row.session).lstrip("# "))
        for line in wrapped(title, self._width):
            yield painted(line, BOLD, self._on)
        where = f"  {last_part(row.project)}" if row.project else ""
        yield painted(safe_line(f"{row.agent}  {row.session}{where}"), NAME, self._on)
        told = [_count(row.records, "record")]
        told += [_count(row.compactions, "compaction")] if row.compactions else []
        told += [_count(row.gaps, "hole")] if row.gaps else []
        yield f"{_times(row)}  {', '.join(told)}"

    def _chapter(self, chapter: Chapter, several: bool) -> Iterator[str]:
        epoch = chapter.epoch
        if several or epoch.epoch:
            yield ""
            told = f"epoch {epoch.epoch}, from {minute(epoch.opened)}, {_count(epoch.records, 'record')}"
            yield self._ruled(told, BOLD, "═")
            self._day = epoch.opened[:10]
        for entry in chapter.entries:
            yield ""
            if isinstance(entry, HoleRow):
                yield from self._hole(entry)
            else:
                yield from self._entry(entry)
        if epoch.trigger is not None:
            tokens = "" if epoch.tokens_before is None else f", {epoch.tokens_before:,} tokens before"
            after = "" if epoch.tokens_after is None else f", {epoch.tokens_after:,} after"
            yield ""
            yield self._ruled(f"compacted ({safe_line(epoch.trigger)}{tokens}{after})", NAME, "─")

    def _hole(self, hole: HoleRow) -> Iterator[str]:
        missing = f"lost: {hole.stop - hole.start:,} bytes of the transcript did not arrive"
        yield self._ruled(missing, MATCH, "!")
        told = safe_line(f"bytes {hole.start:,} to {hole.stop:,} of {hole.path}")
        for line in wrapped(told, self._width, "   "):
            yield painted(line, MATCH, self._on)

    def _entry(self, one: Whole) -> Iterator[str]:
        if one.ts[:10] != self._day:
            if self._day:
                yield painted(one.ts[:10], BOLD, self._on)
            self._day = one.ts[:10]
        failed = "  " + painted("failed", MATCH, self._on) if one.error else ""
        head = painted(safe_line(f"{one.ts[11:19]}Z  {_who(one)}"), KIND, self._on)
        yield f"{head}{failed}  {painted(f'#{one.id}', DIM, self._on)}"
        prose = one.kind in ("message", "summary", "thinking")
        quiet = one.kind in ("thinking", "meta", "tool_result")
        indent = "" if one.kind in ("message", "summary") else "  "
        limit = {"tool_result": RESULT_LINES, "meta": RESULT_LINES, "tool_use": CALL_LINES}.get(one.kind)
        text = safe_text(one.text.strip("\n"))
        lines = text.split("\n") if text else []
        left = 0
        if limit is not None and not self._full and len(lines) > limit + 1:
            left = len(lines) - limit
            lines = lines[:limit]
        for line in lines:
            for row in self._rows(line, indent, prose):
                yield painted(row, DIM, self._on) if quiet else row
        if left:
            more = f"{indent}… {left} lines more (--full, or memlog query record {one.id})"
            yield painted(more, DIM, self._on)

    def _rows(self, line: str, indent: str, prose: bool) -> Iterator[str]:
        """What one line of a text takes on the screen."""
        if self._width is None or prose:
            yield from wrapped(line, None if self._width is None else self._rule, indent)
            return
        most = len(line) if self._full else _ROWS * self._width
        cut = line[:most] + "…" if len(line) > most else line
        yield from wrapped(cut, self._width, indent)

    def _ruled(self, text: str, colour: str, stroke: str) -> str:
        return painted(f"{stroke * 2} {text} ".ljust(self._rule, stroke), colour, self._on)


def _who(one: Whole) -> str:
    if one.kind in ("tool_use", "tool_result"):
        return f"{one.tool or 'tool'} {'call' if one.kind == 'tool_use' else 'result'}"
    return one.role if one.role and one.kind == "message" else f"{one.role or ''} {one.kind}".lstrip()


def _times(row: SessionRow) -> str:
    if not row.started or not row.ended:
        return "no records"
    begin, end = minute(row.started), minute(row.ended)
    took = lasted(((row.ended_ns or 0) - (row.started_ns or 0)) / 1e9)
    return f"{begin} to {end[11:] if begin[:10] == end[:10] else end} ({took})"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
