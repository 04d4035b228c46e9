"""A transcript that is one JSON document, rewritten as it grows, as the lines it stands for.

A reader with `unfold` turns a document into numbered lines: its head, its messages, what it says of
itself beside. From there on a line is a line: the same identity, records and redaction. The file may
be any stage of the document, in any spelling, and torn: what of it is whole is read, the rest
when the host has written it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from memlog.capture import quick_json
from memlog.capture.identity import digest_stream, hex_digest, short_name
from memlog.capture.leaves import fit
from memlog.capture.reader import DocumentReader
from memlog.capture.transcript import BLOCK, DOCUMENT_MARK, Piece, Reading, read_at
from memlog.capture.watermark import Watermark
from memlog.errors import InputError
from memlog.redact import Hits, Rule

LONGEST_DOCUMENT = 64 << 20  # parsing a longer one could take the memory
_REMEMBERED = 16  # newest lines a host may rewrite without our reading all of it again
_BLANK = " \t\r\n"

Lines = list[tuple[int, dict[str, Any]]]


class DocumentReading(Reading):
    """One pass over a document.

    The watermark's offset is the size of what was read: less than the file's where its end is torn or
    its last message unfinished. Its state holds digests over the lines up to the last, the last but
    one, …: the longest row of lines that is still the same is not given again. Where none is, all are,
    and identity makes them what they were.
    """

    reader: DocumentReader

    def document(self, start: Watermark | None, settled: bool) -> Iterator[Piece]:
        """One Piece a line the watermark has not seen; then one without records, of the whole.

        settled: False where the host may be at it: its last message waits while it is unfinished, and
        what is no document waits for one.
        Raises: InputError for a document that is too long, where it still grows.
        """
        data = read_at(self.file, 0, LONGEST_DOCUMENT + 1)
        if len(data) > LONGEST_DOCUMENT:
            yield from self._too_long(settled)
            return
        found, taken = parse(data, self.reader.HEAD)
        rest = data[taken:].strip()
        lines = list(self.reader.unfold(found, not rest)) if found else []
        damaged = rest if settled and _is_finished(data) else b""
        last = max(range(len(lines)), key=lambda n: lines[n][0], default=0)
        if not settled and lines and self.reader.is_unfinished(lines[last][1]):
            del lines[last:]
            taken = min(taken, len(data) - 1)
        yield from self._pieces(lines, start, data, taken, damaged)

    def _pieces(
        self, lines: Lines, start: Watermark | None, data: bytes, taken: int, damaged: bytes
    ) -> Iterator[Piece]:
        self.ahead = self._first_of(lines)
        raws = [quick_json.dumps(value).encode() for _, value in lines]
        links = self._links(raws)
        seen, begun = _seen(start), start.offset if start else 0
        known = next((n for n in range(len(links), 0, -1) if links[n - 1] in seen), 0)
        for n, ((number, value), raw) in enumerate(zip(lines, raws, strict=True)):
            # What is known is understood again: the lines after it inherit from it.
            records = self._records(raw, value, number, self._rules(raw) if n >= known else ())
            if n >= known:
                yield Piece(records, self._marked(begun, "", links[: n + 1]), len(raw))
        records = self._records(damaged, None, 0, self._rules(damaged)) if damaged else []
        end = len(data) if damaged else taken
        tail = hex_digest(data)[:32] if end == len(data) else ""
        yield Piece(records, self._marked(end, tail, links), len(damaged))

    def _links(self, raws: list[bytes]) -> list[str]:
        """A digest over the first line, over the first two, …"""
        links, link = [], b""
        for raw in raws:
            link = self.hmac.digest(link, raw)
            links.append(link.hex()[:32])
        return links

    def _rules(self, raw: bytes) -> Sequence[Rule]:
        return Hits(raw).before(len(raw)) if self.redact else ()

    def _first_of(self, lines: Lines) -> tuple[int | None, str | None]:
        """The first stamp and the first session any line has."""
        stamps = (self.reader.stamp_of(value) for _, value in lines)
        names = (self.reader.session_of(value) for _, value in lines)
        session = next((name for name in names if name is not None), None)
        return (
            next((stamp for stamp in stamps if stamp is not None), None),
            None if session is None else short_name(fit(session)),
        )

    def _count_before(self, raw: bytes) -> int:
        return 0  # every pass sees all lines

    def _marked(self, offset: int, tail: str, links: list[str]) -> Watermark:
        # No device and inode: hosts rename a new document over the old one.
        newest = links[: -_REMEMBERED - 1 : -1]
        return Watermark(self.path, 0, 0, offset, tail, self.ring_id, {DOCUMENT_MARK: newest})

    def _too_long(self, settled: bool) -> Iterator[Piece]:
        if not settled:
            raise InputError(
                f"{self.path} is over {LONGEST_DOCUMENT >> 20} MiB; import it when it is finished"
            )
        self.ahead = (None, None)
        size, tail = digest_of(self.file)
        for piece in self._giant(0, size + 1):  # as a line, with the newline it does not have
            done = piece.line_bytes > 0
            yield piece._replace(watermark=self._marked(size if done else 0, tail if done else "", []))


def parse(data: bytes, head: str) -> tuple[dict[str, Any] | None, int]:
    """The object these bytes are, or as much of one as is whole, and how many bytes that took.

    Of an array every whole element counts; of a torn document nothing does before the key `head`.
    (None, 0) where they begin no object.
    """
    # A byte that is no UTF-8 becomes half a surrogate, and that an escape a person can read.
    text = data.decode("utf-8", "surrogateescape")
    bom = text.startswith("\ufeff")
    try:
        value = quick_json.loads(text[1:] if bom else text)
        return (value, len(data)) if isinstance(value, dict) else (None, 0)
    except (ValueError, RecursionError):
        found, end = _torn(text, int(bom))
    if not found or (head and head not in found):
        return None, 0
    return found, len(text[:end].encode("utf-8", "surrogateescape"))


def _is_finished(data: bytes) -> bool:
    """True for bytes their writer is done with: they end like a document, or do not begin like one."""
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    return bool(text) and (text.endswith(b"}") or not text.startswith(b"{"))


def _torn(text: str, at: int) -> tuple[dict[str, Any], int]:
    """The members that are whole, and where the last of them, or of its elements, ends."""
    found: dict[str, Any] = {}
    end = at
    at = _skip(text, at)
    if text[at : at + 1] != "{":
        return found, end
    try:
        while text[at : at + 1] in ("{", ","):
            key, at = quick_json.scan(text, _skip(text, at + 1))
            at = _skip(text, at)
            if text[at : at + 1] != ":" or not isinstance(key, str):
                break
            at = _skip(text, at + 1)
            if text[at : at + 1] == "[":
                items: list[Any] = []
                for item, end in _elements(text, at):
                    items.append(item)
                    found[key] = items
                    at = end
                at = _skip(text, at)
                if text[at : at + 1] != "]":
                    break
                at += 1
            else:
                value, at = quick_json.scan(text, at)
                if _skip(text, at) == len(text):
                    break  # a number may go on
                found[key] = value
            end = at
            at = _skip(text, at)
    except (ValueError, RecursionError):
        pass
    return found, end


def _elements(text: str, at: int) -> Iterator[tuple[Any, int]]:
    """Every whole element of the array that begins here, and where it ends."""
    at = _skip(text, at + 1)
    while True:
        try:
            value, end = quick_json.scan(text, at)
        except (ValueError, RecursionError):
            return
        if _skip(text, end) == len(text) and text[end - 1] not in '}]"':
            return
        yield value, end
        at = _skip(text, end)
        if text[at : at + 1] != ",":
            return
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    """The next character that is no blank."""
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _seen(start: Watermark | None) -> frozenset[str]:
    links = start.state.get(DOCUMENT_MARK) if start else None
    return frozenset(str(link) for link in links) if isinstance(links, list) else frozenset()


def digest_of(file: BinaryIO) -> tuple[int, str]:
    """Size and digest of a whole file."""
    size, found = 0, digest_stream()
    while block := read_at(file, size, BLOCK):
        found.update(block)
        size += len(block)
    return size, found.hexdigest()[:32]
