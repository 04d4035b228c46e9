"""Transcripts that are one document: any stages of one give what the last gives, and nothing twice."""

import gzip
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archives import NOW_NS
from flow.stages import AGENTS, DOCUMENTS, place, run, stages
from memlog.archive.store import Archive
from memlog.capture import agents, damage, document, transcript
from memlog.capture.transcript import read
from memlog.capture.watermark import Watermark
from memlog.errors import InputError
from memlog.paths import Home
from memlog.record import Record
from memlog.settings import Settings
from witness import ask, identities, one

KEY = b"k" * 32
# Everything of a record but what says where and when it was met.
ROWS_SQL = "SELECT agent, session, source_id, block, part, kind, role, tool, ts_ns, epoch, project, text, digest FROM v_record"


@pytest.fixture
def archive(home: Home, settings: Settings) -> Iterator[Archive]:
    with Archive.open(home, now_ns=NOW_NS, settings=settings) as found:
        yield found


def content(archive: Archive) -> list[tuple[Any, ...]]:
    """Every record, in an order of its own; the salt of digests aside, which every archive has its own of."""
    return identities(archive.home)


@pytest.mark.parametrize("agent", AGENTS)
def test_importing_each_stage_in_turn_is_importing_the_last(
    agent: str, archive: Archive, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for stage in stages(agent):
        assert run(archive, place(stage, tmp_path), agent)["files"] == 1
    before = content(archive)
    other = Home(str(tmp_path_factory.mktemp("other") / "memlog"))
    with Archive.open(other, now_ns=NOW_NS, settings=archive.settings._replace(home=other.root)) as fresh:
        place(stages(agent)[-1], tmp_path)
        run(fresh, tmp_path, agent)
        after = content(fresh)
    named = [row for row in before if not row[2].startswith("~")]
    assert named == [row for row in after if not row[2].startswith("~")]
    # Ids of what has none are keyed by the home.
    assert sorted(map(repr, (row[3:] for row in before))) == sorted(map(repr, (row[3:] for row in after)))
    assert len(before) > 15


@pytest.mark.parametrize("agent", AGENTS)
def test_a_document_imported_twice_adds_nothing(agent: str, archive: Archive, tmp_path: Path) -> None:
    path = place(stages(agent)[-1], tmp_path)
    first = run(archive, path, agent)
    rows = ask(archive.home, ROWS_SQL)
    assert first["records"] == len(rows) > 15 and first["torn"] == first["damage"] == 0
    assert run(archive, path, agent)["unchanged"] == 1
    again = run(archive, path, agent, again=True)
    assert (again["records"], again["already"]) == (0, len(rows))
    copy = tmp_path / "zipped" / (path.name + ".gz")
    copy.parent.mkdir()
    copy.write_bytes(gzip.compress(path.read_bytes()))
    os.utime(copy, (1_770_112_900, 1_770_112_900))
    assert run(archive, copy, agent)["records"] == 0
    assert run(archive, copy, agent)["unchanged"] == 1
    spelled = json.dumps(json.loads(path.read_bytes()), indent=7)
    path.write_text(spelled)
    assert run(archive, path, agent)["records"] == 0
    assert ask(archive.home, ROWS_SQL) == rows


def test_a_whole_session_is_epochs_title_project_and_redacted(archive: Archive, tmp_path: Path) -> None:
    for agent in AGENTS:
        run(archive, place(stages(agent)[-1], tmp_path), agent)
    home = archive.home
    assert ask(home, "SELECT agent, epochs, compactions, title FROM v_session ORDER BY agent") == [
        ("gemini-cli", 2, 1, "A gauge that reads too high"), ("opencode", 2, 1, "Gauge in metres"),
        ("swe-agent", 1, 0, "The gauge reads too high. Fix it."),
    ]  # fmt: skip
    assert ask(home, "SELECT trigger, tokens_before, tokens_after FROM v_epoch WHERE trigger IS NOT NULL ORDER BY 2") == [
        ("auto", None, None), ("auto", 190_000, 12_345),
    ]  # fmt: skip
    assert one(home, "SELECT count(*) FROM v_record WHERE text LIKE '%ghp_a1B2%'") == 0
    assert one(home, "SELECT sum(redacted) FROM v_record") == 1


def test_lines_of_a_newer_version_are_the_same_messages(archive: Archive, tmp_path: Path) -> None:
    [lines] = (DOCUMENTS / "gemini-cli/lines").glob("*.jsonl")
    run(archive, stages("gemini-cli")[-1], "gemini-cli")
    said = "SELECT source_id, block, kind, text FROM v_record WHERE source_id NOT LIKE '~%' ORDER BY 1, 2"
    before = ask(archive.home, said)
    run(archive, lines, "gemini-cli")
    assert ask(archive.home, said) == before
    assert one(archive.home, "SELECT count(*) FROM v_session") == 1


@pytest.mark.parametrize("agent", AGENTS)
def test_a_torn_document_gives_what_is_whole_and_the_rest_when_it_is(
    agent: str, archive: Archive, tmp_path: Path
) -> None:
    stage = stages(agent)[-1]
    data = stage.read_bytes()
    path = tmp_path / stage.name
    counts = []
    for cut in (5, len(data) // 2, len(data) * 4 // 5, len(data)):
        path.write_bytes(data[:cut])
        os.utime(path, (1_770_112_900, 1_770_112_900))
        result = run(archive, path, agent)
        assert (result["torn"] > 0) == (cut < len(data)) and result["damage"] == 0
        counts.append(one(archive.home, "SELECT count(*) FROM v_record"))
    assert counts[0] == 0 < counts[2] < counts[3]
    assert run(archive, path, agent)["unchanged"] == 1
    rows = content(archive)
    assert run(archive, path, agent, again=True)["records"] == 0 and content(archive) == rows


def test_a_file_that_is_no_document_is_kept_as_damage_once(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "session-1.json"
    for data in (
        b"this is no JSON",
        b'[{"sessionId": "s"}]',
        b'{"sessionId": "s", "messages": [{"id": "1"}, oh no]}',
    ):
        path.write_bytes(data)
        assert run(archive, path, "gemini-cli")["damage"] == 1
        assert run(archive, path, "gemini-cli")["unchanged"] == 1
    texts = [text for (text,) in ask(archive.home, "SELECT text FROM v_record WHERE kind = 'damage'")]
    assert texts[0] == "this is no JSON" and "oh no" in texts[2]
    path.write_bytes(b"")
    assert run(archive, path, "gemini-cli")["damage"] == 0


def test_a_document_too_long_to_parse_is_kept_in_pieces(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place(stages("gemini-cli")[-1], tmp_path)
    monkeypatch.setattr(document, "LONGEST_DOCUMENT", 1_000)
    monkeypatch.setattr(damage, "GIANT_PIECE", 1_000)
    assert run(archive, path, "gemini-cli")["damage"] == 1
    assert ask(archive.home, "SELECT count(*) > 2 FROM v_record") == [(1,)]
    texts = ask(archive.home, "SELECT text FROM v_record ORDER BY block, part")
    whole = "".join(text for (text,) in texts)
    assert "Why does the gauge read too high?" in whole and "ghp_a1B2" not in whole
    assert run(archive, path, "gemini-cli")["unchanged"] == 1
    with pytest.raises(InputError, match="MiB"):
        list(read(str(path), agents.reader("gemini-cli"), key=KEY, settled=False))


# from a watermark on


def taken(path: Path, agent: str, mark: Watermark | None, *, settled: bool) -> tuple[list[Record], Watermark]:
    pieces = list(read(str(path), agents.reader(agent), key=KEY, start=mark, settled=settled))
    mark = pieces[-1].watermark
    return [r for p in pieces for r in p.records], Watermark.from_json(json.loads(json.dumps(mark.to_json())))


@pytest.mark.parametrize("agent", AGENTS)
def test_from_a_watermark_on_only_what_is_new_comes(agent: str, tmp_path: Path) -> None:
    whole, _ = taken(place(stages(agent)[-1], tmp_path), agent, None, settled=True)
    mark, found = None, []
    for stage in stages(agent):
        records, mark = taken(place(stage, tmp_path), agent, mark, settled=False)
        found += records
    identity = {(r.source_id, r.block) for r in found}
    assert identity == {(r.source_id, r.block) for r in whole}
    assert len(found) < len(whole) + 12  # of messages that changed, and what is said beside
    path = tmp_path / stages(agent)[-1].name
    again, after = taken(path, agent, mark, settled=False)
    assert again == [] and transcript.is_whole(str(path), after)
    forgotten, _ = taken(path, agent, mark._replace(state={}), settled=False)  # type: ignore[union-attr]
    assert forgotten == whole


def test_messages_rewritten_far_back_are_all_read_again(tmp_path: Path) -> None:
    path = tmp_path / "session-1.json"
    messages = [{"id": f"m-{n}", "type": "user", "content": f"{n}"} for n in range(40)]
    head = {"sessionId": "s", "projectHash": "h"}
    path.write_text(json.dumps({**head, "messages": messages}))
    first, mark = taken(path, "gemini-cli", None, settled=False)
    assert len(first) == 41
    messages[30]["content"] = "changed"
    path.write_text(json.dumps({**head, "messages": messages}))
    near, mark = taken(path, "gemini-cli", mark, settled=False)
    assert [r.source_id for r in near] == [f"m-{n}" for n in range(30, 40)]
    messages[2]["content"] = "changed"
    path.write_text(json.dumps({**head, "messages": messages}))
    far, _ = taken(path, "gemini-cli", mark, settled=False)
    assert len(far) == 41


def test_an_answer_still_being_written_waits_until_it_is_done_or_the_session_ends(tmp_path: Path) -> None:
    path = place(stages("opencode")[0], tmp_path)
    found, mark = taken(path, "opencode", None, settled=False)
    assert {r.source_id for r in found} - {found[0].source_id} == {"msg_1"}
    assert not transcript.is_whole(str(path), mark)
    rest, mark = taken(path, "opencode", mark, settled=True)
    assert {r.source_id for r in rest if r.kind != "meta"} == {"msg_2"}
    assert transcript.is_whole(str(path), mark)


def test_with_macs_of_whole_messages_the_stages_would_not_be_the_last(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the first test of this page: it would notice a message kept in each of its stages."""
    monkeypatch.setattr(agents.Place, "mac_of", lambda self, value: self.mac)
    for stage in stages("gemini-cli"):
        run(archive, place(stage, tmp_path), "gemini-cli")
    assert one(archive.home, "SELECT count(*) FROM v_record WHERE source_id LIKE 'm-2~%'") > 2


@pytest.mark.parametrize("agent", AGENTS)
def test_looks_at_any_stage_cut_anywhere_end_in_the_records_of_the_whole(agent: str, tmp_path: Path) -> None:
    path = place(stages(agent)[-1], tmp_path)
    whole, _ = taken(path, agent, None, settled=True)
    wanted = {(r.source_id, r.block, r.mac, r.text, r.boundary) for r in whole}
    stage_bytes = [stage.read_bytes() for stage in stages(agent)]
    draw = random.Random(7)
    torn = 0
    for _ in range(12):
        found: set[tuple[Any, ...]] = set()
        mark: Watermark | None = None
        looks = [
            (n, draw.random() < 0.6) for n in range(len(stage_bytes)) for _ in range(draw.randrange(1, 4))
        ]
        for n, is_torn in [*looks, (len(stage_bytes) - 1, False)]:
            data = stage_bytes[n]
            path.write_bytes(data[: draw.randrange(len(data))] if is_torn else data)
            os.utime(path, (1_770_112_900, 1_770_112_900))
            records, mark = taken(path, agent, mark, settled=False)
            found |= {(r.source_id, r.block, r.mac, r.text, r.boundary) for r in records}
            torn += is_torn
        assert found == wanted
    assert torn > 20
