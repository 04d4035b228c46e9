"""Projects and agents: a column in every row of a session, and a flag of every command that gives several."""

import json
from collections.abc import Iterator

import click
import pytest

from archives import conversation, event, fill, reading, rows
from memlog.archive.connection import open_writer
from memlog.cli import export, query, root
from memlog.paths import Home

# Those that ask for one thing by its name, and the one where the person writes the condition.
BY_NAME = {"record", "session", "sql", "lost", "facts", "diff"}
AGENTS = ("claude-code", "codex")
PROJECTS = ("/srv/tidewatch", "/srv/harbour")

SESSIONS = {(agent, project): f"{agent}-{project[5:]}" for agent in AGENTS for project in PROJECTS}
PROJECT_OF = {name: project for (_, project), name in SESSIONS.items()}


@pytest.fixture
def filled(home: Home) -> Home:
    """Two projects with two agents each; every session compacted once."""
    for (agent, project), name in SESSIONS.items():
        said = {"agent": agent, "project": project, "session": name}
        first = conversation([f"the tide {n}" for n in range(4)], **said)
        rest = [r._replace(source_id=f"{name}-b{n}", boundary=f"{name}-0") for n, r in enumerate(first)]
        fill(home, first, rest, [event("Stop", session=name)._replace(agent=agent)])
    return home


def commands() -> Iterator[click.Command]:
    for group in (query.query, export.export):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if command is not None and name not in BY_NAME:
                yield command


def test_every_command_that_gives_several_sessions_has_the_flags() -> None:
    found = {c.name: {flag for p in c.params for flag in p.opts} for c in commands()}
    assert len(found) > 7
    assert [name for name, flags in found.items() if not {"--project", "--agent"} <= flags] == []


@pytest.mark.parametrize(
    "words",
    [
        ["query", "search", "tide", "--no-fold", "--json"], ["query", "sessions", "--json"], ["query", "epochs", "--json"],
        ["query", "timeline", "--json"], ["export", "jsonl"],
    ],
    ids=lambda words: words[1],
)  # fmt: skip
def test_the_flags_narrow_and_the_rows_say_whose_they_are(
    filled: Home, words: list[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def given(*flags: str) -> set[tuple[str, str]]:
        assert root.main([*words, *flags]) == 0
        out = capfdbinary.readouterr().out.decode()
        found = json.loads(out) if "--json" in words else [json.loads(line) for line in out.splitlines()]
        whose = [(row["agent"], row.get("project", PROJECT_OF[row["session"]])) for row in found]
        assert all(
            PROJECT_OF[row["session"]] == project for row, (_, project) in zip(found, whose, strict=True)
        )
        return set(whose)

    assert given() == set(SESSIONS)
    assert given("--agent", "codex") == {("codex", project) for project in PROJECTS}
    assert given("--project", "harbour") == {(agent, PROJECTS[1]) for agent in AGENTS}
    assert given("--project", PROJECTS[0], "--agent", "codex") == {("codex", PROJECTS[0])}


def test_every_view_of_sessions_has_both_columns(filled: Home) -> None:
    with reading(filled) as con:
        for view in ("v_record", "v_session", "v_epoch", "v_event"):
            found = {(r["agent"], r["project"]) for r in rows(con, f"SELECT * FROM {view}")}
            assert found == set(SESSIONS), view


def test_holes_are_those_of_a_project_or_an_agent(
    filled: Home, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    con = open_writer(filled.archive)
    con.execute(
        "INSERT INTO hole (session_id, path, start, stop, noticed_ns) SELECT id, session, 0, 9, 1 FROM session"
    )
    con.close()

    def given(*flags: str) -> set[tuple[str, str]]:
        assert root.main(["query", "gaps", "--json", *flags]) == 0
        return {(row["agent"], row["project"]) for row in json.loads(capfdbinary.readouterr().out)}

    assert given() == set()  # without a flag: of rings, which are of no project
    assert given("--agent", "codex") == {("codex", project) for project in PROJECTS}
    assert given("--project", "tidewatch") == {(agent, PROJECTS[0]) for agent in AGENTS}
