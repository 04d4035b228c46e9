"""A transcript read in pieces gives what reading it at once gives; nothing of it is skipped."""

import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow.lines import CLAUDE, KEY, SESSIONS, lines_of, records, stamped
from memlog.capture import transcript
from memlog.capture.transcript import read
from memlog.capture.watermark import Watermark, beginning
from memlog.errors import ContractError, InputError, NotFoundError
from memlog.record import Record


def through_json(mark: Watermark) -> Watermark:
    return Watermark.from_json(json.loads(json.dumps(mark.to_json())))


def in_pieces(path: Path, raw: bytes, cuts: list[int]) -> list[Record]:
    """The records of a file that grows to each cut in turn and is read each time, the state through JSON."""
    found: list[Record] = []
    mark: Watermark | None = None
    path.write_bytes(b"")
    for cut in [*sorted(cuts), len(raw)]:
        with path.open("r+b") as file:
            file.write(raw[:cut])
        for piece in read(str(path), CLAUDE, key=KEY, start=mark, settled=cut == len(raw)):
            found += piece.records
            mark = piece.watermark
        mark = through_json(mark) if mark else None
    return found


@pytest.mark.parametrize("name", ["compacted", "plain", "odd", "unicode", "torn"])
def test_growing_in_any_steps_gives_the_records_of_the_whole(name: str, tmp_path: Path) -> None:
    raw = (SESSIONS / f"{name}.jsonl").read_bytes()
    path = tmp_path / "6a1f.jsonl"
    path.write_bytes(raw)
    os.utime(path, (1, 1))
    whole = records(path)
    for seed in range(6):
        cuts = random.Random(seed).choices(range(len(raw)), k=25)
        os.unlink(path)
        assert in_pieces(path, raw, cuts) == whole
    assert len(whole) > 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([
    '{"type":"a"}', '{"type":"a"}', '{"type":"b","x":1}', "not json", "null", "[1]", "42", "", "  ", '{"type":"user","message":{"content":[]}}',
    json.dumps(stamped(1)), json.dumps(stamped(2, sessionId="s-2")), json.dumps(stamped(3, type="system", subtype="compact_boundary")),
    json.dumps({"type": "assistant", "uuid": "t", "message": {"content": [{"type": "tool_use", "id": "i", "name": "Bash", "input": {}}]}}),
    json.dumps({"type": "user", "uuid": "r", "message": {"content": [{"type": "tool_result", "tool_use_id": "i", "content": "x"}]}}),
]), min_size=1, max_size=25), st.data())  # fmt: skip
def test_lines_of_every_sort_read_in_pieces_are_the_same_records(
    lines: list[str], data: st.DataObject
) -> None:
    import tempfile

    raw = lines_of(stamped(0), *lines)
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=8))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.jsonl"
        path.write_bytes(raw)
        whole = records(path)
        assert in_pieces(path, raw, cuts) == whole
    spoken = [line for line in lines if line.strip()]
    assert len({(r.source_id, r.at) for r in whole}) == 1 + len(spoken)
    named = [(r.session, r.source_id) for r in whole if r.source_id.startswith("~")]
    assert len(set(named)) == len(named)


def test_forgetting_the_state_between_pieces_changes_the_records(tmp_path: Path) -> None:
    """The twin of the two above: they would notice a watermark without its state."""
    raw = (SESSIONS / "compacted.jsonl").read_bytes()
    path = tmp_path / "s.jsonl"
    path.write_bytes(raw)
    whole = records(path)
    pieces = list(read(str(path), CLAUDE, key=KEY))
    half = pieces[len(pieces) * 3 // 4].watermark
    assert records(path, start=half) == [r for r in whole if (r.at or 0) >= half.offset]
    assert records(path, start=half._replace(state={})) != [r for r in whole if (r.at or 0) >= half.offset]


def test_equal_lines_without_an_id_are_counted_also_across_pieces(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    again, other = '{"type":"mode","mode":"plan"}', '{"type":"mode","mode":"plan" }'
    path.write_bytes(lines_of(stamped(0), again, other, again))
    first = list(read(str(path), CLAUDE, key=KEY))
    with path.open("ab") as file:
        file.write(lines_of(again, "x" + again, other, again).replace(b"\n", b"\r\n"))
    ids = [r.source_id for piece in first for r in piece.records][1:]
    ids += [r.source_id for r in records(path, start=first[-1].watermark)]
    names = [name.split(".") for name in ids]
    assert [k for _, k in names] == ["1", "1", "2", "3", "1", "2", "4"]
    assert names[0][0] == names[2][0] == names[3][0] == names[6][0] != names[1][0] == names[5][0]
    assert ids == [r.source_id for r in records(path)][1:]


def test_a_torn_line_waits_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    raw = lines_of(stamped(0), stamped(1, message={"role": "user", "content": "é" * 50}))
    first = raw.find(b"\n") + 1
    for cut in range(first, len(raw)):
        path.write_bytes(raw[:cut])
        found = list(read(str(path), CLAUDE, key=KEY))
        assert len(found) == (2 if cut == len(raw) - 1 else 1), cut
        if cut == len(raw) - 1:  # whole but for its newline, which comes alone
            path.write_bytes(raw)
            after = list(read(str(path), CLAUDE, key=KEY, start=found[-1].watermark))
            assert [piece.records for piece in after] == [[]]
            assert after[-1].watermark.offset == len(raw)


def test_what_a_line_lacks_comes_from_the_lines_around_it(tmp_path: Path) -> None:
    path = tmp_path / "from-the-name.jsonl"
    plain: dict[str, Any] = {"type": "mode"}
    path.write_bytes(
        lines_of(
            plain,
            plain | {"n": 1},
            stamped(5),
            plain | {"n": 2},
            stamped(9, sessionId="s-2"),
            plain | {"n": 3},
        )
    )
    found = records(path)
    assert [r.session for r in found] == ["s-1"] * 4 + ["s-2"] * 2
    seconds = [r.ts_ns // 10**9 % 60 for r in found]
    assert seconds == [5, 5, 5, 5, 9, 9]
    path.write_bytes(lines_of(plain, "damage"))
    os.utime(path, ns=(7, 7))
    assert [(r.session, r.ts_ns) for r in records(path)] == [("from-the-name", 7)] * 2
    assert [r.session for r in records(path, session="told")] == ["told"] * 2


def test_a_growing_file_whose_lines_have_no_time_yet_waits_for_one(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines_of({"type": "mode"}, {"type": "mode"}))
    assert list(read(str(path), CLAUDE, key=KEY, settled=False)) == []
    assert len(records(path)) == 2
    with path.open("ab") as file:
        file.write(lines_of(stamped(3)))
    assert records(path, settled=False) == records(path)
    assert len(records(path)) == 3


def test_a_rewritten_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes((SESSIONS / "rewritten-before.jsonl").read_bytes())
    mark = list(read(str(path), CLAUDE, key=KEY))[-1].watermark
    assert transcript.matches(str(path), mark) and records(path, start=mark) == []
    after = (SESSIONS / "rewritten-after.jsonl").read_bytes()
    path.write_bytes(after)  # the same inode, shorter
    assert not transcript.matches(str(path), mark)
    assert records(path, start=mark) == records(path) != []
    path.write_bytes(after[: mark.offset // 2].ljust(mark.offset + 10, b" ") + b"\n")  # as long, other bytes
    assert not transcript.matches(str(path), mark)
    # The twin: nothing but the bytes before the offset tells; with those the same, it goes on.
    path.write_bytes(
        b"#" * (mark.offset - 256)
        + (SESSIONS / "rewritten-before.jsonl").read_bytes()[mark.offset - 256 : mark.offset]
    )
    assert transcript.matches(str(path), mark)


def test_another_file_under_the_name_is_another_transcript(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines_of(stamped(0)))
    mark = list(read(str(path), CLAUDE, key=KEY))[-1].watermark
    (tmp_path / "new").write_bytes(path.read_bytes() + lines_of(stamped(1)))
    os.replace(tmp_path / "new", path)
    assert len(records(path, start=mark)) == 2
    assert len(records(path, start=mark._replace(ino=0))) == 1  # as for a copy in the spool


def test_a_pass_stops_where_it_is_told_and_goes_on_from_there(tmp_path: Path) -> None:
    raw = (SESSIONS / "compacted.jsonl").read_bytes()
    path = tmp_path / "s.jsonl"
    path.write_bytes(raw)
    whole = records(path)
    stop = raw.find(b"\n", len(raw) // 2) + 1
    pieces = list(read(str(path), CLAUDE, key=KEY, stop=stop))
    assert pieces[-1].watermark.offset == stop and sum(p.line_bytes for p in pieces) == stop
    assert [r for p in pieces for r in p.records] + records(path, start=pieces[-1].watermark) == whole
    assert records(path, stop=stop + 5) == [r for p in pieces for r in p.records]


def test_a_copy_elsewhere_is_read_as_the_transcript_it_is_of(tmp_path: Path) -> None:
    folder = tmp_path / "s-1/subagents"
    folder.mkdir(parents=True)
    path = folder / "agent-a.jsonl"
    path.write_bytes(lines_of(stamped(0), stamped(1)))
    copy = tmp_path / "copy"
    copy.write_bytes(path.read_bytes())
    assert records(copy, start=beginning(str(path))) == records(path)
    assert {r.boundary for r in records(copy)} != {r.boundary for r in records(path)} == {None}


def test_a_gzipped_transcript_gives_the_same_records(tmp_path: Path) -> None:
    raw = (SESSIONS / "compacted.jsonl").read_bytes()
    plain, packed = tmp_path / "s.jsonl", tmp_path / "s.jsonl.gz"
    plain.write_bytes(raw)
    packed.write_bytes(gzip.compress(raw))
    assert records(packed) == records(plain)
    half = list(read(str(packed), CLAUDE, key=KEY))[10].watermark
    assert (
        records(packed, start=half)
        == records(plain)[len(records(plain)) - len(records(packed, start=half)) :]
    )
    packed.write_bytes(gzip.compress(raw)[:-500])
    assert 0 < len(records(packed)) < len(records(plain))


def test_results_spilled_to_files_are_records_of_their_line(tmp_path: Path) -> None:
    found = records(next((SESSIONS / "subagents").glob("*.jsonl")))
    [spilled] = [r for r in found if r.block >= 10_000]
    line = [r for r in found if r.source_id == spilled.source_id and r.block == 0][0]
    assert (spilled.kind, spilled.tool, spilled.ts_ns, spilled.at) == (
        "tool_result",
        line.tool,
        line.ts_ns,
        line.at,
    )
    [file] = (SESSIONS / "subagents").rglob("tool-results/*.txt")
    assert spilled.text == file.read_text() and len(spilled.text) > 30_000
    assert spilled.rest == {"spilled": file.name, "bytes": file.stat().st_size, "answers": 0}
    assert spilled.mac != line.mac


def test_only_a_file_of_the_sessions_own_folder_is_taken_for_a_spilled_result(tmp_path: Path) -> None:
    own = tmp_path / "s-1/tool-results"
    own.mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("not yours")
    (own / "link.txt").symlink_to(tmp_path / "secret.txt")
    (own / "real.txt").write_text("yours")
    os.mkfifo(own / "pipe.txt")
    path = tmp_path / "s-1.jsonl"
    names = [
        "/etc/tool-results/hosts",
        "tool-results/../../secret.txt",
        "tool-results/link.txt",
        "tool-results/gone.txt",
        "tool-results/pipe.txt",
        "x/tool-results/real.txt.",
    ]
    content = [
        {"type": "tool_result", "tool_use_id": "t", "content": f"saved to {name} for you"} for name in names
    ]
    path.write_bytes(lines_of(stamped(0, message={"role": "user", "content": content})))
    assert [(r.block, r.text) for r in records(path) if r.block >= 1_000] == [(10_004, "yours")]
    (own / "real.txt").write_bytes(b"x" * ((16 << 20) + 5))
    [large] = [r for r in records(path) if r.block >= 1_000]
    assert len(large.text) == 16 << 20 and large.rest["kept_bytes"] == 16 << 20  # type: ignore[index]


def test_what_is_no_file_is_an_error_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(InputError):
        records(tmp_path / "pipe.jsonl")
    with pytest.raises(InputError):
        records(tmp_path)
    with pytest.raises(NotFoundError):
        records(tmp_path / "gone.jsonl")
    (tmp_path / "bad.jsonl.gz").write_bytes(b"not gzip")
    with pytest.raises(InputError):
        records(tmp_path / "bad.jsonl.gz")


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"path": 1},
        {**beginning("/x").to_json(), "offset": -1},
        {**beginning("/x").to_json(), "extra": 1},
    ],
)
def test_what_is_no_watermark_is_refused(value: Any) -> None:
    with pytest.raises(ContractError):
        Watermark.from_json(value)


def test_transcripts_are_found_under_files_projects_and_claudes_folder(tmp_path: Path) -> None:
    names = [
        "a/s1.jsonl",
        "a/s1/subagents/agent-1.jsonl",
        "a/agent-old.jsonl",
        "b/s2.jsonl.gz",
        "a/s1/tool-results/x.jsonl",
        "a/notes.txt",
        "a/s1/subagents/agent-1.meta.json",
    ]
    for name in names:
        (tmp_path / "projects" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "projects" / name).write_text("")
    (tmp_path / "history.jsonl").write_text("")
    wanted = [
        str(tmp_path / "projects" / n)
        for n in ("a/agent-old.jsonl", "a/s1.jsonl", "a/s1/subagents/agent-1.jsonl", "b/s2.jsonl.gz")
    ]
    assert list(CLAUDE.find(str(tmp_path))) == list(CLAUDE.find(str(tmp_path / "projects"))) == wanted
    assert list(CLAUDE.find(wanted[0])) == wanted[:1]
    with pytest.raises(NotFoundError):
        list(CLAUDE.find(str(tmp_path / "nothing")))
