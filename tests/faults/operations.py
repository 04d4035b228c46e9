"""What an operation is that is struck: prepared once, run, struck at each point, and run again.

Each point gets a copy of the prepared home. `run` is idempotent, as the command it stands for is.
`every.py` lists all operations.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archives import conversation, frames
from faults import soundness
from faults.soundness import Row, Verdict
from memlog.archive.store import Archive
from memlog.archive.tree import write_dirty
from memlog.archive.unfinished import pending
from memlog.contracts import RING_MIN
from memlog.paths import Home
from memlog.settings import Settings

NOW_NS = 1_772_721_000 * 10**9
AGENT, FORGOTTEN = "claude-code", "session-gone"
Say = Callable[[object], None]


class Place:
    """Where a point is tried. static: files that no point changes, at the same place for all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = root / "now"
        self.static = root / "static"
        self.home = Home(str(self.now / "home"))
        self.out = self.now / "out"
        self.settings = Settings(
            home=self.home.root, ring="shm", start_witness=False, batch_records=12, ring_bytes=RING_MIN
        )

    def make(self) -> None:
        for folder in (self.now, self.static, self.out):
            folder.mkdir(parents=True, exist_ok=True)


class Operation(ABC):
    """prepare → run, struck → run again → verdict."""

    name: str
    waits = False  # for space, by itself: it raises nothing once it has begun

    def __init__(self) -> None:
        self.wanted: dict[str, str] = {}  # what a run that nothing disturbs leaves
        self.before: dict[str, str] = {}  # what was archived before it began
        self.rings_gone = False  # a power cut took what only the rings held
        self.rings_torn = False  # sectors of them hold something else
        # Of an operation that waits for space by itself: when the disk begins to refuse, and ends to.
        self.started: Callable[[], None] = lambda: None
        self.is_refused: Callable[[], bool] = lambda: False
        self.space_returns: Callable[[], None] = lambda: None

    @abstractmethod
    def prepare(self, at: Place) -> None:
        """The home every point starts from."""

    @abstractmethod
    def run(self, at: Place, say: Say) -> None:
        """All of it. say: the names archived by now, after each COMMIT."""

    def learn(self, at: Place) -> None:
        """What a clean run left is what every other must."""
        self.wanted = rows_of(at)

    def verdict(self, at: Place, said: list[Any], *, done: bool) -> Verdict:
        """What is broken, right after the fault or once the operation was run again to its end."""
        con = soundness.connect(at.home)
        try:
            found = soundness.rows(con)
            gone: set[str] = {FORGOTTEN} if done else set()
            promised = self.promises(said, done=done)
            verdict = soundness.compare(found, self.before | self.wanted, promised, gone, {FORGOTTEN})
            verdict.corrupt.extend(soundness.unsound(con, counted=pending(at.home) is None))
            if done:
                verdict.corrupt.extend(soundness.tree_faults(con, at.home.root))
            self.more(at, con, found, verdict, done=done)
        finally:
            con.close()
        return verdict

    def promises(self, said: list[Any], *, done: bool) -> set[str]:
        """What must be there, by name."""
        whole = done and not (self.rings_gone or self.rings_torn)
        return set(self.wanted) if whole else set(self.before).union(*said)

    def more(self, at: Place, con: Any, found: list[Row], verdict: Verdict, *, done: bool) -> None:  # noqa: B027
        """What this operation promises besides."""


def archived(at: Place, session: str, *texts: str, tree: bool = True) -> None:
    """Archive these too; tree: and write their snapshots."""
    with Archive.open(at.home, now_ns=NOW_NS, settings=at.settings) as archive:
        said = list(frames(conversation(texts, session=session)))
        archive.ingest(said, ring=None, source="before", now_ns=NOW_NS)
        if tree:
            write_dirty(archive, open_too=True)


def rows_of(at: Place) -> dict[str, str]:
    """Name and text of everything archived."""
    con = soundness.connect(at.home)
    found = soundness.by_name(soundness.rows(con))
    con.close()
    return found
