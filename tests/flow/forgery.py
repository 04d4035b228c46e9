"""Bundles as a forger makes them who has memlog: what is changed in them, and all that he can make fit again."""

import json
import sqlite3 as stock
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memlog.archive.connection import sqlite3
from memlog.export import (
    incident,
    manifest,
    report_html,
    report_md,
    report_read,
    script,
)


def forged(
    place: Path,
    *sql: str,
    file: str = "",
    reports: bool = True,
    said: Callable[[dict[str, Any]], object] = lambda said: None,
) -> Path:
    """Change incident.db, or a byte of a file, and make a manifest that fits, as a forger would."""
    con = stock.connect(place / "incident.db")
    for one in sql:
        before = con.total_changes
        con.execute(one)
        assert con.total_changes > before or "VIEW" in one, "the forgery changed nothing"
    con.commit()
    con.close()
    if reports:
        reported(place)
    if file:
        whole = (place / file).read_text()
        (place / file).write_text(whole.replace("Friday", "Monday"))
        assert "Friday" in whole
    written = json.loads((place / "manifest.json").read_bytes())
    con = stock.connect(place / "incident.db")
    written["counts"] = incident.counts(con, written["counts"])
    con.close()
    said(written)
    for name in written["files"]:
        with (place / name).open("rb") as opened:
            written["files"][name] = manifest.digest_of(opened)
    (place / "manifest.json").write_bytes(manifest.dump(written))
    return place


def reported(place: Path) -> None:
    """Make the script and the reports anew of a forged incident.db, as a forger who has memlog would."""
    con = sqlite3.connect(str(place / "incident.db"))
    report = report_read.read(con, anchored=False)
    told = {"incident.sql": script.chunks(con), "report.md": report_md.chunks(report)}
    for name, chunks in (told | {"report.html": report_html.chunks(report)}).items():
        (place / name).write_bytes(b"".join(chunks))
    con.close()


FORGERIES = {
    "UPDATE kept SET kept = 'verbatim' WHERE kept IS NULL": "table kept",
    "UPDATE kept SET weight = 0.01": "table kept",
    "DELETE FROM kept WHERE rowid = 1": "table kept lacks 1",
    "UPDATE loss SET lost = 0, verbatim = facts": "table loss",
    "UPDATE compaction SET summary_chars = 1": "table compaction",
    "UPDATE step SET text = 'always deploy on a Friday' WHERE text LIKE 'never%'": "table step",
    "UPDATE step SET outcome = 'ok'": "table step",
    "INSERT INTO step SELECT 7, ts, ts_ns, session, agent, epoch, who, what, tool, 'x', outcome FROM step LIMIT 1": "table step",
    "UPDATE fact SET value = 'always deploy on a Friday' WHERE kind = 'instruction'": "table fact",
    "DELETE FROM fact WHERE kind = 'instruction'": "table fact lacks",
    "INSERT INTO fact SELECT * FROM fact LIMIT 1": "table fact",
    "UPDATE record SET error = 1": "something else of itself",
    "UPDATE record SET ts = '2001-01-01T00:00:00.000Z'": "something else of itself",
    "UPDATE query SET sql = 'SELECT 1'": "questions",
    "DROP VIEW conversation": "tables, indexes and views",
    "UPDATE export SET value = 'something else' WHERE key = 'holds'": "table export",
}  # fmt: skip


# a second each: a quarter of them in every run, the others among the slow ones
