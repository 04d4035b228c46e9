"""What only a hook delivered is found; what a record says too is found once."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from archives import DAY, MINUTE, NOW_NS, archive_of, event, fill, frames, reading, record
from conftest import Run
from memlog.archive import events, migrate
from memlog.archive.connection import Connection, open_writer
from memlog.archive.store import Archive
from memlog.errors import NotFoundError
from memlog.paths import Home, load_key
from memlog.query import record as records
from memlog.query import search
from memlog.query.search import Hits, find
from memlog.query.selection import Selection
from memlog.record import Event, Record
from memlog.settings import Settings
from memlog.witness.drain import Drain

PROMPT = "please decommission the zeppelin hangar\n\nand paint   the mooring mast"
SUMMARY = "1. The hangar is gone.\n\n2. The quartermaster wants brass rivets."


def ask(con: Connection, text: str, selection: Selection | None = None, **how: object) -> Hits:
    return find(con, text, selection, now_ns=NOW_NS, **how)  # type: ignore[arg-type]


def ids(hits: Iterable[search.Hit]) -> list[object]:
    return [hit.id if isinstance(hit.id, str) else hit.kind for hit in hits]


def lost() -> list[Record | Event]:
    """A session whose transcript was lost after its first line."""
    return [
        record("good morning", n=0),
        event("UserPromptSubmit", prompt=PROMPT, session_id="session-a", cwd="/home/ann/memlog"),
        event("PostCompact", ts_ns=NOW_NS - DAY + MINUTE, compact_summary=SUMMARY, trigger="auto"),
        event(
            "PreCompact", ts_ns=NOW_NS - DAY, trigger="manual", custom_instructions="keep the rivet counts"
        ),
        event("Stop", ts_ns=NOW_NS - DAY + 2 * MINUTE, last_assistant_message="环形缓冲 is overrun"),
    ]


def test_text_that_only_a_hook_delivered_is_found_and_can_be_opened(home: Home) -> None:
    with archive_of(home, lost()) as con:
        for words, name, role in (
            ("zeppelin", "UserPromptSubmit", "user"), ("brass rivets", "PostCompact", None),
            ("rivet counts", "PreCompact", None), ("缓冲", "Stop", "assistant"),
        ):  # fmt: skip
            (hit,) = ask(con, words)
            row = hit.as_dict()
            assert set(row) == set(ask(con, "morning")[0].as_dict())
            assert (row["kind"], row["tool"], row["role"], row["session"]) == (
                "event",
                name,
                role,
                "session-a",
            )
            assert "«" in row["snippet"]
            for ref in (row["id"], row["source_id"]):
                (opened,) = records.find(con, ref)
                assert (opened.id, opened.text, opened.tool) == (row["id"], row["text"], name)
            assert json.loads(records.blobs(con, row["id"])[0]) == opened.extra


@pytest.mark.parametrize("order", [1, -1], ids=["transcript first", "hook first"])
def test_what_a_record_says_too_is_found_once(home: Home, order: int) -> None:
    said = [
        record(f"<note>\n{PROMPT.replace('   ', ' ')}", n=1), record("環", n=2),
        record(f"This session is being continued.\n{SUMMARY}", n=3, kind="summary"),
    ]  # fmt: skip
    batches = [lost(), said][::order]
    with archive_of(home, *batches) as con:
        for words in ("zeppelin", "mooring mast", "brass rivets", "zeppelin OR brass"):
            assert "event" not in {hit.kind for hit in ask(con, words)}, words
        assert ids(ask(con, "rivet counts")) == ["e3"]  # this the transcript does not hold


def test_a_slash_command_is_known_again_though_its_host_takes_it_apart(home: Home) -> None:
    kept = "<command-name>/inspect</command-name>\n<command-args>the zeppelin</command-args>"
    told = [
        event("UserPromptSubmit", prompt="/inspect the zeppelin"),
        event("UserPromptSubmit", ts_ns=NOW_NS, prompt="/inspect"),
    ]
    with archive_of(home, [record(kept, n=1)], told) as con:
        assert ids(ask(con, "zeppelin")) == ids(ask(con, "inspect")) == ["message"]


def test_without_looking_into_the_records_each_prompt_would_be_found_twice(home: Home) -> None:
    """The known-bad twin: both indexes hold it."""
    with archive_of(home, lost(), [record(PROMPT, n=1)]) as con:
        sql = "SELECT count(*) FROM {0} WHERE {0} MATCH 'zeppelin'"
        assert [con.execute(sql.format(t)).fetchone()[0] for t in ("record_fts", "event_fts")] == [1, 1]
        assert len(ask(con, "zeppelin")) == 1


def test_a_long_message_over_several_blocks_and_parts_is_known_again(home: Home) -> None:
    blocks = [
        "the altimeter reads low", "we vent the ballast", "ballast " + "x y z " * 12_000 + "anemometer",
    ]  # fmt: skip
    texts = [record(text, n=7, block=n) for n, text in enumerate(blocks)]
    cut = blocks[2][:16_384] + f"[{len(blocks[2]) - 16_384} characters more]"
    whole = "\n\n".join([*blocks[:2], cut])
    with archive_of(home, texts, [event("Stop", last_assistant_message=whole)]) as con:
        assert {hit.kind for hit in ask(con, "ballast")} == {"message"}
        assert {hit.kind for hit in ask(con, "altimeter")} == {"message"}
    other = Home(home.root + "-other")  # the same words in another session are not its record
    elsewhere = [record(one.text, n=n, session="b") for n, one in enumerate(texts[:2])]
    alone = [record("hello"), event("Stop", last_assistant_message=blocks[0])]
    with archive_of(other, elsewhere, alone) as con:
        assert [hit.session for hit in ask(con, "altimeter")] == ["b", "session-a"]


def test_hooks_called_twice_give_one_hit(home: Home) -> None:
    twice = [event("UserPromptSubmit", ts_ns=NOW_NS + n, prompt=PROMPT) for n in range(3)]
    with archive_of(home, [record("hello"), *twice]) as con:
        assert len(ask(con, "zeppelin")) == 1


def test_filters_hold_for_events_too(home: Home) -> None:
    alone = event("UserPromptSubmit", session="only-told", prompt="zeppelin two", cwd="/srv/shop")
    both = ["only-told", "session-a"]
    with archive_of(home, lost(), [alone]) as con:
        for chosen, found in (
            (Selection(), both), (Selection(session="session-a"), ["session-a"]),
            (Selection(session="only"), ["only-told"]), (Selection(project="shop"), ["only-told"]),
            (Selection(project="memlog"), ["session-a"]), (Selection(role="user", agent="claude-code"), both),
            (Selection(role="assistant"), []), (Selection(tool="userpromptsubmit"), both),
            (Selection(kind="message"), []), (Selection(kind="event", epoch=0), both), (Selection(epoch=1), []),
            (Selection(since_ns=NOW_NS), []), (Selection(until_ns=NOW_NS), both),
        ):  # fmt: skip
            assert sorted(hit.session for hit in ask(con, "zeppelin", chosen)) == found, chosen
        assert [hit.session for hit in ask(con, "zeppelin session:only-told")] == ["only-told"]
        assert ids(ask(con, "session:only-told")) == ["e5"]
        assert ids(ask(con, "kind:event session:session-a")) == ["e4", "e2", "e3", "e1"]
        with pytest.raises(NotFoundError):
            ask(con, "zeppelin", Selection(session="nobody"))


def test_the_newest_of_both_stand_in_order_of_time(home: Home) -> None:
    said = [record(f"zeppelin {word}", n=n) for n, word in ((0, "ahoy"), (90, "ho"))]
    with archive_of(
        home, said, [event("UserPromptSubmit", ts_ns=NOW_NS - DAY + 60 * MINUTE, prompt=PROMPT)]
    ) as con:
        assert ids(ask(con, "zeppelin", newest=True)) == ["message", "e1", "message"]
        assert ids(ask(con, "zeppelin", context=1)) == ["message", "message", "e1"]


def test_events_are_not_looked_at_where_records_suffice(home: Home) -> None:
    with archive_of(home, lost(), [record(f"zeppelin {n}", n=n) for n in (1, 2, 3)]) as con:
        asked: list[str] = []
        con.set_trace_callback(asked.append)
        assert len(ask(con, "zeppelin", limit=3)) == 3
        assert not any("event" in sql for sql in asked)
        assert ids(ask(con, "zeppelin", limit=4))[3:] == ["e1"] and any("event" in sql for sql in asked)


def test_a_question_in_plain_words_prefers_an_event_with_all_of_them(home: Home) -> None:
    loose = [record(f"the {word} of a ship", n=n) for n, word in enumerate(("hangar", "mast"))]
    with archive_of(home, loose, [event("UserPromptSubmit", prompt=PROMPT)]) as con:
        found = ask(con, "the hangar and mast")
        assert [(hit.kind, hit.matched) for hit in found] == [
            ("event", "all"),
            ("message", "any"),
            ("message", "any"),
        ]


def test_what_says_nothing_is_not_indexed(home: Home) -> None:
    dry = [
        event("SessionStart", session_id="s", transcript_path="/a/zeppelin.jsonl", source="startup", cwd="/zeppelin"),
        event("captured", path="/zeppelin", **{"from": 0, "to": 5}),
    ]  # fmt: skip
    with archive_of(home, [record("hello"), *dry]) as con:
        assert ask(con, "zeppelin") == []
        assert con.execute("SELECT count(*) FROM event_fts").fetchone() == (0,)


def test_an_event_and_its_index_row_can_go_together(home: Home) -> None:
    fill(home, lost())
    with Archive.open(home, now_ns=1) as archive, archive.transaction() as con:
        con.execute("DELETE FROM event_fts WHERE rowid = 1")
        con.execute("DELETE FROM event WHERE id = 1")
    with reading(home) as con:
        assert ask(con, "zeppelin") == [] and ids(ask(con, "quartermaster")) == ["e2"]


def test_an_older_archive_gets_the_text_of_its_events_and_is_searched_until_then(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = migrate.migrations()
    Path(home.root).mkdir()
    load_key(home)
    monkeypatch.setattr(migrate, "migrations", lambda: every[:1])
    con = open_writer(home.archive)
    migrate.migrate(con, now_ns=1)
    for number, text in enumerate((PROMPT, "环形缓冲")):
        row = dict.fromkeys(("ring", "seq", "uid", "pid", "written_ns")) | {
            "digest": bytes([number]) * 16, "agent": "claude-code", "session": "s", "event": "UserPromptSubmit",
            "ts_ns": NOW_NS, "archived_ns": NOW_NS, "data": json.dumps({"prompt": text}),
        }  # fmt: skip
        assert events.add(con, row) == number + 1
    assert ask(con, "zeppelin") == []
    con.close()
    monkeypatch.undo()
    with Archive.open(home, now_ns=2), reading(home) as con:
        assert ids(ask(con, "zeppelin")) == ["e1"] and ids(ask(con, "缓冲")) == ["e2"]


def test_odd_json_of_another_program_stops_nothing(home: Home) -> None:
    with Archive.open(home, now_ns=1) as archive:
        deep: object = "zeppelin"
        for _ in range(40):
            deep = {"prompt": [deep, 1.5, None, True]}
        archive.ingest(
            list(frames([event("UserPromptSubmit", deep=deep, nul="a\0zeppelin", n={"prompt": 5})])),
            ring=None,
            source="t",
            now_ns=1,
        )
        archive.con.execute("UPDATE event SET data = '{broken'")
        assert ask(archive.con, "zeppelin") == []


def test_a_prompt_whose_transcript_was_never_written_is_found_by_the_command(
    home: Home, settings: Settings, run_hook: Run, run_memlog: Run, tmp_path: Path
) -> None:
    told = {"session_id": "6a1ff4a2-lost", "transcript_path": str(tmp_path / "gone.jsonl"), "cwd": "/w"}
    run_hook("UserPromptSubmit", {**told, "prompt": PROMPT})
    with Archive.open(home, now_ns=1, settings=settings) as archive, Drain(archive, settings) as drain:
        drain.run()
    (row,) = json.loads(run_memlog("query", "search", "zeppelin", "hangar", "--json", check=0).stdout)
    assert row["text"] == PROMPT and row["kind"] == "event"
    opened = json.loads(run_memlog("query", "record", row["id"], "--json", check=0).stdout)
    assert opened[0]["text"] == PROMPT and os.path.exists(home.archive)
