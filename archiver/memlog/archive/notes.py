"""What another archive held besides records, taken in; met again it adds nothing."""

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from memlog.archive import body, events, gaps
from memlog.archive.carried import as_bytes, ring_row
from memlog.archive.epochs import PROVISIONAL
from memlog.archive.tombstones import event_name
from memlog.contracts import RING_ID_BYTES
from memlog.portable import is_text
from memlog.wire import Damage, Gap, Note

if TYPE_CHECKING:
    from memlog.archive.ingest import Batch

# A ring only records have named so far; a live one says itself what it is, and how far it is drained.
RING_SQL = """
UPDATE ring SET boot_id = :boot_id, kind = :kind, path = :path, cursor = max(cursor, :cursor),
  noticed_ns = :noticed_ns, drained_ns = :drained_ns WHERE id = :id AND kind = ''
"""
# index: the event's primary key
EVENT_ID_SQL = "SELECT 1 FROM event WHERE id = :id"
HOLE_SQL = """
INSERT INTO hole (session_id, path, start, stop, state, noticed_ns)
SELECT :session, :path, :start, :stop, :state, :noticed_ns WHERE NOT EXISTS (
  SELECT 1 FROM hole
  WHERE path = :path AND start = :start AND (healed_ns IS NULL OR noticed_ns = :noticed_ns))
"""


def take_in(batch: "Batch", notes: Iterable[Note]) -> None:
    """Store the notes of a batch, before its records find their epochs; what cannot be is left out."""
    added = []
    for note in notes:
        facts = note.facts
        name = event_name(as_bytes(facts.get("digest")))
        if "session" in facts and batch.archive.tombstones.covers(
            facts["agent"], facts["session"], name, 0, 0
        ):
            continue
        kind = facts["line"]
        if kind == "event":
            added += _event(batch, facts)
        else:
            _TAKE[kind](batch, facts)
    events.index(batch.con, added)


def _ring(batch: "Batch", facts: Mapping[str, Any]) -> int | None:
    ring_id, uid = as_bytes(facts.get("ring_id")), facts.get("uid")
    if len(ring_id) != RING_ID_BYTES or not isinstance(uid, int):
        return None
    return ring_row(batch.con, ring_id, uid, facts.get("attested") == 1, now_ns=batch.now_ns)


def _take_ring(batch: "Batch", facts: Mapping[str, Any]) -> None:
    ring = _ring(batch, facts)
    if ring is not None:
        words = {name: _text(facts, name) or "" for name in ("boot_id", "kind", "path")}
        row = {
            "id": ring,
            "cursor": _number(facts, "cursor") or 0,
            "drained_ns": _number(facts, "drained_ns"),
        }
        noticed_ns = _number(facts, "noticed_ns") or batch.now_ns
        batch.con.execute(RING_SQL, {**words, **row, "noticed_ns": noticed_ns})


def _event(batch: "Batch", facts: Mapping[str, Any]) -> list[int]:
    """The event's id, if it is new here. What it says of transcripts and the spool was said elsewhere."""
    digest, data = as_bytes(facts["digest"]), facts.get("data")
    text = body.to_json(data) if isinstance(data, dict) else _text(facts, "data_json")
    if not digest or text is None:
        return []
    ring = _ring(batch, facts) if "ring_id" in facts else None
    row = {name: _number(facts, name) for name in ("id", "seq", "uid", "pid", "written_ns")}
    if row["id"] is not None and batch.con.execute(EVENT_ID_SQL, row).fetchone() is not None:
        row["id"] = None
    names = {name: facts[name] for name in ("agent", "session", "event", "ts_ns")}
    more = {"ring": ring, "digest": digest, "data": text, "archived_ns": batch.now_ns}
    added = events.add(batch.con, {**row, **names, **more})
    if added:
        batch.hear(facts["event"], facts["agent"], facts["session"])
    return [added] if added else []


def _take_gap(batch: "Batch", facts: Mapping[str, Any]) -> None:
    ring = _ring(batch, facts)
    if ring is not None:
        healed_ns, recovered = _number(facts, "healed_ns"), _number(facts, "recovered") or 0
        gap = Gap(facts["after_seq"], facts["before_seq"])
        gaps.add_known(
            batch.con, ring, gap, reason=facts["reason"], noticed_ns=facts["noticed_ns"], healed_ns=healed_ns,
            recovered=recovered,
        )  # fmt: skip


def _take_hole(batch: "Batch", facts: Mapping[str, Any]) -> None:
    session = batch.session(facts["agent"], facts["session"])
    row = {name: facts[name] for name in ("path", "start", "stop", "noticed_ns")}
    batch.con.execute(HOLE_SQL, {**row, "session": session.id, "state": _state(facts)})


def _take_damage(batch: "Batch", facts: Mapping[str, Any]) -> None:
    try:
        data = b64decode(facts["data_b64"], validate=True)
    except ValueError:
        return
    found = Damage(facts["place"], data, facts["reason"])
    gaps.add_damage(batch.con, batch.archive.key, facts["source"], found, now_ns=facts["noticed_ns"])


def _take_session(batch: "Batch", facts: Mapping[str, Any]) -> None:
    """Boundaries no record or event tells of any more, and that the last epoch is closed."""
    session = batch.session(facts["agent"], facts["session"])
    closed_ns = None
    for epoch in facts["epochs"]:
        boundary, opened_ns = _text(epoch, "boundary"), _number(epoch, "opened_ns")
        closed_ns = _number(epoch, "closed_ns")
        if not boundary or opened_ns is None or boundary.startswith(PROVISIONAL):
            continue
        place, known = _number(epoch, "place"), session.epochs.by_boundary.get(boundary)
        if place is not None and (known is None or known.place is None):
            tokens = (_number(epoch, name) for name in ("tokens_before", "tokens_after"))
            session.epochs.bound(boundary, place, opened_ns, (_text(epoch, "trigger"), *tokens))
        elif known is None:
            session.epochs.meet(boundary, opened_ns)
    if closed_ns is not None:
        batch.closings[facts["agent"], facts["session"]] = closed_ns


_TAKE = {
    "ring": _take_ring, "gap": _take_gap, "hole": _take_hole, "damage": _take_damage,
    "session": _take_session,
}  # fmt: skip


def _state(facts: Mapping[str, Any]) -> str | None:
    """A reader's watermark, if it is one: JSON of an object."""
    text = _text(facts, "state")
    try:
        return text if text and isinstance(json.loads(text), dict) else None
    except (ValueError, RecursionError):
        return None


def _text(facts: object, name: str) -> str | None:
    found = facts.get(name) if isinstance(facts, dict) else None
    return found if isinstance(found, str) and is_text(found) else None


def _number(facts: object, name: str) -> int | None:
    found = facts.get(name) if isinstance(facts, dict) else None
    return found if type(found) is int and 0 <= found < 1 << 63 else None
