"""One portable record a line: `memlog import jsonl` of it gives the same records."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from memlog import portable
from memlog.query import slice

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.tables import OnRows
    from memlog.query.slice import Slice


def chunks(con: "Connection", part: "Slice", *, damaged: list[int], on_rows: "OnRows") -> Iterator[bytes]:
    """The lines, piece by piece. damaged: gets the ids of records whose bytes cannot be read."""
    for fields, blob in slice.blobs(con, part):
        if blob is None:
            damaged.append(fields["id"])
        else:
            yield (portable.dump_line(portable.to_line(fields, blob)) + "\n").encode()
        on_rows(1)
