"""The table `make test-faults` ends with: a row for each kind of fault and operation."""

from collections.abc import Iterable
from typing import Any, NamedTuple

HEADINGS = (
    "kind of fault",
    "operation",
    "tried",
    "injected",
    "lost",
    "duplicated",
    "corrupt",
    "twins caught",
)


class Row(NamedTuple):
    """What came of some points. A twin's row has its name: what was left out of the product, to be caught."""

    kind: str
    operation: str
    tried: int = 0
    injected: int = 0
    lost: int = 0
    duplicated: int = 0
    corrupt: int = 0
    twin: str = ""

    @property
    def broken(self) -> int:
        return self.lost + self.duplicated + self.corrupt

    def plus(self, other: "Row") -> "Row":
        return self._replace(
            **{name: getattr(self, name) + getattr(other, name) for name in Row._fields[2:7]}
        )


def summed(rows: Iterable[Row]) -> list[Row]:
    """One row for each kind, operation and twin, in the order they came first."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = (row.kind, row.operation, row.twin)
        found[key] = found[key].plus(row) if key in found else row
    return list(found.values())


def lines(rows: Iterable[Row]) -> Iterable[str]:
    """The table, its sums by kind, and what each twin gave."""
    found = sorted(summed(rows), key=lambda row: (row.kind, row.operation))
    plain, twins = [row for row in found if not row.twin], [row for row in found if row.twin]
    cells: list[tuple[Any, ...]] = [HEADINGS]
    for row in plain:
        of = [twin for twin in twins if twin[:2] == row[:2]]
        cells.append((*row[:7], f"{sum(t.broken > 0 for t in of)} of {len(of)}" if of else ""))
    total = Row("all", "")
    for row in plain:
        total = total.plus(row)
    cells.append((*total[:7], f"{sum(t.broken > 0 for t in twins)} of {len(twins)}"))
    widths = [max(len(str(row[n])) for row in cells) for n in range(len(HEADINGS))]
    for n, row in enumerate(cells):
        words, numbers = zip(row[:2], widths[:2], strict=True), zip(row[2:], widths[2:], strict=True)
        yield "  ".join([*(str(c).ljust(w) for c, w in words), *(str(c).rjust(w) for c, w in numbers)])
        if n == 0 or n == len(cells) - 2:
            yield "  ".join("-" * width for width in widths)
    yield ""
    for twin in twins:
        verb = "caught" if twin.broken else "NOT CAUGHT"
        what = f"lost {twin.lost}, duplicated {twin.duplicated}, corrupt {twin.corrupt}"
        yield f"twin {verb}: {twin.twin} ({twin.kind}, {twin.operation}): {what} in {twin.injected} points"
