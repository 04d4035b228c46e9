"""Archives for the pages' tests."""

from collections.abc import Iterable
from pathlib import Path

from memlog.archive.store import Archive
from memlog.capture import transcript
from memlog.capture.readers import claude_code
from memlog.paths import Home
from memlog.record import Record, encode
from memlog.wire import Frame

SESSIONS = Path(__file__).parents[1] / "data" / "sessions"
NOW_NS = 1_790_000_000_000_000_000


def fill(root: Path, records: Iterable[Record]) -> str:
    """Path of the archive of this home, with these records added."""
    with Archive.open(Home(str(root)), now_ns=NOW_NS) as archive:
        frames = [Frame(None, blob) for record in records for blob in encode(record)]
        for start in range(0, len(frames), 1_000):
            archive.ingest(frames[start : start + 1_000], ring=None, source="test", now_ns=NOW_NS)
        return archive.home.archive


def records_of(*names: str) -> list[Record]:
    """What capture reads from our transcripts."""
    return [
        record
        for name in names
        for piece in transcript.read(str(SESSIONS / name), claude_code, key=bytes(32))
        for record in piece.records
    ]
