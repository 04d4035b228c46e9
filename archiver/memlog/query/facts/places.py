"""Which file a name is: its absolute path, where that is certain."""

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from memlog.query.facts.fact import Said

# A shell that goes elsewhere, or a git that is told to: a relative name may then be of any folder.
_LEAVES = re.compile(r"(?:^|[\s;&|(`])(?:cd|pushd|popd)\s|(?:^|\s)(?:-C|--git-dir|--work-tree)[\s=]")
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
        entered = _ENTERS.match(command)
        if entered is not None:
            base, command = posixpath.join(base, entered["folder"]), command[entered.end() :]
        if _LEAVES.search(command):
            return None
    return posixpath.normpath(posixpath.join(base, value))
