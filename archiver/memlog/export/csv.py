"""Comma-separated values with the columns of v_record."""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from memlog.query import slice

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.tables import OnRows
    from memlog.query.slice import Slice

_CHUNK = 1 << 18


def chunks(con: "Connection", part: "Slice", *, on_rows: "OnRows") -> Iterator[bytes]:
    """A line of names, then a line a record; a text with newlines is quoted."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(slice.columns(con))
    for row in slice.records(con, part):
        writer.writerow(row)
        on_rows(1)
        if buffer.tell() >= _CHUNK:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
