"""A real browser, and archives served to it as `memlog serve` does."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import chromium
from browser.chromium import Chromium, Tab
from memlog.cli import server
from memlog.settings import Settings
from pages.filled import fill, records_of


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if chromium.program() is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium here; the gate installs one")
        pytest.skip("no Chromium here")
    found = Chromium(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture
def tab(browser: Chromium) -> Iterator[Tab]:
    """A page nobody has seen, 1000 pixels wide; it must not complain."""
    found = Tab(browser)
    found.look(1000)
    yield found
    assert found.complaints() == []


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """The address of Datasette over an archive, as long as the tests run; `change` is given it before it starts."""
    ends: list[tuple[threading.Event, threading.Thread]] = []

    def start(path: str, change: Callable[[Any], object] = lambda application: None) -> str:
        sock, end = server.listen(0), threading.Event()
        application = server.application(path, Settings())
        change(application)
        thread = threading.Thread(
            target=server.run, args=(application, sock), kwargs={"until": end.wait}, daemon=True
        )
        thread.start()
        ends.append((end, thread))
        return server.address(sock)

    yield start
    for end, thread in ends:
        end.set()
        thread.join(10)


@pytest.fixture(scope="session")
def site(serve: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """An archive of our sessions: one with a compaction, one with a subagent."""
    path = fill(
        tmp_path_factory.mktemp("home"), records_of("compacted.jsonl", "unicode.jsonl", "plain.jsonl")
    )
    main = "subagents/1176869d-40c9-4f4b-8d3e-62de097f0ca9"
    folder = Path(path).parent
    fill(folder, records_of(f"{main}.jsonl", f"{main}/subagents/agent-a7c31f0.jsonl"))
    return serve(path) + "/archive"
