"""The sample session that ships with memlog, played through the real hooks."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from memlog.archive.connection import Connection, open_reader
from memlog.errors import NotFoundError, UnavailableError
from memlog.paths import Home, make_dir, open_private, replace_file
from memlog.settings import Settings
from memlog.witness import client

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sample", "session.jsonl")
# A name with a dot is never a session's folder.
_FOLDER = "sample.session"
_ARRIVES_S = 30.0
_TIME = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"')

ENDED_SQL = "SELECT 1 FROM v_event WHERE session = :session AND event = 'SessionEnd' LIMIT 1"


def play(home: Home, settings: Settings) -> None:
    """The session, archived once this returns.

    A transcript grows line by line and hooks are called beside it, as Claude Code does.
    Raises: UnavailableError when it does not arrive.
    """
    folder = os.path.join(home.root, _FOLDER)
    make_dir(folder)
    lines = _retold(folder)
    body = [json.loads(line) for line in lines]
    cwd = next(line["cwd"] for line in body if "cwd" in line)
    for part in ("projects", "-" + cwd.strip("/").replace("/", "-")):
        folder = os.path.join(folder, part)
        make_dir(folder)
    path = os.path.join(folder, f"{session()}.jsonl")
    told = {"session_id": session(), "transcript_path": path, "cwd": cwd, "permission_mode": "default"}
    fd = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        for line, bare in zip(lines, body, strict=True):
            for event, more in _before(bare):
                _hook(home, event, {**told, **more})
            os.write(fd, line)
            for event, more in _after(bare):
                _hook(home, event, {**told, **more})
    finally:
        os.close(fd)
    _hook(home, "SessionEnd", {**told, "reason": "other"})
    _arrived(home, settings)


def _retold(folder: str) -> list[bytes]:
    """The lines, as if the session ended now; as they were told before, where it was interrupted."""
    path = os.path.join(folder, "session.jsonl")
    try:
        with open(path, "rb") as file:
            return file.read().splitlines(keepends=True)
    except FileNotFoundError:
        pass
    text = b"".join(_lines())
    later = datetime.now(UTC) - max(map(_time, _TIME.findall(text)))

    def moved(found: re.Match[bytes]) -> bytes:
        when = (_time(found[1]) + later).isoformat(timespec="milliseconds")
        return b'"' + when.replace("+00:00", "Z").encode() + b'"'

    text = _TIME.sub(moved, text)
    replace_file(path, text)
    return text.splitlines(keepends=True)


def _time(stamp: bytes) -> datetime:
    return datetime.fromisoformat(stamp.decode())


def session() -> str:
    """Id of the sample session."""
    return next(str(body["sessionId"]) for body in map(json.loads, _lines()) if "sessionId" in body)


def ended(con: Connection) -> bool:
    """True when the whole session is archived."""
    return con.execute(ENDED_SQL, {"session": session()}).fetchone() is not None


def _lines() -> list[bytes]:
    with open(PATH, "rb") as file:
        return file.read().splitlines(keepends=True)


def _before(line: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if line.get("subtype") == "compact_boundary":
        yield "PreCompact", {"trigger": line["compactMetadata"]["trigger"], "custom_instructions": None}


def _after(line: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    said = line.get("message", {}).get("content")
    if line.get("subtype") == "turn_duration":
        yield "Stop", {"stop_hook_active": False}
    elif line.get("isCompactSummary"):
        yield "PostCompact", {"trigger": "auto", "compact_summary": said}
        yield "SessionStart", {"source": "compact"}
    elif line["type"] == "user" and isinstance(said, str):
        yield "UserPromptSubmit", {"prompt": said}
    elif line["type"] == "progress" and line["parentUuid"] is None:
        yield "SessionStart", {"source": "startup"}


def _hook(home: Home, event: str, told: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "memlog.capture.hook", event, "--home", home.root]
    given = json.dumps({**told, "hook_event_name": event}).encode()
    done = subprocess.run(command, input=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise UnavailableError(f"memlog-hook {event} ended with {done.returncode}: {said[-300:]}")


def _arrived(home: Home, settings: Settings) -> None:
    end = time.monotonic() + _ARRIVES_S
    while time.monotonic() < end:
        client.drain(home, settings)
        try:
            con = open_reader(home.archive)
        except NotFoundError:
            continue
        try:
            if ended(con):
                return
        finally:
            con.close()
        time.sleep(0.1)
    raise UnavailableError(f"the sample did not arrive within {_ARRIVES_S:.0f} s", hint="memlog status")
