"""Filters of a search, as words and as flags: what they select, joined as logic says, and values they cannot take."""

import pytest

from archives import (
    HOUR,
    NOW_NS,
    archive_of,
    record,
)
from flow import talk
from flow.talk import ask, texts
from memlog.archive.connection import Connection
from memlog.errors import NotFoundError, QueryError
from memlog.paths import Home
from memlog.query import facets, slice
from memlog.query.selection import Selection

con = talk.con


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("token session:other-session", 1),
        ("token session:othe", 1),
        ("token agent:codex", 1),
        ("token project:api", 1),
        ("token project:shop/api", 1),
        ("token project:/srv/shop/api", 1),
        ("token project:op/api", 0),
        ("build tool:bash", 1),
        ("token kind:summary", 1),
        ("token kind:meta", 1),
        ("token role:assistant", 2),
        ("token since:2h", 1),
        ("token until:2h", 5),
        ("token since:yesterday until:yesterday", 5),
        ("token since:2026-03-05", 1),
        ("token epoch:0", 6),
        ("token epoch:1", 0),
        ("token -another", 5),
        ('"token is rotated"', 1),
        ("rotat*", 2),
        ("pipeline OR friday", 2),
        ("ubergroszen", 0),
        ("ubergrößen cafe", 1),
        ("环形缓冲", 1),
        ("环缓", 0),
        ("kind:summary", 1),
        ("session:other-session", 2),
        ("-token session:session-a kind:message", 3),
    ],
)
def test_filters_and_operators_mean_what_they_say(con: Connection, typed: str, found: int) -> None:
    hits = [hit for hit in ask(con, typed) if hit.matched == "all"]
    assert len(hits) == found, texts(ask(con, typed))


def test_flags_select_as_the_words_do(con: Connection) -> None:
    for selection, typed in (
        (Selection(session="othe"), "session:othe"),
        (Selection(role="ASSISTANT", kind=("message", "summary")), "role:assistant kind:message,summary"),
        (Selection(since_ns=NOW_NS - 2 * HOUR), "since:2h"),
        (Selection(tool="BASH"), "tool:Bash"),
        (Selection(ids=[h.id for h in ask(con, "kind:summary")]), "kind:summary"),
    ):
        for words in ("token", "", "build"):
            by_flag = [hit.id for hit in ask(con, words, selection)]
            assert by_flag == [hit.id for hit in ask(con, f"{words} {typed}")], (selection, words)


def test_a_filter_with_a_value_it_cannot_take_is_a_word_and_says_so(con: Connection) -> None:
    for typed in (
        "since:soon",
        "kind:snapshot",
        "epoch:last",
        "session:nowhere",
        "agent:nobody",
        "project:none",
    ):
        hits = ask(con, f"token {typed}")
        assert hits and hits.relaxed
        assert hits.notes and hits.notes[0].startswith(f"{typed} is searched for as words")


def test_a_flag_with_an_unknown_session_is_an_error_that_names_the_nearest(con: Connection) -> None:
    with pytest.raises(NotFoundError, match="nearest: other-session"):
        ask(con, "token", Selection(session="other"[1:] + "-sessions"))
    with pytest.raises(NotFoundError):
        ask(con, "token", Selection(session="oth"))  # three characters are no prefix
    with pytest.raises(QueryError, match="there are: message"):
        ask(con, "token", Selection(kind="snapshot"))


def test_an_ambiguous_prefix_names_what_it_fits(home: Home) -> None:
    with archive_of(home, [record("x", session=f"abcd-{n}") for n in range(3)]) as con:
        with pytest.raises(QueryError, match="abcd-0, abcd-1, abcd-2"):
            ask(con, "x", Selection(session="abcd"))
        assert len(ask(con, "x", Selection(session="abcd-1"))) == 1


def test_an_or_between_filters_finds_what_either_selects(con: Connection) -> None:
    def kinds(text: str, **how: object) -> set[tuple[str, str | None]]:
        return {(hit.kind, hit.tool) for hit in ask(con, text, limit=99, **how)}

    either = {("summary", None), ("tool_use", "Bash")}
    assert kinds("kind:summary OR tool:bash") == either
    assert kinds("kind:summary OR tool:bash", newest=True) == either
    assert kinds("token kind:summary OR tool:bash") == {("summary", None)}
    assert kinds("kind:summary OR tool:bash OR kind:meta -token") == {("tool_use", "Bash")}
    assert kinds("kind:summary OR tool:bash kind:tool_use OR is:error") == {("tool_use", "Bash")}
    # none is called so: words in its place
    assert kinds("agent:nobody OR session:session-a kind:summary") == {("summary", None)}
    assert kinds("agent:claude-code OR kind:tool_use kind:summary OR kind:tool_use") == either
    assert facets.count(con, "kind:summary OR tool:bash", now_ns=NOW_NS).count == 2
    assert kinds("session:session-a OR kind:summary tool:bash") == {("tool_use", "Bash")}
    assert "no session is called" in ask(con, "session:nosuch OR is:error").notes[0]
    assert "an event is no record" in ask(con, "kind:event OR is:error").notes[0]


# text -> the same in SQL over v_record and over the index; a word is one of the index
SAID = "id IN (SELECT rowid FROM record_fts WHERE record_fts MATCH '{text} : \"%s\"')"


TOKEN, BUILD = SAID % "token", SAID % "build"


JOINED = (
    ("-(tool:Bash OR role:user) kind:message", "kind = 'message' AND coalesce(role, '') <> 'user'"),
    ("-(is:error OR kind:summary)", "NOT (error OR kind = 'summary')"),
    ("-(role:user)", "coalesce(role, '') <> 'user'"),
    ("token -(role:user)", f"{TOKEN} AND coalesce(role, '') <> 'user'"),
    ("(tool:Bash OR kind:summary) OR agent:codex", "tool = 'Bash' OR kind = 'summary' OR agent = 'codex'"),
    ("(tool:Bash OR kind:summary) OR token", f"tool = 'Bash' OR kind = 'summary' OR {TOKEN}"),
    (
        "(role:user session:other-session) OR kind:summary",
        "(role = 'user' AND session = 'other-session') OR kind = 'summary'",
    ),
    ("(token role:user) OR build", f"({TOKEN} AND role = 'user') OR {BUILD}"),
    ("(role:user) token", f"{TOKEN} AND role = 'user'"),
    ("(token role:user)", f"{TOKEN} AND role = 'user'"),
    ("-(token role:user)", f"NOT ({TOKEN} AND coalesce(role, '') = 'user')"),
    ("build OR -token", f"{BUILD} OR NOT {TOKEN}"),
    ("token NOT rotated", f"{TOKEN} AND NOT {SAID % 'rotated'}"),
    ("token -project:nope -session:zz -agent:nope -kind:nope -is:warning", TOKEN),
    ("token -session:zz,other-session", f"{TOKEN} AND session <> 'other-session'"),
    ("kind:meta kind:summary", "kind IN ('meta', 'summary')"),
    ("role:user role:assistant", "role IN ('user', 'assistant')"),
    ("session:session-a,other-session", "session IN ('session-a', 'other-session')"),
    ("session:session-a session:other-session token", TOKEN),
    ("project:api project:memlog", "project LIKE '%/api' OR project LIKE '%/memlog'"),
    ("agent:codex,nobody", "agent = 'codex'"),
    ("epoch:0,7", "epoch IN (0, 7)"),
    ("-epoch:0", "epoch <> 0"),
    ("kind:'summary'", "kind = 'summary'"),
    ("=>", "0"),
)


@pytest.mark.parametrize(("typed", "condition"), JOINED)
def test_words_and_filters_are_joined_as_logic_says(con: Connection, typed: str, condition: str) -> None:
    wanted = {row[0] for row in con.execute(f"SELECT id FROM v_record WHERE {condition}")}
    assert facets.count(con, typed, now_ns=NOW_NS).count == len(wanted)
    hits = [hit for hit in ask(con, typed, limit=99, newest=True, fold=False) if hit.kind != "event"]
    shown = {hit.id for hit in hits if hit.matched == "all"}
    meta = {row[0] for row in con.execute("SELECT id FROM v_record WHERE kind = 'meta'")}
    assert shown - meta == wanted - meta


def test_what_a_flag_and_the_words_say_of_one_key_is_either(con: Connection) -> None:
    def count(text: str, **said: object) -> int:
        return facets.count(con, text, Selection(**said), now_ns=NOW_NS).count  # type: ignore[arg-type]

    assert count("tool:Read", tool="Bash") == count("tool:Bash") == 1
    assert count("kind:summary", kind="meta") == 2
    assert count("session:other-session", session="session-a") == count("")
    assert count("session:session-a session:other-session", session="session-a") == count("session:session-a")
    assert count("project:api", project="memlog") == count("")


def test_a_value_no_key_can_take_is_said_where_it_stands(con: Connection) -> None:
    assert ask(con, "token -project:nope").notes == [
        "-project:nope leaves nothing out: no session has this project"
    ]
    assert (
        ask(con, "token (is:error OR kind:nope)")
        .notes[0]
        .startswith("kind:nope at column 20 is searched for as words: kinds are")
    )
    assert (
        ask(con, "token -(is:error kind:nope)")
        .notes[0]
        .startswith("kind:nope at column 18 leaves nothing out: kinds are")
    )
    assert max(map(len, ask(con, "(" * 50_000).notes)) < 200
    assert max(map(len, ask(con, "kind:" + "(" * 50_000).notes)) < 250


def test_what_would_take_more_than_was_meant_is_refused(con: Connection) -> None:
    for text in ("token -project:nope", "token -(project:nope role:user)"):
        with pytest.raises(QueryError, match="leaves nothing out: no session has this project"):
            slice.cut(con, Selection(), text=text, now_ns=NOW_NS)
    part = slice.cut(con, Selection(), text="token -project:api", now_ns=NOW_NS)
    assert slice.count(con, part) == facets.count(con, "token -project:api", now_ns=NOW_NS).count
