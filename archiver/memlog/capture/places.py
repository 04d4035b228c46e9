"""Where the agents of this machine keep their transcripts, and which of those places hold any."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from memlog.capture.agents import READERS, reader
from memlog.errors import MemlogError


class Found(NamedTuple):
    """One agent's places that hold a transcript."""

    agent: str
    paths: list[str]


class Looked(NamedTuple):
    """A place that was looked into. there: it exists."""

    agent: str
    path: str
    there: bool


def look(home: str, environ: Mapping[str, str]) -> tuple[list[Found], list[Looked]]:
    """Every agent with transcripts in its own places, and all places looked into.

    home: the user's. environ: what may name another place ($CLAUDE_CONFIG_DIR, $CODEX_HOME, …).
    """
    found, looked = [], []
    for agent in READERS:
        holding = []
        for path in reader(agent).default_paths(home, environ):
            path = os.path.abspath(path)
            there = os.path.isdir(path)
            looked.append(Looked(agent, path, there))
            if there and _holds_any(agent, path):
                holding.append(path)
        if holding:
            found.append(Found(agent, holding))
    return found, looked


def _holds_any(agent: str, path: str) -> bool:
    try:
        return next(iter(reader(agent).find(path)), None) is not None
    except (MemlogError, OSError):
        return False
