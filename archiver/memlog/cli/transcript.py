"""A session as text a person reads."""

from collections.abc import Iterator

from memlog.cli.terminal import BOLD, DIM, KIND, MATCH, NAME, colours, painted, safe_line, safe_text, size
from memlog.query.gaps import HoleRow
from memlog.query.record import Whole
from memlog.query.session import Chapter, Transcript

RESULT_LINES = 12
CALL_LINES = 20


def render(read: Transcript, *, full: bool) -> str:
    """The transcript. full: tool results whole, not their first lines."""
    return "".join(line + "\n" for line in _lines(read, full, colours()))


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
    return "\n".join([*lines, "", safe_text(one.text), ""])


def _lines(read: Transcript, full: bool, on: bool) -> Iterator[str]:
    row = read.session
    yield painted(safe_line(row.title or row.session), BOLD, on)
    yield painted(safe_line(f"{row.agent} {row.session}  {row.project or ''}"), NAME, on)
    lost = f", {row.gaps} holes" if row.gaps else ""
    yield f"{row.started} to {row.ended}: {row.records} records, {row.compactions} compactions{lost}"
    for chapter in read.chapters:
        yield from _chapter(chapter, full, on, len(read.chapters) > 1)


def _chapter(chapter: Chapter, full: bool, on: bool, several: bool) -> Iterator[str]:
    epoch = chapter.epoch
    if several or epoch.epoch:
        yield ""
        yield painted(_rule(f"epoch {epoch.epoch}, from {epoch.opened}"), BOLD, on)
    for entry in chapter.entries:
        yield ""
        if isinstance(entry, HoleRow):
            yield painted(
                safe_line(f"!! lost: bytes {entry.start} to {entry.stop} of {entry.path} did not arrive"),
                MATCH,
                on,
            )
        else:
            yield from _entry(entry, full, on)
    if epoch.trigger is not None:
        tokens = f", {epoch.tokens_before} tokens" if epoch.tokens_before is not None else ""
        yield ""
        yield painted(_rule(f"compacted ({safe_line(epoch.trigger)}{tokens})"), NAME, on)


def _rule(text: str) -> str:
    return f"── {text} ".ljust(min(size()[0], 100), "─")


def _entry(one: Whole, full: bool, on: bool) -> Iterator[str]:
    who = one.kind if one.role is None else one.role if one.kind == "message" else f"{one.role} {one.kind}"
    tool = f" {one.tool}" if one.tool else ""
    failed = "  failed" if one.error else ""
    head = f"{one.ts[11:19]} {safe_line(who + tool)}"
    yield painted(head, KIND, on) + painted(failed, MATCH, on) + "  " + painted(f"#{one.id}", DIM, on)
    text = safe_text(one.text.strip("\n"))
    lines = text.split("\n") if text else []
    limit = (
        RESULT_LINES
        if one.kind in ("tool_result", "meta")
        else CALL_LINES
        if one.kind == "tool_use"
        else None
    )
    left = 0
    if limit is not None and not full and len(lines) > limit + 1:
        left = len(lines) - limit
        lines = lines[:limit]
    indent = "" if one.kind in ("message", "summary") else "  "
    quiet = one.kind in ("thinking", "meta", "tool_result")
    for line in lines:
        yield painted(indent + line, DIM, on) if quiet else indent + line
    if left:
        yield painted(f"{indent}… {left} lines more (--full, or memlog query record {one.id})", DIM, on)
