"""Import: transcripts that were there before memlog was, through the same reader as capture."""

import json
import os
import time
from collections.abc import Generator
from typing import Any

from memlog.archive.store import Archive
from memlog.capture import agents, transcript
from memlog.capture.transcript import Watermark
from memlog.errors import ContractError, InputError, NotFoundError
from memlog.settings import Settings
from memlog.witness.intake import Intake
from memlog.witness.jobs import Progress
from memlog.witness.log import log

# index: transcript, its primary key
KNOWN_SQL = "SELECT archived, state FROM transcript WHERE path = :path"
SESSIONS_SQL = "SELECT count(*) FROM session"

Steps = Generator[Progress, None, dict[str, Any]]

_MOST_NAMED = 20  # of what could not be read


def import_job(archive: Archive, settings: Settings, args: dict[str, Any]) -> Steps:
    """Archive every transcript under some paths; what is archived already is met again, never doubled.

    args: agent; paths (absolute); again: also read files that have not changed since they were archived.
    A file that grew is read from where it was left, so an import that was interrupted goes on there.
    Progress in bytes of transcript. Result: files, unchanged, lines, records, already, sessions, damage,
    redacted, omitted, torn (bytes of lines not finished), unreadable (path and why), seconds.
    Raises: InputError for an unknown agent or a path that does not exist, before anything is read.
    """
    started = time.monotonic()
    agent, again = args.get("agent"), args.get("again") is True
    found = _find(str(agent), args.get("paths"))
    total = sum(size for _, size in found)
    before = archive.con.execute(SESSIONS_SQL).fetchone()[0]
    intake = Intake(archive, settings)
    done = files = unchanged = torn = 0
    unreadable: list[dict[str, str]] = []
    yield Progress(0, total, "")
    for path, size in found:
        start = None if again else _known(archive, path)
        try:
            if start is not None and transcript.is_whole(path, start):
                unchanged += 1
            else:
                for offset in intake.read(path, str(agent), start=start):
                    yield Progress(done + min(offset, size), total, path)
                has_more = start is None or intake.reached != start
                files += has_more
                unchanged += not has_more
                torn += _left(path, size, intake.reached)
        except (InputError, NotFoundError, OSError) as exc:
            said = str(exc) if path in str(exc) else f"{path}: {exc}"
            log.warning("transcript not readable error=%s", said)
            unreadable.append({"path": path, "error": said})
        done += size
    intake.flush()
    yield Progress(total, total, "")
    totals = intake.totals
    return {
        "agent": agent, "files": files, "unchanged": unchanged, "lines": intake.lines,
        "records": totals.records, "already": totals.sightings, "tombstoned": totals.tombstoned,
        "sessions": archive.con.execute(SESSIONS_SQL).fetchone()[0] - before,
        "damage": intake.damaged, "redacted": dict(intake.redacted), "omitted": dict(intake.omitted),
        "torn": torn, "unreadable": unreadable[:_MOST_NAMED], "unread": len(unreadable),
        "bytes": total, "seconds": round(time.monotonic() - started, 3),
    }  # fmt: skip


def _find(agent: str, paths: object) -> list[tuple[str, int]]:
    """Every transcript under the paths, once, and its size."""
    reader = agents.reader(agent)
    found: dict[str, int] = {}
    for path in paths if isinstance(paths, list) else []:
        if not isinstance(path, str) or not os.path.exists(path):
            raise InputError(f"there is no {path}", hint="memlog import --help")
        for each in reader.find(path):
            try:
                found[each] = os.stat(each).st_size
            except OSError:
                continue  # gone since it was listed
    return list(found.items())


def _known(archive: Archive, path: str) -> Watermark | None:
    """Up to where everything of a file is archived; None where nothing is known or it is another file now."""
    row = archive.con.execute(KNOWN_SQL, {"path": path}).fetchone()
    try:
        mark = Watermark.from_json(json.loads(row[1])) if row and row[1] else None
    except (ValueError, ContractError):
        return None
    return mark if mark is not None and mark.offset == row[0] and transcript.matches(path, mark) else None


def _left(path: str, size: int, reached: Watermark | None) -> int:
    """Bytes after the last line that was read: of one its host had not finished."""
    return 0 if path.endswith(".gz") else max(size - (reached.offset if reached else 0), 0)
