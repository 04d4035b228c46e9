"""Complete lines of a growing JSONL file as records, from a watermark on.

The file may be appended to, torn at its end, or replaced while it is read. Reading it
in pieces gives the same records as reading it at once: what a line inherits from the
lines above it is carried in the watermark's state.
"""

import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from memlog.capture import quick_json
from memlog.capture.agents import Place, State
from memlog.capture.identity import MAC_BYTES, Hmac, hex_digest, short_name
from memlog.capture.leaves import DEEPEST, fit
from memlog.capture.watermark import Watermark
from memlog.errors import InputError, NotFoundError
from memlog.record import Record
from memlog.redact import Hits, Rule, redact_record, rules_for
from memlog.wire import Frame

if TYPE_CHECKING:
    from memlog.capture.reader import Reader

LONGEST_LINE = 64 << 20  # a longer one is kept as damage, in pieces: parsing it could take the memory
TAIL_BYTES = 256
BLOCK = 1 << 18  # many passes of the redaction's prefilter go over it: it lies in a processor's cache
DOCUMENT_MARK = "document"  # in the state of a document's watermark: see document.py
AHEAD_BYTES = 1 << 20  # how far into the file the first stamp and session are looked for


class Piece(NamedTuple):
    """What one line gave. frames: instead of records, where the line is a record of ours already.

    watermark: after this line. line_bytes: with its newline.
    """

    records: list[Record]
    watermark: Watermark
    line_bytes: int
    frames: Sequence[Frame] = ()


def read(
    path: str, reader: "Reader", *, key: bytes, start: Watermark | None = None, session: str | None = None,
    redact: bool = True, stop: int | None = None, settled: bool = True,
) -> Iterator[Piece]:  # fmt: skip
    """One Piece a complete line; the last line without newline only if it is whole.

    start: where to go on; from the beginning where the file is not the one it was. stop: no byte
    at or after this offset is read; a document is read whole. session: for lines before any that names
    one. settled: False where the file still grows: leading lines whose time or session only a later
    line can tell wait for it, and so does a document's last message until it is finished.
    Raises: NotFoundError, InputError.
    """
    with open_file(path) as file:
        if is_document(start.path if start else path, reader):
            from memlog.capture.document import DocumentReading

            whole = DocumentReading(file, path, reader, Hmac(key), start, session, redact)
            yield from whole.document(start, settled)
        else:
            yield from Reading(file, path, reader, Hmac(key), start, session, redact).pieces(stop, settled)


def is_document(path: str, reader: "Reader") -> bool:
    """True for a file that is one JSON document: its reader reads such, and it does not say it is lines."""
    return hasattr(reader, "unfold") and not path.endswith((".jsonl", ".jsonl.gz"))


def matches(path: str, mark: Watermark) -> bool:
    """True when the file's beginning is still what this watermark stands for."""
    try:
        with open_file(path) as file:
            return _continues(file, os.fstat(file.fileno()), mark)
    except (NotFoundError, InputError):
        return False


def is_whole(path: str, mark: Watermark) -> bool:
    """True when nothing follows what this watermark stands for.

    Raises: NotFoundError, InputError, OSError.
    """
    if DOCUMENT_MARK not in mark.state and not path.endswith(".gz"):
        return os.stat(path).st_size <= mark.offset
    with open_file(path) as file:
        if DOCUMENT_MARK not in mark.state:
            return not read_at(file, mark.offset, 1)
        from memlog.capture.document import digest_of

        return digest_of(file) == (mark.offset, mark.tail)


def open_file(path: str) -> BinaryIO:
    """The file, zipped or not, of which nothing is read yet. Raises: NotFoundError, InputError."""
    try:
        # O_NONBLOCK: a FIFO under a transcript's name must not stop the hook.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except FileNotFoundError as exc:
        raise NotFoundError(f"{path} does not exist") from exc
    except (OSError, ValueError) as exc:
        raise InputError(f"{path!r} cannot be read: {exc}") from exc
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise InputError(f"{path} is not a file")
    if path.endswith(".gz"):
        import gzip

        raw = os.fdopen(fd, "rb")
        packed = gzip.GzipFile(fileobj=raw, mode="rb")
        packed.myfileobj = raw  # type: ignore[assignment]  # closed with it
        return packed  # type: ignore[return-value]
    return os.fdopen(fd, "rb", buffering=0)


def read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    """So many bytes from there on, fewer at the end of the file. Raises: InputError."""
    file.seek(offset)
    blocks = []
    while size > 0:
        try:
            # read1: of a gzip file cut short, what comes before the cut
            block = file.read1(size) if isinstance(file, BufferedIOBase) else file.read(size)
        except EOFError:
            break
        except (OSError, zlib.error) as exc:
            raise InputError(f"reading failed: {exc}") from exc
        if not block:
            break
        blocks.append(block)
        size -= len(block)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def _continues(file: BinaryIO, found: os.stat_result, mark: Watermark) -> bool:
    if DOCUMENT_MARK in mark.state:
        return True  # its lines tell, see document.py
    if mark.ino not in (0, found.st_ino):
        return False
    size = min(TAIL_BYTES, mark.offset)
    tail = read_at(file, mark.offset - size, size)
    return len(tail) == size and hex_digest(tail)[:32] == mark.tail


class Reading:
    """One pass over a transcript."""

    def __init__(
        self, file: BinaryIO, path: str, reader: "Reader", hmac: Hmac, start: Watermark | None,
        session: str | None, redact: bool,
    ) -> None:  # fmt: skip
        self.file, self.reader, self.hmac, self.redact = file, reader, hmac, redact
        self.found = os.fstat(file.fileno())
        self.path = start.path if start else os.path.abspath(path)
        self.ring_id = start.ring_id if start else ""
        if start is not None and (DOCUMENT_MARK in start.state or not _continues(file, self.found, start)):
            start = None
        self.start = start.offset if start else 0
        self.state: State = _copy(start.state) if start else {}
        self.tail = read_at(file, max(0, self.start - TAIL_BYTES), min(TAIL_BYTES, self.start))
        self.told = session
        self.fallback = session or _stem(self.path)
        self.seen: dict[bytes, int] = {}
        self.ahead: tuple[int | None, str | None] | None = None
        self.explained: bool | None = None  # whether any line of the file's beginning is an object

    def pieces(self, stop: int | None, settled: bool) -> Iterator[Piece]:
        for offset, region, giant in self._regions(stop):
            if giant:
                yield from self._giant(offset, giant)
                continue
            hits = Hits(region) if self.redact else None
            position = 0
            while position < len(region):
                newline = region.find(b"\n", position)
                after = len(region) if newline < 0 else newline + 1
                line = region[position:after]
                raw = line.rstrip(b"\r\n")
                value = parse(raw, first=offset + position == 0)
                rubbish = not isinstance(value, dict) and self._is_rubbish(raw)
                if newline < 0 and not isinstance(value, dict) and not (rubbish and settled):
                    return  # torn: its writer is not done with it
                if not settled and not rubbish and self._unsettled(value):
                    return
                self.tail = (self.tail + line[-TAIL_BYTES:])[-TAIL_BYTES:]
                rules = hits.before(after) if hits else ()
                yield self._piece(raw, value, offset + position, len(line), rules)
                position = after

    def _is_rubbish(self, raw: bytes) -> bool:
        from memlog.capture import damage

        return damage.is_rubbish(self, raw)

    def _giant(self, offset: int, size: int) -> Iterator[Piece]:
        from memlog.capture import damage

        return damage.giant(self, offset, size)

    def _unsettled(self, value: Any) -> bool:
        """True for a line that cannot know its time or session yet."""
        line = value if isinstance(value, dict) else {}
        if (
            self.state.get("ts_ns") is None
            and self.reader.stamp_of(line) is None
            and self._ahead()[0] is None
        ):
            return True
        named = self.told or self.state.get("session") or self.reader.session_of(line)
        return not named and self._ahead()[1] is None

    def _regions(self, stop: int | None) -> Iterator[tuple[int, bytes, int]]:
        """(offset, complete lines, 0), in the end a line without newline; (offset, b"", size) of a giant."""
        offset = at = self.start
        held: list[bytes] = []
        size = 0
        while True:
            room = BLOCK if stop is None else min(BLOCK, stop - at)
            block = read_at(self.file, at, room) if room > 0 else b""
            at += len(block)
            if not block:
                if 0 < size <= LONGEST_LINE:
                    yield offset, b"".join(held), 0
                return
            if size > LONGEST_LINE:
                newline = block.find(b"\n") + 1
                size += newline or len(block)
                if newline:
                    yield offset, b"", size
                    at = offset = offset + size
                    size = 0
                continue
            newline = block.rfind(b"\n") + 1
            if not newline:
                size += len(block)
                held = [] if size > LONGEST_LINE else [*held, block]
                continue
            held.append(block[:newline])
            yield offset, b"".join(held), 0
            offset += size + newline
            held, size = ([block[newline:]], len(block) - newline) if newline < len(block) else ([], 0)

    def _piece(self, raw: bytes, value: Any, at: int, line_bytes: int, rules: Sequence[Rule]) -> Piece:
        records: list[Record] = []
        frames: list[Frame] = []
        if raw.strip():
            frame = self.reader.frame_of(value) if isinstance(value, dict) else None
            if frame is not None:
                frames = [frame]
            else:
                records = self._records(raw, value, at, rules)
        return Piece(records, self.mark(at + line_bytes), line_bytes, frames)

    def _records(self, raw: bytes, value: Any, at: int, rules: Sequence[Rule]) -> list[Record]:
        if isinstance(value, dict) and _unfit(raw):
            try:
                value = fit(value)
            except RecursionError:  # nested as deep as the parser goes: kept as it is written
                value = None
        place = self._place(raw, value if isinstance(value, dict) else None, at)
        if not isinstance(value, dict):
            from memlog.capture import damage

            text = damage.text_of(self, raw)
            records = [] if text is None else [self.reader.damage(text, place, self.state)]
            return _redacted(records, rules)
        records = self.reader.records(value, place, self.state)
        mark = self.reader.SPILL_MARK
        spilled = self.reader.spilled(value, records, place) if mark and mark in raw else []
        if spilled and self.redact:
            spilled = [r for one in spilled for r in _redacted([one], rules_for(one.text.encode()))]
        return _redacted(records, rules) + spilled

    def _place(self, raw: bytes, value: dict[str, Any] | None, at: int) -> Place:
        digest = self.hmac.digest(raw)
        ts_ns = self.reader.stamp_of(value) if value is not None else None
        session = self.reader.session_of(value) if value is not None else None
        source = self.reader.source_of(value) if value is not None else None
        if session is not None:
            session = self.state["session"] = short_name(session)
        if ts_ns is not None:
            self.state["ts_ns"] = ts_ns
        if source is None:
            source = f"~{digest.hex()[:32]}.{self._occurrence(digest, raw)}"
        return Place(
            session or self.inherited_session(),
            short_name(source),
            self.inherited_ns() if ts_ns is None else ts_ns,
            digest[:MAC_BYTES], at, self.path, self.hmac,
        )  # fmt: skip

    def inherited_session(self) -> str:
        """The session of a line that names none: that of lines above it, of lines below, the file's name."""
        return self.state.get("session") or self._ahead()[1] or short_name(self.fallback)

    def inherited_ns(self) -> int:
        """The time of a line that has none."""
        before: int | None = self.state.get("ts_ns")
        if before is None:
            before = self._ahead()[0]
        return max(0, self.found.st_mtime_ns) if before is None else before

    def _ahead(self) -> tuple[int | None, str | None]:
        if self.ahead is None:
            from memlog.capture import elsewhere

            self.ahead = elsewhere.first_told(self)
        return self.ahead

    def _occurrence(self, digest: bytes, raw: bytes) -> int:
        """1 for the first line of these bytes in the file, 2 for the next."""
        before = self.seen.get(digest)
        if before is None and self.start:
            from memlog.capture import elsewhere

            before = elsewhere.count_before(self, raw)
        self.seen[digest] = count = (before or 0) + 1
        return count

    def mark(self, offset: int) -> Watermark:
        """The watermark of this pass at an offset."""
        return Watermark(
            self.path, self.found.st_dev, self.found.st_ino, offset, hex_digest(self.tail)[:32],
            self.ring_id, _copy(self.state),
        )  # fmt: skip


def _stem(path: str) -> str:
    """The file's name without the endings of a transcript: what a session is called where no line says."""
    name = os.path.basename(path)
    for ending in (".gz", ".jsonl", ".json", ".traj"):
        name = name.removesuffix(ending)
    return name or "unnamed"


def parse(raw: bytes, *, first: bool) -> Any:
    """The value of a line; None when it is no JSON, or the JSON of None."""
    try:
        text = str(raw, "utf-8")
        return quick_json.loads(text.removeprefix("\ufeff") if first else text)
    except (ValueError, RecursionError):
        return None


def _unfit(raw: bytes) -> bool:
    """True for a line that may hold half surrogates or be nested deeply."""
    halves = b"\\u" in raw and (b"\\ud" in raw or b"\\uD" in raw)
    return halves or raw.count(b"{") + raw.count(b"[") > DEEPEST


def _redacted(records: list[Record], rules: Sequence[Rule]) -> list[Record]:
    return [redact_record(record, rules) for record in records] if rules else records


def _copy(state: State) -> State:
    """The state as it is now; two levels deep is all a reader keeps."""
    return {k: dict(v) if type(v) is dict else v for k, v in state.items()}
