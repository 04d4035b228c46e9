"""The order of hits: the best first, what was said again as one, and the newest after late imports."""

import functools
import random
from collections.abc import Iterator

import pytest

from archives import (
    DAY,
    HOUR,
    MINUTE,
    NOW_NS,
    SECOND,
    archive_of,
    fill,
    reading,
    record,
)
from flow import talk
from flow.talk import ask
from memlog.archive.connection import Connection
from memlog.paths import Home
from memlog.query import newest, rank
from memlog.query.selection import Selection

con = talk.con


def test_what_was_said_again_is_one_hit_that_names_the_others(home: Home) -> None:
    listing = "\n".join(f"def function_{n}(): pass" for n in range(50))
    again = [record(listing, n=n, kind="tool_result", role="tool", tool="Read") for n in range(10)]
    with archive_of(home, again, [record("call function_7 in the prompt", n=20, role="user")]) as con:
        prompt, read = ask(con, "function_7")
        assert prompt.role == "user" and prompt.count == 1, "what a person said comes first"
        assert read.count == 10 and len({read.id, *read.same}) == 10
        assert read.same == sorted(read.same, reverse=True)
        assert read.as_dict()["count"] == 10 and len(read.as_dict()["same"]) == 9
        assert len(ask(con, "function_7", fold=False)) == 11, "the twin"
        assert len(ask(con, "function_7", newest=True)) == 11, "the order of time is of records"


def test_what_stands_as_it_was_typed_comes_before_the_words_apart(home: Home) -> None:
    noise = [record(f"file not found: no such {n} or directory, and the file", n=n) for n in range(80)]
    real = record("Traceback\n" + "x = 1\n" * 2_000 + "no such file or directory\n", n=90, kind="tool_result")
    flag = record("then git push --force-with-lease -u origin main, and so on", n=91)
    with archive_of(home, noise, [real, flag]) as con:
        for typed in ("no such file or directory", "No such FILE or directory", "directory no such file or"):
            assert ask(con, typed)[0].source_id == "session-a-90", typed
        [first, *_] = ask(con, "push --force-with-lease -u origin")
        assert first.source_id == "session-a-91", "-u excludes nothing from a record that says it"


@pytest.mark.parametrize(
    ("typed", "other"), [("#123", "line 123"), (".env", "cmd.Env = env"), ("C++", "c := n++ + c")]
)
def test_a_word_with_signs_is_found_first_where_it_stands_letter_by_letter(
    home: Home, monkeypatch: pytest.MonkeyPatch, typed: str, other: str
) -> None:
    noise = [record(f"{other} of {n}", n=n, role="user") for n in range(2 * rank.READ)]
    said = record("it broke before, when nobody looked: " * 9 + f"see {typed} of the list", n=999)
    with archive_of(home, noise, [said]) as con:
        for filters in ("", " role:assistant,user"):
            assert ask(con, typed + filters)[0].source_id == "session-a-999", "more say it otherwise"
        monkeypatch.setattr(rank, "_signed", lambda question, typed: False)
        assert ask(con, typed)[0].source_id != "session-a-999", "the twin: bm25 alone does not read it"


def test_what_was_typed_with_capitals_or_signs_stands_before_other_capitals_and_signs(home: Home) -> None:
    long = "and what was said before that, and once more: " * 20
    ways = [f"{long} go test ./...", "Go test ./...", "go test"]
    with archive_of(home, [record(text, n=n, role="user") for n, text in enumerate(ways)]) as con:
        found = [hit.source_id for hit in ask(con, "go test ./...", fold=False)]
        assert found == ["session-a-0", "session-a-1", "session-a-2"], "though the others are shorter"
        assert ask(con, "go test")[0].source_id == "session-a-2", "small letters alone ask for no exactness"


def test_a_score_is_made_of_the_parts_it_names(con: Connection) -> None:
    for hit in ask(con, "the token", explain=True):
        if hit.matched == "all":
            part = hit.parts_of_score
            made = (part["text"] * part["again"] + part["near"]) * part["kind"] * part["recent"]
            assert hit.score == pytest.approx(made)
    assert ask(con, "token")[0].parts_of_score == {}


def test_bookkeeping_comes_after_what_people_said(con: Connection) -> None:
    kinds = [hit.kind for hit in ask(con, "token")]
    assert kinds[-1] == "meta" and kinds.count("meta") == 1
    assert "meta" not in [hit.kind for hit in ask(con, "token", newest=True)]
    assert [hit.kind for hit in ask(con, "progress", newest=True)] == ["meta"]


def test_equal_scores_go_by_time_then_by_id(home: Home) -> None:
    same = [
        record(
            f"same words {'ab'[n % 2]}{'cdefghijklmnopqrst'[n % 15]}",
            n=n,
            ts_ns=NOW_NS - (n * 7 % 10) * MINUTE,
        )
        for n in range(30)
    ]
    with archive_of(home, same[:10], same[10:]) as con:
        hits = ask(con, "same words", limit=30)
        assert len({hit.score for hit in hits}) == 1
        order = [(hit.ts_ns, hit.id) for hit in hits]
        assert order == sorted(order, reverse=True)


def test_common_words_are_ranked_among_the_newest_and_say_so(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank, "CANDIDATES", 20)
    many = [
        record("common " * (30 if n == 0 else 1) + "x" * n, n=n, ts_ns=NOW_NS - DAY + n) for n in range(50)
    ]
    with archive_of(home, many) as con:
        capped = ask(con, "common")
        assert capped.capped
        assert "session-a-0" not in [hit.source_id for hit in capped]
        whole = ask(con, "common", exhaustive=True)
        assert not whole.capped
        assert whole[0].source_id == "session-a-0"
        assert not ask(con, "common", newest=True).capped


def test_of_very_common_words_all_places_are_not_read_to_know_how_rare_they_are(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank, "CANDIDATES", 40)
    monkeypatch.setattr(rank, "LARGE", 60)
    old = [record(f"common old words here, quite near {n}", n=n, ts_ns=NOW_NS - DAY + n) for n in range(5)]
    new = [
        record(
            f"common {'x ' * 30}{n} words {'y ' * 30}{'here ' * (n % 3)}here", n=n, ts_ns=NOW_NS - HOUR + n
        )
        for n in range(10, 70)
    ]
    with archive_of(home, old, new) as con:
        asked: list[str] = []
        con.set_trace_callback(asked.append)
        assert ask(con, "common words here", limit=5).capped
        assert ask(con, "common", limit=5).capped
        con.set_trace_callback(None)
        assert asked and not [sql for sql in asked if "f.rank" in sql]
        # near each other, but older than the newest that have them all; as they were typed they may be
        assert "session-a-0" not in [hit.source_id for hit in ask(con, "common words here", limit=5)]
        assert ask(con, "common old words here", limit=5)[0].source_id == "session-a-4"
        con.set_trace_callback(asked.append)
        ask(con, "common", limit=5, exhaustive=True)
        con.set_trace_callback(None)
        assert [sql for sql in asked if "f.rank" in sql]


# order over many days and batches


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """10,000 records: five sessions at once for ten days, captured in bursts, then an old session and one
    of the same days imported after them."""
    home = Home(str(tmp_path_factory.mktemp("crowd") / "home"))
    draw = random.Random(7)
    start = NOW_NS - 12 * DAY
    live = [
        record(f"word{n % 3} row {n}", n=n, session=f"live-{n % 5}", ts_ns=start + n * 2 * MINUTE)
        for n in range(7_000)
    ]
    batches = []
    while live:  # a hook captures a turn of one session at a time: minutes late and out of order
        burst, live = live[:100], live[100:]
        draw.shuffle(burst)
        batches.append(sorted(burst, key=lambda r: r.session))
    old = [
        record(f"word0 old {n}", n=n, session="old-one", ts_ns=start - 400 * DAY + n * MINUTE)
        for n in range(1_500)
    ]
    same = [
        record(f"word1 late {n}", n=n, session="late-one", ts_ns=start + n * 9 * MINUTE + SECOND)
        for n in range(1_500)
    ]
    draw.shuffle(same)
    fill(home, *batches, old, same)
    with reading(home) as found:
        yield found


@functools.cache
def lines(con: Connection, condition: str) -> list[tuple[int, int, set[str]]]:
    """Time, id and words of these records, the newest first."""
    rows = con.execute(f"SELECT ts_ns, id, text FROM v_record WHERE {condition} ORDER BY ts_ns DESC, id DESC")
    return [(ts_ns, id_, set(text.split())) for ts_ns, id_, text in rows]


def everything(con: Connection, word: str, condition: str = "1") -> list[tuple[int, int]]:
    return [(ts_ns, id_) for ts_ns, id_, words in lines(con, condition) if word in words]


@pytest.mark.parametrize("word", ["word0", "word1", "late", "old", "row"])
@pytest.mark.parametrize("limit", [1, 20, 333])
def test_newest_first_is_right_after_late_imports(crowd: Connection, word: str, limit: int) -> None:
    hits = ask(crowd, word, newest=True, limit=limit)
    assert [(hit.ts_ns, hit.id) for hit in hits] == everything(crowd, word)[:limit]


@pytest.mark.parametrize("days", [(-1, 1), (0, 3), (3, 4), (9, 30), (-500, -399), (-500, 30)])
def test_time_filters_are_right_after_late_imports(crowd: Connection, days: tuple[int, int]) -> None:
    since, until = (NOW_NS - 12 * DAY + n * DAY + 1_234_567 for n in days)
    selection = Selection(since_ns=since, until_ns=until)
    for word in ("word0", "late", "row"):
        wanted = everything(crowd, word, f"ts_ns >= {since} AND ts_ns < {until}")
        hits = ask(crowd, word, selection, newest=True, limit=10_000)
        assert [(hit.ts_ns, hit.id) for hit in hits] == wanted
        ranked = ask(crowd, word, selection, exhaustive=True, limit=10_000)
        assert sorted((hit.ts_ns, hit.id) for hit in ranked) == sorted(wanted)
    listed = ask(crowd, "", selection, limit=50)
    assert [hit.ts_ns for hit in listed] == sorted((hit.ts_ns for hit in listed), reverse=True)


@pytest.mark.parametrize("session", ["live-0", "live-4", "old-one", "late-one"])
def test_session_filters_are_right_after_late_imports(crowd: Connection, session: str) -> None:
    wanted = everything(crowd, "word1", f"session = '{session}'")
    hits = ask(crowd, "word1", Selection(session=session), newest=True, limit=10_000)
    assert [(hit.ts_ns, hit.id) for hit in hits] == wanted
    listed = ask(crowd, "", Selection(session=session), limit=77)
    all_of_it = crowd.execute(
        f"SELECT ts_ns, id FROM v_record WHERE session = '{session}' ORDER BY ts_ns DESC, id DESC LIMIT 77"
    ).fetchall()
    assert [(hit.ts_ns, hit.id) for hit in listed] == all_of_it


def test_without_knowing_how_late_records_come_the_newest_would_be_wrong(
    crowd: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the order of arrival taken for the order of time."""
    monkeypatch.setattr(newest, "lag_of", lambda con, day: 0)
    wrong = sum(
        [(hit.ts_ns, hit.id) for hit in ask(crowd, word, newest=True)] != everything(crowd, word)[:20]
        for word in ("word0", "word1", "row")
    )
    assert wrong > 0


def test_more_hits_than_a_page_are_places_and_every_hit_is_named(home: Home) -> None:
    """Forty different lines about a word in one stretch do not fill the page that five sessions share."""
    names = [
        f"{a}{b}"
        for a in ("al", "bir", "dor", "fen", "gul", "hap")
        for b in ("ka", "lo", "mi", "nu", "pe", "ra", "si")
    ]
    crowd = [
        record(f"{name} quartz {name[::-1]}", n=n, ts_ns=NOW_NS - 100 * MINUTE + n)
        for n, name in enumerate(names)
    ]
    others = [
        record(f"{name} granite quartz {word}", n=n, ts_ns=NOW_NS - (200 + n) * DAY, session=f"other-{n}")
        for n, (name, word) in enumerate(zip("pqrst", ("oak", "elm", "ash", "fir", "yew"), strict=True))
    ]  # fmt: skip
    with archive_of(home, crowd, others) as con:
        plain = ask(con, "quartz", limit=5, fold=False)
        assert len({hit.session for hit in plain}) == 1, "the twin: one stretch fills the page"
        hits = ask(con, "quartz", limit=5)
        assert len(hits) == 5 and len({hit.session for hit in hits}) > 1
        crowded = next(hit for hit in hits if hit.session == plain[0].session)
        assert crowded.here > 0 and crowded.count == 1 + len(crowded.same) > crowded.here
        narrowed = ask(con, "quartz", Selection(session=crowded.session), limit=5)
        assert not any(hit.here for hit in narrowed), "who asks for one session gets its lines"
        assert not any(hit.here for hit in ask(con, "quartz", limit=60)), (
            "a page that has room folds no places"
        )
        assert not any(hit.here for hit in ask(con, "quartz", limit=5, newest=True))


def test_all_of_the_words_in_one_line_come_before_most_of_them_side_by_side(home: Home) -> None:
    noise = [
        record(f"the status here uses a concurrent in-place writer {n}\nand areas", n=n) for n in range(30)
    ]
    real = record("the concurrent session tests are in the folder", n=90)
    apart = record("concurrent\nare\nthe tests in", n=91)
    with archive_of(home, noise, [real, apart]) as con:
        found = [hit.source_id for hit in ask(con, "are concurrent in", limit=40) if hit.matched == "all"]
    assert found.index("session-a-90") < found.index("session-a-91")
    assert found[0] == "session-a-90"


def test_a_path_comes_before_longer_ones_that_begin_with_it(home: Home) -> None:
    longer = [record(f"ok  acme.org/shop/cmd/part{n} {n}.2s", n=n) for n in range(30)]
    with archive_of(
        home, longer, [record("and a long line, of a page of them: acme.org/shop/cmd [no tests]", n=90)]
    ) as con:
        assert ask(con, "acme.org/shop/cmd")[0].source_id == "session-a-90"


def test_one_word_among_signs_is_not_as_typed_where_only_the_word_is(home: Home) -> None:
    noise = [record(f"now run lint again {'please ' * n}", n=n) for n in range(30)]
    with archive_of(
        home, noise, [record("[lint] $ checker run ./... and some more that makes it long", n=90)]
    ) as con:
        assert ask(con, "$ ./... [lint]")[0].source_id == "session-a-90"


def test_the_same_line_is_one_row_however_far_apart_its_words_stand(home: Home) -> None:
    line = f"run {'x' * 100} stop"
    with archive_of(home, [record(line, n=n) for n in range(9)]) as con:
        assert [hit.count for hit in ask(con, "stop run")] == [9]
