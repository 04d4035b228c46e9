"""Two users of one machine, for tests that root runs: a folder both reach, and what the other one gets."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NOBODY = 65_534
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder both users reach."""
    folder = Path(tempfile.mkdtemp(prefix="memlog-users-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_nobody(work: Callable[[], Any]) -> Any:
    """What `work` returns in a child that has become another user for good; what it raises, in words."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(out)
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            assert os.geteuid() == NOBODY
            try:
                said = work()
            except BaseException as exc:
                said = f"{type(exc).__name__}: {exc}"
            os.write(into, json.dumps(said).encode())
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)
