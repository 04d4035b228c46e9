"""Hooks of any host: set up, checked, removed; and what is missing of those a user has installed."""

import os
import shlex

from memlog.capture import codex_config, host_settings, hosts, install, opencode_plugin
from memlog.capture.install import Change
from memlog.contracts import CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE
from memlog.errors import MemlogError
from memlog.paths import Home

_JSON = {CLAUDE_CODE: hosts.CLAUDE_HOST, GEMINI_CLI: hosts.GEMINI_HOST}


def set_up(
    agent: str, home: Home, path: str | None = None, *, every_tool: bool = False, take_over: bool = False
) -> Change:
    """Have a host call memlog; nothing is written where all is well.

    Raises: InputError when its settings are not what it could read, OtherHomeError unless take_over.
    """
    if agent == OPENCODE:
        return opencode_plugin.set_up(home, path, take_over=take_over)
    if agent == CODEX:
        return codex_config.set_up(home, path, every_tool=every_tool, take_over=take_over)
    return install.install(home, path, every_tool=every_tool, take_over=take_over, host=_JSON[agent])


def check(agent: str, home: Home, path: str | None = None, *, every_tool: bool = False) -> list[str]:
    """What keeps the hooks of a host from running, a sentence each; [] when all is well.

    Raises: InputError when its settings are not what it could read.
    """
    if agent == OPENCODE:
        return opencode_plugin.check(home, path)
    if agent == CODEX:
        return codex_config.check(home, path, every_tool=every_tool)
    return install.check(home, path, every_tool=every_tool, host=_JSON[agent])


def uninstall(agent: str, home: Home, path: str | None = None) -> Change:
    """Take the hooks of a host out again.

    Raises: InputError when its settings are not what it could read.
    """
    if agent == OPENCODE:
        return opencode_plugin.uninstall(home, path)
    if agent == CODEX:
        return codex_config.uninstall(home, path)
    return install.uninstall(home, path, host=_JSON[agent])


def missing(home: Home) -> list[str]:
    """check() of each file that was set up, for who wants it short; of one agent where none was."""
    found: list[str] = []
    for agent, path in host_settings.remembered(home):
        if agent == CLAUDE_CODE:
            found += install.missing(home, path)
            continue
        try:
            found += [f"{agent}: {line}" for line in check(agent, home, path)]
        except MemlogError as exc:
            found.append(str(exc))
    if found or agents(home):
        return found
    here = _agent_here()
    return install.missing(home) if here == CLAUDE_CODE else [f"not installed for {here}"]


def remedies(home: Home) -> list[str]:
    """The commands that put in, or mend, what is missing."""
    ours = host_settings.remembered(home)
    found = []
    for agent, path in ours or [(_agent_here(), "")]:
        try:
            if ours and not check(agent, home, path):
                continue
            usual = not path or path == os.path.abspath(_path_of(agent))
        except MemlogError:
            continue  # the error says what to mend
        found.append(f"memlog install {agent}" + ("" if usual else f" --settings {shlex.quote(path)}"))
    return found


def agents(home: Home) -> list[str]:
    """The hosts whose hooks were set up, wherever, and whatever became of the settings since."""
    there = {agent for agent, _ in host_settings.remembered(home)}
    return [agent for agent in hosts.AGENTS if agent in there]


def _path_of(agent: str) -> str:
    if agent == CODEX:
        return codex_config.path_of()
    return opencode_plugin.path_of() if agent == OPENCODE else install.settings_path(agent)


def _agent_here() -> str:
    """The agent of this machine; Claude Code, whose folder may hold our home alone, where there is none."""
    user = os.path.expanduser("~")
    claude = hosts.folder(CLAUDE_CODE, user, os.environ)
    if any(os.path.exists(os.path.join(claude, name)) for name in ("projects", "settings.json")):
        return CLAUDE_CODE
    there = (name for name in hosts.AGENTS if os.path.isdir(hosts.folder(name, user, os.environ)))
    return next((name for name in there if name != CLAUDE_CODE), CLAUDE_CODE)
