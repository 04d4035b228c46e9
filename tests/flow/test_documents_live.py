"""Documents while their host writes them: hooks, the spool and the witness give each record once."""

import json
import os
from pathlib import Path

import pytest

from archives import NOW_NS
from conftest import Run
from flow.stages import DOCUMENTS, place, run, stages
from memlog.archive.store import Archive
from memlog.capture import agents, spool
from memlog.capture.tail import Sink, Tail
from memlog.paths import Home
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import spooled
from memlog.witness.drain import Drain
from witness import ask, one


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
