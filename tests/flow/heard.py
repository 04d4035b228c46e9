"""What a hook is told, a transcript that grows, and what is in ring and spool after it."""

import json
import sys
from pathlib import Path
from typing import Any

from memlog.capture import agents, spool
from memlog.capture.transcript import read
from memlog.paths import Home, load_key
from memlog.record import Event, Record, decode, encode
from memlog.ring.image import ImageRing
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.wire import Frame

SESSIONS = Path(__file__).parents[1] / "data/sessions"


CLAUDE = agents.reader("claude-code")


HOOK = [sys.executable, "-m", "memlog.capture.hook"]


SESSION = "6a1ff4a2-7a52-4b8e-9f2d-2f2a30f1b9aa"


def in_ring(settings: Settings) -> list[Record | Event]:
    with open_ring(settings) as ring:
        return decoded(ring.reader().read(100_000, 1 << 30))


def decoded(items: list[Any]) -> list[Record | Event]:
    found = []
    for item in items:
        assert isinstance(item, Frame)
        value = decode(item.blob)
        assert value is not None
        found.append(value)
    return found


def in_spool(home: Home) -> list[Record | Event]:
    found: list[Record | Event] = []
    for file in spool.pending(home):
        if file.name.endswith(".frames"):
            with ImageRing(file.path) as image:
                found += decoded(image.reader().read(100_000, 1 << 30))
    return found


def records(found: list[Record | Event]) -> list[Record]:
    return [r for r in found if isinstance(r, Record)]


def events(found: list[Record | Event]) -> list[str]:
    return [e.event for e in found if isinstance(e, Event)]


def of_file(home: Home, path: Path, **named: Any) -> list[Record]:
    """What an import of the file gives."""
    pieces = read(str(path), CLAUDE, key=load_key(home), **named)
    return [decode(blob) for piece in pieces for r in piece.records for blob in encode(r)]  # type: ignore[misc]


def said(path: Path | str, event: str = "Stop", **fields: Any) -> dict[str, Any]:
    return {
        "session_id": SESSION,
        "transcript_path": str(path),
        "cwd": "/w",
        "hook_event_name": event,
        **fields,
    }


def grow(path: Path, lines: int, text: str = "line") -> None:
    start = path.read_bytes().count(b"\n") if path.exists() else 0
    with path.open("a") as file:
        for n in range(start, start + lines):
            file.write(json.dumps({
                "type": "user", "uuid": f"u-{n}", "sessionId": SESSION, "cwd": "/w", "timestamp": "2026-01-08T14:41:01.267Z",
                "message": {"role": "user", "content": f"{text} {n}"},
            }) + "\n")  # fmt: skip
