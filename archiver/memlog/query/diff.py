"""Two sessions, or two epochs, compared by their facts."""

import posixpath
from collections.abc import Collection
from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.errors import NotFoundError
from memlog.query.after import order
from memlog.query.epochs import epochs
from memlog.query.facts import extract, shell
from memlog.query.facts.fact import Fact
from memlog.query.names import in_epoch, sessions


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A fact of one side or of both: how often it was used, and where it was said last.

    side: a, b or both.
    """

    kind: str
    value: str
    side: str
    uses_a: int
    uses_b: int
    detail_a: str | None
    detail_b: str | None
    record_a: int | None
    record_b: int | None


def diff(
    con: Connection, a: str, b: str, *, kinds: Collection[str] = (), same: bool = False
) -> list[DiffRow]:  # fmt: skip
    """Facts only one side has, by kind and most used first; same: also those both have.

    a, b: a session, or `SESSION@N` for one of its epochs.
    Raises: NotFoundError for a session or an epoch that is not there, QueryError for an ambiguous prefix.
    """
    left, right = _facts(con, a, kinds), _facts(con, b, kinds)
    ranks = {kind: n for n, kind in enumerate(order(kind for kind, _ in {**left, **right}))}
    rows = [_row(kind, left.get((kind, key)), right.get((kind, key))) for kind, key in {**left, **right}]
    shown = [row for row in rows if same or row.side != "both"]
    return sorted(
        shown, key=lambda r: (ranks[r.kind], r.side, -(r.uses_a + r.uses_b), r.value)
    )  # fmt: skip


_Counted = tuple[Fact, int]


def _facts(con: Connection, ref: str, kinds: Collection[str]) -> dict[tuple[str, str], _Counted]:
    name, epoch = in_epoch(con, ref)
    row = max(sessions(con, name), key=lambda found: found[4] or 0)
    known = [e for e in epochs(con, row[1], agent=row[2]) if e.agent == row[2]]
    numbers = [e.epoch for e in known]
    if epoch is not None and epoch not in numbers:
        there = f"0–{max(numbers)}" if len(numbers) > 1 else "only 0"
        raise NotFoundError(
            f"session {row[1]} has no epoch {epoch} ({there})", hint=f"memlog query epochs {row[1]}"
        )
    root = next((e.project for e in known if e.project), None)
    found: dict[tuple[str, str], _Counted] = {}
    for fact in extract.facts(con, row[0], epoch):
        if fact.aside or (kinds and fact.kind not in kinds):
            continue
        key = fact.kind, _key(fact, root)
        found[key] = (fact, found[key][1] + 1 if key in found else 1)
    return found


def _key(fact: Fact, root: str | None) -> str:
    """A file below the session's folder goes by its path there: two checkouts can be compared.

    A command goes by what it runs, wherever its output goes: as what was lost of it is found again.
    """
    if fact.kind == "command":
        return " && ".join(shell.ran(fact.value))
    inside = root is not None and fact.place is not None and fact.place.startswith(root.rstrip("/") + "/")
    return posixpath.relpath(fact.key, root) if inside else fact.key


def _row(kind: str, a: _Counted | None, b: _Counted | None) -> DiffRow:
    one = a or b
    assert one is not None
    return DiffRow(
        kind, one[0].value, "both" if a and b else "a" if a else "b",
        a[1] if a else 0, b[1] if b else 0, a[0].detail if a else None, b[0].detail if b else None,
        a[0].record if a else None, b[0].record if b else None,
    )  # fmt: skip
