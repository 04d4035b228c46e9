"""Which file a name is: its absolute path, where that is certain."""

import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from memlog.query.facts.fact import Said

# A shell that goes elsewhere, or a git that is told to: a relative name may then be of any folder.
_LEAVES = re.compile(r"(?<![^\s;&|(`])(?:cd|pushd|popd)\s|(?<!\S)(?:-C|--git-dir|--work-tree)[\s=]")
_LEAVING = ("cd", "pushd", "popd", "-C", "--git-dir", "--work-tree")
_ENTERS = re.compile(r"\s*cd (?P<quote>['\"]?)(?P<folder>[^\s'\"`$*?~;&|(){}\\]+)(?P=quote)\s*(?:&&|;|\n)")
_UNKNOWN = re.compile(r"[\\*?\[\]{}$~`\n]")


def cwd_of(agent: str, project: str | None, rest: Mapping[str, Any]) -> str | None:
    """The folder a call was made in; None where its record does not say.

    Claude Code tells it in every line: the archive keeps it where it is not the session's project.
    """
    line = rest.get("line")
    if agent != "claude-code" or not isinstance(line, Mapping):
        return None
    told = line.get("cwd", project)
    return told if isinstance(told, str) and told.startswith("/") else None


def place(said: Said, value: str, command: str | None) -> str | None:
    """The absolute path of a file a call names; None where it may be another. command: of a shell's call."""
    if _UNKNOWN.search(value) or not value:
        return None
    if value.startswith("/"):
        return posixpath.normpath(value)
    base = said.cwd
    if base is None or re.match(r"[A-Za-z]:", value):
        return None
    if command is not None:
        folder = _folder(command)
        if folder is None:
            return None
        base = posixpath.join(base, folder) if folder else base
    return posixpath.normpath(posixpath.join(base, value))


@lru_cache(4)  # a command names many files
def _folder(command: str) -> str | None:
    """The folder a command enters first, empty for none; None where it may leave it again."""
    entered = _ENTERS.match(command)
    rest = command[entered.end() :] if entered else command
    if any(word in rest for word in _LEAVING) and _LEAVES.search(rest):
        return None
    return entered["folder"] if entered else ""
