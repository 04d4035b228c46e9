"""A session as hooks tell it, and its transcript."""

import json
from pathlib import Path

HOOKED = {"session_id": "s-1", "cwd": "/w"}


def transcript(path: Path, lines: int = 2) -> str:
    """A transcript of some prompts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {
        "type": "user",
        "sessionId": "s-1",
        "timestamp": "2026-01-08T14:41:01Z",
        "message": {"content": "hi"},
    }
    path.write_text("".join(json.dumps({**line, "uuid": f"u-{n}"}) + "\n" for n in range(lines)))
    return str(path)
