"""The spool: what a ring could not take, whole and in order, until it is archived."""

import errno
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from memlog.capture import spool, watermark
from memlog.capture.watermark import Watermark, beginning
from memlog.contracts import MAX_BLOB
from memlog.errors import InputError, UnsafePathError
from memlog.paths import Home
from memlog.ring.image import ImageRing
from memlog.wire import Frame, unpack_session


def test_frames_are_a_ring_image_with_who_and_when(home: Home) -> None:
    blobs = [(random.Random(n).randbytes(1 + n * 700), f"s-{n}") for n in range(90)] + [
        (b"x" * MAX_BLOB, None)
    ]
    name = spool.spool_frames(home, blobs)
    [file] = spool.pending(home)
    assert (file.name, file.note) == (name, None) and name.endswith(".frames")
    with ImageRing(file.path) as image:
        items = image.reader().read(1_000, 1 << 30)
    frames = [item for item in items if isinstance(item, Frame)]
    assert [f.blob for f in frames] == [blob for blob, _ in blobs] and len(items) == len(blobs)
    headers = [f.header for f in frames if f.header]
    assert [h.seq for h in headers] == list(range(1, len(blobs) + 1))
    assert {(h.uid, h.pid) for h in headers} == {(os.geteuid(), os.getpid())}
    assert [unpack_session(h.session) for h in headers] == [session for _, session in blobs]


@pytest.mark.parametrize("blob", [b"", b"x" * (MAX_BLOB + 1)])
def test_what_fits_no_ring_is_refused_and_leaves_nothing(blob: bytes, home: Home) -> None:
    with pytest.raises(InputError):
        spool.spool_frames(home, [(b"fine", None), (blob, None)])
    assert spool.pending(home) == []


def test_files_come_in_the_order_they_were_made_and_unfinished_ones_not_at_all(home: Home) -> None:
    names = [spool.spool_frames(home, [(b"%d" % n, None)]) for n in range(5)]
    for odd in ("9-1-a.frames", "x.frames", "1-1-b.frames.12.ab.tmp", "note"):
        (Path(home.spool) / odd).touch()
    assert [file.name for file in spool.pending(home)] == ["x.frames", "9-1-a.frames", *names]


def test_without_a_spool_nothing_is_pending(home: Home) -> None:
    assert spool.pending(home) == []
    spool.discard(home, "gone.transcript")


def test_a_link_keeps_what_the_host_deletes_and_its_note_goes_with_it(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text("one\ntwo\n")
    alias = tmp_path / "alias.jsonl"
    alias.symlink_to(path)
    name = spool.hand_over(home, str(alias), 8)
    spool.write_note(home, name, b"note")
    path.unlink()
    [file] = spool.pending(home)
    assert (file.name, file.note, Path(file.path).read_text()) == (name, b"note", "one\ntwo\n")
    spool.discard(home, name)
    assert os.listdir(home.spool) == []


def test_where_no_link_is_possible_the_bytes_are_copied(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(random.Random(1).randbytes(3 << 20))
    tried = []

    def refuse(source: str, target: str, **named: object) -> None:
        tried.append(source)
        raise OSError(errno.EXDEV, "cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    name = spool.hand_over(home, str(path), 2_000_000)
    assert tried == [str(path)]
    assert (Path(home.spool) / name).read_bytes() == path.read_bytes()[:2_000_000]
    with pytest.raises(FileNotFoundError):
        spool.hand_over(home, str(tmp_path / "gone"), 5)
    assert len(os.listdir(home.spool)) == 1


def test_a_name_from_an_event_never_leaves_the_spool(home: Home, tmp_path: Path) -> None:
    (tmp_path / "mine.transcript").touch()
    Path(home.root).mkdir()
    spool.discard(home, "../../mine.transcript")
    spool.discard(home, str(tmp_path / "mine.transcript"))
    assert (tmp_path / "mine.transcript").exists()


def test_a_spool_that_is_a_link_is_refused(home: Home, tmp_path: Path) -> None:
    Path(home.root).mkdir()
    (tmp_path / "trap").mkdir()
    Path(home.spool).symlink_to(tmp_path / "trap")
    with pytest.raises(UnsafePathError):
        spool.spool_frames(home, [(b"x", None)])
    with pytest.raises(UnsafePathError):
        spool.hand_over(home, str(tmp_path / "trap"), 1)
    assert os.listdir(tmp_path / "trap") == []


def mark_of(path: str, offset: int = 7) -> Watermark:
    return beginning(path)._replace(offset=offset, state={"session": "s", "sessions": {"s": ["/w", ""]}})


def test_watermarks_of_ring_and_archive_lie_beside_each_other(home: Home) -> None:
    one, two = "/p/a b/\udcff.jsonl", "/p/other.jsonl"
    assert watermark.load(home, one) is None and watermark.load_archived(home, one) is None
    watermark.save(home, mark_of(one, 9))
    watermark.save_archived(home, mark_of(one, 4))
    watermark.save(home, mark_of(two, 5))
    assert watermark.load(home, one) == mark_of(one, 9) and watermark.load_archived(home, one) == mark_of(
        one, 4
    )
    assert watermark.load(home, two) == mark_of(two, 5) and watermark.load_archived(home, two) is None


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[]", b'{"path":"/p/x"}', b"\xff", b"[" * 9_999])
def test_a_watermark_that_makes_no_sense_is_none(raw: bytes, home: Home) -> None:
    watermark.save(home, mark_of("/p/x"))
    [file] = Path(home.watermarks).iterdir()
    file.write_bytes(raw)
    assert watermark.load(home, "/p/x") is None
    watermark.save(home, mark_of("/p/y"))
    assert watermark.load(home, "/p/y") is not None  # the twin
    os.replace(next(f for f in Path(home.watermarks).iterdir() if f != file), file)
    assert watermark.load(home, "/p/x") is None  # another transcript's


def test_one_process_captures_a_transcript_at_a_time_and_nobody_waits(home: Home) -> None:
    program = "import sys\nfrom memlog.capture import watermark\nfrom memlog.paths import Home\nwith watermark.lock(Home(sys.argv[1]), sys.argv[2]) as held: print(held)"

    def other(path: str) -> bool:
        done = subprocess.run(
            [sys.executable, "-c", program, home.root, path], capture_output=True, text=True, check=True
        )
        return done.stdout.strip() == "True"

    with watermark.lock(home, "/p/x") as held:
        assert held and not other("/p/x") and other("/p/y")
    assert other("/p/x")
