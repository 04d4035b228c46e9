"""Whether a witness runs, and how: as its lock, the note of its last start and its status say."""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from memlog.errors import MemlogError, SettingsError
from memlog.paths import Home, open_private
from memlog.query.dates import iso

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # as witness/clock.py
_BORN_S = 30.0  # a witness that has not said by then what came of its start did not get so far


def witness(home: Home, said: Mapping[str, Any], now_ns: int) -> dict[str, Any]:
    """Its state: running, degraded, silent, starting; stopped, killed or failed where none runs."""
    holder = _holder(home)
    lives = holder is not None and said.get("pid") == holder.get("pid")
    start = _start(home, now_ns)
    forbidden = os.path.lexists(home.witness_stopped)
    silent_s = _since_s(said.get("written_steady_ns"), _whole(said.get("written_ns")) or now_ns, now_ns)
    state = str(said.get("state")) if lives else "starting"
    if lives and silent_s > 300 and state != "stopped":
        state = "silent"
    if holder is None:
        state = "stopped"
        if start["state"] == "failed" and not forbidden:
            state = "failed"
        elif start["state"] in ("running", "degraded") and not forbidden:
            state = "killed"
    started = _whole(holder.get("started")) if holder else None
    return {
        "running": holder is not None, "pid": holder.get("pid") if holder else None, "state": state,
        "started": iso(started) if started else None,
        "uptime_s": round(_since_s(said.get("started_steady_ns") if lives else None, started, now_ns), 1)
        if started else None,
        "silent_s": round(silent_s, 1) if lives or state == "killed" else None,
        "last_error": said.get("last_error"),
        "drained": said.get("drained") if lives else None, "jobs": said.get("jobs", []) if lives else [],
        "forbidden": forbidden, "start": start,
    }  # fmt: skip


def _since_s(steady_ns: object, wall_ns: int, now_ns: int) -> float:
    """Seconds since then by the clock nobody sets, by the wall clock where that was not noted."""
    if isinstance(steady_ns, int):
        passed_ns = time.clock_gettime_ns(_STEADY) - steady_ns
        if passed_ns >= 0:  # else of an earlier boot
            return passed_ns / 1e9
    return max(now_ns - wall_ns, 0) / 1e9


def _start(home: Home, now_ns: int) -> dict[str, Any]:
    """What came of the last start, as witness/start.py noted it. ago_s: since when."""
    try:
        tried_ns = os.lstat(home.witness_start).st_mtime_ns
    except OSError:
        return {"state": None, "reason": "", "hint": "", "ago_s": None}
    said = line(home.witness_start)
    ago_s = round((now_ns - (_whole(said.get("at_ns")) or tried_ns)) / 1e9, 1)
    if not said and ago_s > _BORN_S:
        said = {"state": "failed", "reason": "it ended before it could say why", "hint": "log/witness.log"}
    found = {name: str(said.get(name, "")) for name in ("reason", "hint")}
    state = said.get("state")
    if state == "failed" and found["hint"] == SettingsError.hint and _is_mended(home, tried_ns):
        return {"state": "stopped", "reason": "", "hint": "", "ago_s": ago_s}
    return {"state": state if isinstance(state, str) else None, **found, "ago_s": ago_s}


def _is_mended(home: Home, failed_ns: int) -> bool:
    """True where the settings were written since; who asks has read them without trouble."""
    try:
        return os.stat(home.config).st_mtime_ns > failed_ns
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _holder(home: Home) -> dict[str, Any] | None:
    """What the holder of the witness's lock wrote into it; None when nobody holds it."""
    try:
        fd = open_private(home.lock, os.O_RDONLY)
    except (OSError, MemlogError):
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return line(home.lock) or {"pid": 0, "started": 0}
    finally:
        os.close(fd)


def line(path: str) -> dict[str, Any]:
    """The JSON object on the first line of a small file; {} where there is none."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(1 << 20).partition(b"\n")[0])
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _whole(value: object) -> int | None:
    """The number, of a file that anything may have written to."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
