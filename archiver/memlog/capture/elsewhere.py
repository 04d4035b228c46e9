"""What other lines of a file tell of one: its first stamp and session, and how often it stood before.

Loaded where a line does not say it itself, or has no id.
"""

from typing import TYPE_CHECKING

from memlog.capture.identity import short_name
from memlog.capture.leaves import fit
from memlog.capture.transcript import AHEAD_BYTES, BLOCK, parse, read_at

if TYPE_CHECKING:
    from memlog.capture.transcript import Reading


def first_told(reading: "Reading") -> tuple[int | None, str | None]:
    """The first stamp and the first session of the file's beginning."""
    ts_ns = session = None
    for raw in read_at(reading.file, 0, AHEAD_BYTES).split(b"\n"):
        value = parse(raw, first=False)
        if isinstance(value, dict):
            ts_ns = reading.reader.stamp_of(value) if ts_ns is None else ts_ns
            session = reading.reader.session_of(value) if session is None else session
            if ts_ns is not None and session is not None:
                break
    return ts_ns, None if session is None else short_name(fit(session))


def count_before(reading: "Reading", raw: bytes) -> int:
    """How many lines before the start of this pass are these bytes."""
    count, at = 0, 0
    while at < reading.start:
        lead = 1 if at else 0
        data = read_at(reading.file, at - lead, min(BLOCK + len(raw) + 2, reading.start - at + lead))
        found = data.find(raw, lead)
        while 0 <= found < BLOCK + lead:
            stop = found + len(raw)
            begins = found == 0 or data[found - 1] == 0x0A
            count += begins and data[stop : stop + 2].rstrip(b"\r")[:1] in (b"\n", b"")
            found = data.find(raw, found + 1)
        at += BLOCK
    return count
