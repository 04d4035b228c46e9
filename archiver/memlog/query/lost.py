"""What a compaction took: every fact of the before-image, kept or lost, and whether it was missed."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from memlog.archive.connection import Connection
from memlog.errors import NotFoundError
from memlog.query import comeback
from memlog.query.after import BY_NAME, DONE, NONE, PARAPHRASED, UNSEEN, VERBATIM, After, Kept, after, order
from memlog.query.before import Image, before
from memlog.query.dates import iso
from memlog.query.epochs import EpochRow, epochs
from memlog.query.later import Later
from memlog.query.names import sessions
from memlog.query.unseen import unseen
from memlog.query.verdict import Count


@dataclass(frozen=True, slots=True)
class LostRow:
    """A fact the agent knew when a compaction came.

    kept: verbatim, name or paraphrased; None: lost; unseen: no summary was captured, so nobody knows;
    done: an item of a plan that was finished, which counts among nothing.
    where: in the summary or in the context beside it. weight: 0 to 1, how likely it is missed.
    came_back: uses after the compaction, None where nothing is known of what followed, and for what is only
    printed or named; then: what was done with it last in them, or how it ended;
    again: the record of the first of them.
    record, start, end, digest: where it was said last, in bytes. unseen: what of the epoch was not captured.
    """

    kind: str
    value: str
    kept: str | None
    where: str | None
    weight: float
    came_back: int | None
    uses: int
    by: str
    detail: str | None
    record: int
    ts: str
    start: int
    end: int
    digest: str
    session: str
    epoch: int
    agent: str
    then: str | None = None
    again: int | None = None
    unseen: str | None = None


@dataclass(frozen=True, slots=True)
class KindLoss:
    """Facts of one kind, how many were kept in which way, and how many of the lost were used again.

    unknown: those of which it cannot be told, because no summary was captured.
    """

    kind: str
    facts: int
    verbatim: int
    name: int
    paraphrased: int
    lost: int
    came_back: int
    unknown: int = 0

    @property
    def ratio(self) -> float | None:
        """Share that was kept in any way; None where that is unknown."""
        return None if self.unknown or not self.facts else round(1 - self.lost / self.facts, 3)

    @property
    def count(self) -> Count:
        """What a verdict needs of it."""
        return Count(self.kind, self.facts, self.lost, self.unknown)


@dataclass(frozen=True, slots=True)
class Loss:
    """One compaction: what it was, what could not be seen of it, ratios per kind, and the facts by weight.

    epoch: the one it ended. source: where its summary was found: transcript or PostCompact; context: its
    agent leaves none in words; none: nothing of it was captured.
    """

    session: str
    agent: str
    project: str | None
    epoch: int
    ended: str | None
    ended_ns: int
    trigger: str | None
    tokens_before: int | None
    tokens_after: int | None
    records: int
    source: str
    summary_chars: int
    context_chars: int
    unseen: tuple[str, ...]
    kinds: tuple[KindLoss, ...]
    rows: tuple[LostRow, ...]


def losses(
    con: Connection, name: str, *, epoch: int | None = None, agent: str | None = None
) -> Iterator[Loss]:  # fmt: skip
    """What each compaction of a session took, in order; of one that ended this epoch.

    Raises: NotFoundError for a session that is not there, and for an epoch no compaction ended.
    """
    found = False
    for row in sessions(con, name, agent):
        known = [e for e in epochs(con, row[1], agent=row[2]) if e.agent == row[2]]
        wanted = {e.epoch for e in known} if epoch is None else {epoch}
        for one in between(con, row[0], known, wanted):
            found = True
            yield one
    if not found and epoch is not None:
        raise NotFoundError(_no_epoch(con, name, agent, epoch), hint=f"memlog query epochs {name}")


def between(
    con: Connection, session_id: int, known: Sequence[EpochRow], wanted: Collection[int]
) -> Iterator[Loss]:
    """What the compactions that ended the wanted epochs took; each epoch is read once.

    known: all epochs of the session, in order. Limits: facts of two epochs are in memory at a time.
    """
    then: Image | None = None
    for ended, opened in pairwise(known):
        if ended.epoch not in wanted:
            then = None
            continue
        had = before(con, session_id, ended.epoch) if then is None else then
        then = before(con, session_id, opened.epoch)
        yield loss(con, session_id, (ended, had), (opened, then))


def loss(
    con: Connection, session_id: int, ending: tuple[EpochRow, Image], following: tuple[EpochRow, Image]
) -> Loss:
    """What the compaction between two epochs of a session took."""
    (ended, had), (opened, then) = ending, following
    left = after(con, session_id, ended, opened)
    hidden = (*left.unseen, *unseen(con, session_id, ended))
    if not had.seen:
        hidden = (*hidden, "no fact of this epoch was captured")
    told = "; ".join(hidden) or None
    rows = [replace(row, unseen=told) for row in _rows(had, left, then, ended)]
    return Loss(
        ended.session, ended.agent, ended.project, ended.epoch, iso(opened.opened_ns), opened.opened_ns,
        ended.trigger, ended.tokens_before, ended.tokens_after, ended.records, left.source, len(left.summary),
        len(left.context), hidden, ratios(rows), tuple(rows),
    )  # fmt: skip


def ratios(rows: Iterable[LostRow]) -> tuple[KindLoss, ...]:
    """Counts per kind, in the order of a report."""
    by_kind: dict[str, list[LostRow]] = {}
    for row in rows:
        if row.kept != DONE:
            by_kind.setdefault(row.kind, []).append(row)
    return tuple(_kind_loss(kind, by_kind[kind]) for kind in order(by_kind))


def _kind_loss(kind: str, rows: list[LostRow]) -> KindLoss:
    how = [row.kept for row in rows]
    back = sum(row.kept is None and bool(row.came_back) for row in rows)
    lost = how.count(None)
    return KindLoss(
        kind, len(rows), how.count(VERBATIM), how.count(BY_NAME), how.count(PARAPHRASED), lost, back,
        how.count(UNSEEN),
    )  # fmt: skip


def _rows(had: Image, left: After, then: Image, ended: EpochRow) -> list[LostRow]:
    summary, context, coming = Kept(left.summary), Kept(left.context), Kept(comeback.next_step(left.summary))
    later, scored = Later(then), []
    for key, one in had.seen.items():
        form = one.form
        fact = form.last
        how = summary.how(fact, one.forms)
        where = "summary" if how else None
        if not left.repeated.isdisjoint((fact.record, one.last.record)):
            how, where = VERBATIM, "context"
        elif how != VERBATIM:
            beside = context.how(fact, one.forms)
            if beside and (how is None or beside == VERBATIM):
                how, where = beside, "context"
        if how is None and left.source == NONE:
            how = UNSEEN
        if comeback.is_done(one.last):
            how, where = DONE, None
        back = later.of(key, one.last)
        found = comeback.score(
            one.form,
            now=had.at,
            mentions=had.mentions,
            named=summary.names(fact),
            next_step=coming.names(fact),
            kept=how not in (None, UNSEEN),
            home=ended.project,
        )
        scored.append((found, one.at, LostRow(
            fact.kind, fact.value, how, where, comeback.weight(found),
            back.uses, one.uses, fact.by, one.last.detail,
            fact.record, iso(fact.ts_ns), fact.start, fact.end, fact.digest,
            ended.session, ended.epoch, ended.agent, back.then, back.first,
        )))  # fmt: skip
    scored.sort(key=lambda item: (-item[0], -item[1], item[2].kind, item[2].value))
    return [row for _, _, row in scored]


def _no_epoch(con: Connection, name: str, agent: str | None, epoch: int) -> str:
    known = [e.epoch for e in epochs(con, name, agent=agent)]
    if epoch in known:
        return f"no compaction has ended epoch {epoch} of session {name}"
    there = f"0–{max(known)}" if len(known) > 1 else "only 0"
    return f"session {name} has no epoch {epoch} ({there})"


def shortened(
    one: Loss, *, kinds: Iterable[str] = (), missing: bool = False, back: bool = False, limit: int = -1
) -> Loss:
    """The same loss with fewer rows: of some kinds, what is lost or may be, or used again; counts stay."""
    wanted = set(kinds)
    rows = [
        row for row in one.rows
        if (not wanted or row.kind in wanted) and not (missing and row.kept not in (None, UNSEEN))
        and (not back or row.came_back)
    ]  # fmt: skip
    return replace(one, rows=tuple(rows if limit < 0 else rows[:limit]))
