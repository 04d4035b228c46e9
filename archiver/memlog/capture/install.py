"""Our hooks in a host's JSON settings: put in, checked, and taken out again without a trace.

Everything else in the file stays as it is; its first bytes are kept in <home>/backup.
"""

import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from memlog import __version__
from memlog.capture import host_settings, hosts
from memlog.capture.hosts import CLAUDE_HOST, Host
from memlog.capture.identity import hex_digest
from memlog.contracts import CLAUDE_CODE
from memlog.errors import MemlogError, OtherHomeError
from memlog.paths import Home, default_home, read_bounded

PROGRAM = "memlog-hook"
_MANAGED = (
    "/etc/claude-code/managed-settings.json",
    "/Library/Application Support/ClaudeCode/managed-settings.json",
)


class Change(NamedTuple):
    """What was done to a settings file, or would have to be. done: "" where nothing was."""

    path: str
    done: str
    differs: list[str]


def settings_path(agent: str = CLAUDE_CODE) -> str:
    """A host's settings of this user."""
    return os.path.join(hosts.folder(agent, os.path.expanduser("~"), os.environ), "settings.json")


def program() -> str:
    """The memlog-hook of this installation."""
    return os.path.join(os.path.dirname(os.path.abspath(sys.executable)), PROGRAM)


def words(event: str, home: Home, agent: str = CLAUDE_CODE, path: str | None = None) -> list[str]:
    """The command of a hook. The home is named where the host could not guess it."""
    words = [path or program(), *([] if agent == CLAUDE_CODE else ["--agent", agent]), event]
    if home.root != Home(_unset_home()).root:
        words += ["--home", home.root]
    return words


def command(event: str, home: Home, path: str | None = None, *, agent: str = CLAUDE_CODE) -> str:
    """The command line of a hook."""
    return shlex.join(words(event, home, agent, path))


def _unset_home() -> str:
    """The home a process has that does not know $MEMLOG_HOME."""
    if "MEMLOG_HOME" not in os.environ:
        return default_home()
    return os.path.join(os.path.expanduser("~"), ".claude", "memlog")


def events(every_tool: bool) -> tuple[str, ...]:
    """The events of Claude Code a hook is installed for."""
    return CLAUDE_HOST.wanted(every_tool)


def install(
    home: Home, path: str | None = None, *, every_tool: bool = False, take_over: bool = False,
    host: Host = CLAUDE_HOST,
) -> Change:  # fmt: skip
    """Add our hooks, or mend them; nothing is written where all is well.

    take_over: also from another home, whose hooks stand there.
    Raises: InputError when the settings are not what the host could read, OtherHomeError.
    """
    file = host_settings.HostSettings(path or settings_path(host.agent), host)
    value = file.value()
    differs = list(_differs(value, home, every_tool, host))
    other = others(value, home)
    if other and not take_over:
        raise refusal(file.path, other, host.agent)
    if not differs and not other:
        return Change(file.path, "", [])
    had_ours = bool(list(_ours(value, home)))
    before = file.raw
    if had_ours and hex_digest(file.raw or b"") == host_settings.backup(home, file.path).get("after"):
        before = host_settings.original(home, file.path)
    elif had_ours:
        stripped = file.value()
        _remove(stripped, _before(home, file.path), home)
        before = file.dump(stripped)
    _add(value, home, every_tool, host)
    after = file.dump(value)
    host_settings.keep(home, file.path, before, after, agent=host.agent)
    file.write(after)
    return Change(file.path, "updated" if had_ours else "installed", differs)


def check(
    home: Home, path: str | None = None, *, every_tool: bool = False, host: Host = CLAUDE_HOST
) -> list[str]:
    """What keeps our hooks from running, a sentence each; [] when all is well.

    Raises: InputError when the settings are not what the host could read.
    """
    file = host_settings.HostSettings(path or settings_path(host.agent), host)
    value = file.value()
    wanted = every_tool or any(event == host.every_tool for event, _, _ in _ours(value, home))
    found = list(_differs(value, home, wanted, host))
    found += _switched_off(value, file.path, host)
    if not os.access(program(), os.X_OK):
        found.append(f"{program()} cannot be run")
    return found


def missing(home: Home, path: str | None = None) -> list[str]:
    """check() for who wants it short: one sentence where nothing is installed, and never an error."""
    try:
        found = check(home, path)
        other = others(host_settings.HostSettings(path or settings_path()).value(), home)
    except MemlogError as exc:
        return [str(exc)]
    absent = [line for line in found if line.endswith(": no hook of memlog")]
    if len(absent) == len(events(False)):
        theirs = f": its hooks record into {other}" if other else ""
        return [f"not installed for Claude Code{theirs}", *(line for line in found if line not in absent)]
    return found


def uninstall(home: Home, path: str | None = None, *, host: Host = CLAUDE_HOST) -> Change:
    """Take our hooks out: the file as it was before, byte for byte, unless it was changed since.

    Raises: InputError when the settings are not what the host could read.
    """
    file = host_settings.HostSettings(path or settings_path(host.agent), host)
    kept = host_settings.backup(home, file.path)
    if file.raw is not None and hex_digest(file.raw) == kept.get("after"):
        file.write(host_settings.original(home, file.path))
        host_settings.forget(home, file.path)
        return Change(file.path, "restored", [])
    value = file.value()
    if not list(_ours(value, home)):
        return Change(file.path, "", [])
    _remove(value, _before(home, file.path), home)
    file.write(file.dump(value))
    host_settings.forget(home, file.path)
    return Change(file.path, "removed", [])


def write_plugin(folder: str, home: Home, *, every_tool: bool = False, path: str | None = None) -> list[str]:
    """Write the Claude Code plugin with the same hooks; the files written."""
    manifest = {
        "name": "memlog",
        "version": __version__,
        "description": "Flight recorder: what a compaction, a crash or a clean-up removes stays searchable",
        "license": "Apache-2.0",
        "keywords": ["transcript", "archive", "compaction", "search"],
    }
    hooks = {
        "description": "Each event copies what the transcript gained to memlog's ring",
        "hooks": {n: [_group(n, command(n, home, path), CLAUDE_HOST)] for n in events(every_tool)},
    }
    written = []
    for name, value in ((".claude-plugin/plugin.json", manifest), ("hooks/hooks.json", hooks)):
        target = Path(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
        written.append(str(target))
    return written


# -- what is in a settings file ------------------------------------------------------------------


def _group(event: str, line: str, host: Host) -> dict[str, Any]:
    group: dict[str, Any] = {"matcher": host.matchers[event]} if event in host.matchers else {}
    named = {"name": host.name} if host.name else {}
    group["hooks"] = [{**named, "type": "command", "command": line, "timeout": host.timeout}]
    return group


def _ours(
    value: dict[str, Any], home: Home | None = None
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(event, group, hook) of each hook that runs memlog-hook; home: but not for another home."""
    hooks = value.get("hooks")
    for event, groups in hooks.items() if isinstance(hooks, dict) else ():
        for group in groups if isinstance(groups, list) else ():
            inner = group.get("hooks") if isinstance(group, dict) else None
            for hook in inner if isinstance(inner, list) else ():
                line = hook.get("command") if isinstance(hook, dict) else None
                if runs_us(line) and (home is None or not other_home(shlex.split(line), home)):
                    yield event, group, hook


def others(value: dict[str, Any], home: Home) -> str:
    """The other home that hooks in these settings record into; "" where there is none."""
    words = (shlex.split(hook["command"]) for _, _, hook in _ours(value))
    return next((other for line in words if (other := other_home(line, home))), "")


def other_home(words: list[str], home: Home) -> str:
    """The home a hook's command line names where it is not this one; "" also for one that is gone."""
    named = words[words.index("--home") + 1 :][:1] if "--home" in words else []
    root = Home(named[0] if named else _unset_home()).root
    return root if root != home.root and os.path.isdir(root) else ""


def refusal(path: str, other: str, agent: str) -> OtherHomeError:
    """That hooks of another home stand there, and what may be done."""
    return OtherHomeError(
        f"{path}: its hooks record into {other}; nothing was changed",
        hint=f"memlog install {agent} --take-over, or memlog --home {shlex.quote(other)} status",
    )


def runs_us(line: object) -> bool:
    """True for a command line of a hook of ours."""
    if not isinstance(line, str):
        return False
    try:
        words = shlex.split(line)
    except ValueError:
        return False
    return any(os.path.basename(word) == PROGRAM for word in words[:3])


def _differs(value: dict[str, Any], home: Home, every_tool: bool, host: Host) -> Iterator[str]:
    found: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    for event, group, hook in _ours(value, home):
        found.setdefault(event, []).append((group, hook))
    wanted = host.wanted(every_tool)
    for event in wanted:
        line = command(host.events[event], home, agent=host.agent)
        ours = found.get(event, [])
        if not ours:
            yield f"{event}: no hook of memlog"
            continue
        if len(ours) > 1:
            yield f"{event}: memlog is called {len(ours)} times"
        group, hook = ours[0]
        if hook.get("command") != line:
            yield f"{event}: runs {hook.get('command')!r} instead of {line!r}"
        elif hook.get("type") != "command" or hook.get("timeout") != host.timeout:
            yield f"{event}: not a command with a timeout of {host.timeout}"
        elif group.get("matcher", "") not in ("", "*"):
            yield f"{event}: runs for {group['matcher']!r} only"
    for event in found:
        if event not in wanted:
            yield f"{event}: memlog is called, and need not be"


def _switched_off(value: dict[str, Any], path: str, host: Host) -> Iterator[str]:
    """What makes the host run no hooks, or not ours."""
    if host is CLAUDE_HOST:
        if value.get("disableAllHooks") is True:
            yield "disableAllHooks is true: no hook runs"
        local = os.path.join(os.path.dirname(path), "settings.local.json")
        for other in (local, *_MANAGED):
            yield from _shadows(other)
    facts = value.get("hooksConfig")
    if host.name and isinstance(facts, dict):
        if facts.get("enabled") is False:
            yield "hooksConfig.enabled is false: no hook runs"
        if isinstance(facts.get("disabled"), list) and host.name in facts["disabled"]:
            yield f"hooksConfig.disabled names {host.name}"


def _shadows(path: str) -> Iterator[str]:
    try:
        value = json.loads(read_bounded(path, host_settings.LONGEST))
    except (OSError, ValueError):
        return
    for name in ("disableAllHooks", "allowManagedHooksOnly"):
        if isinstance(value, dict) and value.get(name) is True:
            yield f"{path}: {name} is true, so hooks of the user's settings do not run"


def _add(value: dict[str, Any], home: Home, every_tool: bool, host: Host) -> None:
    _remove(value, {"hooks": dict(value.get("hooks", {}))})  # what is empty now is filled below
    hooks = value.setdefault("hooks", {})
    for event in host.wanted(every_tool):
        line = command(host.events[event], home, agent=host.agent)
        hooks.setdefault(event, []).append(_group(event, line, host))
    for event in [name for name, groups in hooks.items() if groups == [] and name in host.events]:
        del hooks[event]


def _before(home: Home, path: str) -> dict[str, Any]:
    """The settings as they were before the first install; {} where that is not known."""
    return host_settings.parse(host_settings.original(home, path), path)


def _remove(value: dict[str, Any], original: dict[str, Any], home: Home | None = None) -> None:
    """Take out our hooks and what they leave empty, except what was empty before.

    home: but not those of another home.
    """
    for _, group, hook in list(_ours(value, home)):
        group["hooks"].remove(hook)
    hooks = value.get("hooks")
    if not isinstance(hooks, dict):
        return
    had = original.get("hooks") if isinstance(original.get("hooks"), dict) else None
    for event, groups in list(hooks.items()):
        if isinstance(groups, list):
            groups[:] = [g for g in groups if not (isinstance(g, dict) and g.get("hooks") == [])]
            if not groups and event not in (had or {}):
                del hooks[event]
    if not hooks and had is None:
        del value["hooks"]
