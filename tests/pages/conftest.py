"""An archive of our sessions, and Datasette over it as `memlog serve` starts it."""

from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any

import pytest
from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache

from memlog.cli import server
from memlog.settings import Settings
from pages.filled import fill, records_of


class Compiled(BytecodeCache):
    """Templates, compiled once for all applications: each would take 0.2 s."""

    known: dict[tuple[str, ...], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if found := self.known.get(_which(bucket)):
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[_which(bucket)] = bucket.bytecode_to_string()


def _which(bucket: Bucket) -> tuple[str, ...]:
    """The template, and what changes it before it is compiled: the plugin's extensions, where it is."""
    return bucket.key, bucket.checksum, *sorted(bucket.environment.extensions)


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "__init__", partialmethod(Environment.__init__, bytecode_cache=Compiled()))
        yield


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
