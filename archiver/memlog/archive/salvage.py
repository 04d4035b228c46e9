"""What a rebuilt archive takes besides records: rings, events, and the old archive's gaps and damage."""

from collections.abc import Iterable, Mapping
from typing import Any

from memlog.archive import events, gaps, store
from memlog.archive.carried import as_bytes
from memlog.archive.connection import Error, open_reader
from memlog.archive.store import Archive
from memlog.archive.tombstones import event_name
from memlog.contracts import RING_ID_BYTES
from memlog.errors import MemlogError
from memlog.wire import Damage, Gap

OLD_EVENTS_SQL = """
SELECT e.agent, e.session, e.event, e.ts_ns, e.data, e.digest, e.seq, e.uid, e.pid, e.written_ns,
  e.archived_ns, g.ring_id FROM event e LEFT JOIN ring g ON g.id = e.ring ORDER BY e.id
"""
OLD_RINGS_SQL = "SELECT ring_id, uid, boot_id, kind, path, attested FROM ring"
OLD_GAPS_SQL = """
SELECT r.ring_id, r.uid, g.after_seq, g.before_seq, g.reason, g.recovered, g.healed_ns, g.noticed_ns
FROM gap g JOIN ring r ON r.id = g.ring ORDER BY g.id
"""
OLD_DAMAGE_SQL = "SELECT source, place, data, reason, noticed_ns FROM damage ORDER BY id"

# index: event_session
CLOSED_SQL = """
UPDATE session SET closed_ns = (SELECT max(ts_ns) FROM event e
  WHERE e.session = session.session AND e.agent = session.agent AND e.event = 'SessionEnd')
WHERE coalesce(closed_ns, 0) < (SELECT max(ts_ns) FROM event e
  WHERE e.session = session.session AND e.agent = session.agent AND e.event = 'SessionEnd')
"""

_EVENT = (
    "agent", "session", "event", "ts_ns", "data", "seq", "uid", "pid", "written_ns", "archived_ns",
)  # fmt: skip
_EVENT_MUST = {"agent": str, "session": str, "event": str, "data": str, "ts_ns": int, "archived_ns": int}


class Salvage:
    """Rows that go into a new archive as they were."""

    def __init__(self, archive: Archive, now_ns: int) -> None:
        self.archive = archive
        self.con = archive.con
        self.now_ns = now_ns
        self.rings: dict[tuple[bytes, int], int] = {}

    def ring(self, facts: Mapping[str, Any]) -> int | None:
        """The row of a ring; None where the facts name none."""
        ring_id, uid = as_bytes(facts.get("ring_id")), facts.get("uid")
        if len(ring_id) != RING_ID_BYTES or not isinstance(uid, int):
            return None
        if (ring_id, uid) not in self.rings:
            words = {name: str(facts.get(name) or "") for name in ("kind", "path", "boot_id")}
            row = {"ring_id": ring_id, "uid": uid, "attested": int(bool(facts.get("attested")))}
            found = self.con.execute(store.RING_SQL, {**words, **row, "now_ns": self.now_ns}).fetchone()
            self.rings[ring_id, uid] = found[0]
        return self.rings[ring_id, uid]

    def event(self, facts: Mapping[str, Any]) -> None:
        """One event, unless it is there."""
        ring = (as_bytes(facts.get("ring_id")), facts.get("uid") or 0)
        row = {name: facts.get(name) for name in _EVENT}
        row |= {"digest": as_bytes(facts.get("digest")), "ring": self.rings.get(ring)}
        if self._is_forgotten(row):
            return
        if row["digest"] and all(isinstance(row[name], kind) for name, kind in _EVENT_MUST.items()):
            events.index(self.con, [added] if (added := events.add(self.con, row)) else [])

    def close_sessions(self) -> None:
        """Sessions end when the events that were taken say so, whatever the notes of them said."""
        self.con.execute(CLOSED_SQL)
        self.archive.forget_cached()

    def _is_forgotten(self, row: Mapping[str, Any]) -> bool:
        name = event_name(row["digest"])
        return self.archive.tombstones.covers(str(row.get("agent")), str(row.get("session")), name, 0, 0)

    def carry_over(self, path: str) -> bool:
        """Rings, events, gaps and damage of the old archive; False where it cannot be read to the end."""
        try:
            old = open_reader(path, older=True)
        except MemlogError:
            return False
        try:
            with self.archive.transaction():
                for row in _dicts(old.execute(OLD_RINGS_SQL)):
                    self.ring(row)
                for row in _dicts(old.execute(OLD_EVENTS_SQL)):
                    self.event(row)
                for row in _dicts(old.execute(OLD_GAPS_SQL)):
                    self._gap(row)
                for source, place, data, reason, noticed_ns in old.execute(OLD_DAMAGE_SQL):
                    lost = Damage(place, data, reason)
                    gaps.add_damage(self.con, self.archive.key, source, lost, now_ns=noticed_ns)
                self.close_sessions()
        except (Error, MemlogError):
            return False
        finally:
            old.close()
        return True

    def _gap(self, row: Mapping[str, Any]) -> None:
        ring = self.rings[row["ring_id"], row["uid"]]
        gap = Gap(row["after_seq"], row["before_seq"])
        facts = {name: row[name] for name in ("reason", "noticed_ns", "healed_ns", "recovered")}
        gaps.add_known(self.con, ring, gap, **facts)


def _dicts(cursor: Any) -> Iterable[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)
