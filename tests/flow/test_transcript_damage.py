"""Bytes of a transcript that no line can be made of: kept as damage, none skipped, no secret in them."""

import random
from pathlib import Path

import pytest

from flow.lines import CLAUDE, KEY, lines_of, records, stamped
from memlog.capture import damage, transcript
from memlog.capture.transcript import read


def test_lines_that_are_no_object_are_damage_and_none_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    odd = [
        b"null",
        b"42",
        b"[1]",
        b'"str"',
        b"{",
        b'{"a":1}}',
        b"\xff\xfe",
        b"\x00\x00",
        "日本".encode()[:4],
        b'{"a":"\x01"}',
        b"[" * 100_000,
    ]
    path.write_bytes(lines_of(stamped(0)) + b"".join(line + b"\n" for line in odd))
    found = records(path)
    assert [r.kind for r in found] == ["message"] + ["damage"] * len(odd)
    assert [r.text for r in found[1:]] == [line.decode("utf-8", "backslashreplace") for line in odd]
    assert {r.session for r in found} == {"s-1"} and {r.ts_ns for r in found} == {found[0].ts_ns}


@pytest.mark.parametrize("settled", [True, False])
def test_a_transcript_replaced_by_rubbish_is_damage_whether_imported_or_captured(
    tmp_path: Path, settled: bool
) -> None:
    path = tmp_path / "s.jsonl"
    raw = random.Random(3).randbytes(20_000)
    path.write_bytes(raw)
    found = records(path, session="s-1", settled=settled)
    assert {r.kind for r in found} == {"damage"} and {r.session for r in found} == {"s-1"}
    lines = [line.rstrip(b"\r") for line in raw.split(b"\n")]
    kept = lines if settled else lines[:-1]  # what has no newline may go on, until the session ends
    assert [r.text for r in found] == [x.decode("utf-8", "backslashreplace") for x in kept if x.strip()]


@pytest.mark.slow
def test_of_rubbish_without_end_a_bounded_part_is_kept_and_the_end_is_said(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(random.Random(4).randbytes(3_000_000) + b"\n" + lines_of(stamped(0)))
    found = records(path)
    kept = [r for r in found if r.kind == "damage"]
    assert found[-1].text == "line 0"
    assert 1_000_000 < sum(len(r.text) for r in kept) < 4 * damage.MOST_BINARY + 1_000_000
    assert sum(r.text.endswith("what follows of that kind is not kept]") for r in kept) == 1
    # the same when it is read in pieces
    half = [p for p in read(str(path), CLAUDE, key=KEY) if p.watermark.offset < 1_500_000][-1].watermark
    begun = [r for p in read(str(path), CLAUDE, key=KEY, stop=half.offset) for r in p.records]
    assert begun + records(path, start=half) == found


def test_a_text_with_a_wrong_byte_is_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(("gr\xfc\xdfe, " * 200_000).encode("latin-1") + b"\n")
    (only,) = records(path)
    assert len(only.text) > 2_000_000
    path.write_bytes(b"gr\xfc\xdfe to be finis")  # torn: it may be finished
    assert records(path) == []


def test_a_secret_in_a_damaged_line_is_redacted(tmp_path: Path) -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    path = tmp_path / "s.jsonl"
    path.write_bytes(
        lines_of(
            stamped(0),
            "{broken " + secret,
            stamped(1, message={"content": f"x {secret}"}, toolUseResult=secret),
        )
    )
    found = records(path)
    assert [r.redacted for r in found] == [{}, {"github": 1}, {"github": 2}]
    assert secret not in repr(found)
    assert secret in repr(records(path, redact=False))


def test_a_line_longer_than_memory_should_hold_is_damage_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "LONGEST_LINE", 3_000_000)
    secret = "gh" + "p_" + "a1B2" * 9
    giant = '{"type":"x","v":"' + ("word, " * 100_000 + secret + " ") * 9 + '"}'
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines_of(stamped(0), giant, stamped(1)))
    found = records(path)
    assert found[0].text == "line 0" and found[-1].text == "line 1"
    parts = found[1:-1]
    assert {r.kind for r in parts} == {"damage"} and len({r.source_id for r in parts}) == 1
    assert [r.block for r in parts] == list(range(len(parts))) and len(parts) > 3
    assert "".join(r.text for r in parts) == giant.replace(secret, "[redacted:github]")
    assert "".join(r.text for r in records(path, redact=False)[1:-1]) == giant
    marks = [p.watermark.offset for p in read(str(path), CLAUDE, key=KEY)]
    assert marks == [marks[0]] * len(parts) + [
        len(path.read_bytes()) - len(lines_of(stamped(1))),
        path.stat().st_size,
    ]
    path.write_bytes(path.read_bytes()[:4_000_000])  # torn inside it
    assert len(records(path)) == 1
