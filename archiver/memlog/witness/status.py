"""<home>/status.json: what the witness is doing, for who asks without talking to it."""

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from memlog.archive.connection import Connection
from memlog.errors import MemlogError
from memlog.paths import Home, open_private, replace_file
from memlog.ring.open import open_ring, retired_rings, ring_dir
from memlog.ring.protocol import Ring
from memlog.settings import Settings
from memlog.wire import Frame
from memlog.witness import clock

# index: none, both tables hold what went wrong and stay small
COUNTS_SQL = """
SELECT (SELECT count(*) FROM gap WHERE healed_ns IS NULL),
  (SELECT coalesce(sum(lost - recovered), 0) FROM gap WHERE healed_ns IS NULL),
  (SELECT count(*) FROM hole WHERE healed_ns IS NULL)
"""

_EVERY_S = 1.0
_AGAIN_S = 30.0  # unchanged, its `written` says the witness still turns


def status_path(home: Home) -> str:
    """Where the status lies."""
    return os.path.join(home.root, "status.json")


def read_status(home: Home) -> dict[str, Any] | None:
    """What the witness last wrote, whether it lives or not; None when it never ran."""
    try:
        with open(status_path(home), "rb") as file:
            body = json.loads(file.read().partition(b"\n")[0])
    except (OSError, ValueError):
        return None
    return body if isinstance(body, dict) else None


class StatusFile:
    """Writes the status when it changed, at most once a second, whole or not at all."""

    def __init__(self, home: Home) -> None:
        self._path = status_path(home)
        self._last: dict[str, Any] = {}
        self._looked_at = self._written_at = -_AGAIN_S

    def due(self) -> bool:
        """True when a second has passed since the last look."""
        return time.monotonic() - self._looked_at >= _EVERY_S

    def write(self, body: Mapping[str, Any], *, now: bool = False) -> None:
        """now: also when nothing changed. A disk that takes nothing is the witness's news already."""
        self._looked_at = now_s = time.monotonic()
        if not now and body == self._last and now_s - self._written_at < _AGAIN_S:
            return
        self._written_at, self._last = now_s, dict(body)
        text = json.dumps(
            {**body, "written_ns": time.time_ns(), "written_steady_ns": clock.now()[1]},
            ensure_ascii=False,
            default=str,
        )
        line = text.encode("utf-8", "replace") + b"\n"
        try:
            replace_file(self._path, line, sync=False)
        except OSError:
            self._overwrite(line)

    def _overwrite(self, line: bytes) -> None:
        # On a full disk no new file can be made, and that is the news: the old one's block still takes it.
        try:
            fd = open_private(self._path, os.O_WRONLY)
        except (OSError, MemlogError):
            return
        try:
            os.ftruncate(fd, os.pwrite(fd, line, 0))
        except OSError:
            pass
        finally:
            os.close(fd)


def ring_level(ring: Ring) -> dict[str, Any]:
    """How full a ring is, and what of it no witness has archived.

    Shape: kind, path, ring_id, uid, attested, capacity, bytes, records, next_seq, drained_seq, undrained,
    undrained_since_ns, overwritten (never archived: a gap once drained), evicted, cleared, newest_ns.
    """
    info, stats = ring.info(), ring.stats()
    undrained = max(info.next_seq - 1 - max(info.drained_seq, info.oldest_seq - 1), 0)
    return {
        "kind": info.kind, "path": info.path, "ring_id": info.ring_id.hex(), "uid": info.uid,
        "attested": info.attested, "capacity": info.capacity, "bytes": stats.ring_bytes,
        "records": stats.records_in_ring, "next_seq": info.next_seq, "drained_seq": info.drained_seq,
        "undrained": undrained,
        "undrained_since_ns": _first_ns(ring, info.drained_seq) if undrained else None,
        "overwritten": max(min(info.oldest_seq - 1 - info.drained_seq, info.evicted), 0),
        "evicted": info.evicted, "cleared": info.cleared, "newest_ns": stats.newest_ts_ns or None,
    }  # fmt: skip


def level_or_error(ring: Ring) -> dict[str, Any]:
    """The level of a ring, or why it cannot be said."""
    try:
        return ring_level(ring)
    except (MemlogError, OSError) as exc:
        return {"kind": ring.kind, "path": ring.path, "error": str(exc)}


def _first_ns(ring: Ring, after_seq: int) -> int | None:
    reader = ring.reader(after_seq)
    try:
        for item in reader.read(1):
            if isinstance(item, Frame) and item.header is not None:
                return item.header.ts_ns
        return None
    finally:
        reader.close()


def ring_levels(settings: Settings) -> list[dict[str, Any]]:
    """The levels of this user's rings, those of earlier boots too; an `error` where one cannot be opened.

    Makes no ring: one that nobody has written to yet is not there.
    """
    levels = []
    kinds = ["kernel"] if settings.ring == "kernel" or _has_device(settings) else []
    if os.path.exists(os.path.join(ring_dir(settings), "ring")):
        kinds.append("shm")
    for kind in kinds:
        try:
            with open_ring(settings, kind=kind) as ring:
                levels.append(level_or_error(ring))
        except (MemlogError, OSError) as exc:
            levels.append({"kind": kind, "error": str(exc)})
    try:
        for retired in retired_rings(settings):
            with retired:
                levels.append({**ring_level(retired), "retired": True})
    except (MemlogError, OSError) as exc:
        levels.append({"kind": "shm", "retired": True, "error": str(exc)})
    return levels


def _has_device(settings: Settings) -> bool:
    return settings.ring == "auto" and os.path.exists(settings.device)


def archive_counts(con: Connection) -> dict[str, Any]:
    """Gaps not healed, the records they lost, and holes not healed."""
    gaps, lost, holes = con.execute(COUNTS_SQL).fetchone()
    return {"gaps": gaps, "lost": lost, "holes": holes}
