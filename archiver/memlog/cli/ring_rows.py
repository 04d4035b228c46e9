"""What a ring gives, as rows, lines, raw bytes and JSON."""

import json
import sys
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from memlog import record
from memlog.cli import terminal
from memlog.cli.output import RowFormat, emit, safe_text
from memlog.cli.width import cut
from memlog.contracts import SCHEMA_VERSION
from memlog.errors import DecodeError
from memlog.query import dates
from memlog.ring.protocol import Ring, RingInfo, RingReader
from memlog.wire import Damage, Frame, Gap, unpack_session

Item = Frame | Gap | Damage

COLUMNS = ["seq", "ts", "session", "kind", "bytes", "text"]
_TEXT = 300  # characters of the first line


def everything(reader: RingReader, until_seq: int | None = None) -> Iterator[Item]:
    """All there is; until_seq ends it where a ring that is being written to would never end."""
    while items := reader.read():
        yield from items
        last = items[-1]
        if until_seq is not None and isinstance(last, Frame) and last.header and last.header.seq >= until_seq:
            return


def newest(items: Iterable[Item], limit: int) -> Iterable[Item]:
    """The last `limit` records with the gaps and damage between them."""
    kept: deque[Item] = deque()
    records = 0
    for item in items:
        kept.append(item)
        records += isinstance(item, Frame)
        while records > limit:
            records -= isinstance(kept.popleft(), Frame)
    return kept


def print_items(
    items: Iterable[Item], ring: Ring, style: str | None, rows: RowFormat | None, fmt: str | None
) -> None:  # fmt: skip
    """Decoded rows, or with style raw or json what the older clients of the device print."""
    if style is None:
        emit((_row(item, ring) for item in items), rows, fmt, COLUMNS)
        return
    show = printer(style, ring)
    for item in items:
        show(item)


def printer(style: str | None, ring: Ring) -> Callable[[Item], None]:
    """What prints one item of this ring: raw, json, or (None) as a line for people."""
    show = _raw if style == "raw" else _json_line if style else _line
    return lambda item: show(item, ring)


def absent(gap: Gap, info: RingInfo) -> tuple[str, str]:
    """(kind, sentence) of a range of seqs the ring no longer has: what is archived was not lost.

    kind: gap where records are lost, else cleared or archived.
    """
    words = f"{gap.lost:,} record{'' if gap.lost == 1 else 's'}"
    where = f"{gap.after + 1} to {gap.before - 1}"
    if gap.before - 1 <= info.drained_seq:
        how = "cleared" if info.cleared and not info.evicted else "no longer in the ring"
        return "cleared" if how == "cleared" else "archived", f"{words} {how}, archived before: {where}"
    if info.cleared and not info.evicted:
        return "cleared", f"{words} cleared that no witness had archived: {where}"
    return "gap", f"{words} lost: {where}"


def _row(item: Item, ring: Ring) -> dict[str, Any]:
    """A decoded record; a gap or damaged bytes where they are."""
    if isinstance(item, Gap):
        row = dict.fromkeys(("seq", "ts", "ts_ns", "uid", "pid", "session", "agent"))
        kind, text = absent(item, ring.info())
        return {**row, "seq": item.after + 1, "kind": kind, "bytes": 0, "text": text}
    if isinstance(item, Damage):
        row = dict.fromkeys(("seq", "ts", "ts_ns", "uid", "pid", "session", "agent"))
        return {**row, "kind": "damage", "bytes": len(item.data), "text": f"at {item.offset}: {item.reason}"}
    header = item.header
    assert header is not None
    agent, kind, session, text = _decoded(item.blob)
    return {
        "seq": header.seq, "ts": dates.iso(header.ts_ns), "ts_ns": header.ts_ns, "uid": header.uid,
        "pid": header.pid, "session": session or unpack_session(header.session), "agent": agent, "kind": kind,
        "bytes": header.length, "text": text,
    }  # fmt: skip


def _decoded(blob: bytes) -> tuple[str | None, str, str | None, str]:
    """agent, kind, session and first line of whatever a blob holds."""
    try:
        found = record.decode(blob)
        text = record.project_text(record.load_cbor(blob)) if found is None else ""
    except DecodeError:
        found, text = None, blob.decode("utf-8", "replace")
    if isinstance(found, record.Event):
        return found.agent, found.event, found.session, _first_line(record.project_text(found.data))
    if found is not None:
        return found.agent, found.kind, found.session, _first_line(found.text)
    return None, "blob", None, _first_line(text)


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= _TEXT else line[:_TEXT] + "…"


def _line(item: Item, ring: Ring) -> None:
    row = _row(item, ring)
    words = (row["ts"] or "", row["session"] or "-", row["kind"], row["text"])
    line, width = safe_text("  ".join(str(word) for word in words)), terminal.width()
    click.echo(line if width is None else cut(line, width))


def _raw(item: Item, ring: Ring) -> None:
    """Header line and payload through one stream, so that they stay in order in a pipe."""
    if not isinstance(item, Frame) or item.header is None:
        click.echo(_row(item, ring)["text"], err=True)
        return
    h = item.header
    line = f"--- seq={h.seq} ts_ns={h.ts_ns} uid={h.uid} pid={h.pid} len={h.length}"
    sys.stdout.buffer.write(f"{line} session_id={h.session.hex()}\n".encode() + item.blob + b"\n")


def _json_line(item: Item, ring: Ring) -> None:
    if not isinstance(item, Frame) or item.header is None:
        click.echo(_row(item, ring)["text"], err=True)
        return
    h = item.header
    found = {
        "seq": h.seq, "ts_ns": h.ts_ns, "uid": h.uid, "pid": h.pid, "session_id": h.session.hex(),
        "schema_version": SCHEMA_VERSION, "length": h.length, "payload_b64": b64encode(item.blob).decode(),
    }  # fmt: skip
    sys.stdout.buffer.write(json.dumps(found).encode() + b"\n")


def flush() -> None:
    sys.stdout.flush()
    sys.stdout.buffer.flush()
