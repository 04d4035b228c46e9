"""Our hooks in Codex's config.toml: lines of ours at its end, everything else byte for byte as it is.

Where a hooks.json stands beside it, they go there: Codex reads both, and warns of two.
"""

import os
import re
import shlex
import tomllib
from collections.abc import Iterator

from memlog.capture import host_settings, hosts, install
from memlog.capture.host_settings import HostSettings
from memlog.capture.hosts import CODEX_HOST
from memlog.capture.identity import hex_digest
from memlog.capture.install import Change
from memlog.errors import InputError
from memlog.paths import Home

FIRST = "# memlog: hooks of the flight recorder; `memlog install codex --uninstall` takes these lines out"
LAST = "# memlog: end of its hooks"
_MEND = "mend the file, or move it away, then the same command again"
_EMPTY = r"(?:[ \t]*\r?\n)*"
# One hook as we write it; Codex may put blank lines and tables of its own between two.
_GROUP = re.compile(
    r"^\[\[hooks\.(\w+)\]\][ \t]*\r?\n" + _EMPTY + r"\[\[hooks\.\1\.hooks\]\][ \t]*\r?\n" + _EMPTY
    + r'type = "command"[ \t]*\r?\n(command = .*?)\r?\ntimeout = \d+[ \t]*(?:\r?\n|\Z)',
    re.MULTILINE,
)  # fmt: skip


def path_of(path: str | None = None) -> str:
    """The file our hooks are in, or would go to."""
    if path is not None:
        return path
    folder = hosts.folder(CODEX_HOST.agent, os.path.expanduser("~"), os.environ)
    as_toml, as_json = os.path.join(folder, "config.toml"), os.path.join(folder, "hooks.json")
    if os.path.exists(as_toml) and _ours(_text(HostSettings(as_toml))):
        return as_toml
    return as_json if os.path.exists(as_json) else as_toml


def set_up(
    home: Home, path: str | None = None, *, every_tool: bool = False, take_over: bool = False
) -> Change:
    """Add our hooks, or mend them; nothing is written where all is well.

    Raises: InputError when the file is not what Codex could read, or already says what hooks are in a
    way that no line can be added to; OtherHomeError unless take_over.
    """
    path = path_of(path)
    if path.endswith(".json"):
        return install.install(home, path, every_tool=every_tool, take_over=take_over, host=CODEX_HOST)
    file = HostSettings(path)
    text = _text(file)
    differs = list(_differs(text, home, every_tool))
    if not differs:
        return Change(file.path, "", [])
    if not take_over and (other := _others(text, home)):
        raise install.refusal(file.path, other, CODEX_HOST.agent)
    had_ours = bool(_ours(text)) and not _others(text, home)
    before = file.raw
    if had_ours and hex_digest(file.raw or b"") == host_settings.backup(home, file.path).get("after"):
        before = host_settings.original(home, file.path)
    elif had_ours:
        before = _without_ours(text).encode()
    plain = _without_ours((before or b"").decode("utf-8")) if take_over else (before or b"").decode("utf-8")
    after = _with_ours(plain, home, every_tool)
    _check(after, file.path)
    host_settings.keep(home, file.path, before, after, agent=CODEX_HOST.agent)
    file.write(after)
    return Change(file.path, "updated" if had_ours else "installed", differs)


def check(home: Home, path: str | None = None, *, every_tool: bool = False) -> list[str]:
    """What keeps our hooks from running, a sentence each; [] when all is well, as far as a file can tell.

    Raises: InputError when the file is not what Codex could read.
    """
    path = path_of(path)
    if path.endswith(".json"):
        found = install.check(home, path, every_tool=every_tool, host=CODEX_HOST)
        text = _text(HostSettings(os.path.join(os.path.dirname(path), "config.toml")))
    else:
        text = _text(HostSettings(path))
        wanted = every_tool or CODEX_HOST.every_tool in _ours(text)
        found = list(_differs(text, home, wanted))
        if not os.access(install.program(), os.X_OK):
            found.append(f"{install.program()} cannot be run")
    features = tomllib.loads(text).get("features")
    for name in ("hooks", "codex_hooks"):
        if isinstance(features, dict) and features.get(name) is False:
            found.append(f"features.{name} is false: no hook runs")
    return found


def uninstall(home: Home, path: str | None = None) -> Change:
    """Take our hooks out: the file as it was before, byte for byte, unless it was changed since.

    Raises: InputError when the file is not what Codex could read.
    """
    path = path_of(path)
    if path.endswith(".json"):
        return install.uninstall(home, path, host=CODEX_HOST)
    file = HostSettings(path)
    if file.raw is not None and hex_digest(file.raw) == host_settings.backup(home, file.path).get("after"):
        file.write(host_settings.original(home, file.path))
        host_settings.forget(home, file.path)
        return Change(file.path, "restored", [])
    text = _text(file)
    if not _ours(text) or _others(text, home):
        return Change(file.path, "", [])
    file.write(_without_ours(text).encode())
    host_settings.forget(home, file.path)
    return Change(file.path, "removed", [])


def _text(file: HostSettings) -> str:
    """The file's text. Raises: InputError when it is no TOML."""
    try:
        text = (file.raw or b"").decode("utf-8")
        tomllib.loads(text)
    except ValueError as exc:
        raise InputError(f"{file.path} is not TOML: {exc}; nothing was changed", hint=_MEND) from exc
    return text


def _ours(text: str) -> dict[str, list[str]]:
    """Command lines of our hooks by event, however they are laid out."""
    found: dict[str, list[str]] = {}
    hooks = tomllib.loads(text).get("hooks")
    for event, groups in hooks.items() if isinstance(hooks, dict) else ():
        for group in groups if isinstance(groups, list) else ():
            inner = group.get("hooks") if isinstance(group, dict) else None
            for hook in inner if isinstance(inner, list) else ():
                if isinstance(hook, dict) and install.runs_us(hook.get("command")):
                    found.setdefault(event, []).append(hook["command"])
    return found


def _others(text: str, home: Home) -> str:
    """The other home hooks here record into; "" where there is none."""
    lines = (line for lines in _ours(text).values() for line in lines)
    return next((other for line in lines if (other := install.other_home(shlex.split(line), home))), "")


def _differs(text: str, home: Home, every_tool: bool) -> Iterator[str]:
    found = {} if _others(text, home) else _ours(text)
    wanted = CODEX_HOST.wanted(every_tool)
    for event in wanted:
        line = install.command(event, home, agent=CODEX_HOST.agent)
        lines = found.get(event, [])
        if not lines:
            yield f"{event}: no hook of memlog"
        elif len(lines) > 1:
            yield f"{event}: memlog is called {len(lines)} times"
        elif lines[0] != line:
            yield f"{event}: runs {lines[0]!r} instead of {line!r}"
    for event in found:
        if event not in wanted:
            yield f"{event}: memlog is called, and need not be"


def _with_ours(text: str, home: Home, every_tool: bool) -> bytes:
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [FIRST]
    for event in CODEX_HOST.wanted(every_tool):
        command = install.command(CODEX_HOST.events[event], home, agent=CODEX_HOST.agent)
        lines += [
            f"[[hooks.{event}]]", f"[[hooks.{event}.hooks]]", 'type = "command"',
            f"command = {_quoted(command)}", f"timeout = {CODEX_HOST.timeout}",
        ]  # fmt: skip
    lines.append(LAST)
    gap = "" if not text else end if text.endswith("\n") else end * 2
    return (text + gap + end.join(lines) + end).encode()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _without_ours(text: str) -> str:
    """The text without our lines, and the empty line before them.

    Raises: InputError where one of our hooks is laid out as we do not write it.
    """

    def drop(match: re.Match[str]) -> str:
        return "" if install.runs_us(tomllib.loads(match[2])["command"]) else match[0]

    found = _GROUP.sub(drop, text)
    for before, line in ((r"(?:(?<=\n)\r?\n)?^", FIRST), ("^", LAST)):
        found = re.sub(before + re.escape(line) + r"[ \t]*(?:\r?\n|\Z)", "", found, flags=re.MULTILINE)
    left = _ours(found)
    if left:
        raise InputError(
            f"hooks of memlog stand in config.toml in another layout: {', '.join(left)}; nothing was changed",
            hint="take the tables that run memlog-hook out by hand, then the same command again",
        )
    return found


def _check(after: bytes, path: str) -> None:
    """It can be read. Raises: InputError where hooks stand there as arrays no table can add to."""
    try:
        tomllib.loads(after.decode())
    except ValueError as exc:
        raise InputError(
            f"{path}: its hooks are written so that none can be added below; nothing was changed",
            hint="write them as [[hooks.EVENT]] tables or into hooks.json, then the same command again",
        ) from exc
