"""What no line can be made of: bytes that are no text, lines that are no JSON, lines too long to parse.

Loaded where a transcript has such; a hook that meets none does without.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from memlog.capture.agents import Place
from memlog.capture.identity import MAC_BYTES
from memlog.capture.transcript import AHEAD_BYTES, BLOCK, TAIL_BYTES, Piece, parse, read_at
from memlog.redact import redact_record, rules_for

if TYPE_CHECKING:
    from memlog.capture.transcript import Reading

GIANT_PIECE = 1 << 20
MOST_BINARY = 1 << 20  # of a file's bytes that are no text, so much is kept: a disk's rubbish has no end
_PRINTED = bytes((8, 9, 10, 12, 13, 27, *range(32, 127), *range(128, 256)))


def is_rubbish(reading: "Reading", raw: bytes) -> bool:
    """True where nobody will finish or explain this line: it is no text, nor is the file a transcript."""
    if not _is_binary(reading, raw):
        return False
    if reading.explained is None:
        lines = read_at(reading.file, 0, AHEAD_BYTES).split(b"\n")
        reading.explained = any(isinstance(parse(line, first=False), dict) for line in lines)
    return not reading.explained


def _is_binary(reading: "Reading", raw: bytes) -> bool:
    """True for bytes that are no text; one wrong byte in a text is not enough."""
    if b"\0" in raw:
        return True
    try:
        str(raw, "utf-8")
    except UnicodeDecodeError:
        return "binary" in reading.state or len(raw.translate(None, _PRINTED)) * 50 > len(raw)
    return False


def text_of(reading: "Reading", raw: bytes) -> str | None:
    """A line that is no JSON as text; None once enough is kept of a file's bytes that are none."""
    if not _is_binary(reading, raw):
        return raw.decode("utf-8", "backslashreplace")
    kept = reading.state.get("binary", 0)
    if kept >= MOST_BINARY:
        return None
    reading.state["binary"] = kept + len(raw)
    text = raw[: MOST_BINARY - kept].decode("utf-8", "backslashreplace")
    if kept + len(raw) >= MOST_BINARY:
        text += f"\n[{MOST_BINARY:,} bytes of this file are no text; what follows of that kind is not kept]"
    return text


def giant(reading: "Reading", offset: int, size: int) -> Iterator[Piece]:
    """A line too long to parse: damage in blocks of GIANT_PIECE, cut where no credential goes on."""
    stream = reading.hmac.stream()
    end = offset + size
    stop = end - 1  # its newline
    while stop > offset and read_at(reading.file, stop - 1, 1) == b"\r":
        stop -= 1
    for at in range(offset, stop, BLOCK):
        stream.update(read_at(reading.file, at, min(BLOCK, stop - at)))
    digest = stream.digest()
    source = f"~{digest.hex()[:32]}.1"  # nobody writes such a line twice
    before = reading.mark(offset)  # a pass that ends within the line starts at it again
    at, block = offset, 0
    while at < stop:
        raw = read_at(reading.file, at, min(GIANT_PIECE, stop - at))
        if at + len(raw) < stop:
            cut = max(raw.rfind(b'"'), raw.rfind(b" "), raw.rfind(b","))
            raw = raw[: cut + 1] if cut > GIANT_PIECE // 2 else raw
        place = Place(
            reading.inherited_session(), source, reading.inherited_ns(), digest[:MAC_BYTES], offset,
            reading.path, reading.hmac,
        )  # fmt: skip
        text = text_of(reading, raw)
        records = [] if text is None else [reading.reader.damage(text, place, reading.state)]
        if reading.redact:
            records = [redact_record(record, rules_for(raw)) for record in records]
        at, last = at + len(raw), at + len(raw) >= stop
        if last:
            reading.tail = read_at(reading.file, max(0, end - TAIL_BYTES), min(TAIL_BYTES, end))
        records = [record._replace(block=block) for record in records]
        yield Piece(records, reading.mark(end) if last else before, size if last else 0)
        block += 1
