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


@pytest.fixture(scope="session")
def serve(archive: str) -> Callable[..., Any]:
    """Datasette over an archive with the settings of `memlog serve`; over the archive of all pages always one."""
    shared = server.application(archive, Settings())

    def application(path: str, **settings: Any) -> Any:
        if path == archive and not settings:
            return shared
        return server.application(path, Settings(**settings))

    return application
