"""One sentence for the agent's user where nothing is recorded or archived; then silence for a day.

A session that begins is the one moment a host shows what a hook says. Two small files are looked at.
"""

import os
import time

from memlog.capture import quick_json, starter
from memlog.errors import MemlogError
from memlog.paths import Home, open_private
from memlog.settings import Settings

EVERY_S = 86_400
_BORN_S = 60  # by then a witness has said what came of its start
_LONGEST = 300


def tell(fd: int, home: Home, settings: Settings, *, refused: str = "", now_s: float | None = None) -> bool:
    """True when the host was told, as its `systemMessage`, and the next day is silent.

    refused: why this very call could put its records nowhere.
    """
    now_s = time.time() if now_s is None else now_s
    try:
        why = refused or trouble(home, settings, now_s=now_s)
        if not why or _told(home, now_s):
            return False
        said = f"memlog records this session, but nothing is archived: {why}. Look with: memlog status"
        if refused:
            said = f"memlog cannot record this session: {home.root}: {refused}. Look with: memlog doctor"
        os.write(fd, quick_json.dumps({"systemMessage": said}).encode() + b"\n")
        return True
    except (OSError, MemlogError, ValueError):
        return False


def trouble(home: Home, settings: Settings, *, now_s: float) -> str:
    """Why nothing is archived; "" where it is, or where a person stopped it."""
    try:
        fd = open_private(home.witness_start, os.O_RDONLY)
    except FileNotFoundError:
        return ""
    try:
        raw, tried_s = os.read(fd, 4_096), os.fstat(fd).st_mtime
    finally:
        os.close(fd)
    said = quick_json.loads(raw.decode()) if raw else {}
    if not isinstance(said, dict):
        return ""
    state, reason = str(said.get("state")), str(said.get("reason"))[:_LONGEST]
    if os.path.lexists(home.witness_stopped):
        return ""
    if starter.lives(home):
        return f"the witness waits ({reason})" if state == "degraded" else ""
    if state in ("failed", "degraded"):
        return f"the witness does not start ({reason})"
    if not raw and now_s - tried_s > _BORN_S:
        return "the witness does not start (log/witness.log says more)"
    if state == "running" and not settings.start_witness:
        return "the witness was killed, and no hook starts one"
    return ""


def _told(home: Home, now_s: float) -> bool:
    try:
        if abs(now_s - os.lstat(home.told).st_mtime) < EVERY_S:
            return True
    except FileNotFoundError:
        pass
    try:
        os.close(open_private(home.told, os.O_WRONLY | os.O_CREAT))
        os.utime(home.told, (now_s, now_s))
    except OSError:
        pass  # a home that takes no file keeps no day either: each session that begins is told
    return False
