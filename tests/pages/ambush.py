"""A session with one text in every place a host, a tool or a person can write to: for pages to be attacked with."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from archives import NOW_NS, SECOND, fill
from memlog.archive.connection import open_reader
from memlog.paths import Home
from memlog.record import Event, Record

START = NOW_NS - 86_400 * SECOND


class Laid(NamedTuple):
    """A session that lies in wait: its text, its folder, its records and what only a hook was told."""

    text: str
    dir: str
    ids: list[int]
    events: list[str]


def session(text: str, n: int) -> list[Record | Event]:
    """Prompt, thought, reply, calls with changes and failures, subagents, bookkeeping, two compactions: all of it this text."""
    start = START + n * 600 * SECOND
    inside = {"file_path": text, "old_string": text, "new_string": f"{text}2", "command": text, text: text}
    sent = f"go and look at {text}"
    epoch = ""
    made: list[Record] = []

    def one(kind: str, role: str, said: str, line: dict[str, Any] | None = None, **fields: Any) -> None:
        k = len(made)
        rest = fields.pop("rest", {}) | {"line": {text: text} | (line or {}), text: {text: text}}
        more = {"source_id": f"{k} {text}", "block": 0, "mac": bytes([n, k] * 4)} | fields
        made.append(
            Record(
                agent=f"agent {text}", session=f"{n} {text}", kind=kind, role=role, text=said, ts_ns=start + k * SECOND,
                project=text, parent_id=text, boundary=epoch, redacted={text: 1}, at=100 * k, rest=rest,
                **more,
            )
        )  # fmt: skip

    def call(name: str, tool: str, given: dict[str, Any], answer: str, line: dict[str, Any] | None = None, *, error: bool = False,
             between: Iterable[dict[str, Any]] = ()) -> None:  # fmt: skip
        one("tool_use", "assistant", f"{text}: {given}", tool=tool, rest={"id": name, "input": given})
        for other in between:
            one(**other)
        one("tool_result", "tool", answer, line, tool=tool, error=error, rest={"tool_use_id": name})

    side = {"isSidechain": True, "agentId": f"side {text}"}
    marked = f"{text}\n\n[a]({text}) ![b]({text}) <{text}>\n\n```{text}\n{text}\n```\n\n|{text}|b|\n|---|---|\n|{text}|c|\n"
    one("message", "user", f"Please look at {marked}")
    one("message", "assistant", marked)
    one("thinking", "assistant", marked)
    one("meta", "system", text)
    call("a", text, inside, f"{text}\n{marked}", {"toolUseResult": {"agentId": text}}, error=True)
    call(
        "b", "Task", {"prompt": sent}, f"diff --git a b\n@@ -1 +1 @@ {text}\n-{text}\n+{text}2\n",
        between=[
            {"kind": "message", "role": "user", "said": sent, "line": side},
            {"kind": "message", "role": "assistant", "said": marked, "line": side},
        ],
    )  # fmt: skip
    one("message", "user", marked, {"isSidechain": True, "agentId": text})
    progress = {"data": {"type": "agent_progress"}, "parentToolUseID": "c"}
    call("c", "Task", {"description": text}, text,
         between=[{"kind": "meta", "role": "system", "said": text, "line": progress}])  # fmt: skip
    one("tool_result", "tool", text, tool=text, error=True)
    one("message", text, f"<told>{text} zebra", omitted=(text,))
    one("tool_result", "tool", text, block=1, source_id=made[-1].source_id, mac=made[-1].mac, tool=text)
    one("message", "user", f"<told>{text}")
    call("d", "Bash", {"command": f"cat '{text}'"}, "ok")
    call("e", "Bash", {"command": f"make {n} '{text}'"}, f"Error: {text} broke", error=True)
    one("message", "user", f"Never use {text} in this project.")
    one("message", "assistant", f"We decided to use one clock because {text} is wrong with two of them.")
    for boundary in ("first", "second"):
        one(
            "compaction",
            "system",
            text,
            {"compactMetadata": {"trigger": text, "preTokens": 9, "postTokens": 3}},
        )
        epoch = made[-1].source_id
        one("summary", "user", f"{boundary}: {marked}")
        one("message", "user", f"And now {marked}")
        call(f"f {boundary}", "Bash", {"command": f"cat '{text}'"}, marked)
    told = Event(text, f"agent {text}", f"{n} {text}", start, {"prompt": text, text: text})
    return [*made, told]


def laid(root: Path, texts: Iterable[str]) -> tuple[str, list[Laid]]:
    """Path of an archive with a session for each text, and what lies where; some of each is missing."""
    texts = tuple(texts)
    home = Home(str(root))
    for n, text in enumerate(texts):
        fill(home, session(text, n), [f"no CBOR: {text}".encode()])
    _lose(home.archive)
    con = open_reader(home.archive)
    found = []
    for n, text in enumerate(texts):
        ((name, dir),) = [
            row for row in con.execute("SELECT session, dir FROM v_session") if row[0].startswith(f"{n} ")
        ]
        ids = [
            id
            for (id,) in con.execute(
                "SELECT id FROM v_record WHERE session = ? AND part = 0 ORDER BY ts_ns, id", (name,)
            )
        ]
        events = [f"e{id}" for (id,) in con.execute("SELECT id FROM v_event WHERE session = ?", (name,))]
        found.append(Laid(text, dir, ids, events))
    con.close()
    return home.archive, found


def _lose(path: str) -> None:
    """In each session a hole in a transcript whose path is an attack, and a gap of a ring."""
    con = sqlite3.connect(path)
    con.execute(
        "INSERT INTO ring (ring_id, uid, boot_id, kind, path, attested, cursor, noticed_ns) VALUES (x'07', 1, 'b', 'shm', 'p', 0, 9, 1)"
    )
    (ring,) = con.execute("SELECT id FROM ring WHERE ring_id = x'07'").fetchone()
    for id, name in con.execute(
        "SELECT id, session FROM session WHERE session <> '' AND instr(session, ' ') > 0"
    ).fetchall():
        hole = (id, f"/t/{name}", START)
        con.execute(
            "INSERT INTO hole (session_id, path, start, stop, noticed_ns) VALUES (?, ?, 150, 199, ?)", hole
        )
        (record,) = con.execute(
            "SELECT id FROM record WHERE session_id = ? ORDER BY ts_ns LIMIT 1 OFFSET 3", (id,)
        ).fetchone()
        con.execute("UPDATE record SET ring = ?, seq = ? WHERE id = ?", (ring, 10 * id, record))
        # As a snapshot or a ring of another version may say it.
        con.execute(
            "UPDATE record SET decode_error = ? WHERE session_id = ? AND kind = 'tool_result'", (name, id)
        )
        con.execute("INSERT INTO gap (ring, after_seq, before_seq, lost, reason, noticed_ns) VALUES (?, ?, ?, 4, 'evicted', 1)",
                    (ring, 10 * id - 5, 10 * id))  # fmt: skip
    con.commit()
    con.close()
