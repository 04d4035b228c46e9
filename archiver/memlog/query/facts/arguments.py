"""Arguments of a tool's call: which are paths and commands, and where they stand in the record's text."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from memlog.query.facts.fact import Said

# Arguments that name files, however they are spelt: `file_path`, `filePath`, `FilePath`.
_PATHS = frozenset((
    "filepath", "notebookpath", "absolutepath", "path", "dirpath", "directorypath", "targetfile", "searchpath",
    "searchdirectory", "file", "filename", "relativepath", "relativeworkspacepath", "targetnotebook", "targetdirectory",
    "targetdirectories", "filepaths", "paths", "files", "source", "destination", "sourcepath", "destinationpath", "oldpath",
    "newpath", "folder", "folderpath", "directory", "outputpath", "inputpath", "outputfile", "inputfile", "imagepath",
    "localpath", "notebook", "srcpath", "destpath", "fileuri", "localfilepath",
))  # fmt: skip
GLOBS = frozenset(("pattern", "patterns", "glob", "filepattern", "globpattern"))
_HOLDERS = frozenset(
    ("args", "input", "arguments", "params", "operations", "replacements", "edits", "file", "files", "reads")
)
COMMANDS = ("command", "cmd", "script", "CommandLine")
MOST = 200  # files of a call
_FAR = 20_000  # characters of a text that are looked through for its arguments
_RUNS = re.compile(
    r"(?:\S*[/\\])?(?:ba|z|da|k|fi)?sh(?:\.exe)?(?: -\w+)+|(?:\S*[/\\])?(?:pwsh|powershell|cmd)(?:\.exe)?(?: \S+)+"
)
KEY = re.compile(r"^(\w[\w-]*): ", re.M)


def plain(key: str) -> str:
    """An argument's name however it is spelt: `file_path`, `filePath` and `FilePath` are one."""
    return key.replace("_", "").replace("-", "").lower()


def paths(said: Said) -> Iterator[tuple[str, str]]:
    """Arguments that may name files, in order."""
    if said.given:
        yield from _leaves(said.given, 3)
        return
    keys = list(KEY.finditer(said.text[:_FAR]))
    seen: set[str] = set()
    for match in keys:
        name = plain(match[1])
        if (name in _PATHS or name in GLOBS) and name not in seen:
            seen.add(name)
            end = said.text.find("\n", match.end())
            yield match[1], _unquoted(said.text[match.end() : end if end >= 0 else len(said.text)])
            if name in _PATHS:
                return  # what follows may be of a text


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _leaves(given: Mapping[str, Any], depth: int) -> Iterator[tuple[str, str]]:
    for key, value in given.items():
        name = plain(key)
        told = name in _PATHS or name in GLOBS
        if isinstance(value, str):
            if told:
                yield key, value
        elif isinstance(value, list):
            for one in value[:MOST] if told or name in _HOLDERS else ():
                if isinstance(one, str) and told:
                    yield key, one
                elif isinstance(one, dict) and depth:
                    yield from _leaves(one, depth - 1)
        elif isinstance(value, dict) and depth and name in _HOLDERS:
            yield from _leaves(value, depth - 1)


def text_of(said: Said, name: str) -> tuple[str, int] | None:
    """A text among a call's arguments and where it stands in the record's text."""
    given: Mapping[str, Any] = said.given or {}
    value = given.get(name)
    if isinstance(value, list) and name in COMMANDS:  # argv: the script is what follows -c or -lc
        value = value[-1] if len(value) == 1 or _RUNS.fullmatch(" ".join(map(str, value[:-1]))) else None
    if isinstance(value, str):
        at = find(said.text, f"{name}: ", value)
        if at is not None:
            return value, at
    return None if said.given else _from_text(said.text, name)


def find(text: str, key: str, value: str, begin: int = 0) -> int | None:
    for start in (begin, 0) if begin else (0,):
        found = text.find(key + value, start)
        if found >= 0:
            return found + len(key)
    found = text.find(value)  # a list of arguments is a line each
    return found if found >= 0 else None


def _from_text(text: str, name: str) -> tuple[str, int] | None:
    """The same from `key: value` lines, where the record holds nothing else."""
    keys = [(m.group(1), m.start(), m.end()) for m in KEY.finditer(text)]
    for n, (key, _, start) in enumerate(keys):
        if key != name:
            continue
        following = (at for word, at, _ in keys[n + 1 :] if word in _FOLLOWING)
        return text[start : next(following, len(text) + 1) - 1].rstrip("\n"), start
    return None


_FOLLOWING = frozenset((
    "description", "timeout", "workdir", "yield_time_ms", "max_output_tokens", "offset", "limit", "content",
    "old_string", "new_string", "replace_all", "pattern", "output_mode", "run_in_background", "dir_path",
    "file_path", "path", "command", "cmd", "mode", "sessionId", "initial_wait", "cwd", "is_background", "summary", "Cwd",
    "WaitMsBeforeAsync", "toolAction", "toolSummary", "SafeToAutoRun", "Blocking", "explanation", "requires_approval",
    "require_user_approval", "working_directory", "workingDirectory", "dangerouslyDisableSandbox", "timeout_ms",
    "justification", "login", "shell", "sandbox_permissions", "with_escalated_permissions", "prefix_rule",
    "max_output_length", "block_until_ms", "isBackground", "directory", "cd", "shellId", "delay", "goal", "async",
    "risk_level", "riskLevel", "security_risk", "is_input", "notify_on_output", "detach", "CommandLine",
))  # fmt: skip
