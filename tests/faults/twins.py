"""Known-bad twins: the product with one safeguard left out, in a child of the harness only.

Each must fail the same check the product passes; one that passes means that the check proves nothing.
"""

from typing import Any

from faults.operations import Operation
from memlog.archive import connection, folder, gaps, ingest
from memlog.archive.store import Archive


def synchronous_normal(op: Operation) -> None:
    """COMMIT returns before its pages are on disk."""
    full = connection._WRITER_PRAGMAS
    connection._WRITER_PRAGMAS = tuple(p.replace("synchronous = FULL", "synchronous = NORMAL") for p in full)


def key_without_ring_id(op: Operation) -> None:
    """Rings are told apart by their user alone: seq 1 of this boot is seq 1 of the last."""
    ring_row, one = Archive.ring_row, bytes.fromhex(op.new)  # type: ignore[attr-defined]

    def as_one(self: Archive, info: Any, *, now_ns: int) -> int:
        return ring_row(self, info._replace(ring_id=one), now_ns=now_ns)

    Archive.ring_row = as_one  # type: ignore[method-assign]


def no_gap_rows(op: Operation) -> None:
    """What a ring evicted is not written down."""
    gaps.add_gap = lambda *args, **named: False


def cursor_outside_the_transaction(op: Operation) -> None:
    """The cursor moves by itself, before the rows are there."""
    stored = Archive.ingest

    def moved_first(self: Archive, items: Any, *, ring: int | None, **named: Any) -> Any:
        if ring is not None:
            newest = max((i.header.seq for i in items if getattr(i, "header", None)), default=0)
            self.con.execute(ingest.CURSOR_SQL, {"ring": ring, "cursor": newest, "now_ns": 1})
        return stored(self, items, ring=ring, **named)

    Archive.ingest = moved_first  # type: ignore[method-assign]


def snapshots_not_synced(op: Operation) -> None:
    """A snapshot gets its name before its bytes are on disk."""
    folder.os = _without_fsync(folder.os)


class _without_fsync:  # noqa: N801 - stands for the module
    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return (lambda fd: None) if name == "fsync" else getattr(self._module, name)
