"""Jobs: what is forgotten or redacted leaves archive, tree, spool, this user's ring and free pages."""

import os
import time
from collections.abc import Generator, Iterator
from typing import Any

from memlog.archive import forget, place, scrub, secrets, tree_forget, unfinished
from memlog.archive.forget import Choice, Forgotten
from memlog.archive.store import Archive
from memlog.archive.tombstones import event_name
from memlog.errors import MemlogError
from memlog.ring.open import open_ring, retired_rings, ring_dir
from memlog.ring.protocol import Ring
from memlog.ring.shm import ShmRing
from memlog.settings import Settings
from memlog.wire import Frame
from memlog.witness import spooled
from memlog.witness.intake import ignore
from memlog.witness.jobs import Progress
from memlog.witness.log import log

Steps = Generator[Progress, None, dict[str, Any]]

_AT_ONCE = 500  # frames of a ring
_RETIRED_S = 30.0  # the witness drains and removes rings of earlier boots meanwhile
_PASSES = 3
_ASIDE = "{}, which a restore put aside, may hold it; when nothing in it is needed any more: rm -r it"


def forget_job(archive: Archive, settings: Settings, args: dict[str, Any]) -> Steps:
    """Forget what args choose (forget.Choice), and whatever a tombstone covers; then scrub.

    So without a choice it brings an archive that was restored up to what was forgotten and redacted since.

    args: sessions, records, events; more: another part of the same choice follows, which scrubs.
    Result: sessions, rows, events, damage, bytes, and what clean_up() gives.
    """
    total = Forgotten()
    yield from _spool(archive, settings)  # an event in it that repeats a record goes with the record
    for done, of, note in forget.forget(archive, Choice.from_json(args), total, now_ns=time.time_ns()):
        yield Progress(done, of, note)
    result: dict[str, Any] = total.as_dict()
    if args.get("more") is True:
        return result
    result |= yield from clean_up(archive, settings)
    log.info(
        "forgotten sessions=%d rows=%d events=%d bytes=%d",
        total.sessions, total.rows, total.events, total.bytes,
    )  # fmt: skip
    return result


def secrets_job(archive: Archive, settings: Settings, args: dict[str, Any]) -> Steps:
    """Redact what is archived in place, and scrub what it was.

    args: records, events, damage: ids; more: another part follows. Result: rows, events, damage, rules
    (how many of each), and what clean_up() gives.
    """
    total = secrets.Redacted()
    for done, of, note in secrets.redact(archive, args, total, now_ns=time.time_ns()):
        yield Progress(done, of, note)
    result = total.as_dict()
    if args.get("more") is True:
        return result
    result |= yield from clean_up(archive, settings)
    log.info("redacted rows=%d events=%d damage=%d", total.rows, total.events, total.damage)
    return result


def clean_up(archive: Archive, settings: Settings) -> Steps:
    """No byte stays of what went from the tables.

    Result: copies (paths removed), free_bytes (made zero in pages), ring (records emptied), kernel (records
    a kernel ring still holds), spool (files brought in), left (what is not reached, a sentence each).
    """
    left: list[str] = []
    result: dict[str, Any] = {"spool": (yield from _spool(archive, settings))}
    yield from _retired(settings, left)
    yield from _told(scrub.index(archive))
    yield from _told(tree_forget.forget(archive))
    result["ring"], result["kernel"] = yield from _rings(archive, settings, left)
    result["copies"] = scrub.copies(archive)
    left += map(_ASIDE.format, place.asides(archive.home))
    yield from _told(scrub.log(archive))
    yield Progress(0, 0, "free pages")
    result["free_bytes"] = scrub.free(archive)
    unfinished.finished(archive.home)
    return result | {"left": left}


def _told(notes: Iterator[str]) -> Iterator[Progress]:
    return (Progress(0, 0, note) for note in notes)


def _spool(archive: Archive, settings: Settings) -> Generator[Progress, None, int]:
    """Bring in what hooks handed over: what was forgotten is dropped on the way, and the file removed."""
    count = 0
    for _, task in list(spooled.waiting(archive, (), orphan_s=-1.0)):
        yield from spooled.bring_in(archive, settings, ignore, task)
        count += 1
    return count


def _retired(settings: Settings, left: list[str]) -> Iterator[Progress]:
    """Rings of earlier boots are drained between our steps, and removed with that."""
    until = time.monotonic() + _RETIRED_S
    while rings := retired_rings(settings):
        for ring in rings:
            ring.close()
        if time.monotonic() > until:
            left += [f"{ring.path} is not drained, and may hold it" for ring in rings]
            return
        yield Progress(0, 0, "rings of earlier boots")


def _rings(
    archive: Archive, settings: Settings, left: list[str]
) -> Generator[Progress, None, tuple[int, int]]:
    emptied = kernel = 0
    shared = os.path.join(ring_dir(settings), "ring")
    if os.path.exists(shared):
        with open_ring(settings, kind="shm") as ring:
            assert isinstance(ring, ShmRing)
            after = 0
            for _ in range(_PASSES):  # what is written meanwhile is looked at too
                found: set[int] = set()
                after = yield from _covered(archive, ring, after, found)
                emptied += ring.renew(found)
                if ring.info().next_seq - 1 <= after:
                    break
    if settings.ring == "kernel" or (settings.ring == "auto" and os.path.exists(settings.device)):
        try:
            with open_ring(settings, kind="kernel") as ring:
                found = set()
                yield from _covered(archive, ring, 0, found)
                kernel = len(found)
        except (MemlogError, OSError) as exc:
            left.append(f"the kernel ring cannot be looked at: {exc}")
    if kernel:
        left.append(f"the kernel ring holds {kernel} of the records until memlog clear empties it")
    return emptied, kernel


def _covered(archive: Archive, ring: Ring, after: int, found: set[int]) -> Generator[Progress, None, int]:
    """Put the seqs of forgotten records into `found`; the newest seq that was looked at."""
    reader = ring.reader(after)
    try:
        while items := reader.read(_AT_ONCE):
            for item in items:
                if isinstance(item, Frame) and item.header is not None:
                    after = item.header.seq
                    if _is_covered(archive, item):
                        found.add(after)
            yield Progress(0, 0, "the ring")
    finally:
        reader.close()
    return after


def _is_covered(archive: Archive, frame: Frame) -> bool:
    read = archive.read([frame], ring=None, source="", now_ns=0)
    is_gone = (archive.tombstones.covers, archive.tombstones.was_redacted)
    for told in read.told:
        name = event_name(archive.event_digest(told.header, told.blob))
        return any(is_(told.event.agent, told.event.session, name, 0, 0) for is_ in is_gone)
    for arrival in read.arrivals:
        record = arrival.record
        names = (record.source_id, f"{record.source_id}~{record.mac.hex()}")
        place = record.block, record.part
        return any(is_(record.agent, record.session, name, *place) for name in names for is_ in is_gone)
    return False
