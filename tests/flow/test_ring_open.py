"""Which ring is opened, and where it lies."""

import os
from pathlib import Path

import pytest

from memlog.errors import RingUnavailableError
from memlog.paths import Home
from memlog.ring import open as ring_open
from memlog.ring.open import is_network, open_ring, retired_rings, ring_dir
from memlog.settings import Settings
from memlog.wire import Frame


@pytest.fixture
def path(home: Home) -> str:
    return os.path.join(home.ring, "ring")


def test_auto_takes_shared_memory_where_no_device_is(settings: Settings, tmp_path: Path) -> None:
    none = settings._replace(ring="auto", device=str(tmp_path / "memlog"))
    assert open_ring(none).kind == "shm"
    with pytest.raises(RingUnavailableError, match="not loaded"):
        open_ring(none, kind="kernel")
    not_ours = settings._replace(ring="auto", device="/dev/null")
    assert open_ring(not_ours).kind == "shm"


def test_a_path_is_opened_as_what_it_is(settings: Settings, path: str, tmp_path: Path) -> None:
    ring = open_ring(settings)
    ring.write(b"x")
    image = tmp_path / "image.bin"
    found = ring.reader().read()[0]
    assert isinstance(found, Frame) and found.header
    image.write_bytes(found.header.pack() + found.blob)
    assert open_ring(settings, path=path).kind == "shm"
    assert open_ring(settings, path=str(image)).kind == "image"
    with pytest.raises(RingUnavailableError):
        open_ring(settings, path="/dev/null")
    os.mkfifo(tmp_path / "fifo")
    for none in (tmp_path, tmp_path / "fifo"):
        with pytest.raises(RingUnavailableError, match="neither a ring nor a file"):
            open_ring(settings, path=str(none))


def test_the_folder_is_the_home_s_the_setting_s_or_local_memory(
    settings: Settings, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ring_dir(settings) == home.ring
    assert ring_dir(settings._replace(ring_dir=str(tmp_path / "x"))) == str(tmp_path / "x")
    monkeypatch.setattr(ring_open, "is_network", lambda path: True)
    monkeypatch.setattr(os.path, "isdir", lambda path: path == "/dev/shm")
    assert ring_dir(settings) == f"/dev/shm/memlog-{os.geteuid()}"


def test_network_file_systems_are_recognised(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 259:1 / / rw - ext4 /dev/root rw\n"
        "30 22 0:40 / /home rw - nfs4 server:/home rw\n"
        "31 30 0:41 / /home/me/local rw - ext4 /dev/x rw\n"
        "32 22 0:42 / /with\\040space rw - fuse.sshfs x rw\n"
    )
    asked = {
        "/home/me/.claude": True, "/home/me/local/.claude": False, "/homes": False, "/tmp": False,
        "/with space/x": True,
    }  # fmt: skip
    assert {path: is_network(path, str(mounts)) for path in asked} == asked
    assert is_network("/home/me", str(tmp_path / "nothing")) is False


def test_what_a_killed_maker_left_is_swept_and_a_running_one_s_is_not(settings: Settings, path: str) -> None:
    open_ring(settings)
    old, new = path + ".1.aa.tmp", path + ".2.bb.tmp"
    Path(old).touch()
    Path(new).touch()
    os.utime(old, (1, 1))
    assert retired_rings(settings) == []
    assert sorted(os.listdir(os.path.dirname(path))) == ["ring", os.path.basename(new)]
