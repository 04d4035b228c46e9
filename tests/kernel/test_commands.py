"""The commands of the ring, as root, as a member of the group and as nobody special."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from guest import ALICE, BOB, MEMLOG, OUTSIDER, ROOT, WRITERS, memlog_as, run_as, start_as

pytestmark = pytest.mark.kernel


def rows(uid: int, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(memlog_as(uid, "show", "--json", *words).stdout)
    return found


def write(uid: int, text: str) -> int:
    return int(memlog_as(uid, "write", said=text).stdout)


def test_a_member_writes_reads_counts_and_clears_what_is_its_own(device: str) -> None:
    seqs = [write(ALICE, f"alice {n}") for n in range(3)]
    assert seqs == list(range(seqs[0], seqs[0] + 3))
    assert [(r["seq"], r["uid"]) for r in rows(ALICE)] == [(seq, ALICE) for seq in seqs]
    assert "alice 2" in memlog_as(ALICE, "tail", "-n", "1").stdout
    counted = json.loads(memlog_as(ALICE, "stats", "--format", "json").stdout)
    assert (counted["records_in_ring"], counted["uid"], counted["attested"]) == (3, ALICE, True)
    assert rows(BOB) == []
    memlog_as(ALICE, "clear", check=7)
    assert "3 ring records dropped" in memlog_as(ALICE, "clear", "--force").stderr
    assert rows(ALICE) == []


def test_a_member_is_refused_what_is_others(device: str) -> None:
    write(BOB, "bob's")
    for words in (
        ["show", "--uid", str(BOB)], ["show", "--uid", "all"], ["stats", "--uid", str(BOB)],
        ["stats", "--uid", "all"], ["resize", "1M", "--force"],
    ):  # fmt: skip
        done = memlog_as(ALICE, *words, check=7)
        assert "next:" in done.stderr and "bob" not in done.stdout
    assert memlog_as(ALICE, "stats", "--format", "json").stdout.count(f'"uid": {ALICE}') == 1


def test_one_who_is_no_member_is_told_so_and_gets_the_shared_memory_ring(device: str) -> None:
    done = memlog_as(OUTSIDER, "stats", check=5)
    assert "group memlog" in done.stderr
    auto = run_as(OUTSIDER, *MEMLOG, "stats", "--format", "json", env={"MEMLOG_RING": "auto"})
    assert json.loads(auto.stdout)["kind"] == "shm"


def test_one_who_is_no_member_is_refused_every_command(device: str) -> None:
    for words in (
        ["show"],
        ["tail", "-n", "1"],
        ["tail", "-f"],
        ["clear", "--force"],
        ["resize", "1M"],
        ["write"],
    ):
        done = memlog_as(OUTSIDER, *words, said="x", check=5)
        assert "group memlog" in done.stderr and done.stdout == ""


def counters(uid: int, *words: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(memlog_as(uid, "stats", "--format", "json", *words).stdout)
    return found


def test_root_sees_and_sizes_all_rings(device: str) -> None:
    write(ALICE, "alice's")
    write(BOB, "bob's")
    write(ROOT, "root's")
    assert [r["uid"] for r in rows(ROOT)] == [ROOT]
    assert [r["uid"] for r in rows(ROOT, "--uid", "all")] == [ALICE, BOB, ROOT]
    assert [r["uid"] for r in rows(ROOT, "--uid", str(BOB))] == [BOB]
    memlog_as(ROOT, "resize", "1M")
    assert counters(ALICE)["ring_capacity"] == 1 << 20
    assert counters(ROOT, "--uid", "all")["records_in_ring"] == 3
    assert counters(ROOT, "--uid", str(BOB)) == counters(BOB)
    own = counters(ROOT)
    assert (own["records_in_ring"], own["uid"], own["undrained"]) == (1, ROOT, 1)
    assert own["total_writes"] == own["next_seq"] - 1  # type: ignore[operator]


def test_root_follows_its_own_ring_and_clears_all_only_by_force(device: str) -> None:
    child = start_as(ROOT, [*MEMLOG, "tail", "-f", "-n", "0"], {"MEMLOG_RING": "kernel"})
    assert child.stdout is not None
    write(ALICE, "alice's")
    write(ROOT, "root's news")
    assert "root's news" in child.stdout.readline()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert "other users" in memlog_as(ROOT, "clear", check=7).stderr
    assert len(rows(ALICE)) == 1
    assert "2 ring records dropped" in memlog_as(ROOT, "clear", "--force").stderr
    assert rows(ALICE) == rows(ROOT) == []


def test_roots_resize_keeps_what_others_have_undrained(device: str) -> None:
    for n in range(3):
        write(ALICE, f"{n}" * 60_000)
    assert "next:" in memlog_as(ROOT, "resize", "64K", check=7).stderr
    assert len(rows(ALICE)) == 3
    memlog_as(ROOT, "resize", "64K", "--force")
    assert len(rows(ALICE)) == 1


def test_tail_follows_and_ends_at_ctrl_c(device: str) -> None:
    child = start_as(ALICE, [*MEMLOG, "tail", "-f", "-n", "1"], {"MEMLOG_RING": "kernel"})
    assert child.stdout is not None
    write(BOB, "not for alice")
    write(ALICE, "the news")
    assert "the news" in child.stdout.readline()
    child.send_signal(signal.SIGINT)
    rest = child.communicate(timeout=30)
    assert child.returncode in (0, 130) and "not for alice" not in rest[0]


@pytest.fixture
def named_group(tmp_path: Path) -> Iterator[None]:
    """The group the module was loaded with has the name it has on a machine where it was installed."""
    groups = tmp_path / "group"
    groups.write_text(Path("/etc/group").read_text() + f"memlog:x:{WRITERS}:\n")
    tmp_path.chmod(0o755)
    subprocess.run(["mount", "--bind", groups, "/etc/group"], check=True)
    yield
    subprocess.run(["umount", "/etc/group"], check=True)


def checks(uid: int) -> dict[str, dict[str, str]]:
    words = [*MEMLOG, "doctor", "--write-probe", "--json"]
    done = run_as(uid, *words, check=None, env={"MEMLOG_RING": "kernel"})
    return {row["check"]: row for row in json.loads(done.stdout)}


def test_doctor_says_what_is_right_of_the_device_and_writes_into_it(device: str, named_group: None) -> None:
    for uid in (ALICE, ROOT):
        before = counters(uid)["total_writes"]
        found = checks(uid)
        assert found["device"]["state"] == "ok", found["device"]
        assert "mode 0660 and group memlog" in found["device"]["detail"]
        assert "written to the kernel ring" in found["probe"]["detail"], found["probe"]
        assert counters(uid)["total_writes"] == before + 1  # type: ignore[operator]
    found = checks(OUTSIDER)
    assert "you may not open it" in found["device"]["detail"]
    assert "usermod -aG memlog" in found["device"]["remedy"] and found["probe"]["state"] == "bad"
