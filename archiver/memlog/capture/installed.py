"""Hooks of any host: set up, checked, removed; and what is missing of those a user has installed."""

import os

from memlog.capture import codex_config, host_settings, hosts, install, opencode_plugin
from memlog.capture.install import Change
from memlog.contracts import CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE
from memlog.errors import MemlogError
from memlog.paths import Home

_JSON = {CLAUDE_CODE: hosts.CLAUDE_HOST, GEMINI_CLI: hosts.GEMINI_HOST}


def set_up(agent: str, home: Home, path: str | None = None, *, every_tool: bool = False) -> Change:
    """Have a host call memlog; nothing is written where all is well.

    Raises: InputError when its settings are not what it could read.
    """
    if agent == OPENCODE:
        return opencode_plugin.set_up(home, path)
    if agent == CODEX:
        return codex_config.set_up(home, path, every_tool=every_tool)
    return install.install(home, path, every_tool=every_tool, host=_JSON[agent])


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


def was_installed(agent: str, home: Home) -> bool:
    """True from set_up() to uninstall(), whatever became of the settings in between."""
    try:
        path = {
            CODEX: codex_config.path_of, OPENCODE: opencode_plugin.path_of,
        }.get(agent, lambda: install.settings_path(agent))()  # fmt: skip
    except MemlogError:
        return False
    return bool(host_settings.backup(home, os.path.abspath(path)))


def missing(home: Home) -> list[str]:
    """check() of every host that was set up, for who wants it short; of Claude Code where none was."""
    ours = agents(home)
    found = install.missing(home) if not ours or CLAUDE_CODE in ours else []
    for agent in [agent for agent in ours if agent != CLAUDE_CODE]:
        try:
            found += [f"{agent}: {line}" for line in check(agent, home)]
        except MemlogError as exc:
            found.append(str(exc))
    return found


def agents(home: Home) -> list[str]:
    """The hosts whose hooks were set up."""
    return [agent for agent in hosts.AGENTS if was_installed(agent, home)]
