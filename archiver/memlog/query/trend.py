"""What compactions took over time, and of which kinds."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from memlog.archive.connection import Connection
from memlog.query.after import CONTEXT
from memlog.query.epochs import EpochRow, epochs
from memlog.query.lost import Loss, between
from memlog.query.names import sessions as named
from memlog.query.selection import Selection
from memlog.query.sessions import sessions

COLUMNS = {
    "ended": "", "session": "", "epoch": "", "trigger": "", "facts": "", "kept": "", "lost": "", "ratio": "",
    "unknown": "", "came_back": "back", "source": "summary", "unseen": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One compaction in counts. ratio: share of its facts that was kept; came_back: lost ones used again.

    unknown: facts of which it cannot be told, because no summary was captured; it has no ratio then, nor
    where its agent leaves no summary in words (source: context): what that holds nobody can say.
    """

    ended: str | None
    session: str
    epoch: int
    agent: str
    project: str | None
    trigger: str | None
    tokens_before: int | None
    facts: int
    kept: int
    lost: int
    unknown: int
    ratio: float | None
    came_back: int
    source: str
    summary_chars: int
    unseen: int


@dataclass(frozen=True, slots=True)
class KindRow:
    """How much of one kind a compaction kept."""

    session: str
    epoch: int
    kind: str
    facts: int
    verbatim: int
    name: int
    paraphrased: int
    lost: int
    unknown: int
    ratio: float | None
    came_back: int
    unseen: str | None


def trend(con: Connection, chosen: Selection, kinds: Collection[str] = ()) -> list[TrendRow]:
    """Every compaction of a selection's time, agent and project, by when it came.

    kinds: of facts that are counted; none: all. Limits: facts of two epochs are in memory at a time.
    """
    found = ((one.ended_ns, _row(of_kinds(one, kinds))) for one in all_losses(con, chosen))
    return [row for _, row in sorted(found, key=lambda item: item[0])]


def ratios(con: Connection, chosen: Selection, kinds: Collection[str] = ()) -> list[KindRow]:
    """The same compactions in the same order, with a row for each kind of fact."""
    found = ((one.ended_ns, tuple(by_kind(of_kinds(one, kinds)))) for one in all_losses(con, chosen))
    return [row for _, rows in sorted(found, key=lambda item: item[0]) for row in rows]


def of_kinds(one: Loss, kinds: Collection[str]) -> Loss:
    """The same loss with the counts of some kinds; of all where none is named."""
    return replace(one, kinds=tuple(k for k in one.kinds if k.kind in kinds)) if kinds else one


def _row(one: Loss) -> TrendRow:
    facts, gone, unknown = (sum(getattr(k, name) for k in one.kinds) for name in ("facts", "lost", "unknown"))
    return TrendRow(
        one.ended, one.session, one.epoch, one.agent, one.project, one.trigger, one.tokens_before, facts,
        facts - gone - unknown, gone, unknown, _ratio(one, facts, gone, unknown),
        sum(k.came_back for k in one.kinds), one.source, one.summary_chars, len(one.unseen),
    )  # fmt: skip


def _ratio(one: Loss, facts: int, gone: int, unknown: int) -> float | None:
    return None if unknown or not facts or one.source == CONTEXT else round(1 - gone / facts, 3)


def all_losses(con: Connection, chosen: Selection) -> Iterator[Loss]:
    """What every compaction within a selection's time took, in order of sessions' ends."""
    since, until = chosen.since_ns, chosen.until_ns
    found = sessions(con, agent=chosen.agent, project=chosen.project, since_ns=since, until_ns=until)
    for row in reversed(found):
        if not row.compactions:
            continue
        for id_, session, agent, _, _ in named(con, row.session, row.agent):
            known = [e for e in epochs(con, session, agent=agent) if e.agent == agent]
            wanted = {ended.epoch for ended, opened in pairwise(known) if _within(opened, since, until)}
            yield from between(con, id_, known, wanted)


def _within(opened: EpochRow, since: int | None, until: int | None) -> bool:
    return (since is None or opened.opened_ns >= since) and (until is None or opened.opened_ns < until)


def by_kind(one: Loss) -> Iterator[KindRow]:
    """A row per kind of one compaction."""
    for k in one.kinds:
        yield KindRow(
            one.session, one.epoch, k.kind, k.facts, k.verbatim, k.name, k.paraphrased, k.lost,
            k.unknown, _ratio(one, k.facts, k.lost, k.unknown), k.came_back, "; ".join(one.unseen) or None,
        )  # fmt: skip
