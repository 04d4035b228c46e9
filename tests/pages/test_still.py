"""An archive where nobody may write: its pages answer, and say what of it they cannot show."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from datasette_memlog import connection
from memlog.archive.connection import open_reader, sqlite3
from memlog.errors import ArchiveError
from pages.filled import fill, records_of
from users import as_nobody, needs_root, shared

__all__ = ["shared"]
pytestmark = pytest.mark.slow
PAGES = ("/", "/copy", "/copy/-/overview", "/copy/-/sessions", "/copy/-/session/last", "/copy/-/search?q=alarm", "/copy/v_record?_search=alarm",
         "/copy/-/compaction/last/1", "/copy/-/facts/last")  # fmt: skip


def asked(path: str, pages: tuple[str, ...] = PAGES) -> list[tuple[str, int, bool, bool]]:
    """Of each page its status, whether it says that something is not shown, and whether it says how to copy."""

    async def go() -> list[tuple[str, int, bool, bool]]:
        datasette = Datasette([path])
        await datasette.invoke_startup()
        said = []
        for page in pages:
            answer = await datasette.client.get(page, follow_redirects=True)
            told = "newest records are not shown" in answer.text
            said.append(
                (
                    page,
                    answer.status_code,
                    told,
                    f"cp {path}" in answer.text and "memlog admin backup" in answer.text,
                )
            )
        return said

    return asyncio.run(go())


def reading(path: str) -> str:
    """What a command says of it."""
    try:
        open_reader(path).close()
    except ArchiveError as exc:
        return f"{exc} {exc.hint}"
    return "read"


def laid(folder: Path, *, log: bool) -> str:
    """A copy of an archive as `cp` makes one, in a folder nobody may write; log: with records in its log."""
    home = folder / "home"
    home.mkdir()
    path = fill(home, records_of("compacted.jsonl"))
    asked(path, ("/",))  # what it loads lies in root's folder: before a child lets go
    media = folder / "media"
    media.mkdir()
    if log:
        con = sqlite3.connect(path)
        con.execute("UPDATE session SET title = 'only in the log'")
        con.commit()
        shutil.copy(f"{path}-wal", media / "copy.db-wal")
    shutil.copy(path, media / "copy.db")
    if log:
        con.close()
    for file in media.iterdir():
        file.chmod(0o444)
    media.chmod(0o555)
    return str(media / "copy.db")


@needs_root
def test_a_copy_on_read_only_media_is_read_as_it_lies(shared: Path) -> None:
    path = laid(shared, log=False)
    refused = as_nobody(lambda: reading(path))
    assert "memlog admin backup" in refused and f"cp {path}*" in refused, "and commands name the copy too"
    before = sorted(p.name for p in Path(path).parent.iterdir())
    said = as_nobody(lambda: asked(path))
    assert [tuple(one) for one in said] == [(page, 200, False, False) for page in PAGES], json.dumps(said)
    assert sorted(p.name for p in Path(path).parent.iterdir()) == before, "and nothing was made there"


@needs_root
def test_records_in_a_log_that_cannot_be_read_are_said_to_be_missing_with_the_command_that_copies(
    shared: Path,
) -> None:
    path = laid(shared, log=True)
    said = [tuple(one) for one in as_nobody(lambda: asked(path))]
    table = "/copy/v_record?_search=alarm"
    assert said == [(page, 200, page != table, page != table) for page in PAGES], json.dumps(said)
    copy = shared / "again"
    shutil.copytree(Path(path).parent, copy)
    copy.chmod(0o755)
    assert asked(str(copy / "copy.db"), ("/copy",)) == [("/copy", 200, False, False)], (
        "a copy made as it says holds them"
    )


@needs_root
def test_opened_as_any_archive_it_is_not_read(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The known-bad twin: SQLite wants to write where it cannot."""
    path = laid(shared, log=False)
    monkeypatch.setattr(connection, "options", lambda db: "mode=ro")
    said: Any = as_nobody(lambda: asked(path, ("/copy/-/overview",)))
    assert said != [["/copy/-/overview", 200, False, False]]
