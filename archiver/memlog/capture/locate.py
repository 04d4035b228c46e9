"""Which transcripts a hook call is about: hosts leave the path out, or name a file that is not there yet."""

import os
from collections.abc import Iterator

from memlog.capture.told import Told
from memlog.contracts import CLAUDE_CODE, CODEX, COPILOT_CLI

_LONGEST_SLUG = 200
_MOST_DAYS = 60  # folders of a Codex home to look into for a session that names no file
# These end something: what its subagents wrote since the last look belongs to it.
_WITH_SUBAGENTS = frozenset(("PreCompact", "Stop", "StopFailure", "SessionEnd"))


def transcripts(told: Told) -> Iterator[str]:
    """Files to capture, the session's own first; only such as exist."""
    main = _main(told)
    seen = set()
    if main is not None:
        seen.add(main)
        yield main
    named = told.text("agent_transcript_path")
    if named and _is_file(named):
        named = os.path.abspath(named)
        if named not in seen:
            seen.add(named)
            yield named
    if main is not None and told.agent == CLAUDE_CODE and told.event in _WITH_SUBAGENTS:
        for path in _subagents(main):
            if path not in seen:
                yield path


def _main(told: Told) -> str | None:
    given = told.text("transcript_path")
    if given and _is_file(given):
        return os.path.abspath(given)
    session = told.text("session_id")
    if not session or session != os.path.basename(session) or session in (".", "..") or "\0" in session:
        return None
    if told.agent == CODEX:
        return _rollout(session)
    if told.agent == COPILOT_CLI:
        folder = os.environ.get("COPILOT_HOME") or os.path.join(os.path.expanduser("~"), ".copilot")
        path = os.path.join(folder, "session-state", session, "events.jsonl")
        return path if _is_file(path) else None
    if told.agent != CLAUDE_CODE:
        return None
    projects = os.path.join(_config_dir(), "projects")
    cwd = told.text("cwd")
    if cwd:
        path = os.path.join(projects, slug(cwd), session + ".jsonl")
        if _is_file(path):
            return path
    return _anywhere(projects, session + ".jsonl")


def _config_dir() -> str:
    return os.environ.get("CLAUDE_CONFIG_DIR") or os.path.join(os.path.expanduser("~"), ".claude")


def slug(cwd: str) -> str:
    """The name of a working directory's folder below projects/, where it is not too long for one."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in cwd)[:_LONGEST_SLUG]


def _anywhere(projects: str, name: str) -> str | None:
    """The newest file of that name in any project: slugs are cut and hashed in ways only the host knows."""
    found: list[tuple[float, str]] = []
    try:
        with os.scandir(projects) as folders:
            for folder in folders:
                path = os.path.join(folder.path, name)
                if _is_file(path):
                    found.append((os.stat(path).st_mtime, path))
    except OSError:
        pass
    return max(found)[1] if found else None


def _rollout(session: str) -> str | None:
    """The file of a Codex session: sessions/YYYY/MM/DD/rollout-<time>-<session>.jsonl, newest days first."""
    folder = os.environ.get("CODEX_HOME") or os.path.join(os.path.expanduser("~"), ".codex")
    ending = f"-{session}.jsonl"
    left = _MOST_DAYS
    for year in _newest(os.path.join(folder, "sessions")):
        for month in _newest(year):
            for day in _newest(month):
                found = next((path for path in _newest(day) if path.endswith(ending)), None)
                left -= 1
                if found is not None or not left:
                    return found
    return None


def _newest(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder), reverse=True)]
    except OSError:
        return []


def _subagents(main: str) -> list[str]:
    folder = os.path.join(main.removesuffix(".jsonl"), "subagents")
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".jsonl"))
    except OSError:
        return []


def _is_file(path: str) -> bool:
    try:
        return os.path.isfile(path)
    except ValueError:
        return False
