"""The hosts `memlog install` knows: which of their events call a hook, and what each is to memlog."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from memlog.contracts import (
    CLAUDE_CODE,
    CLAUDE_EVENTS,
    CODEX,
    CODEX_EVENTS,
    GEMINI_CLI,
    GEMINI_EVENTS,
    OPENCODE,
)


class Host(NamedTuple):
    """One host whose hooks are entries of a settings file.

    events: its name of an event → ours, which the command line says. every_tool: the one event installed
    on request only. matchers: of the events that take one. timeout: in the host's own unit.
    name: what the host shows beside a hook, "" where it shows none.
    """

    agent: str
    title: str
    events: Mapping[str, str]
    every_tool: str
    timeout: int
    matchers: Mapping[str, str] = {}
    name: str = ""

    def wanted(self, every_tool: bool) -> tuple[str, ...]:
        """The host's events a hook is installed for."""
        return tuple(name for name in self.events if every_tool or name != self.every_tool)


# schema/events.toml; UserPromptSubmit and Stop ignore matchers.
CLAUDE_HOST = Host(
    CLAUDE_CODE, "Claude Code", {name: name for name in CLAUDE_EVENTS}, "PostToolUse", 10,
    {"SessionStart": "", "PostToolUse": "*", "PreCompact": "", "PostCompact": "", "StopFailure": "",
     "SubagentStop": "", "SessionEnd": ""},
)  # fmt: skip
CODEX_HOST = Host(CODEX, "Codex", {name: name for name in CODEX_EVENTS}, "PostToolUse", 10)
GEMINI_HOST = Host(GEMINI_CLI, "Gemini CLI", GEMINI_EVENTS, "AfterTool", 10_000, name="memlog")

AGENTS = (CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE)


def folder(agent: str, home: str, environ: Mapping[str, str]) -> str:
    """Where a host keeps the settings of this user."""
    if agent == CODEX:
        return environ.get("CODEX_HOME") or os.path.join(home, ".codex")
    if agent == GEMINI_CLI:
        return os.path.join(environ.get("GEMINI_CLI_HOME") or home, ".gemini")
    if agent == OPENCODE:
        config = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        return environ.get("OPENCODE_CONFIG_DIR") or os.path.join(config, "opencode")
    return environ.get("CLAUDE_CONFIG_DIR") or os.path.join(home, ".claude")
