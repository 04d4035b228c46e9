"""Stages of a transcript that is one document, as its host leaves them one after the other, and an import of one."""

import os
from pathlib import Path
from typing import Any

from memlog.archive.store import Archive
from memlog.witness import backfill

DOCUMENTS = Path(__file__).parents[1] / "data/documents"
AGENTS = ("gemini-cli", "opencode", "swe-agent")


def stages(agent: str) -> list[Path]:
    return sorted((DOCUMENTS / agent).glob("[0-9]/*"))


def run(archive: Archive, path: Path, agent: str, **args: Any) -> dict[str, Any]:
    steps = backfill.import_job(archive, archive.settings, {"agent": agent, "paths": [str(path)], **args})
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return dict(stop.value)


def place(stage: Path, folder: Path) -> Path:
    """The stage under the name its host gives every stage; renamed over the one before."""
    path = folder / stage.name
    (folder / "new").write_bytes(stage.read_bytes())
    os.utime(folder / "new", (1_770_112_900, 1_770_112_900))
    os.replace(folder / "new", path)
    return path
