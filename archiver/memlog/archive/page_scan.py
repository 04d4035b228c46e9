"""Rows of a database file read page by page, without its trees: also where those lead nowhere any more.

A row is found on the leaf it lies on, whether anything points to that leaf or not. What was deleted is not
found: the writer makes zero of it. https://www.sqlite.org/fileformat2.html
"""

import os
from collections.abc import Iterator
from struct import Struct, error, unpack_from
from typing import Any, NamedTuple

from memlog.paths import open_private

_LEAF = 0x0D  # of a table
_WAL_HEADER, _FRAME = 32, 24
_WAL_MAGICS = (0x377F0682, 0x377F0683)
_MOST_COLUMNS = 64
_FLOAT = Struct(">d")
_WIDTHS = (0, 1, 2, 3, 4, 6, 8)


class Row(NamedTuple):
    """A row as it lies on its page; a column that is the rowid is None in `values`."""

    page: int
    rowid: int
    values: tuple[Any, ...]


class Broken(NamedTuple):
    """A row that cannot be read, or a leaf whose list of rows cannot."""

    page: int
    what: str


class Pages:
    """The pages of an archive as its last commit left them: those of its log before those of its file."""

    def __init__(self, path: str) -> None:
        self._file = os.fdopen(open_private(path, os.O_RDONLY), "rb")
        size = os.fstat(self._file.fileno()).st_size
        self.size = _page_size(self._file.read(100))
        self.count = (size + self.size - 1) // self.size
        self._log: Any = None
        self._logged: dict[int, int] = {}
        try:
            self._log = os.fdopen(open_private(f"{path}-wal", os.O_RDONLY), "rb")
        except OSError:
            return
        self._logged = _logged(self._log, self.size)
        self.count = max(self.count, *self._logged, 0) if self._logged else self.count

    def page(self, number: int) -> bytes:
        """Its bytes; fewer than a page where the file ends."""
        if number in self._logged:
            self._log.seek(self._logged[number])
            found: bytes = self._log.read(self.size)
            return found
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size)

    def close(self) -> None:
        self._file.close()
        if self._log is not None:
            self._log.close()


def rows(pages: Pages) -> Iterator[Row | Broken]:
    """Every row of every leaf, page by page."""
    for number in range(1, pages.count + 1):
        page = pages.page(number)
        at = 100 if number == 1 else 0
        if len(page) < pages.size or page[at] != _LEAF:
            continue
        (count,) = unpack_from(">H", page, at + 3)
        if at + 8 + 2 * count > pages.size:
            yield Broken(number, f"it says it has {count} rows")
            continue
        for cell in unpack_from(f">{count}H", page, at + 8):
            try:
                yield _row(pages, number, page, cell)
            except (IndexError, ValueError, OverflowError, UnicodeDecodeError, error) as exc:
                yield Broken(number, f"a row cannot be read: {exc}")


def _row(pages: Pages, number: int, page: bytes, at: int) -> Row:
    size, at = _varint(page, at)
    rowid, at = _varint(page, at)
    usable = pages.size
    if not 0 < size < 1 << 24:
        raise ValueError("its size is impossible")
    most = usable - 35
    if size <= most:
        payload = page[at : at + size]
    else:
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= most else least
        (following,) = unpack_from(">I", page, at + local)
        payload = page[at : at + local] + _overflow(pages, following, size - local)
    if len(payload) < size:
        raise ValueError("it ends too early")
    return Row(number, rowid - (1 << 64) if rowid >> 63 else rowid, _values(payload))


def _overflow(pages: Pages, number: int, left: int) -> bytes:
    parts, seen = [], set()
    while left > 0:
        if not 0 < number <= pages.count or number in seen:
            raise ValueError("its rest is not to be found")
        seen.add(number)
        page = pages.page(number)
        (number,) = unpack_from(">I", page)
        parts.append(page[4 : 4 + left])
        left -= len(parts[-1])
        if not parts[-1]:
            raise ValueError("its rest is not to be found")
    return b"".join(parts)


def _values(payload: bytes) -> tuple[Any, ...]:
    end, at = _varint(payload, 0)
    if end > len(payload):
        raise ValueError("its head is longer than it")
    found: list[Any] = []
    place = end
    while at < end:
        kind, at = _varint(payload, at)
        value, place = _value(payload, kind, place)
        found.append(value)
        if len(found) > _MOST_COLUMNS:
            raise ValueError("it has too many columns")
    if place != len(payload):
        raise ValueError("its columns do not fill it")
    return tuple(found)


def _value(payload: bytes, kind: int, at: int) -> tuple[Any, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind in (10, 11):
        raise ValueError("a column is of no kind")
    width = 8 if kind == 7 else _WIDTHS[kind] if kind < 7 else (kind - 12) // 2
    raw = payload[at : at + width]
    if len(raw) < width:
        raise ValueError("a column ends too early")
    if kind == 7:
        return _FLOAT.unpack(raw)[0], at + width
    if kind < 7:
        return int.from_bytes(raw, "big", signed=True), at + width
    return (raw.decode("utf-8") if kind % 2 else raw), at + width


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(8):
        byte = data[at + n]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n + 1
    return value << 8 | data[at + 8], at + 9


def _page_size(head: bytes) -> int:
    found = int.from_bytes(head[16:18], "big")
    found = 65_536 if found == 1 else found
    return found if found >= 512 and found & (found - 1) == 0 else 4_096  # what our writer makes


def _logged(log: Any, size: int) -> dict[int, int]:
    """Where the log holds the newest of each page, up to its last commit."""
    head = log.read(_WAL_HEADER)
    if len(head) < _WAL_HEADER or int.from_bytes(head[:4], "big") not in _WAL_MAGICS:
        return {}
    salt, at = head[16:24], _WAL_HEADER
    found: dict[int, int] = {}
    waiting: dict[int, int] = {}
    while len(frame := log.read(_FRAME)) == _FRAME and frame[8:16] == salt:
        number, commit = unpack_from(">II", frame)
        waiting[number] = at + _FRAME
        at += _FRAME + size
        log.seek(at)
        if commit:
            found |= waiting
            waiting = {}
    return found
