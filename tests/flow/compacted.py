"""Sessions with a compaction, to be asked what it took."""

from typing import Any

from archives import record
from memlog.query.lost import Loss
from memlog.record import Record


def call(n: int, tool: str, *, boundary: str = "", aside: bool = False, **given: Any) -> Record:
    rest = {"id": f"t{n}", "input": given, "line": {"isSidechain": aside}}
    text = "\n".join(f"{k}: {v}" for k, v in given.items())
    return record(text, n=n, kind="tool_use", role="assistant", tool=tool, boundary=boundary, rest=rest)


def story(*after: Record) -> list[Record]:
    """Six files and a command before a compaction, the boundary and its summary, and what came then."""
    return [
        record("always run the linter before you commit", n=1),
        call(2, "Read", file_path="/w/kept_whole.py"), call(3, "Read", file_path="/w/by_name.py"),
        call(4, "Edit", file_path="/w/gone.py", old_string="a"), call(5, "Edit", file_path="/w/gone.py", old_string="b"),
        call(6, "Bash", command="make check"), call(7, "Read", file_path="/w/aside.py", aside=True),
        record("Conversation compacted", n=8, kind="compaction", role="system", boundary="session-a-8"),
        record("We read /w/kept_whole.py and by_name.py. The linter runs before each commit, always.", n=9,
               kind="summary", boundary="session-a-8"),
        *after,
    ]  # fmt: skip


def back(n: int, **given: Any) -> Record:
    return call(n, "Read", boundary="session-a-8", **given)


def only(found: Any) -> Loss:
    (one,) = found
    return one  # type: ignore[no-any-return]


def bash(n: int, command: str, *, boundary: str = "", **line: Any) -> Record:
    rest = {"id": f"t{n}", "input": {"command": command}, "line": {"isSidechain": False, **line}}
    return record(f"command: {command}", n=n, kind="tool_use", role="assistant", tool="Bash", boundary=boundary,
                  rest=rest, project="/w")  # fmt: skip


def tidy(*said: Record, summary: str = "We did some work.", after: tuple[Record, ...] = ()) -> list[Record]:
    """These records, a compaction, its summary, and what came then."""
    told = [
        record("Conversation compacted", n=80, kind="compaction", role="system", boundary="session-a-80"),
        record(summary, n=81, kind="summary", boundary="session-a-80"),
    ]
    return [*said, *told, *after]
