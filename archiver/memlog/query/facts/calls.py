"""Files and commands of a tool call, in the words of every agent memlog reads."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from memlog.query.facts import shell_files, shell_words
from memlog.query.facts.fact import Said


class Found(NamedTuple):
    """A fact before it is cited: characters of the record's text it stands at."""

    kind: str
    value: str
    detail: str | None
    start: int
    end: int


# what a tool does with the file it names; a tool that is not here and names a file reads it
ACTS = {
    "read": "read", "view": "read", "read_file": "read", "read_many_files": "read", "open": "read",
    "notebookread": "read", "view_image": "read", "str_replace_editor": "edit",
    "edit": "edit", "multiedit": "edit", "notebookedit": "edit", "replace": "edit", "str_replace": "edit",
    "str_replace_based_edit_tool": "edit", "insert": "edit", "patch": "edit", "edit_file": "edit",
    "write": "write", "write_file": "write", "create": "write", "create_file": "write",
    "grep": "search", "glob": "search", "search_file_content": "search", "search": "search",
    "find_file": "search", "search_dir": "search", "search_file": "search",
    "grep_search": "search", "codebase_search": "search", "find_by_name": "search", "view_file": "read",
    "replace_file_content": "edit", "write_to_file": "write", "search_replace": "edit",
    "replace_string_in_file": "edit",
    "ls": "list", "list": "list", "list_directory": "list", "list_dir": "list",
}  # fmt: skip
# Tools whose answer is what stood in a file or what somebody else wrote.
READS = frozenset((
    *(tool for tool, act in ACTS.items() if act in ("read", "search", "list")), "task", "agent", "webfetch",
    "websearch", "web_fetch", "google_web_search", "web_search", "lsp", "skill", "todowrite",
    "askuserquestion",
))  # fmt: skip
SHELLS = frozenset((
    "bash", "shell", "exec_command", "run_shell_command", "local_shell", "container.exec", "shell_command",
    "run_terminal_cmd", "execute_command", "powershell", "terminal", "unified_exec", "run_command",
    "execute_bash", "run_in_terminal", "run_shell", "bash_tool", "exec",
))  # fmt: skip
_PATHS = (
    "file_path",
    "notebook_path",
    "filePath",
    "absolute_path",
    "path",
    "dir_path",
    "AbsolutePath",
    "TargetFile",
    "SearchPath",
    "DirectoryPath",
    "target_file",
    "file",
    "file_name",
)
_COMMANDS = ("command", "cmd", "script", "CommandLine")
# Other people's servers name files too, and mean others: only tools whose names say so are read.
_ALIEN = ("mcp__", "task", "web", "todo")
_PATCHED = re.compile(r"^\*\*\* (Update|Add|Delete) File: (.+?)\s*$|^\*\*\* Move to: (.+?)\s*$", re.M)
_KEY = re.compile(r"^(\w[\w-]*): ", re.M)
# Of agents whose call is the line that was run: programs of SWE-agent that are no shell's.
_OWN = frozenset(("edit", "insert", "open", "create", "submit", "goto", "scroll_up", "scroll_down"))


def facts(said: Said) -> Iterator[Found]:
    """Files a call reads or writes and the command it runs."""
    tool = (said.tool or "").rsplit(".", 1)[-1].lower()
    if tool == "apply_patch":
        yield from _patched(said.text, 0)
        return
    if said.agent == "swe-agent":
        yield from _trajectory(said, tool)
        return
    if tool in SHELLS or (said.tool or "").lower() in SHELLS:
        yield from _shell(said)
        return
    if tool.startswith(_ALIEN):
        return
    act = ACTS.get(tool)
    for name in _PATHS if act else _PATHS[:4]:
        found = _argument(said, name)
        if found is not None:
            value, at = found
            if value.strip():
                yield Found("file", value, act or "read", at, at + len(value))
            return


def _shell(said: Said) -> Iterator[Found]:
    for name in _COMMANDS:
        found = _argument(said, name)
        if found is None:
            continue
        command, at = found
        if not command.strip():
            return
        patch = command.find("*** Begin Patch")
        yield Found("command", command, None, at, at + len(command))
        if patch >= 0 and "apply_patch" in command[:patch]:
            yield from _patched(command[patch:], at + patch)
            return
        for use in shell_files.files(command):
            yield Found("file", use.path, use.act, at + use.start, at + use.end)
        return


def _trajectory(said: Said, tool: str) -> Iterator[Found]:
    """SWE-agent: the first lines are what was run, arguments follow as `key: value`."""
    text = said.text
    stop = next(
        (m.start() - 1 for m in _KEY.finditer(text) if m.start() and m.group(1) in _ARGUMENTS), len(text)
    )
    command = _argument(said, "command") if tool == "bash" else None
    ran, at = command if command else (text[:stop].rstrip("\n"), 0)
    if not ran.strip():
        return
    yield Found("command", ran, None, at, at + len(ran))
    if tool in ("open", "create"):
        words = shell_words.words(ran)
        if len(words) > 1:
            yield Found("file", words[1].text, ACTS[tool], at + words[1].start, at + words[1].end)
    elif tool not in _OWN:
        for use in shell_files.files(ran):
            yield Found("file", use.path, use.act, at + use.start, at + use.end)


_ARGUMENTS = frozenset(("command", "path", "line_number", "search", "replace", "filename", "text", "line"))


def _patched(text: str, at: int) -> Iterator[Found]:
    for match in _PATCHED.finditer(text):
        group = 2 if match.group(2) else 3
        act = {"Add": "write", "Delete": "delete"}.get(match.group(1) or "", "edit")
        yield Found("file", match.group(group), act, at + match.start(group), at + match.end(group))


def _argument(said: Said, name: str) -> tuple[str, int] | None:
    """A text among a call's arguments and where it stands in the record's text."""
    given: Mapping[str, Any] = said.given or {}
    value = given.get(name)
    if isinstance(value, list) and name in _COMMANDS:  # argv: the script is what follows -c or -lc
        value = value[-1] if value and isinstance(value[-1], str) else None
    if isinstance(value, str):
        at = _at(said.text, f"{name}: ", value)
        if at is not None:
            return value, at
    return None if said.given else _from_text(said.text, name)


def _at(text: str, key: str, value: str) -> int | None:
    found = text.find(key + value)
    if found >= 0:
        return found + len(key)
    found = text.find(value)  # a list of arguments is a line each
    return found if found >= 0 else None


def _from_text(text: str, name: str) -> tuple[str, int] | None:
    """The same from `key: value` lines, where the record holds nothing else."""
    keys = [(m.group(1), m.start(), m.end()) for m in _KEY.finditer(text)]
    for n, (key, _, start) in enumerate(keys):
        if key != name:
            continue
        following = (at for word, at, _ in keys[n + 1 :] if word in _FOLLOWING)
        return text[start : next(following, len(text) + 1) - 1].rstrip("\n"), start
    return None


_FOLLOWING = frozenset((
    "description", "timeout", "workdir", "yield_time_ms", "max_output_tokens", "offset", "limit", "content",
    "old_string", "new_string", "replace_all", "pattern", "output_mode", "run_in_background", "dir_path",
    "file_path", "path", "command", "cmd", "mode", "sessionId", "initial_wait", "cwd", "is_background",
))  # fmt: skip
