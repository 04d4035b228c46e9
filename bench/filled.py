"""An archive full of made-up records, written as the witness writes it."""

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench import corpus
from memlog.archive.store import Archive
from memlog.paths import Home
from memlog.record import Record, encode
from memlog.wire import Frame

BATCH = 1_000


class Filled(NamedTuple):
    """What was stored. raw: bytes of the blobs as they left the ring; batches: CPU seconds of each."""

    records: int
    raw: int
    batches: list[float]


def frames(n: int, seed: int = 1) -> Iterator[Frame]:
    """Blobs of `n` made-up records, as an import hands them over."""
    for made in corpus.records(n, seed):
        for blob in encode(made):
            yield Frame(None, blob)


def ingested(home: Home, records: Iterable[Record]) -> None:
    """Archive these records."""
    source = (Frame(None, blob) for record in records for blob in encode(record))
    with Archive.open(home, now_ns=time.time_ns()) as archive:
        while batch := list(islice(source, BATCH)):
            archive.ingest(batch, ring=None, source="bench", now_ns=time.time_ns())
        archive.checkpoint(truncate=True)


@contextmanager
def home_of(records: int, kept: Path | None = None) -> Iterator[Home]:
    """A home that holds so many: the one in the folder `kept`, filled where it is missing, or one that goes again."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(str(kept / str(records)) if kept else folder + "/home")
        if not os.path.exists(home.archive):
            fill(home, records)
        yield home


def fill(home: Home, n: int, seed: int = 1) -> Filled:
    """Archive `n` records in batches of a thousand."""
    raw, stored, batches = 0, 0, []
    source = frames(n, seed)
    with Archive.open(home, now_ns=time.time_ns()) as archive:
        while batch := list(islice(source, BATCH)):
            before = time.process_time()
            stored += archive.ingest(batch, ring=None, source="bench", now_ns=time.time_ns()).records
            batches.append(time.process_time() - before)
            raw += sum(len(frame.blob) for frame in batch)
            archive.checkpoint()
        archive.checkpoint(truncate=True)
    return Filled(stored, raw, batches)
