"""An archive with one of everything, all that it shows, and a rebuild of it done to the end."""

import os
from typing import Any

import archives
from archives import MINUTE, NOW_NS, event, record
from memlog.archive import rebuild, tree
from memlog.archive.store import Archive
from memlog.paths import Home
from memlog.record import Event, Record
from memlog.settings import Settings
from memlog.wire import Frame, Gap, Header

RING = b"r" * 16
VIEWS = {
    "v_record": "SELECT * FROM v_record ORDER BY id",
    "v_session": "SELECT * FROM v_session ORDER BY agent, session",
    "v_epoch": "SELECT * FROM v_epoch ORDER BY agent, session, epoch",
    "v_event": "SELECT session, agent, event, ts, ring_id, seq, data FROM v_event ORDER BY ts_ns, digest_free",
}
VIEWS["v_event"] = (
    "SELECT session, agent, event, ts_ns, ring_id, seq, archived_ns, data FROM v_event ORDER BY 4, 2, 3"
)
VIEWS["v_gap"] = "SELECT * FROM v_gap ORDER BY ring_id, after_seq"
VIEWS["v_damage"] = "SELECT source, place, data FROM v_damage ORDER BY source, place"


def everything(home: Home) -> dict[str, list[dict[str, Any]]]:
    with archives.reading(home) as con:
        found = {name: archives.rows(con, sql) for name, sql in VIEWS.items()}
        found["heads"] = archives.rows(con, "SELECT agent, session, head, links FROM session ORDER BY 1, 2")
        found["hits"] = archives.rows(
            con, "SELECT rowid FROM record_fts WHERE record_fts MATCH 'words' ORDER BY 1"
        )
        found["identity"] = archives.rows(con, "SELECT archive_id FROM archive")
        return found


def run(home: Home, *, now_ns: int = NOW_NS + 9, **more: Any) -> dict[str, Any]:
    """The result of a rebuild done to the end."""
    steps = rebuild.rebuild(home, now_ns=now_ns, settings=Settings(home=home.root), **more)
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as stop:
            assert all(0 <= done <= total for done, total, _ in seen) and len(seen) > 2
            return dict(stop.value)


def compaction(n: int, *, session: str = "session-a", **fields: Any) -> Record:
    rest = {"compactMetadata": {"trigger": "manual", "preTokens": 100 * n}}
    return record("compacted", n=n, session=session, kind="compaction", role="system", rest=rest, **fields)


def busy(home: Home) -> None:
    """An archive with one of everything: rings, imports, parts, rewritten and foreign lines, events, gaps."""
    with Archive.open(home, now_ns=NOW_NS) as archive:
        ring = archive.con.execute(
            "INSERT INTO ring (ring_id, uid, boot_id, kind, path, attested, cursor, noticed_ns)"
            " VALUES (?, 1000, 'boot', 'kernel', '/dev/memlog', 1, 0, 1) RETURNING id", (RING,)
        ).fetchone()[0]  # fmt: skip

        def imported(*items: Record | Event | bytes, at: int) -> None:
            archive.ingest(list(archives.frames(items)), ring=None, source="old.jsonl", now_ns=NOW_NS + at)

        def captured(*items: Any, at: int, seq: int) -> None:
            found = list(
                archives.ring_frames([i for i in items if not isinstance(i, (Gap, bytes))], first_seq=seq)
            )
            foreign = [
                Frame(Header(len(i), NOW_NS + n, seq + 500 + n, 1000, 9, bytes(16)), i)
                for n, i in enumerate(items) if isinstance(i, bytes)
            ]  # fmt: skip
            lost = [i for i in items if isinstance(i, Gap)]
            archive.ingest([*lost, *found, *foreign], ring=ring, source="", now_ns=NOW_NS + at)

        imported(*(record(f"words of import {n}", n=n) for n in range(5)), at=1)
        captured(Gap(0, 10), *(record(f"words of ring {n}", n=n) for n in range(5, 9)), at=2, seq=10)
        captured(event("PreCompact"), compaction(20, source_id="b1", boundary="b1"), at=3, seq=20)
        captured(
            *(record(f"words after {n}", n=n, boundary="b1", role="assistant") for n in range(21, 25)),
            record("failed", n=25, boundary="b1", kind="tool_result", tool="Bash", error=True),
            record("x" * 150_000, n=26, boundary="b1", kind="tool_use", tool="Write", rest={"deep": [1, {"k": None}]}),
            b"{\"not\": \"cbor\"}", b"\xa1\x61k\x61v", b"\x00\xff\x00", at=4, seq=30,
        )  # fmt: skip
        # The host rewrote line 3; a subagent's lines know no boundary; a side session was only told of.
        imported(record("words of import 3, rewritten", n=3, mac=b"rewritte"), at=5)
        imported(
            *(record(f"side words {n}", n=n, source_id=f"side-{n}", boundary=None) for n in (3, 22)), at=6
        )
        imported(compaction(40, session="../hostile", source_id="h1", boundary="h1"), at=7)
        imported(*(record(f"w {n}", n=n, session="../hostile", agent="codex") for n in range(3)), at=8)
        imported(
            *(record(f"told {n}", n=n * 20, session="told", boundary=None) for n in range(5)),
            event("PostCompact", session="told", ts_ns=NOW_NS - archives.DAY + 50 * MINUTE),
            event("SessionEnd", session="told", ts_ns=NOW_NS),
            event("UserPromptSubmit", session="told", prompt="a prompt no transcript has"),
            event("PostToolUse", session="told", tool_name="Bash", tool_response="as the transcript says"), at=9,
        )  # fmt: skip
        imported(
            record("meta words", n=30, kind="meta", boundary="b1", ts_ns=NOW_NS - 40 * archives.DAY), at=10
        )
        tree.write_dirty(archive)


def complete(home: Home) -> None:
    """Every epoch into the tree, open ones too."""
    with Archive.open(home, now_ns=NOW_NS) as archive:
        tree.write_dirty(archive, open_too=True)


def forget_archive(home: Home) -> None:
    for name in os.listdir(home.root):
        if name.startswith("archive.db"):
            os.unlink(os.path.join(home.root, name))
