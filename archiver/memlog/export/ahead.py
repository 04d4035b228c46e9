"""Facts read ahead: a second process reads the last epochs of an export while the first is at the others.

Nothing depends on it. What it leaves is used for a record with the same digest and, of an answer, the same
command; whatever it has not read, or not so, is read where it is needed. So it may see another moment of
the archive, or die.
"""

import json
import marshal
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from memlog.archive.connection import open_reader
from memlog.query.facts import extract
from memlog.query.facts.calls import Found
from memlog.query.facts.stream import records

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.facts.fact import Said

_LEAST = 2_000  # records that are worth a start of Python
_STRETCH = 1_000  # records of an epoch that one process takes at once
_WAIT_S = 0.002
_LIST = "stretches"
# index: record_session
TIMES_SQL = """
SELECT r.ts_ns FROM record r JOIN epoch e ON e.id = r.epoch_id
WHERE r.session_id = :session AND e.number = :epoch AND r.part = 0 AND r.kind <> 'meta' ORDER BY r.ts_ns
"""
FILE_SQL = "SELECT file FROM pragma_database_list WHERE name = 'main'"
_FIRST, _LAST = 0, (1 << 63) - 1

Told = tuple[str, str | None, int, list[Any]]  # digest, command, sentences not read, what was found


class Stretch(NamedTuple):
    """Records of an epoch of a session's row, of a time: since <= ts_ns < until."""

    session: int
    epoch: int
    since_ns: int = _FIRST
    until_ns: int = _LAST


class Read:
    """What was read of a stretch, by record; of any other it is read now."""

    def __init__(self, told: dict[int, Told]) -> None:
        self._told = told

    def unread(self, said: "Said") -> int:
        """As extract.unread."""
        one = self._told.get(said.id)
        return extract.unread(said) if one is None or one[0] != said.digest else one[2]

    def found(self, said: "Said", command: str | None = None) -> Iterator[Found]:
        """As extract.found."""
        one = self._told.get(said.id)
        if one is None or one[:2] != (said.digest, command):
            return extract.found(said, command)
        return map(Found._make, one[3])


class Ahead:
    """Stretches of an export, and the process that takes the last first; without a folder there is none."""

    def __init__(self, stretches: Sequence[Stretch] = (), folder: str | None = None) -> None:
        self._numbers = {one: number for number, one in enumerate(stretches)}
        self._of: dict[tuple[int, int], list[Stretch]] = {}
        for one in stretches:
            self._of.setdefault(one[:2], []).append(one)
        self._folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def records(self, con: "Connection", session: int, epoch: int) -> "Iterator[tuple[Said, Read]]":
        """The records of an epoch, each with what is known of it."""
        for one in self._of.get((session, epoch), [Stretch(session, epoch)]):
            read = self._read(one)
            for said in records(con, session, epoch, since_ns=one.since_ns, until_ns=one.until_ns):
                yield said, read

    def _read(self, stretch: Stretch) -> Read:
        """What the other process has of a stretch; nothing where this one came first."""
        number = self._numbers.get(stretch)
        if self._folder is None or number is None or _takes(self._folder, number):
            return Read({})
        path = os.path.join(self._folder, str(number))
        while not os.path.exists(path) and self.process is not None and self.process.poll() is None:
            time.sleep(_WAIT_S)
        try:
            with open(path, "rb") as file:
                told = marshal.loads(file.read())
            os.unlink(path)
        except OSError:  # it has died on it
            return Read({})
        return Read(told)


@contextmanager
def reading(con: "Connection", epochs: Sequence[tuple[int, int, int]], place: str) -> Iterator[Ahead]:
    """A process that reads ahead, where it pays; it ends with this. What it found is in the folder `place`.

    epochs: session's row, number, and how many records it has, in the order in which they are read.
    """
    path = con.execute(FILE_SQL).fetchone()[0]
    if not path or sum(count for _, _, count in epochs) < _LEAST or (os.cpu_count() or 1) < 2:
        yield Ahead()
        return
    stretches = [one for session, epoch, count in epochs for one in _cut(con, session, epoch, count)]
    with tempfile.TemporaryDirectory(prefix=".memlog-", dir=place) as folder:
        with open(os.path.join(folder, _LIST), "w", encoding="ascii") as file:
            json.dump(stretches, file)
        ahead = Ahead(stretches, folder)
        ahead.process = started("memlog.export.ahead", path, folder)
        try:
            yield ahead
        finally:
            if ahead.process is not None:
                ahead.process.kill()
                ahead.process.communicate()


def _cut(con: "Connection", session: int, epoch: int, count: int) -> Iterator[Stretch]:
    if count <= _STRETCH:
        yield Stretch(session, epoch)
        return
    rows = con.execute(TIMES_SQL, {"session": session, "epoch": epoch})
    times = [ts_ns for number, (ts_ns,) in enumerate(rows) if number and number % _STRETCH == 0]
    since = _FIRST
    for until in dict.fromkeys(times):
        yield Stretch(session, epoch, since, until)
        since = until
    yield Stretch(session, epoch, since)


def started(module: str, *words: str, stdout: Any = subprocess.DEVNULL) -> "subprocess.Popen[bytes] | None":
    """A process of Python that runs a module of ours; None where there can be none."""
    command = [sys.executable, "-P", "-m", module, *words]
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.DEVNULL)
    except OSError:
        return None


def _takes(folder: str, number: int) -> bool:
    """Whether a stretch is nobody's yet, and now this process's."""
    try:
        os.close(os.open(os.path.join(folder, f"{number}.taken"), os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except OSError:
        return False
    return True


def _told(con: "Connection", stretch: Stretch) -> dict[int, Told]:
    """What each record of a stretch says; of commands whose call lies before it, as if there were none."""
    found: dict[int, Told] = {}
    calls: dict[str, str] = {}
    session, epoch, since_ns, until_ns = stretch
    for said in records(con, session, epoch, since_ns=since_ns, until_ns=until_ns):
        if select.select((0,), (), (), 0)[0]:
            raise SystemExit  # who asked is gone
        command = calls.pop(said.call, None) if said.kind == "tool_result" and said.call else None
        unread, here = extract.unread(said), list(extract.found(said, command))
        found[said.id] = said.digest, command, unread, [tuple(one) for one in here]
        for one in here:
            if one.kind == "command" and said.call:
                calls[said.call] = one.value
    return found


def main(path: str, folder: str) -> None:
    """Read stretches, the last first, until one is met that the other process has taken."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal's group; it ends with its standard input
    with open(os.path.join(folder, _LIST), encoding="ascii") as file:
        stretches = [Stretch(*one) for one in json.load(file)]
    con = open_reader(path)
    for number in range(len(stretches) - 1, -1, -1):
        if not _takes(folder, number):
            return
        done = os.path.join(folder, str(number))
        with open(done + ".part", "wb") as out:
            out.write(marshal.dumps(_told(con, stretches[number])))
        os.rename(done + ".part", done)


if __name__ == "__main__":
    main(*sys.argv[1:])
