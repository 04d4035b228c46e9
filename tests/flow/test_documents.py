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
from conftest import Run
from memlog.archive.store import Archive
from memlog.capture import agents, damage, document, spool, transcript
from memlog.capture.tail import Sink, Tail
from memlog.capture.transcript import read
from memlog.capture.watermark import Watermark
from memlog.errors import InputError
from memlog.paths import Home
from memlog.record import Record
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import backfill, spooled
from memlog.witness.drain import Drain
from witness import ask, identities, one

DOCUMENTS = Path(__file__).parents[1] / "data/documents"
AGENTS = ("gemini-cli", "opencode", "swe-agent")
KEY = b"k" * 32
# Everything of a record but what says where and when it was met.
ROWS_SQL = "SELECT agent, session, source_id, block, part, kind, role, tool, ts_ns, epoch, project, text, digest FROM v_record"


def stages(agent: str) -> list[Path]:
    return sorted((DOCUMENTS / agent).glob("[0-9]/*"))


@pytest.fixture
def archive(home: Home, settings: Settings) -> Iterator[Archive]:
    with Archive.open(home, now_ns=NOW_NS, settings=settings) as found:
        yield found


def run(archive: Archive, path: Path, agent: str, **args: Any) -> dict[str, Any]:
    steps = backfill.import_job(archive, archive.settings, {"agent": agent, "paths": [str(path)], **args})
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return dict(stop.value)


def place(stage: Path, folder: Path) -> Path:
    """The stage under the name its host gives every stage; renamed over the one before."""
    path = folder / stage.name
    (folder / "new").write_bytes(stage.read_bytes())
    os.utime(folder / "new", (1_770_112_900, 1_770_112_900))
    os.replace(folder / "new", path)
    return path


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


# live


def captured(home: Home, settings: Settings, path: Path, *, last: bool = False, limit: int = 1 << 20) -> None:
    """What a hook call for a Gemini session does, in this process."""
    sink = Sink(home, settings)
    tail = Tail(sink, agents.reader("gemini-cli"), str(path), session="4f1d6a52", project=None, now_ns=NOW_NS)
    tail.capture(last=last, limit=limit)
    sink.close()
    assert sink.trouble == []


@pytest.mark.parametrize(
    ("agent", "event", "end"),
    [("gemini-cli", "Stop", "SessionEnd"), ("opencode", "session.idle", "session.idle")],
)
def test_a_hook_that_is_told_of_a_document_records_it(
    agent: str, event: str, end: str, home: Home, settings: Settings, tmp_path: Path, run_hook: Run
) -> None:
    session = "4f1d6a52-0b6e-4c7f-9d0a-3b8f2f6f9a10" if agent == "gemini-cli" else "ses_01tidewatch0001"
    for n, stage in enumerate(stages(agent), 1):
        path = place(stage, tmp_path)
        told = {"session_id": session, "transcript_path": str(path), "cwd": "/w"}
        run_hook(end if n == len(stages(agent)) else event, told, agent)
    drained(home, settings)
    with Archive.open(home, now_ns=NOW_NS, settings=settings) as archive:
        assert run(archive, path, agent, again=True)["records"] == 0
    assert ask(home, "SELECT session, agent, compactions FROM v_session") == [(session, agent, 1)]


def drained(home: Home, settings: Settings) -> dict[str, int]:
    with Archive.open(home, now_ns=NOW_NS, settings=settings) as archive, Drain(archive, settings) as drain:
        drain.run()
        drain.settle()
        return drain.totals.as_dict()


def missing(home: Home, settings: Settings, path: Path) -> int:
    """How many records an import of the file still finds."""
    with Archive.open(home, now_ns=NOW_NS, settings=settings) as archive:
        return int(run(archive, path, "gemini-cli", again=True)["records"])


def in_ring(settings: Settings) -> int:
    with open_ring(settings) as ring:
        return ring.info().next_seq


def test_hooks_at_each_stage_and_an_import_give_each_record_once(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    last = len(stages("gemini-cli"))
    for n, stage in enumerate(stages("gemini-cli"), 1):
        path = place(stage, tmp_path)
        captured(home, settings, path, last=n == last)
        before = in_ring(settings)
        captured(home, settings, path, last=n == last)
        assert in_ring(settings) == before  # a second look finds nothing
        if n == 2:
            drained(home, settings)
    drained(home, settings)
    assert one(home, "SELECT count(*) FROM v_record WHERE kind != 'meta'") == 10
    assert missing(home, settings, path) == 0
    assert one(home, "SELECT sum(gaps) FROM v_session") == 0


def test_a_document_over_the_limit_is_handed_over_whole(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    path = place(stages("gemini-cli")[1], tmp_path)
    captured(home, settings, path, limit=100)
    assert os.listdir(home.spool)
    path = place(stages("gemini-cli")[2], tmp_path)  # the link keeps the stage before
    captured(home, settings, path, last=True, limit=100)
    drained(home, settings)
    assert missing(home, settings, path) == 0 and os.listdir(home.spool) == []


@pytest.mark.parametrize("shape", ["3", "lines"])
def test_what_was_handed_over_by_a_hook_that_died_at_it_is_known_by_its_name(
    shape: str, home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    [path] = (DOCUMENTS / "gemini-cli" / shape).iterdir()
    name = spool.hand_over(home, str(path), os.stat(path).st_size, "gemini-cli")
    monkeypatch.setitem(spooled.waiting.__kwdefaults__, "orphan_s", -1.0)
    drained(home, settings)
    assert ask(home, "SELECT agent, session FROM v_session") == [
        ("gemini-cli", "4f1d6a52-0b6e-4c7f-9d0a-3b8f2f6f9a10")
    ]
    assert missing(home, settings, path) == 0 and not os.path.exists(os.path.join(home.spool, name))


def test_what_a_ring_has_no_room_for_is_handed_over(home: Home, settings: Settings, tmp_path: Path) -> None:
    settings = settings._replace(ring_bytes=1 << 16)
    text = "".join(chr(97 + n % 26) for n in range(9_000))
    messages = [{"id": f"m-{n}", "type": "user", "content": f"{n} {text}"} for n in range(30)]
    path = tmp_path / "session-1.json"
    path.write_text(json.dumps({"sessionId": "s", "projectHash": "h", "messages": messages}))
    captured(home, settings, path)
    assert any(name.endswith(".transcript") for name in os.listdir(home.spool))
    drained(home, settings)
    assert one(home, "SELECT count(*) FROM v_record") == 31 and missing(home, settings, path) == 0
    messages.append({"id": "m-30", "type": "user", "content": "short"})
    path.write_text(json.dumps({"sessionId": "s", "projectHash": "h", "messages": messages}))
    before = in_ring(settings)
    captured(home, settings, path)
    assert in_ring(settings) - before == 2  # the message, and what the pass covered


def test_what_a_ring_lost_is_read_again_from_the_document(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    captured(home, settings, place(stages("gemini-cli")[0], tmp_path))
    drained(home, settings)
    captured(home, settings, place(stages("gemini-cli")[1], tmp_path))
    with open_ring(settings) as ring:
        assert ring.clear(force=True) > 5
    path = place(stages("gemini-cli")[2], tmp_path)
    captured(home, settings, path, last=True)
    drained(home, settings)
    assert one(home, "SELECT sum(gaps) FROM v_session") == 0 and ask(home, "SELECT healed FROM v_gap") == [
        (1,)
    ]
    assert one(home, "SELECT count(*) FROM v_record WHERE source_id = 'm-4'") == 2
    assert missing(home, settings, path) == 0


def test_a_document_that_shrank_is_read_anew(home: Home, settings: Settings, tmp_path: Path) -> None:
    first, second, whole = stages("gemini-cli")
    captured(home, settings, place(whole, tmp_path), last=True)
    captured(home, settings, place(first, tmp_path))
    path = place(whole, tmp_path)
    captured(home, settings, path, last=True)
    drained(home, settings)
    assert missing(home, settings, path) == 0 and one(home, "SELECT sum(gaps) FROM v_session") == 0


def test_a_torn_document_tells_a_hook_what_is_whole(home: Home, settings: Settings, tmp_path: Path) -> None:
    data = stages("gemini-cli")[2].read_bytes()
    path = tmp_path / "session-1.json"
    for cut in (3, len(data) // 2, len(data)):
        path.write_bytes(data[:cut])
        captured(home, settings, path, last=cut == len(data))
    drained(home, settings)
    assert missing(home, settings, path) == 0
    assert one(home, "SELECT count(*) FROM v_record WHERE kind = 'damage'") == 0


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
