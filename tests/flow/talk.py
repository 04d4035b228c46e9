"""A small archive to search: a talk, a tool, a summary, another project; and how it is asked."""

from collections.abc import Iterator

import pytest

from archives import (
    HOUR,
    NOW_NS,
    conversation,
    fill,
    reading,
    record,
)
from memlog.archive.connection import Connection
from memlog.paths import Home
from memlog.query.hit import Hits
from memlog.query.search import find
from memlog.query.selection import Selection


def ask(con: Connection, text: str, selection: Selection | None = None, **how: object) -> Hits:
    return find(con, text, selection, now_ns=NOW_NS, **how)  # type: ignore[arg-type]


def texts(hits: Hits) -> list[str]:
    return [hit.text for hit in hits]


TALK = (
    "please fix the flaky deploy script",
    "the deploy script fails because the token expired on friday",
    "rotate the token then",
    "done: the token is rotated and the pipeline is green",
)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    home = Home(str(tmp_path_factory.mktemp("search") / "home"))
    fill(
        home,
        conversation(TALK),
        [
            record("ls -la build", n=20, kind="tool_use", role="assistant", tool="Bash"),
            record("token progress token progress token", n=21, kind="meta", role=None),
            record("nur Übergrößen im Café", n=22, role="assistant"),
            record("内存日志记录器的环形缓冲区", n=23),
            record("a summary of the token affair", n=24, kind="summary"),
        ],
        conversation(
            ["the token in another project", "rm -rf build"], session="other-session", project="/srv/shop/api",
            agent="codex", ts_ns=NOW_NS - HOUR,
        ),
    )  # fmt: skip
    with reading(home) as found:
        yield found
