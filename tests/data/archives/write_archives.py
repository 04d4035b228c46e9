"""An archive as the memlog on the path makes it, with one of everything: tests migrate those of older schemas.

Run once for each schema, under the code that made it:
    git worktree add /tmp/then COMMIT; PYTHONPATH=/tmp/then/archiver python write_archives.py
COMMIT is the one before the next migration came. A file that is there is never written again.
"""

import gzip
import os
import sqlite3
import tempfile
from pathlib import Path

from memlog.archive.store import Archive
from memlog.paths import Home
from memlog.record import Event, Record, encode, encode_event
from memlog.wire import Frame, Gap, Header

NOW_NS = 1_772_721_000 * 10**9  # 2026-03-05T14:30:00Z
MINUTE = 60 * 10**9
HERE = Path(__file__).parent
SAID = (
    "the deploy to staging fails since the morning", "it stops at the migration: a lock is never released",
    "größe und 漢字: both must be found", "run it again with a timeout of 30 s", "naïve retries made it worse",
)  # fmt: skip


def said(n: int, session: str, **more: object) -> Record:
    told: dict[str, object] = {
        "agent": "claude-code", "session": session, "source_id": f"{session}-{n}", "block": 0, "kind": "message",
        "role": ("user", "assistant")[n % 2], "text": f"{SAID[n % len(SAID)]} ({n})", "ts_ns": NOW_NS + n * MINUTE,
        "mac": n.to_bytes(8, "big"), "project": "/home/ann/shop", "boundary": "", "at": n * 100,
    }  # fmt: skip
    return Record(**{**told, **more})  # type: ignore[arg-type]


def items(session: str) -> list[Record | Event]:
    name = f"{session}-b"
    rest = {"compactMetadata": {"trigger": "auto", "preTokens": 90_000}}
    told = Event(
        "UserPromptSubmit", "claude-code", session, NOW_NS + 7, {"prompt": "a prompt only the hook saw"}
    )
    cut = said(20, session, kind="compaction", role="system", source_id=name, boundary=name, rest=rest)
    return [
        *(said(n, session) for n in range(12)), told, cut,
        *(said(n, session, boundary=name) for n in range(21, 30)),
        said(30, session, boundary=name, kind="tool_use", role="assistant", tool="Bash"),
        said(31, session, boundary=name, text="a long log line. " * 5_000),
    ]  # fmt: skip


def blobs(found: list[Record | Event]) -> list[bytes]:
    return [b for i in found for b in ([encode_event(i)] if isinstance(i, Event) else encode(i))]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(os.path.join(folder, "home"))
        with Archive.open(home, now_ns=NOW_NS) as archive:
            ring = archive.con.execute(
                "INSERT INTO ring (ring_id, uid, boot_id, kind, path, attested, cursor, noticed_ns)"
                " VALUES (?, 1000, 'boot', 'shm', 'ring', 0, 0, 1) RETURNING id", (b"r" * 16,)
            ).fetchone()[0]  # fmt: skip
            frames = [
                Frame(Header(len(blob), NOW_NS + n, 10 + n, 1000, 7, bytes(16)), blob)
                for n, blob in enumerate(blobs(items("captured")))
            ]
            archive.ingest([Gap(0, 10), *frames], ring=ring, source="", now_ns=NOW_NS)
            imported = [Frame(None, blob) for blob in [*blobs(items("imported")), b"\xa1\x61k\x61v"]]
            archive.ingest(imported, ring=None, source="old.jsonl", now_ns=NOW_NS + 1)
            archive.checkpoint(truncate=True)
        con = sqlite3.connect(home.archive)
        con.execute("PRAGMA journal_mode = DELETE")
        (version,) = con.execute("PRAGMA user_version").fetchone()
        con.close()
        target = HERE / f"schema-{version}.db.gz"
        if not target.exists():
            target.write_bytes(gzip.compress(Path(home.archive).read_bytes(), mtime=0))


if __name__ == "__main__":
    main()
