"""Transcripts into the archive, batch by batch: import, the spool and healing share it."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from memlog.archive.store import Archive, Outcome
from memlog.capture import agents, transcript, watermark
from memlog.capture.transcript import Piece
from memlog.capture.watermark import Watermark
from memlog.contracts import HOOKED
from memlog.errors import MemlogError
from memlog.record import encode
from memlog.settings import Settings
from memlog.wire import Frame
from memlog.witness.batch import Item, Totals, ingest
from memlog.witness.log import log

AGENT_MARK = "agent"  # in the state of what is noted of a transcript: as whose it was read

# Hooks read on from what is archived; the host deletes transcripts older than this.
_LIVE_S = 30 * 86_400


def ignore(outcome: Outcome) -> None:
    """For whom what a batch asks for is no news."""


class Intake:
    """Lines become batches, a batch one transaction; small files share one.

    heals: ids of the gaps whose records are looked for.
    reached: the watermark after the newest line read. counts: what was met, archived or not.
    """

    def __init__(
        self,
        archive: Archive,
        settings: Settings,
        heed: Callable[[Outcome], None] = ignore,
        heals: Sequence[int] = (),
    ) -> None:
        self.archive = archive
        self.settings = settings
        self.totals = Totals()
        self.lines = 0
        self.damaged = 0
        self.redacted: Counter[str] = Counter()
        self.omitted: Counter[str] = Counter()
        self.reached: Watermark | None = None
        self._heed = heed
        self._heals = heals
        self._items: list[Item] = []
        self._bytes = 0
        self._marks: dict[str, tuple[Watermark, str]] = {}
        self._source = ""

    def read(
        self,
        path: str,
        agent: str,
        *,
        start: Watermark | None = None,
        session: str | None = None,
        stop: int | None = None,
        settled: bool = True,
        covers: bool = True,
    ) -> Iterator[int]:
        """The offset after each batch; call flush() for the rest.

        covers: everything of the file before the start is archived, so its row moves on.
        Raises: NotFoundError, InputError; what the archive raises.
        """
        if (
            self._source
            and self._source != path
            and any(isinstance(item, Frame) and item.header for item in self._items)
        ):
            self.flush()  # a blob without a session is filed under its file's name
        self._source, self.reached = path, start
        pieces = transcript.read(
            path, agents.reader(agent), key=self.archive.key, start=start, session=session,
            redact=self.settings.redact, stop=stop, settled=settled,
        )  # fmt: skip
        for piece in pieces:
            self._take(piece)
            self.reached = piece.watermark
            if covers:
                self._marks[piece.watermark.path] = piece.watermark, agent
            if len(self._items) >= self.settings.batch_records or self._bytes >= self.settings.batch_bytes:
                self.flush()
                yield piece.watermark.offset

    def _take(self, piece: Piece) -> None:
        self.lines += piece.line_bytes > 0
        for record in piece.records:
            self.damaged += record.kind == "damage" and record.block == 0  # a giant line is one
            self.redacted.update(record.redacted)
            self.omitted.update(record.omitted)
            for blob in encode(record):
                self._items.append(Frame(None, blob))
                self._bytes += len(blob)
        for frame in piece.frames:
            self._items.append(frame)
            self._bytes += len(frame.blob)

    @property
    def waiting(self) -> bool:
        """True while something is not committed."""
        return bool(self._items or self._marks)

    def flush(self) -> None:
        """Commit what was read."""
        items, marks = self._items, list(self._marks.values())
        self._items, self._bytes, self._marks = [], 0, {}
        if not items and not marks:
            return
        transcripts = [
            mark._replace(state={**mark.state, AGENT_MARK: agent}).to_json() for mark, agent in marks
        ]
        outcomes = ingest(
            self.archive, items, ring=None, source=self._source, transcripts=transcripts, heals=self._heals
        )
        for outcome in outcomes:
            self.totals.count(outcome)
            self._heed(outcome)
        for mark, agent in marks:
            if agent in HOOKED:
                self._tell_hooks(mark)

    def _tell_hooks(self, mark: Watermark) -> None:
        """A hook that finds no watermark of this ring goes on here, and not at the beginning."""
        try:
            found = os.stat(mark.path)
            if found.st_mtime > time.time() - _LIVE_S:
                # Of a copy in the spool only the tail can tell that it is the same file.
                same = found.st_ino == mark.ino
                watermark.save_archived(self.archive.home, mark if same else mark._replace(ino=0))
        except FileNotFoundError:
            return
        except (OSError, MemlogError) as exc:
            log.warning("archived watermark not written error=%s", exc)
