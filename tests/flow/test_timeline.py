"""A timeline: what happened, one line each, and made short."""

from archives import HOUR, NOW_NS, archive_of, event, record
from flow.compacted import bash, call, story
from memlog.paths import Home
from memlog.query.facts import listing
from memlog.query.facts.stream import records
from memlog.query.runs import brief, stretch
from memlog.query.selection import Selection
from memlog.query.timeline import timeline
from memlog.record import Record

START = NOW_NS - 5 * HOUR


def test_a_run_of_damaged_lines_is_one_line_of_a_timeline(home: Home) -> None:
    torn = [record('{"torn', n=n, kind="damage", role=None) for n in (2, 3, 4)]
    with archive_of(
        home, [record("go", n=1), *torn, record("on", n=5), record("{", n=6, kind="damage")]
    ) as con:
        steps = timeline(con, Selection(session="session-a"), now_ns=NOW_NS)
    told = [("prompt", "go"), ("damage", "3 damaged lines"), ("prompt", "on"), ("damage", "a damaged line")]
    assert [(s.what, s.text) for s in steps] == told
    assert [s.text for s in brief([steps[1], steps[3]])] == ["4 damaged lines"]


def test_a_brief_timeline_joins_calls_alike_and_keeps_failures_and_compactions(home: Home) -> None:
    reads = [call(n, "Read", file_path=f"/w/{n}.py") for n in (2, 3, 4)]
    failed = record(
        "boom", n=6, kind="tool_result", role="tool", tool="Bash", error=True, rest={"tool_use_id": "t5"}
    )
    said = [
        record("go", n=1),
        *reads,
        call(5, "Bash", command="make"),
        failed,
        record("done", n=7, role="assistant"),
    ]
    with archive_of(home, [*said, *story()[7:]]) as con:
        steps = brief(timeline(con, Selection(session="session-a"), now_ns=NOW_NS))
        near = timeline(con, Selection(), now_ns=NOW_NS, around=str(steps[2].id), before=1, after=2)
    assert [(s.what, s.text) for s in steps[:4]] == [
        ("prompt", "go"), ("tool", "3 × 2.py, 3.py, 4.py"), ("tool", "make"), ("reply", "done"),
    ]  # fmt: skip
    assert steps[2].outcome == "failed: boom" and "compaction" in {s.what for s in steps}
    assert len(near) == 2  # the read before; the call and its answer


def test_a_brief_timeline_around_a_record_has_as_many_lines_on_each_side_as_were_asked_for(
    home: Home,
) -> None:
    """Two hundred greps are one line: what mattered before and after them is found behind."""

    def answer(n: int, text: str, error: bool = False) -> Record:
        rest = {"tool_use_id": f"t{n}"}
        return record(
            text, n=n, block=1, kind="tool_result", role="tool", tool="Grep", error=error, rest=rest
        )

    greps = {n: [call(n, "Grep", pattern=f"p{n}"), answer(n, "no", error=n == 250)] for n in range(200, 330)}
    said = [
        record("fix the drain", n=1),
        call(2, "Edit", file_path="/w/drain.py"),
        record("push it", n=500),
        call(501, "Bash", command="git push"),
    ]
    with archive_of(home, said, [one for pair in greps.values() for one in pair]) as con:
        ids = {row[0]: row[1] for row in con.execute("SELECT source_id, min(id) FROM record GROUP BY 1")}
        (answered,) = con.execute("SELECT max(id) FROM record WHERE source_id = 'session-a-300'").fetchone()
        near = {"now_ns": NOW_NS, "before": 3, "after": 3}
        failed = stretch(con, Selection(), around=str(ids["session-a-250"]), **near)
        within = stretch(con, Selection(), around=str(answered), **near)
        at_time = stretch(con, Selection(session="session-a"), around=failed[3].ts, **near)
        latest = stretch(con, Selection(session="session-a"), now_ns=NOW_NS, limit=3)
    texts = [step.text for step in failed]
    assert texts[:2] == ["fix the drain", "/w/drain.py"] and texts[2].startswith("50 × p200")
    assert texts[3] == "p250" and failed[3].outcome == "failed: no"
    assert texts[4].startswith("79 × p251") and texts[5:] == ["push it", "git push"]
    assert [step.text[:10] for step in within] == [
        "50 × p200,", "p250", "49 × p251,", "p300", "29 × p301,", "push it", "git push",
    ], "an answer has the line of its call"  # fmt: skip
    assert [step.text for step in at_time] == texts[:-1], "from a time on are three lines, its own among them"
    assert [step.text[:10] for step in latest] == ["79 × p251,", "push it", "git push"]


def test_a_timeline_says_of_a_plan_how_far_it_is(home: Home) -> None:
    items = [("read it", "completed"), ("mend it", "in_progress"), ("test it", "pending")]
    text = "todos:\n" + "\n".join(f"content: {item}\nstatus: {state}\nactiveForm: -" for item, state in items)
    with archive_of(home, [record(text, n=1, kind="tool_use", role="assistant", tool="TodoWrite")]) as con:
        assert [step.text for step in timeline(con, Selection(), now_ns=NOW_NS)] == ["1 of 3 done: mend it"]


def test_calls_of_every_agent_carry_their_outcome_in_a_timeline(home: Home) -> None:
    ways = {
        "codex": {"line": {"payload": {"call_id": "c"}}}, "swe-agent": {"line": {"tool_call_ids": ["c"]}},
        "copilot-cli": {"line": {"data": {"toolCallId": "c"}}}, "claude-code": {"tool_use_id": "c"},
    }  # fmt: skip
    said = [
        record(text, n=n, kind=kind, role=role, tool="sh", agent=agent, session=agent, rest=rest)
        for agent, rest in ways.items()
        for n, (kind, role, text) in enumerate(
            [("tool_use", "assistant", "command: ls"), ("tool_result", "tool", "x")]
        )
    ]
    with archive_of(home, said) as con:
        steps = timeline(con, Selection(), now_ns=NOW_NS)
    assert {step.agent: (step.text, step.outcome) for step in steps} == dict.fromkeys(ways, ("ls", "ok"))
    assert len(steps) == len(ways)


def test_a_brief_timeline_joins_commands_only_where_they_do_the_same(home: Home) -> None:
    """A push hides behind no test: in another call, on another line of a script, behind `&&`, beyond the cut."""
    tests = [bash(n, f"pytest tests/test_{n}.py -q") for n in (1, 2)]
    alone = [
        "git push origin main", "git status", "pytest tests -q && git push", "pytest tests/a.py -q\ngit push",
        "pytest " + "tests/a.py " * 20 + "; git push", "sudo pytest -q | xargs git push",
        "bash -c 'git push'", "python a.py", "python b.py", "cat a.txt", "cat > a.txt",
    ]  # fmt: skip
    said = [*tests, *(bash(n, command) for n, command in enumerate(alone, 10))]
    with archive_of(home, said) as con:
        texts = [step.text for step in brief(timeline(con, Selection(), now_ns=NOW_NS))]
    assert texts[0] == "2 × pytest tests/test_1.py -q, pytest tests/test_2.py -q"
    assert texts[1:4] == alone[:3] and texts[4] == "pytest tests/a.py -q ⏎ git push"
    assert len(texts) == 1 + len(alone), "each by itself"


def test_a_brief_timeline_leaves_out_hooks_that_say_what_a_record_says(home: Home) -> None:
    said = [
        record("mend the drain", n=1), call(2, "Read", file_path="/w/a.py"), record("done", n=3, role="assistant")
    ]  # fmt: skip
    told = [
        event("UserPromptSubmit", ts_ns=said[0].ts_ns + 9, prompt="mend the drain"),
        event("Stop", ts_ns=said[2].ts_ns + 9, stop_hook_active=False),
        event("UserPromptSubmit", ts_ns=said[2].ts_ns + 20, prompt="a prompt no record holds"),
        event("PreCompact", ts_ns=said[2].ts_ns + 30, trigger="auto"),
    ]
    with archive_of(home, said, told) as con:
        whole = timeline(con, Selection(), now_ns=NOW_NS)
    assert [step.text for step in brief(whole) if step.what == "hook"] == [
        "UserPromptSubmit a prompt no record holds", "PreCompact auto",
    ]  # fmt: skip
    assert sum(step.what == "hook" for step in whole) == len(told)


def test_a_call_knows_its_answer_where_that_is_larger_than_a_blob(home: Home) -> None:
    """Claude Code writes what a tool said twice into one line, so 50 KB of a file are enough."""
    told = {"tool_use_id": "t2", "line": {"toolUseResult": {"stdout": "y" * 90_000}}}
    answer = record(
        "x" * 40_000, n=3, kind="tool_result", role="tool", tool="Bash", error=True, rest=told
    )  # fmt: skip
    large = call(4, "Write", file_path="/w/large.txt", content="z" * 90_000)
    end = record("", n=5, kind="tool_result", role="tool", tool="Write", rest={"tool_use_id": "t4"})
    aside = call(6, "Write", aside=True, content="z" * 90_000)
    with archive_of(home, [record("go", n=1), bash(2, "make"), answer, large, end, aside]) as con:
        parts = con.execute("SELECT max(parts) FROM record").fetchone()[0]
        steps = timeline(con, Selection(session="session-a"), now_ns=NOW_NS)
        found = list(listing.facts(con, "session-a"))
        theirs = [said.aside for said in records(con, 1)]
    assert parts > 1, "the fixture is no large answer"
    assert [(s.what, (s.outcome or "")[:6]) for s in steps] == [
        ("prompt", ""), ("tool", "failed"), ("tool", "ok"), ("tool", ""),
    ]  # fmt: skip
    assert theirs == [False, False, False, False, False, True]
    assert [(f.kind, f.value, f.detail) for f in found] == [
        ("command", "make", "failed"), ("file", "/w/large.txt", "write"),
    ]  # fmt: skip
