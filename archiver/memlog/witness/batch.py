"""One batch into the archive, and what came of many of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import time_ns
from typing import Any

from memlog.archive.store import Archive, Outcome
from memlog.wire import Damage, Frame, Gap
from memlog.witness import trouble
from memlog.witness.log import log

Item = Frame | Gap | Damage

# A batch in which more single records than this are refused is not the records' fault.
_MOST_REFUSED = 8


@dataclass(slots=True)
class Totals:
    """What was archived: rows; records, met again (parts not counted); what was lost on the way."""

    batches: int = 0
    archived: int = 0
    records: int = 0
    sightings: int = 0
    met: int = 0
    events: int = 0
    gaps: int = 0
    lost: int = 0
    damage: int = 0
    redacted: int = 0
    tombstoned: int = 0
    undecodable: int = 0
    bytes: int = 0

    def taken(self) -> int:
        """Frames of a ring that became something."""
        return self.archived + self.sightings + self.events + self.damage

    def count(self, outcome: Outcome) -> None:
        """Add one batch."""
        self.batches += 1
        self.archived += outcome.archived
        self.records += outcome.records
        self.sightings += outcome.sightings
        self.met += outcome.met
        self.events += len(outcome.events)
        self.gaps += len(outcome.gaps)
        self.lost += sum(gap.lost for gap in outcome.gaps)
        self.damage += outcome.damage
        self.redacted += outcome.redacted
        self.tombstoned += outcome.tombstoned
        self.undecodable += outcome.undecodable
        self.bytes += outcome.bytes

    def add(self, other: "Totals") -> None:
        """Add another tally."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)

    def as_dict(self) -> dict[str, Any]:
        """The same, for JSON."""
        return asdict(self)


def last_seq(items: Sequence[Item]) -> int:
    """The newest seq these items account for; 0 where none has one."""
    for item in reversed(items):
        if isinstance(item, Gap):
            return item.before - 1
        if isinstance(item, Frame) and item.header is not None:
            return item.header.seq
    return 0


def ingest(
    archive: Archive,
    items: Sequence[Item],
    *,
    ring: int | None,
    source: str,
    transcripts: Sequence[dict[str, Any]] = (),
    heals: Sequence[int] = (),
) -> list[Outcome]:
    """What each transaction became: one, or several where the archive refuses a record.

    A record no transaction can hold is kept as damage, and the rest goes on. Everything up to a
    transaction that fails for another reason is archived, with its cursor.
    Raises: what trouble.is_storage() knows; the first error, where too many records are refused.
    """
    outcomes: list[Outcome] = []
    refused = 0
    stack: list[tuple[Sequence[Item], Sequence[dict[str, Any]]]] = [(items, transcripts)]
    while stack:
        part, marks = stack.pop()
        try:
            outcomes.append(
                archive.ingest(
                    part, ring=ring, source=source, now_ns=time_ns(), transcripts=marks, heals=heals
                )
            )
        except Exception as exc:
            if trouble.is_storage(exc) or refused >= _MOST_REFUSED:
                raise
            if len(part) > 1:
                half = len(part) // 2
                stack += [(part[half:], marks), (part[:half], ())]
                continue
            refused += 1
            outcomes.append(_keep_as_damage(archive, part, ring, source, marks, exc))
    return outcomes


def _keep_as_damage(
    archive: Archive,
    part: Sequence[Item],
    ring: int | None,
    source: str,
    marks: Sequence[dict[str, Any]],
    exc: Exception,
) -> Outcome:
    if not part or not isinstance(part[0], Frame):
        raise exc
    header, blob = part[0]
    seq = header.seq if header is not None else 0
    log.error("record kept as damage source=%s seq=%d error=%s", source, seq, trouble.sentence(exc))
    data = (header.pack() if header is not None else b"") + blob
    damage = Damage(seq, data, f"refused: {type(exc).__name__}: {exc}"[:300])
    return archive.ingest([damage], ring=ring, source=source, cursor=seq, now_ns=time_ns(), transcripts=marks)
