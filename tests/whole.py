"""A home with one of everything an archive holds, for tests that damage it."""

import json
from typing import Any

import archives
from archives import MINUTE, NOW_NS, event, record
from memlog.archive import tree
from memlog.archive.forget import Choice, Forgotten, forget
from memlog.archive.store import Archive
from memlog.archive.unfinished import finished
from memlog.paths import Home
from memlog.record import Record
from memlog.wire import Damage, Gap

RING = b"r" * 16


def compaction(n: int, session: str) -> Record:
    rest = {"compactMetadata": {"trigger": "manual", "preTokens": 100 * n}}
    name = f"{session}-b"
    return record(
        "compacted",
        n=n,
        session=session,
        kind="compaction",
        role="system",
        rest=rest,
        source_id=name,
        boundary=name,
    )


def make(home: Home, *, forgotten: bool = True, sessions: int = 3, each: int = 12) -> Home:
    """Rings with a gap and imports, parts, foreign and damaged bytes, epochs, events, a tombstone; the tree too."""
    with Archive.open(home, now_ns=NOW_NS) as archive:
        ring = archive.con.execute(
            "INSERT INTO ring (ring_id, uid, boot_id, kind, path, attested, cursor, noticed_ns)"
            " VALUES (?, 1000, 'boot', 'kernel', '/dev/memlog', 1, 0, 1) RETURNING id", (RING,)
        ).fetchone()[0]  # fmt: skip
        seq = 10
        for k in range(sessions):
            name = f"session-{k}"
            items: list[Any] = [record(f"needle {n} in {name}", n=n, session=name) for n in range(each)]
            items += [event("PreCompact", session=name), compaction(40, name)]
            items += [
                record(
                    f"words after {n} of {name}", n=n, session=name, boundary=f"{name}-b",
                    role=("assistant", "user")[n % 2], kind=("message", "tool_use", "meta")[n % 3],
                )
                for n in range(50, 50 + each)
            ]  # fmt: skip
            long = "x y " * 17_000 if k == 0 else "no parts"
            items += [record(long, n=90, session=name, boundary=f"{name}-b", error=True)]
            items += [event("UserPromptSubmit", session=name, ts_ns=NOW_NS + k, prompt=f"a prompt of {name}")]
            frames = list(archives.ring_frames(items, first_seq=seq))
            archive.ingest([Gap(seq - 10, seq), *frames], ring=ring, source="", now_ns=NOW_NS + k)
            seq += len(frames) + 9
        side = [record(f"imported {n}", n=n, session="side", ts_ns=NOW_NS + n * MINUTE) for n in range(4)]
        blobs = [b"\xa1\x61k\x61v", b"\x00\xff\x00"]
        items = [*archives.frames([*side, *blobs]), Damage(3, b"{torn", "not JSON")]
        archive.ingest(items, ring=None, source="old.jsonl", now_ns=NOW_NS + 9)
        archive.con.execute("INSERT INTO transcript VALUES ('/t.jsonl', 1, 50, NULL, 90, NULL, 1)")
        archive.con.execute("INSERT INTO hole VALUES (1, 1, '/t.jsonl', 50, 90, NULL, 1, NULL)")
        if forgotten:
            (chosen,) = archive.con.execute("SELECT id FROM record WHERE source_id = 'side-2'").fetchone()
            for _ in forget(archive, Choice(records=(chosen,)), Forgotten(), now_ns=NOW_NS):
                pass
            finished(home)
        tree.write_dirty(archive, open_too=True)
        archive.checkpoint(truncate=True)
    return home


def rows(home: Home) -> list[dict[str, Any]]:
    """Every record as the view shows it."""
    with archives.reading(home) as con:
        return archives.rows(con, "SELECT * FROM v_record ORDER BY id")


def heads(home: Home) -> str:
    """Every head and link count, to compare."""
    with archives.reading(home) as con:
        found = archives.rows(
            con, "SELECT agent, session, links, hex(head) AS head FROM session ORDER BY 1, 2"
        )
        return json.dumps(found)
