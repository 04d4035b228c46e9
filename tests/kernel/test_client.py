"""A program of the contract before ours (client.c) works unchanged."""

import pytest

from guest import ALICE, BOB, OUT, OUTSIDER, ROOT, run_as

pytestmark = pytest.mark.kernel
CLIENT = str(OUT / "client")


def show(uid: int, *words: str) -> list[tuple[int, str]]:
    lines = run_as(uid, CLIENT, "show", *words).stdout.splitlines()
    return [(int(line.split(" ")[1]), line.split(" ", 3)[3]) for line in lines]


def test_it_writes_shows_counts_and_clears(device: str) -> None:
    run_as(ALICE, CLIENT, "version")
    for text in ("one", "two words", "three"):
        run_as(ALICE, CLIENT, "write", text)
    assert show(ALICE) == [(ALICE, "one"), (ALICE, "two words"), (ALICE, "three")]
    counted = [int(n) for n in run_as(ALICE, CLIENT, "stats").stdout.split()]
    assert counted[2] == 3 and counted[4] == 4 << 20
    run_as(ALICE, CLIENT, "clear")
    assert show(ALICE) == []


def test_it_filters_by_uid_where_it_may(device: str) -> None:
    run_as(ALICE, CLIENT, "write", "alice's")
    run_as(BOB, CLIENT, "write", "bob's")
    run_as(ROOT, CLIENT, "write", "root's")
    assert show(ROOT, "0") == [(ALICE, "alice's"), (BOB, "bob's"), (ROOT, "root's")]
    assert show(ROOT, str(BOB)) == [(BOB, "bob's")]
    assert show(ALICE, str(ALICE)) == [(ALICE, "alice's")]
    assert "not permitted" in run_as(ALICE, CLIENT, "show", str(BOB), check=1).stderr


def test_root_resizes_and_others_do_not(device: str) -> None:
    run_as(ROOT, CLIENT, "resize", "131072")
    run_as(ROOT, CLIENT, "resize", "17", check=1)
    run_as(ALICE, CLIENT, "resize", "131072", check=1)
    assert run_as(ALICE, CLIENT, "stats").stdout.split()[4] == "131072"
    assert "Permission denied" in run_as(OUTSIDER, CLIENT, "stats", check=1).stderr
