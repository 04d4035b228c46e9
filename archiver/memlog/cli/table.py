"""A table that fits the screen."""

from collections.abc import Sequence
from itertools import compress

from memlog.cli.terminal import safe_line
from memlog.cli.width import columns, cut

GAP = 2
WHOLE = 24  # columns up to this, a time among them, are cut only when nothing else is left to cut
NARROWEST = 6


def table(
    names: Sequence[str], rows: Sequence[Sequence[object]], width: int | None, headers: bool = True
) -> str:
    """The rows under their names, one line each; the widest columns are cut until `width` holds them.

    width: characters of the terminal; None cuts nothing.
    """
    cells = [["" if value is None else safe_line(_text(value)) for value in row] for row in rows]
    names = [safe_line(name) for name in names]
    room = None if width is None else width - GAP * (len(names) - 1)
    widths = widths_of(names if headers else [""] * len(names), cells, room)
    right = [
        all(isinstance(row[n], (int, float)) or row[n] is None for row in rows) for n in range(len(names))
    ]
    head = [names, ["-" * w for w in widths]] if headers else []
    lines = []
    for line in head + cells:
        padded = [_fill(cut(cell, w), w, r) for cell, w, r in zip(line, widths, right, strict=True)]
        lines.append((" " * GAP).join(padded).rstrip())
    return "".join(line + "\n" for line in lines)


def upright(names: Sequence[str], rows: Sequence[Sequence[object]], width: int) -> str:
    """A line for each value, its name before it, and an empty line between rows: for what fits no table."""
    names = [cut(safe_line(name), width // 2) for name in names]
    lead = max(map(columns, names)) + GAP
    return "\n".join(
        "".join(
            f"{_fill(name, lead, False)}{cut(safe_line(_text(value)), width - lead)}".rstrip() + "\n"
            for name, value in zip(names, row, strict=True)
            if value is not None
        )
        for row in rows
    )


def is_too_wide(names: Sequence[str], rows: Sequence[Sequence[object]], width: int) -> bool:
    """Whether columns would be cut to nothing anybody can read."""
    least = [min(NARROWEST, max([columns(name), *(len(_text(row[n])) for row in rows if row[n] is not None)]))
             for n, name in enumerate(names)]  # fmt: skip
    return sum(least) + GAP * (len(names) - 1) > width


def widths_of(names: Sequence[str], cells: Sequence[Sequence[str]], room: int | None) -> list[int]:
    """Columns each column takes, names above it; room: for all of them together."""
    widths = [columns(name) for name in names]
    for line in cells:
        widths = [max(w, columns(cell)) for w, cell in zip(widths, line, strict=True)]
    if room is None:
        return widths
    stiff = [_stiff([columns(line[n]) for line in cells]) for n in range(len(names))]
    loose = compress(widths, [not s for s in stiff])
    cut_first = iter(fitted(list(loose), room - sum(compress(widths, stiff))))
    return fitted([w if s else next(cut_first) for w, s in zip(widths, stiff, strict=True)], room)


def _stiff(sizes: Sequence[int]) -> bool:
    """Whether a column says nothing when it is cut: times, ids, beginnings of names, all of one length."""
    found = {size for size in sizes if size}
    return len(found) == 1 and max(found) <= WHOLE


def fitted(widths: Sequence[int], room: int) -> list[int]:
    """The widths with the widest made narrower, together, until they add up to `room`."""
    found = list(widths)
    for least in (WHOLE, NARROWEST, 1):
        while sum(found) > room and max(found) > least:
            widest = max(found)
            second = max((w for w in found if w < widest), default=least)
            target = max(second, widest - -(-(sum(found) - room) // found.count(widest)), least)
            found = [target if w == widest else w for w in found]
    return found


def _fill(cell: str, width: int, right: bool) -> str:
    space = " " * (width - columns(cell))
    return space + cell if right else cell + space


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, (list, dict, tuple)):
        from memlog.cli.encode import to_json

        return to_json(value)
    return bytes(value).hex() if isinstance(value, (bytes, memoryview)) else str(value)
