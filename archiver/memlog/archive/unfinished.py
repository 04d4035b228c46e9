"""A forget or a redaction that is not finished: whose counts and titles are left to do, noted on disk."""

import json
import os
from collections.abc import Collection, Generator, Iterable

from memlog.archive.recount import recount
from memlog.archive.store import Archive
from memlog.paths import Home, replace_file, sync_dir

Steps = Generator[tuple[int, int, str], None, None]

BATCH = 500  # rows a step takes

NAMES_SQL = """
SELECT agent, session FROM session WHERE id IN (SELECT value FROM json_each(:ids))
"""
# index: session (agent, session), epoch (session_id, boundary); session.json has the session's events
LAST_EPOCH_SQL = """
UPDATE epoch SET dirty = 1 WHERE id IN (
  SELECT max(e.id) FROM epoch e JOIN session s ON s.id = e.session_id
  WHERE s.agent = :agent AND s.session = :session)
"""
SIGHTINGS_SQL = """
DELETE FROM record_sighting WHERE NOT EXISTS (SELECT 1 FROM record WHERE id = record_sighting.record_id)
"""


def pending_path(home: Home) -> str:
    """A file that is there from the first row's going until the last byte is scrubbed."""
    return os.path.join(home.root, "forgetting.json")


def pending(home: Home) -> list[tuple[str, str]] | None:
    """Sessions a forget that did not finish has taken from; None where none is unfinished."""
    try:
        with open(pending_path(home), encoding="utf-8") as file:
            return [(str(agent), str(name)) for agent, name in json.load(file)["sessions"]]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return []


def finished(home: Home) -> None:
    """Every byte is scrubbed."""
    try:
        os.unlink(pending_path(home))
    except FileNotFoundError:
        return
    sync_dir(home.root)


class Work:
    """What redacting shares with forgetting: whose counts and titles are made again, and making them."""

    def __init__(self, archive: Archive, now_ns: int) -> None:
        self.archive, self.con = archive, archive.con
        self.now_ns = now_ns
        self.noted: dict[tuple[str, str], None] = {}
        self.note(pending(archive.home) or [])

    def note(self, names: Iterable[tuple[str, str]]) -> None:
        """Have the disk remember whose counts and titles are to be made again."""
        before = len(self.noted)
        self.noted.update(dict.fromkeys(names))
        if len(self.noted) > before or not os.path.exists(pending_path(self.archive.home)):
            told = {"since_ns": self.now_ns, "sessions": [list(name) for name in self.noted]}
            replace_file(pending_path(self.archive.home), json.dumps(told).encode() + b"\n")

    def names(self, sessions: Collection[int]) -> list[tuple[str, str]]:
        return self.con.execute(NAMES_SQL, {"ids": json.dumps(sorted(sessions))}).fetchall()

    def mark_events(self, agent: str, session: str) -> None:
        """Have session.json written again, which has the session's events."""
        self.con.execute(LAST_EPOCH_SQL, {"agent": agent, "session": session})

    def settle(self) -> Steps:
        """Sightings of what is gone; titles and counts of what is left."""
        with self.archive.transaction() as con:
            con.execute(SIGHTINGS_SQL)
        for done, (agent, name) in enumerate(self.noted):
            for _ in recount(self.archive, agent, name):
                yield done, len(self.noted), "counts and titles"
