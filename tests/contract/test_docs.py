"""docs/ names every command, setting, error, view, column, event and kind, and its examples run."""

import re
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from conftest import Run
from memlog import contracts, errors
from memlog.cli import root
from memlog.query import health
from memlog.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docs/*.md"))}
OTHERS = {Path(name): (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")}
EVENTS = tomllib.loads((Path(contracts.schema_dir()) / "events.toml").read_text(encoding="utf-8"))


def headings(*names: str) -> set[str]:
    """Headings of some pages, or of all, without their marks."""
    texts = [text for path, text in PAGES.items() if not names or path.name in names]
    return {
        line.lstrip("#").strip().strip("`")
        for text in texts
        for line in text.splitlines()
        if line.startswith("#")
    }


def rows() -> str:
    """Every table row, heading and list item of docs/: where a thing is said to be explained."""
    return "\n".join(
        line
        for text in PAGES.values()
        for line in text.splitlines()
        if line.lstrip().startswith(("|", "#", "-"))
    )


def commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        yield inner.command_path
        if isinstance(command, click.Group):
            yield from commands(command, inner)


def all_commands() -> list[str]:
    return list(commands(root.memlog, click.Context(root.memlog, info_name="memlog")))


def views() -> dict[str, list[str]]:
    """View → its columns, as the migrations leave them."""
    con = sqlite3.connect(":memory:")
    con.create_function("memlog_text", 3, lambda *a: None)
    con.create_function("memlog_extra", 2, lambda *a: None)
    made = re.compile(r"^CREATE VIRTUAL TABLE.*?;$|^INSERT INTO record_fts.*?;$", re.MULTILINE | re.DOTALL)
    for script in sorted((Path(contracts.schema_dir()) / "migrations").glob("*.sql")):
        con.executescript(made.sub("", script.read_text(encoding="utf-8")))
    names = [n for (n,) in con.execute("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")]
    return {name: [c[0] for c in con.execute(f"SELECT * FROM {name} LIMIT 0").description] for name in names}


def test_every_command_has_a_heading() -> None:
    assert set(all_commands()) - headings("cli.md") == set()
    assert len(all_commands()) > 20


def test_every_setting_has_a_heading() -> None:
    assert set(Settings._fields) - headings("settings.md") == set()


def test_every_error_has_a_heading() -> None:
    named = {n for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, errors.MemlogError)}
    assert named - headings("errors.md") == set()


def test_every_view_has_a_heading_and_every_column_a_row() -> None:
    said = rows()
    for view, columns in views().items():
        assert view in headings(), view
        assert [c for c in columns if f"`{c}`" not in said] == [], view


def test_every_metric_has_a_row() -> None:
    said = rows()
    assert [name for name in (*health.METRICS, *health.RING_METRICS) if f"| `{name}` |" not in said] == []


def test_every_event_and_kind_has_a_row() -> None:
    said = rows()
    named = [name for table in EVENTS.values() for name in table]
    assert [name for name in named if f"`{name}`" not in said] == []


def test_the_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs/generate.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def examples() -> list[tuple[str, list[str]]]:
    """(page, words) of every `memlog …` line in a code block, the words after a pipe or && left out."""
    found = []
    for path, text in {**PAGES, **OTHERS}.items():
        for block in re.findall(r"^```(?:sh|bash|console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                line = line.strip().removeprefix("$ ").removeprefix("sudo ")
                if re.match(r"memlog [a-z-]", line) and "..." not in line and "[OPTIONS]" not in line:
                    words = shlex.split(re.split(r"\s[|>]|\s&&|\s#\s", line)[0], comments=True)
                    found.append((str(path), words[1:]))
    return found


# Reading commands: they really run, in an empty home, where nothing found is fine too.
SAFE = {"query", "status", "stats", "version", "show", "doctor"}


def test_every_example_is_understood(run_memlog: Run) -> None:
    found = examples()
    assert len(found) > 20
    for page, words in found:
        command: click.Command = root.memlog
        context = click.Context(command, info_name="memlog")
        rest = list(words[2:] if words[0] == "--home" else words)
        while isinstance(command, click.Group):
            assert rest, f"{page}: memlog {' '.join(words)} is a group"
            inner = command.get_command(context, rest[0])
            assert inner is not None, f"{page}: no command memlog {' '.join(words)}"
            command, context = inner, click.Context(inner, info_name=rest.pop(0), parent=context)
        try:
            command.make_context(context.info_name, rest, parent=context.parent, resilient_parsing=False)
        except click.exceptions.Exit:
            pass  # --help
        except click.BadParameter as exc:
            if "does not exist" not in str(exc):  # a file of the reader's
                pytest.fail(f"{page}: memlog {' '.join(words)}: {exc}")
        except click.ClickException as exc:
            pytest.fail(f"{page}: memlog {' '.join(words)}: {exc.format_message()}")


def test_reading_examples_run(run_memlog: Run) -> None:
    ran = 0
    for words, page in {tuple(words): page for page, words in examples()}.items():
        if words[0] in SAFE and not {"-f", "--follow"} & set(words):
            done = run_memlog(*words)
            ran += 1
            assert done.returncode in (0, 1, 3, 5), f"{page}: memlog {' '.join(words)}: {done.stderr}"
    assert ran > 5


def test_links_between_pages_lead_somewhere() -> None:
    for path, text in {**PAGES, **OTHERS}.items():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (ROOT / path.parent / target).exists(), f"{path}: {target}"
