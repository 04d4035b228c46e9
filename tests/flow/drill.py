"""A home in which one session is to be forgotten and one to be kept."""

import random
import shutil
from pathlib import Path
from typing import Any

from archives import NOW_NS, event, reading, record
from forgetting import Needles, needles, rare
from memlog.archive.verify import Look, verify
from memlog.capture import spool
from memlog.cli.jobs import JOBS
from memlog.paths import Home
from memlog.query import choice
from memlog.query.selection import Selection
from memlog.record import encode, encode_event
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import client

SECRET, KEPT = "secret", "kept"
COMMON = "def work(value):\n    return [item for item in value if item]\n" * 4


class Drill:
    """A home with a session to be forgotten and one to be kept, in every place a text may lie."""

    def __init__(self, home: Home, settings: Settings) -> None:
        rng = random.Random(7)  # noqa: S311 - a drill, not a key
        self.home, self.settings = home, settings
        self.terms = {name: [rare(rng) for _ in range(41)] for name in (SECRET, KEPT)}
        self.records = {
            name: [record(self.text(name, n), n=n, session=name) for n in range(40)]
            for name in (SECRET, KEPT)
        }
        self.told = [
            event("UserPromptSubmit", session=SECRET, prompt=self.text(SECRET, 3)),
            event("PostToolUse", session=SECRET, tool_response={"stdout": self.text(SECRET, 5)}),
            event(
                "Stop", session=SECRET, last_assistant_message=f"only a hook said {self.terms[SECRET][40]}"
            ),
            event("UserPromptSubmit", session=KEPT, prompt=self.text(KEPT, 3)),
        ]

    def fill(self) -> None:
        with open_ring(self.settings) as ring:
            for n in range(40):
                for name in (SECRET, KEPT):
                    for blob in encode(self.records[name][n]):
                        ring.write(blob, session=name)
            for said in self.told:
                ring.write(encode_event(said))
        client.drain(self.home, self.settings)
        shutil.copy(self.home.archive, f"{self.home.archive}.before-2")
        shutil.copytree(Path(self.home.root, SECRET), Path(self.home.root, f"{SECRET}.of-1234"))
        spooled = [(blob, None) for said in self.records[SECRET][:4] for blob in encode(said)]
        spool.spool_frames(self.home, spooled)

    def text(self, name: str, n: int) -> str:
        term = self.terms[name][n]
        return f"{name} number {n} says {term} to whom it may concern\n" + COMMON * (1 + n % 3 * 30) + term

    def needles(self, name: str, which: slice = slice(None)) -> Needles:
        wanted = {r.source_id for r in self.records[name][which]}
        with reading(self.home) as con:
            rows = con.execute(OF_SESSION_SQL, {"session": name}).fetchall()
        found = [
            (packed, packing, text_bytes) for source, packed, packing, text_bytes in rows if source in wanted
        ]
        assert found
        return needles(found, self.terms[name][which])

    def forget(self, **chosen: Any) -> dict[str, Any]:
        return client.run(self.home, self.settings, "forget", chosen, JOBS)

    def chosen(self, *names: str, text: str = "", **said: Any) -> dict[str, Any]:
        with reading(self.home) as con:
            found = choice.choose(con, Selection(**said), names, text=text, now_ns=NOW_NS)
        return {"sessions": found.sessions, "records": found.records, "events": found.events}

    def texts(self) -> set[str]:
        with reading(self.home) as con:
            return {text for (text,) in con.execute("SELECT text FROM v_record")}

    def rows(self) -> list[tuple[Any, ...]]:
        """What a forget leaves, wherever it was stopped on the way."""
        with reading(self.home) as con:
            return [con.execute(sql).fetchall() for sql in LEFT_SQL]

    def is_sound(self) -> bool:
        with reading(self.home) as con:
            return [*verify(Look(con, self.home))] == []


OF_SESSION_SQL = """
SELECT r.source_id, r.body, r.packing, r.text_bytes FROM record r JOIN session s ON s.id = r.session_id
WHERE s.session = :session
"""
LEFT_SQL = (
    "SELECT id, digest, link FROM record ORDER BY id", "SELECT digest FROM event ORDER BY digest",
    "SELECT session, title, project, records, tools, bytes, first_id, head, links FROM session ORDER BY id",
    "SELECT session_id, number, boundary, records FROM epoch ORDER BY session_id, number",
    "SELECT DISTINCT agent, session, source_id, block, part, link FROM tombstone ORDER BY 2, 3, 4, 5",
)  # fmt: skip
