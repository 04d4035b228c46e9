"""A loss report, and the trend of them: as a page for people, and as rows with what these leave unsaid."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from memlog.cli import brief, output, terminal
from memlog.cli.output import RowFormat
from memlog.cli.table import table
from memlog.cli.terminal import safe_line
from memlog.query import lost
from memlog.query.after import CONTEXT, NONE
from memlog.query.checks import number
from memlog.query.lost import KindLoss, Loss, LostRow
from memlog.query.trend import COLUMNS, TrendRow
from memlog.query.verdict import verdict

_KEPT = {
    "verbatim": "verbatim", "name": "by name", "paraphrased": "paraphrased", None: "lost",
    "unseen": "unknown", "done": "done",
}  # fmt: skip
_ROW_COLUMNS = {
    "kind": "", "kept": "", "weight": "", "came_back": "back", "then": "", "uses": "", "record": "",
    "value": "",
}  # fmt: skip
_NO_SUMMARY = {"context": "no summary in words", "none": "a summary that was not captured"}


def shortened(losses: Iterable[Loss], limit: int, **which: Any) -> tuple[list[Loss], list[str]]:
    """The losses with so many facts each, and a sentence for each that has more. which: as query/lost.py."""
    told, cut = [], []
    for one in losses:
        many = len(lost.shortened(one, **which).rows)
        told.append(lost.shortened(one, **which, limit=limit))
        shown = len(told[-1].rows)
        if shown < many:
            cut.append(f"epoch {one.epoch}: {shown} of {many} facts; --limit N for more")
    return told, cut


def show(losses: Sequence[Loss], cut: Sequence[str], rows: RowFormat | None, fmt: str | None) -> None:
    """Print losses: a page says itself what was not seen, of rows it is said beside them."""
    if output.is_page(rows, fmt) and losses:
        output.write(page(losses))
        return
    for one in losses:
        for sentence in one.unseen:
            terminal.say(f"epoch {one.epoch}: {sentence}")
    output.emit((row for one in losses for row in one.rows), rows, fmt, _ROW_COLUMNS)
    for sentence in cut:
        terminal.say(sentence)


def show_trend(found: Sequence[TrendRow], rows: RowFormat | None, fmt: str | None) -> None:
    """Print a row per compaction, and of how many of them not all is known."""
    if found and output.is_page(rows, fmt):
        output.write(trend(found))
    else:
        output.emit(found, rows, fmt, COLUMNS)
    every = len(found)
    if not every:
        terminal.say("no compaction is among what was asked for; memlog query epochs SESSION lists them")
    partial = sum(row.unseen > 0 for row in found)
    if partial:
        terminal.say(f"{partial} of {every} not seen whole (unseen); memlog query lost SESSION says why")
    blind = sum(row.unknown > 0 for row in found)
    if blind:
        terminal.say(f"{blind} of {every} without a ratio: no summary was captured")
    wordless = sum(row.ratio is None and not row.unknown and row.facts > 0 for row in found)
    if wordless:
        terminal.say(f"{wordless} of {every} without a ratio: their agent leaves no summary in words")


def page(losses: Iterable[Loss]) -> str:
    """One part per compaction: what it was, how much of each kind it kept, what is missed first."""
    return "\n".join(map(_part, losses))


def trend(rows: Sequence[TrendRow]) -> str:
    """A row per compaction: `SESSION@EPOCH` is what `query lost --epoch` and `query diff` take."""
    columns = ["ended", "session", "trigger", "facts", "lost", "kept", "back", "seen"]
    names = brief.sessions([row.session for row in rows])
    cells = [_trend_row(row, name) for row, name in zip(rows, names, strict=True)]
    return table(columns, cells, terminal.size()[0], output.headers())


def _trend_row(row: TrendRow, name: str) -> list[object]:
    blind = row.source == NONE
    seen = "no summary" if blind else "no words" if row.source == CONTEXT else "in part" if row.unseen else ""
    return [
        brief.minute(row.ended or ""), f"{name}@{row.epoch}", row.trigger, row.facts,
        None if blind else row.lost, None if row.ratio is None else f"{row.ratio:.0%}",
        row.came_back or None, seen,
    ]  # fmt: skip


def _part(one: Loss) -> str:
    width = terminal.size()[0]
    columns = ["kind", "facts", "verbatim", "by name", "paraphrased", "lost", "kept", "came back for"]
    counts = table(columns, [_counts(kind) for kind in one.kinds], width)
    facts = table(
        ["weight", "kept", "back", "kind", "record", "what"], [_fact(row) for row in one.rows], width
    )  # fmt: skip
    warned = "".join(f"! {safe_line(sentence)}\n" for sentence in one.unseen)
    return "\n".join(filter(None, (_head(one) + warned, counts, facts)))


def _head(one: Loss) -> str:
    tokens = f" at {one.tokens_before:,} tokens" if one.tokens_before else ""
    trigger = f"{one.trigger} " if one.trigger else ""
    summary = _NO_SUMMARY.get(one.source, f"a summary of {one.summary_chars:,} characters")
    said = _wrapped(verdict(kind.count for kind in one.kinds))
    return (
        f"{safe_line(one.session)} epoch {one.epoch}: {trigger}compaction{tokens}, {one.ended}\n"
        f"{number(one.records, 'record')} became {summary}\n{said}\n"
    )


def _wrapped(sentence: str) -> str:
    """A sentence in lines of the terminal's width, not cut within words."""
    return "\n".join(textwrap.wrap(sentence, max(terminal.size()[0], 20)))


def _counts(kind: KindLoss) -> list[object]:
    share = "?" if kind.ratio is None else f"{kind.ratio:.0%}"
    lost = "?" if kind.unknown else kind.lost
    return [
        kind.kind, kind.facts, kind.verbatim, kind.name, kind.paraphrased, lost, share,
        kind.came_back or None,
    ]  # fmt: skip


def _fact(row: LostRow) -> list[object]:
    value = what(row.kind, row.value)
    return [f"{row.weight:.2f}", _KEPT[row.kept], row.came_back or None, row.kind, row.record, value]


def what(kind: str, value: str) -> str:
    """A fact in a line: of a path its end, which is what tells it apart."""
    said = value.rsplit("/", 3)
    return "…/" + "/".join(said[1:]) if kind == "file" and len(said) > 3 else " ".join(value.split())
