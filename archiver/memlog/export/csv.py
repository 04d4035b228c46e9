"""Comma-separated values with the columns of v_record."""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from memlog.query import slice

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.tables import OnRows
    from memlog.query.slice import Slice

_CHUNK = 1 << 18


def chunks(con: "Connection", part: "Slice", *, on_rows: "OnRows") -> Iterator[bytes]:
    """A line of names, then a line a record; a text with newlines is quoted."""
    buffer = io.StringIO(newline="")
    writer = rows_to(buffer)
    writer.writerow(slice.columns(con))
    for row in slice.records(con, part):
        writer.writerow(row)
        on_rows(1)
        if buffer.tell() >= _CHUNK:
            yield _taken(buffer)
    yield _taken(buffer)


class _Lines:
    """A stream csv.writer ends its lines in, a call each: here with a newline alone."""

    def __init__(self, out: io.StringIO) -> None:
        self._out = out

    def write(self, line: str) -> None:
        self._out.write(line[:-2] + "\n")


def rows_to(out: io.StringIO, delimiter: str = ",") -> Any:
    """A csv.writer whose lines end in a newline; every value with a line end of any sort is quoted."""
    # csv quotes the characters of its own line end only: with "\n" a value with a lone "\r" breaks its line.
    return csv.writer(_Lines(out), delimiter=delimiter, lineterminator="\r\n")


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
