"""Two sessions, or two epochs, by their facts."""

import pytest

from archives import archive_of, record
from flow.compacted import back, bash, call, only, story
from memlog.errors import NotFoundError
from memlog.paths import Home
from memlog.query.diff import diff
from memlog.query.lost import losses
from memlog.record import Record


def test_two_epochs_differ_by_their_facts(home: Home) -> None:
    with archive_of(home, story(back(10, file_path="/w/gone.py"), back(11, file_path="/w/new.py"))) as con:
        found = {
            (row.value, row.side)
            for row in diff(con, "session-a@0", "session-a@1", kinds=["file"], same=True)
        }
        assert found == {
            ("/w/kept_whole.py", "a"), ("/w/by_name.py", "a"), ("/w/gone.py", "both"), ("/w/new.py", "b"),
        }  # fmt: skip
        with pytest.raises(NotFoundError, match="has no epoch 9"):
            diff(con, "session-a@9", "session-a")


def test_a_file_is_one_fact_however_its_name_was_written_where_the_folder_is_certain(home: Home) -> None:
    def read(n: int, path: str, boundary: str = "") -> Record:
        return call(n, "Read", boundary=boundary, file_path=path)._replace(project="/w")

    said = [
        read(1, "/w/src/one.py"), bash(2, "cat src/one.py ./src/one.py"), bash(3, "cd src && cat one.py"),
        bash(4, "cat ../src/one.py", cwd="/w/docs"), read(5, "/w/src/two.py"),
        bash(6, "make build; cd src; ls; cat two.py"), bash(7, "pushd lib; cat src/two.py"),
        bash(8, "cat src/two.py", cwd=None), bash(9, "cat $HERE/two.py"),
        record("Conversation compacted", n=10, kind="compaction", role="system", boundary="session-a-10"),
        record("We read src/one.py.", n=11, kind="summary", boundary="session-a-10"),
        bash(12, "cat src/one.py", boundary="session-a-10"),
    ]  # fmt: skip
    with archive_of(home, said) as con:
        files = {
            r.value: (r.uses, r.kept, r.came_back)
            for r in only(losses(con, "session-a")).rows
            if r.kind == "file"
        }
        sides = {r.value: r.side for r in diff(con, "session-a@0", "session-a@1", kinds=["file"], same=True)}
    assert files.pop("/w/src/one.py") == (5, "verbatim", 1)
    assert files.pop("/w/src/two.py") == (1, None, 0)
    assert {value: found[0] for value, found in files.items()} == {
        "two.py": 1, "src/two.py": 2, "$HERE/two.py": 1,
    }, "a shell that went elsewhere, a folder not told, a variable: these may be others"  # fmt: skip
    assert sides["../src/one.py"] == "both" and "src/one.py" not in sides


def test_sessions_of_two_checkouts_are_compared_by_the_paths_within(home: Home) -> None:
    there = bash(1, "cat src/one.py ../out.py")._replace(
        session="session-b", source_id="b-1", project="/other"
    )
    here = [bash(1, "cat /w/src/one.py /out.py /w/src/mine.py")]
    with archive_of(home, here, [there]) as con:
        sides = {r.value: r.side for r in diff(con, "session-a", "session-b", kinds=["file"], same=True)}
    assert sides == {"/w/src/one.py": "both", "/w/src/mine.py": "a", "/out.py": "both"}
