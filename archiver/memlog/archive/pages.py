"""Bytes of a database that belong to no row, made zero: what was moved or deleted is not left lying there.

secure_delete makes zero of what a row leaves. Where SQLite rebuilds a page of a B-tree, copies of cells
that went to its neighbours stay between its cell pointers and its first cell, and nothing ever reads them
again. VACUUM would drop them for the price of writing the whole file twice.
"""

import os
from collections.abc import Callable, Iterator
from struct import Struct

from memlog.errors import ArchiveError
from memlog.paths import open_private

_HEADER = Struct(">16xHxxB31xI")  # page size, reserved bytes a page, and 0 without pages of pointers
_CELLS = Struct(">xHHH")  # of a page: first freeblock, cells, where cells begin
_LEAVES, _INNER = (10, 13), (2, 5)
_AT_ONCE = 256  # pages
_FIRST = 100  # bytes of the file before page 1's own header
_MOST = _INNER[0] << 24  # pages: beyond, one that begins with another's number may look like ours


def can_clean(path: str) -> bool:
    """False where pages cannot be told apart for certain: in a file that vacuums itself, or of 128 GB."""
    fd = open_private(path, os.O_RDONLY)
    try:
        size, _, largest_root = _head(fd, path)
        return not largest_root and os.fstat(fd).st_size // size < _MOST
    finally:
        os.close(fd)


def clean(path: str, told: Callable[[int, int], object] = lambda done, total: None) -> int:
    """Bytes that were not zero and belonged to no row; now they are.

    The caller is the one writer, has no connection open, and the write-ahead log is empty: a page of the
    file is then the page. Readers never look at these bytes. Killed in between, the file is as good.
    Raises: ArchiveError where it is no database.
    """
    fd = open_private(path, os.O_RDWR)
    try:
        size, kept, _ = _head(fd, path)
        total, done, cleaned = os.fstat(fd).st_size // size, 0, 0
        zeros = bytes(size)
        while done < total:
            block = os.pread(fd, _AT_ONCE * size, done * size)
            for start, stop in _gaps(block, size, kept, first=done == 0):
                held = block[start:stop]
                if held != zeros[: stop - start]:
                    cleaned += len(held) - held.count(0)
                    _zero(fd, done * size + start, zeros[: stop - start])
            done += max(len(block) // size, 1)
            told(done, total)
        os.fsync(fd)
    finally:
        os.close(fd)
    return cleaned


def _zero(fd: int, at: int, zeros: bytes) -> None:
    while zeros:
        written = os.pwrite(fd, zeros, at)
        zeros, at = zeros[written:], at + written


def _head(fd: int, path: str) -> tuple[int, int, int]:
    head = os.pread(fd, _FIRST, 0)
    if len(head) < _FIRST or not head.startswith(b"SQLite format 3\0"):
        raise ArchiveError(f"{path} is no database")
    size, kept, largest_root = _HEADER.unpack_from(head)
    return (65_536 if size == 1 else size), kept, largest_root


def _gaps(block: bytes, size: int, kept: int, *, first: bool) -> Iterator[tuple[int, int]]:
    """Spans of a run of pages that lie between the cell pointers of a B-tree's page and its cells.

    A page of another sort that happens to look like one is told apart by what must hold of every pointer.
    """
    for at in range(0, len(block) - size + 1, size):
        header = _FIRST if first and at == 0 else 0
        kind = block[at + header]
        if kind not in _LEAVES and kind not in _INNER:
            continue
        free, cells, begin = _CELLS.unpack_from(block, at + header)
        begin = begin or 65_536
        pointers = header + (8 if kind in _LEAVES else 12)
        stop = pointers + 2 * cells
        if not stop <= begin <= size - kept or (free and free < begin):
            continue
        raw = block[at + pointers : at + stop]
        places = [raw[n] << 8 | raw[n + 1] for n in range(0, len(raw), 2)]
        if all(begin <= place < size - kept for place in places):
            yield at + stop, at + begin
