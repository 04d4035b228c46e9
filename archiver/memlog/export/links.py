"""A chain segment followed again: each link over the text that incident.db has of it."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import cbor2

from memlog.archive import body, chain
from memlog.export import segment
from memlog.query import dates
from memlog.query.checks import number

if TYPE_CHECKING:
    from memlog.archive.anchor import Anchor
    from memlog.archive.connection import Connection

# Columns of a record and where its link's header has them. index: the record's primary key
RECORD_SQL = """
SELECT id, agent, session, source_id, block, part, parts, ts_ns, written_ns, archived_ns, kind, role, tool,
  bytes, parent_id, error, redacted, decode_error, seq, uid, pid, text, extra, digest, epoch, ts
FROM record WHERE id = :id
"""
_NAME = "chain.jsonl"
_ODD = (
    cbor2.CBORError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
COUNT_SQL = "SELECT count(*) FROM record"
_IN_HEADER = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 21, 17, 18, 20, 23, 11, 12, 13)
_TS_NS, _TEXT, _EXTRA, _DIGEST, _EPOCH, _TS = 7, 21, 22, 23, 24, 25

Found = Iterator[tuple[str, str]]
Proved = Callable[[list[Any], int, str, bytes | None], object]


class Links:
    """The walk. count: links followed; texts: those compared with what the file says of their record.

    line: the one it is at. proved: is given header, epoch, digest and blob of each of those. partial:
    sessions and their agents of which a link is of no record that is here.
    """

    def __init__(
        self, con: "Connection", anchors: "list[Anchor]", redacted: bool, proved: "Proved | None" = None
    ) -> None:
        self.partial: set[tuple[str, str]] = set()
        self._proved = proved
        self.line = self.count = self.texts = 0
        self.not_proved: list[str] = []
        self._con = con
        self._anchors = anchors
        self._redacted = redacted
        self._seen = self._damaged = 0

    def problems(self, lines: Iterable[bytes]) -> Found:
        """Where and what is wrong: nothing when every link gives the next and the last the head."""
        try:
            yield from self._walk(lines)
        except _ODD as exc:
            said = f"line {self.line} is none that memlog writes: {type(exc).__name__}: {exc}"
            yield _NAME, f"{said}; it cannot be followed further"

    def _walk(self, lines: Iterable[bytes]) -> Found:
        """Raises: ValueError, KeyError and the like where the lines are odd."""
        session: dict[str, Any] = {}
        head, last = b"", 0
        for raw in lines:
            self.line += 1
            line = json.loads(raw)
            if "memlog_chain" in line:
                yield from self._end(session, head, last)
                session, head, last = line, bytes.fromhex(line["before"]), line["first"] - 1
                yield from self._begin(session)
                continue
            where = f"session {session['session']}, link {line['link']}"
            if line["link"] != last + 1:
                yield where, f"link {last + 1} is missing"
            last = line["link"]
            self.count += 1
            header = b64decode(line["header"], validate=True) if "header" in line else None
            if header is None and not self._redacted:
                yield where, "what it was made of is missing"
            head = self._next(line, head, header)
            if "id" not in line:
                self.partial.add((session["session"], session["agent"]))
            else:
                self._seen += 1
                yield from ((where, what) for what in self._of_record(line, header))
            yield from ((where, what) for what in self._anchored(session, last, head))
        yield from self._end(session, head, last)
        if self._damaged:
            self.not_proved.append(
                f"what {number(self._damaged, 'record')} said: the archive could not read them any more"
            )
        (here,) = self._con.execute(COUNT_SQL).fetchone()
        if here != self._seen:
            yield "incident.db", f"it has {here} records, the chain {self._seen} of them"

    def _begin(self, session: dict[str, Any]) -> Found:
        where = f"session {session['session']}"
        archive_id, begins = bytes.fromhex(session["archive"]), session["genesis"]
        if (
            not self._redacted
            and chain.genesis(archive_id, session["agent"], session["session"]).hex() != begins
        ):
            yield where, "its chain does not begin with its name"
        if session["first"] != 1:
            self.partial.add((session["session"], session["agent"]))
        if session["first"] == 1 and session["before"] != begins:
            yield where, "its chain does not begin at its beginning"
        for anchor in self._anchors:
            if anchor.archive_id != archive_id:
                yield where, f"it is of archive {archive_id.hex()}, the anchor of {anchor.archive_id.hex()}"
                continue
            at = anchor.sessions.get(session["anchored_as"], (0, b""))[0]
            if at < session["first"]:
                self.not_proved.append(f"anything of {where} by the anchor of {anchor.made}: it is older")
            elif at > session["links"]:
                self.not_proved.append(f"anything of {where} by the anchor of {anchor.made}: it is newer")

    def _end(self, session: dict[str, Any], head: bytes, last: int) -> Found:
        if session and (last != session["links"] or head.hex() != session["head"]):
            yield f"session {session['session']}", "its links do not give its head"

    def _next(self, line: dict[str, Any], head: bytes, header: bytes | None) -> bytes:
        if header is None:  # it names what was hidden: what it makes of the head is taken as told
            return bytes.fromhex(line["head"])
        return chain.next_head(head, header, bytes.fromhex(line["digest"]))

    def _anchored(self, session: dict[str, Any], link: int, head: bytes) -> Iterator[str]:
        for anchor in self._anchors:
            at, expected = anchor.sessions.get(session["anchored_as"], (0, b""))
            if at == link and expected != head and anchor.archive_id.hex() == session["archive"]:
                yield f"{chain.REWRITTEN} (anchor of {anchor.made})"

    def _of_record(self, line: dict[str, Any], header: bytes | None) -> Iterator[str]:
        row = self._con.execute(RECORD_SQL, {"id": line["id"]}).fetchone()
        if row is None:
            yield f"incident.db has no record {line['id']}"
            return
        if row[_DIGEST] != line["digest"]:
            yield f"record {line['id']} has another digest in incident.db"
        if self._redacted or header is None:
            return
        columns = cbor2.loads(header)
        if not isinstance(row[_TEXT], str | None):
            yield f"the text of record {line['id']} in incident.db is no text"
            return
        if [columns[n] for n in _IN_HEADER] != list(row[:_TEXT]) or row[_TS] != dates.iso(row[_TS_NS]):
            yield f"record {line['id']} says something else of itself in incident.db"
        if "damaged" in line:
            self._damaged += 1
            if self._proved is not None:
                self._proved(columns, row[_EPOCH], line["digest"], None)
            return
        blob = segment.blob_of(line, row[_TEXT] or "")
        if chain.digest_of(bytes.fromhex(line["salt"]), blob).hex() != line["digest"]:
            yield f"the text of record {line['id']} is not what was archived"
        elif not _is_told(blob, row):
            yield f"record {line['id']} holds something else than was archived"
        elif self._proved is not None:
            self._proved(columns, row[_EPOCH], line["digest"], blob)
        self.texts += 1


def _is_told(blob: bytes, row: tuple[Any, ...]) -> bool:
    """Whether a row says what the blob holds beside the text; of several parts the text alone is compared."""
    if row[6] > 1:
        return True
    return body.text_of_blob(blob) == (row[_TEXT] or "") and body.extra_of(blob, body.PLAIN) == row[_EXTRA]
