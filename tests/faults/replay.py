"""A power cut at any point of a run: files rebuilt from a log of every call that changed one.

What was synced is there. Of the rest anything may be: nothing of it, all of it, some writes and not
others, the last one cut between two sectors. A name is durable when its folder was synced, not before.
"""

import os
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from faults.injector import LINK, MKDIR, OPEN, RENAME, SYNC, TRUNCATE, UNLINK, WRITE

ENTRY = struct.Struct("<4I2Q")
SECTOR = 512
HOW = ("dropped", "kept", "half kept", "torn")


class Entry(NamedTuple):
    """One call that succeeded. length: of data, or a file's new size."""

    kind: int
    path: str
    other: str
    offset: int
    length: int
    data: bytes


def read_log(path: Path, root: Path) -> Iterator[Entry]:
    """Every entry; paths relative to root."""
    raw, at, prefix = path.read_bytes(), 0, len(os.fsencode(root)) + 1
    while at < len(raw):
        kind, path_len, other_len, _, offset, length = ENTRY.unpack_from(raw, at)
        at += ENTRY.size
        names = raw[at : at + path_len], raw[at + path_len : at + path_len + other_len]
        at += path_len + other_len
        size = length if kind == WRITE else 0
        yield Entry(
            kind, *(os.fsdecode(name[prefix:]) for name in names), offset, length, raw[at : at + size]
        )
        at += size


class Node:
    """A file, by whatever name. pending: what was done to it since it was synced."""

    __slots__ = ("durable", "now", "pending")

    def __init__(self, durable: bytes) -> None:
        self.durable = durable
        self.now = bytearray(durable)
        self.pending: list[Entry] = []


def put(data: bytearray, entry: Entry) -> None:
    """A write or a new size, done to a file's bytes."""
    if entry.kind == TRUNCATE:
        del data[entry.length :]
        data.extend(bytes(entry.length - len(data)))
        return
    data.extend(bytes(max(entry.offset - len(data), 0)))
    data[entry.offset : entry.offset + len(entry.data)] = entry.data


Names = dict[str, Node | None]  # None: a folder
Change = Callable[[Names], None]


class Disk:
    """Files and names as programs see them, and as a power cut would leave them."""

    def __init__(self, base: Path) -> None:
        self.names: Names = {}
        for path in sorted(base.rglob("*")):
            if path.is_dir():
                self.names[str(path.relative_to(base))] = None
            elif path.is_file():
                self.names[str(path.relative_to(base))] = Node(path.read_bytes())
        self.durable = dict(self.names)
        self._waiting: list[tuple[set[str], Change]] = []

    def apply(self, entry: Entry) -> None:
        """One call more."""
        kind, path, other = entry.kind, entry.path, entry.other
        if kind in (WRITE, TRUNCATE):
            node = self.names.get(path)
            if node is not None:  # else it has no name any more
                put(node.now, entry)
                node.pending.append(entry)
        elif kind == SYNC:
            self._sync(path)
        elif kind == OPEN:
            self._name(path, Node(b""))
        elif kind == MKDIR:
            self._name(path, None)
        elif kind == UNLINK:
            self._change({path}, lambda names: names.pop(path, None))
        elif kind in (RENAME, LINK):
            node = self.names.get(path)
            gone = [] if kind == LINK else [path]
            below = {name: n for name, n in self.names.items() if name.startswith(path + "/")} if gone else {}

            def move(names: Names) -> None:
                for name in (*gone, *below):
                    names.pop(name, None)
                names[other] = node
                names.update({other + name[len(path) :]: n for name, n in below.items()})

            self._change({path, other}, move)

    def _name(self, path: str, node: Node | None) -> None:
        self._change({path}, lambda names: names.__setitem__(path, node))

    def _change(self, paths: set[str], change: Change) -> None:
        change(self.names)
        self._waiting.append(({os.path.dirname(path) for path in paths}, change))

    def _sync(self, path: str) -> None:
        node = self.names.get(path)
        if node is not None:
            node.durable, node.pending = bytes(node.now), []
            return
        for folders, change in self._waiting:
            if path in folders:
                change(self.durable)
        self._waiting = [(folders, change) for folders, change in self._waiting if path not in folders]

    def after_cut(self, how: str, last: Entry, dice: random.Random) -> dict[str, bytes | None]:
        """Names and bytes a power cut leaves."""
        if how == "dropped":
            return {name: node and node.durable for name, node in self.durable.items()}
        if how == "half kept":
            names = dict(self.durable)
            for _, change in self._waiting[: dice.randrange(len(self._waiting) + 1)]:
                change(names)  # a journal keeps the order of names
            return {name: node and _some_of(node, dice) for name, node in names.items()}
        found: dict[str, bytes | None] = {name: node and bytes(node.now) for name, node in self.names.items()}
        node = self.names.get(last.path)
        if how == "torn" and last.kind == WRITE and node is not None:
            found[last.path] = _torn(node, last, dice)
        return found


def _some_of(node: Node, dice: random.Random) -> bytes:
    data = bytearray(node.durable)
    for entry in node.pending:
        if dice.random() < 0.5:
            put(data, entry)
    return bytes(data)


def _torn(node: Node, last: Entry, dice: random.Random) -> bytes:
    """All of it, but of the last write only some sectors."""
    data = bytearray(node.durable)
    for entry in node.pending[:-1]:
        put(data, entry)
    size = dice.randrange(0, len(last.data), SECTOR) or dice.randrange(len(last.data))
    put(data, last._replace(data=last.data[:size]))
    return bytes(data)


def write(found: dict[str, bytes | None], target: Path) -> None:
    """These names and bytes as files; what lies in a folder that is gone is gone. No -shm survives a boot."""
    for name in sorted(found):
        path, data = target / name, found[name]
        if not path.parent.is_dir() or name.endswith("-shm"):
            continue
        if data is None:
            path.mkdir(mode=0o700, exist_ok=True)
        else:
            path.write_bytes(data)
            path.chmod(0o600)
