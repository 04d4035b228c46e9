"""Lines of a transcript as tests write them, and the records of a file of them."""

import json
import os
from pathlib import Path
from typing import Any

from memlog.capture import agents
from memlog.capture.transcript import read
from memlog.record import Record

KEY = b"k" * 32
SESSIONS = Path(__file__).parents[1] / "data/sessions"
CLAUDE = agents.reader("claude-code")


def records(path: str | os.PathLike[str], **named: Any) -> list[Record]:
    return [r for piece in read(str(path), CLAUDE, key=KEY, **named) for r in piece.records]


def stamped(n: int, **fields: Any) -> dict[str, Any]:
    return {
        "type": "user",
        "uuid": f"u-{n}",
        "sessionId": "s-1",
        "cwd": "/w",
        "timestamp": f"2026-01-08T14:41:{n % 60:02}.000Z",
        "message": {"role": "user", "content": f"line {n}"},
    } | fields


def lines_of(*values: dict[str, Any] | str) -> bytes:
    return b"".join((v if isinstance(v, str) else json.dumps(v)).encode() + b"\n" for v in values)
