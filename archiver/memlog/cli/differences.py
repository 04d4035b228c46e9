"""Two sessions compared, as a page for people."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from memlog.cli import terminal
from memlog.cli.losses import what
from memlog.cli.table import table
from memlog.cli.terminal import safe_line
from memlog.query.diff import DiffRow
from memlog.query.verdict import many

# Of these a detail is a word; of the others a reason, as long as what it is of.
_HOW = frozenset(("instruction", "todo", "file", "command", "test"))


def page(rows: Iterable[DiffRow], a: str, b: str) -> str:
    """Which is A and which B, then a part per kind: how many only one of them has, and what it is."""
    head = f"A is {safe_line(a)}, B is {safe_line(b)}\n"
    parts = [_part(kind, list(found)) for kind, found in groupby(rows, key=lambda row: row.kind)]
    return "\n".join([head, *parts] if parts else [head, "no fact that only one of them has\n"])


def _part(kind: str, rows: Sequence[DiffRow]) -> str:
    counts = [(sum(row.side == side for row in rows), said) for side, said in _SIDES.items()]
    told = ", ".join(f"{count:,} {said}" for count, said in counts if count)
    columns = ["in", "uses", *(["how"] if kind in _HOW else []), "record", "what"]
    width = terminal.size()[0]
    return f"{many(kind, len(rows))}: {told}\n" + table(columns, [_cells(row) for row in rows], width)


_SIDES = {"a": "in A alone", "b": "in B alone", "both": "in both"}


def _cells(row: DiffRow) -> list[object]:
    both = row.side == "both"
    uses: object = f"{row.uses_a}, {row.uses_b}" if both else row.uses_a or row.uses_b
    details = dict.fromkeys(detail for detail in (row.detail_a, row.detail_b) if detail)
    how = [", ".join(details)] if row.kind in _HOW else []
    where = row.record_b or row.record_a
    return ["both" if both else row.side.upper(), uses, *how, where, what(row.kind, row.value)]
