"""What a transcript gained since the last look: into the ring, else into the spool."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from memlog.capture import quick_json, watermark
from memlog.capture.identity import hex_digest
from memlog.capture.transcript import Piece, is_document, is_whole, matches, read
from memlog.capture.watermark import Watermark, beginning
from memlog.contracts import CAPTURE_PENDING, CAPTURED
from memlog.errors import (
    MemlogError,
    RingBusyError,
    RingFullError,
    RingUnavailableError,
    UnsafePathError,
)
from memlog.paths import Home, load_key, make_dir, open_private, replace_file
from memlog.record import Event, encode, encode_event
from memlog.ring.open import open_ring
from memlog.settings import Settings

if TYPE_CHECKING:  # classes a hook would make for nothing
    from memlog.capture.reader import Reader
    from memlog.ring.protocol import Ring

_LOOK_BACK = 1 << 20
_WEIGHT = 2  # measured: what is known of a document costs half of what is new


class Sink:
    """Where one hook call's records go: the ring while it takes them, then a file of the spool."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.home = home
        self.settings = settings
        self.trouble: list[str] = []
        self._spooled: list[tuple[bytes, str | None]] = []
        self._marks: list[Watermark] = []
        self._ring: Ring | None = None
        self.ring_id = ""
        try:
            self._ring = open_ring(settings, lock_ms=settings.hook_lock_ms)
            self.ring_id = self._ring.ring_id.hex()
        except (MemlogError, OSError) as exc:
            self.trouble.append(f"{type(exc).__name__}: {exc}")

    def write(self, blob: bytes, session: str | None) -> None:
        """Into the ring, else into the spool. Raises: RingFullError."""
        if self._ring is not None:
            try:
                self._ring.write(blob, session=session, keep_undrained=True)
                return
            except (RingBusyError, RingUnavailableError) as exc:
                self.trouble.append(f"{type(exc).__name__}: {exc}")
                self._ring = None
        self._spooled.append((blob, session))

    def event(self, event: Event) -> None:
        """Into the ring, else into the spool."""
        blob = encode_event(event)
        try:
            self.write(blob, event.session)
        except RingFullError:
            self._spooled.append((blob, event.session))

    def reached(self, mark: Watermark) -> None:
        """What this sink holds of a transcript, to be remembered once nothing is in memory only."""
        self._marks.append(mark._replace(ring_id=self.ring_id))

    def close(self) -> None:
        """Everything is in the ring or the spool, and the watermarks say so.

        Raises: OSError, UnsafePathError; then the watermarks are those from before.
        """
        if self._spooled:
            from memlog.capture import spool

            spool.spool_frames(self.home, self._spooled)
            self._spooled = []
        for mark in self._marks:
            watermark.save(self.home, mark)
        self._marks = []


class Tail:
    """One transcript as a hook sees it."""

    def __init__(
        self, sink: Sink, reader: "Reader", path: str, *, session: str, project: str | None, now_ns: int
    ) -> None:
        self.sink, self.reader, self.path = sink, reader, path
        self.home, self.settings = sink.home, sink.settings
        self.session, self.project, self.now_ns = session, project, now_ns
        self.is_document = is_document(path, reader)

    def capture(self, *, last: bool, limit: int) -> None:
        """Take what is new. last: nothing will follow. limit: more bytes than this are handed over.

        Raises: MemlogError, OSError.
        """
        # Who does not get the lock captures too: a record captured twice is one row.
        with watermark.lock(self.home, self.path):
            start = self._start()
            size = os.stat(self.path).st_size
            if size == start.offset and is_whole(self.path, start):
                return
            if self.is_document and size < start.offset:
                start = beginning(self.path)  # what lies before an offset is no longer what it was
            large = size - start.offset > limit or (self.is_document and size > _WEIGHT * limit)
            key = None if large else self._key()
            if key is None:
                self._hand_over(start, size)
            else:
                self._write(start, size, last, key)

    def _key(self) -> bytes | None:
        """The home's key; None where there is none to be had: identities must not be made with another."""
        try:
            return load_key(self.home)
        except UnsafePathError as exc:
            self.sink.trouble.append(f"{type(exc).__name__}: {exc}")
            return None

    def _start(self) -> Watermark:
        """The furthest point up to which everything is in this ring or archived."""
        ring = watermark.load(self.home, self.path)
        known = [ring] if ring is not None and ring.ring_id == self.sink.ring_id else []
        archived = watermark.load_archived(self.home, self.path)
        if archived is not None:
            known.append(archived)
        for mark in sorted(known, key=lambda mark: -mark.offset):
            if matches(self.path, mark):
                return mark
        return beginning(self.path)

    def _write(self, start: Watermark, size: int, last: bool, key: bytes) -> None:
        mark, count = start, 0
        try:
            for piece in self._pieces(start, size, last, key):
                for blob, session in _blobs(piece):
                    self.sink.write(blob, session)
                    count += 1
                mark = piece.watermark
        except RingFullError:
            self._captured(start, mark, count)
            self._hand_over(mark, size)
            return
        self._captured(start, mark, count)

    def _pieces(self, start: Watermark, size: int, last: bool, key: bytes) -> Iterator[Piece]:
        return read(
            self.path, self.reader, key=key, start=start, session=self.session or None,
            redact=self.settings.redact, stop=size, settled=last,
        )  # fmt: skip

    def _captured(self, start: Watermark, mark: Watermark, count: int) -> None:
        if not count and mark.offset == start.offset:
            return
        mark = mark._replace(ring_id=self.sink.ring_id)
        self._tell(CAPTURED, {
            "path": self.path, "from": start.offset, "to": mark.offset, "count": count,
            "watermark": mark.to_json(),
        })  # fmt: skip
        self.sink.reached(mark)

    def _tell(self, name: str, data: dict[str, object]) -> Event:
        event = Event(name, self.reader.AGENT, self.session, self.now_ns, data, project=self.project)
        self.sink.event(event)
        return event

    def _hand_over(self, start: Watermark, size: int) -> None:
        """Leave the rest to the witness.

        The watermark stays: only reading tells what the next line inherits. So the next hook hands
        over again, under the same name while the witness has not taken it.
        """
        from memlog.capture import spool

        stop = size if self.is_document else _last_newline(self.path, start.offset, size)
        if stop <= start.offset:
            return
        before = self._handed()
        name = str(before.get("name", ""))
        again = before.get("from") == start.offset and before.get("linked") is True and self._is_link(name)
        if again and before.get("to") == stop:
            return
        if not again:
            name = spool.hand_over(self.home, self.path, stop, self.reader.AGENT)
        event = self._tell(CAPTURE_PENDING, {
            "path": self.path, "spooled": name, "from": start.offset, "to": stop,
            # A copy is another file: there the bytes before `from` alone tell that it is the same.
            "watermark": start._replace(ino=0, ring_id="").to_json(),
        })  # fmt: skip
        spool.write_note(self.home, name, encode_event(event))
        self._remember({"name": name, "from": start.offset, "to": stop, "linked": self._is_link(name)})

    def _is_link(self, name: str) -> bool:
        try:
            return os.path.samefile(os.path.join(self.home.spool, os.path.basename(name)), self.path)
        except (OSError, ValueError):
            return False

    def _file(self) -> str:
        name = hex_digest(self.path.encode("utf-8", "surrogateescape"))[:32] + ".handed"
        return os.path.join(self.home.watermarks, name)

    def _handed(self) -> dict[str, object]:
        try:
            fd = open_private(self._file(), os.O_RDONLY)
        except OSError:
            return {}
        try:
            found = quick_json.loads(os.read(fd, 4_096).decode())
        except ValueError:
            return {}
        finally:
            os.close(fd)
        return found if isinstance(found, dict) else {}

    def _remember(self, handed: dict[str, object]) -> None:
        make_dir(self.home.watermarks)
        replace_file(self._file(), quick_json.dumps(handed).encode(), sync=False)


def _blobs(piece: Piece) -> Iterator[tuple[bytes, str | None]]:
    for record in piece.records:
        for blob in encode(record):
            yield blob, record.session
    for frame in piece.frames:
        yield frame.blob, None


def _last_newline(path: str, start: int, size: int) -> int:
    """Offset after the last newline before `size`; `start` where there is none."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        while size > start:
            at = max(start, size - _LOOK_BACK)
            found = os.pread(fd, size - at, at).rfind(b"\n")
            if found >= 0:
                return at + found + 1
            size = at
        return start
    finally:
        os.close(fd)
