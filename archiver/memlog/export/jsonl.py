"""One portable record a line, of a whole archive also its notes; `memlog import jsonl` takes them back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from memlog import portable
from memlog.query import notes, slice

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
    if part.whole:  # after the records: who only wants those stops at the first line with a `line` in it
        for line in notes.lines(con):
            yield (portable.dump_line(line) + "\n").encode()
