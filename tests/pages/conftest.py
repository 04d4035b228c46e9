"""An archive of our sessions, and Datasette over it as `memlog serve` starts it."""

from collections.abc import Callable
from typing import Any

import pytest

from memlog.cli import server
from memlog.settings import Settings
from pages.filled import fill, records_of


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fill(tmp_path_factory.mktemp("home"), records_of("compacted.jsonl", "unicode.jsonl"))


@pytest.fixture
def serve() -> Callable[..., Any]:
    """Datasette over an archive with the settings of `memlog serve`."""
    return lambda path, **settings: server.application(path, Settings(**settings))
