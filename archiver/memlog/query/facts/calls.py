"""Files and commands of a tool call, in the words of every agent memlog reads."""

import re
import shlex
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from memlog.query.facts import endings_of_files, shell_files, shell_words
from memlog.query.facts.arguments import COMMANDS, GLOBS, KEY, MOST, find, paths, plain, text_of
from memlog.query.facts.fact import Said


class Found(NamedTuple):
    """A fact before it is cited: characters of the record's text it stands at."""

    kind: str
    value: str
    detail: str | None
    start: int
    end: int


# what a tool does with the file it names; of a tool that is not here its name's words say it
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
_ACTS_OF_WORDS = {
    "delete": ("delete", "remove", "unlink", "trash"),
    "write": ("write", "create", "save", "append", "move", "rename", "copy", "mkdir", "screenshot", "export", "download"),
    "edit": ("edit", "replace", "update", "insert", "patch", "diff", "modify", "undo", "format", "refactor"),
    "search": ("search", "grep", "glob", "find", "ripgrep", "query"),
    "list": ("list", "ls", "dir", "directory", "tree", "subdirectory"),
    "read": ("read", "view", "open", "show", "get", "cat", "file", "files", "outline", "symbols", "lints", "diagnostics"),
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
_SHELL_WORDS = frozenset(
    (
        "bash",
        "shell",
        "terminal",
        "pwsh",
        "powershell",
        "exec",
        "execute",
        "run",
        "process",
        "zsh",
        "monitor",
        "sh",
        "cmd",
    )
)
# Tools that hand on a text or ask somebody else: what they name is no file, unless it ends as files do.
_TELLING = frozenset((
    "task", "agent", "todo", "todowrite", "skill", "think", "plan", "ask", "memory", "question", "attempt", "message",
    "issue", "comment", "exit", "subagent", "theme", "await", "kill", "agents", "wait", "docs",
))  # fmt: skip
_AFAR = frozenset((
    "web", "fetch", "webfetch", "websearch", "http", "url", "browser", "api", "navigate", "request", "route", "github",
    "gitlab", "notion", "slack", "drive", "figma", "jira", "supabase",
))  # fmt: skip
_GLOBBERS = frozenset(("glob", "find_path", "file_glob_search", "search", "find_files", "glob_file_search"))
_LONGEST = 600  # characters of a path
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PATCHED = re.compile(r"^\*\*\* (Update|Add|Delete) File: (.+?)\s*$|^\*\*\* Move to: (.+?)\s*$", re.M)
# Of agents whose call is the line that was run: programs of SWE-agent that are no shell's.
_OWN = frozenset(("edit", "insert", "open", "create", "submit", "goto", "scroll_up", "scroll_down"))


def facts(said: Said) -> Iterator[Found]:
    """Files a call reads or writes and the command it runs."""
    whole = said.tool or ""
    tool = re.split(r"__|[.:/]", whole)[-1].lower()
    if tool in ("apply_patch", "applypatch") or (tool == "patch" and "*** Begin Patch" in said.text):
        yield from _patched(said.text, 0)
        return
    if said.agent == "swe-agent":
        yield from _trajectory(said, tool)
        return
    if tool in SHELLS or whole.lower() in SHELLS:
        yield from _shell(said)
        return
    words = _words(whole)
    if words & _SHELL_WORDS and not words & _TELLING and any(text_of(said, name) for name in COMMANDS):
        yield from _shell(said)
        return
    if not words & _TELLING:
        yield from _named(said, tool, words)


@lru_cache(256)
def _words(tool: str) -> frozenset[str]:
    """Words of a tool's name: `mcp__fs__readFile` has `mcp`, `fs`, `read`, `file`."""
    return frozenset(word.lower() for word in _PARTS.findall(tool))


@lru_cache(256)
def _act(tool: str, words: frozenset[str]) -> str | None:
    if tool in ACTS:
        return ACTS[tool]
    return next((act for act, said in _ACTS_OF_WORDS.items() if not words.isdisjoint(said)), None)


def _named(said: Said, tool: str, words: frozenset[str]) -> Iterator[Found]:
    """Files the arguments of a call name; of a tool that is not known those that look like some."""
    act = _act(tool, words)
    sure = tool in ACTS or (act is not None and not words & _AFAR)
    at = 0
    seen: set[str] = set()
    for key, value in paths(said):
        name = plain(key)
        if value in seen:
            continue
        if name in GLOBS:
            if tool not in _GLOBBERS or not ("*" in value or endings_of_files.has_ending(value)):
                continue
            if tool == "search" and not endings_of_files.looks_like_a_path(value):
                continue
        elif not _is_file(value, words, sure=sure):
            continue
        found = find(said.text, f"{key}: ", value, at)
        if found is None:
            continue
        at = found + len(value)
        seen.add(value)
        yield Found("file", value, act or "read", found, found + len(value))
        if len(seen) >= MOST:
            return


def _is_file(value: str, words: frozenset[str], *, sure: bool) -> bool:
    if not value.strip() or len(value) > _LONGEST or "\n" in value or "://" in value.removeprefix("file://"):
        return False
    if sure:
        return True
    if words & _AFAR:
        return endings_of_files.has_ending(value) and "?" not in value
    return endings_of_files.looks_like_a_path(value)


def _shell(said: Said) -> Iterator[Found]:
    for name in COMMANDS:
        found = text_of(said, name)
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
    yield from _argv(said)


def _argv(said: Said) -> Iterator[Found]:
    """A command that was given word by word, each a line of the text."""
    for name in COMMANDS:
        given = (said.given or {}).get(name)
        if not isinstance(given, list) or not given or not all(isinstance(word, str) for word in given):
            continue
        first = find(said.text, f"{name}: ", given[0])
        last = find(said.text, f"{name}: ", given[-1], first or 0)
        if first is None or last is None:
            return
        command = shlex.join(given)
        yield Found("command", command, None, first, last + len(given[-1]))
        at = first
        for use in shell_files.files(command):
            found = find(said.text, f"{name}: ", use.path, at)
            if found is not None:
                at = found
                yield Found("file", use.path, use.act, found, found + len(use.path))
        return


def _trajectory(said: Said, tool: str) -> Iterator[Found]:
    """SWE-agent: the first lines are what was run, arguments follow as `key: value`."""
    text = said.text
    stop = next(
        (m.start() - 1 for m in KEY.finditer(text) if m.start() and m.group(1) in _ARGUMENTS), len(text)
    )
    command = text_of(said, "command") if tool == "bash" else None
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
