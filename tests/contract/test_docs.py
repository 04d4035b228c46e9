"""docs/ names every command, setting, error, view, column, event and kind, and its examples run."""

import re
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

from memlog import contracts, errors, wire
from memlog.cli import root
from memlog.query import metrics
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
    assert [name for name in (*metrics.METRICS, *metrics.RING_METRICS) if f"| `{name}` |" not in said] == []


def test_every_event_and_kind_has_a_row() -> None:
    said = rows()
    named = [name for table in EVENTS.values() for name in table]
    assert [name for name in named if f"`{name}`" not in said] == []


def test_the_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs/generate.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as they are made where it is shown."""
    titles = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_links_between_pages_lead_somewhere() -> None:
    followed = 0
    for path, text in {**PAGES, **OTHERS}.items():
        for target, _, anchor in re.findall(r"\]\(([^)#:]*)(#([^)]*))?\)", text):
            there = (ROOT / path.parent / target) if target else ROOT / path
            assert there.exists(), f"{path}: {target}"
            if anchor:
                assert anchor in slugs(there.read_text(encoding="utf-8")), f"{path}: {target}#{anchor}"
                followed += 1
    assert followed > 5


def test_every_page_is_in_the_index() -> None:
    index = PAGES[Path("docs/index.md")]
    assert [path.name for path in PAGES if path.name != "index.md" and f"]({path.name})" not in index] == []


def table_of(page: str, heading: str) -> list[list[str]]:
    """Cells of the first table below a heading, without its head."""
    text = PAGES[Path("docs") / page].split(f"## {heading}\n", 1)[1]
    rows = [line for line in text.split("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_the_header_is_described_as_it_is() -> None:
    sizes = {"I": 4, "Q": 8, "16s": 16}
    told = table_of("format.md", "A record on the wire")
    at = 0
    for row, code in zip(told, re.findall(r"16s|I|Q", wire.HEADER.format), strict=True):
        assert (int(row[0]), int(row[1])) == (at, sizes[code]), row
        at += sizes[code]
    assert at == contracts.HEADER_BYTES
    struct = (Path(contracts.schema_dir()) / "memlog.h").read_text(encoding="utf-8")
    struct = struct.split("struct memlog_record_header {")[1].split("}")[0]
    assert [row[2] for row in told] == re.findall(r"__u\d+\s+(\w+)", struct)


def test_every_ioctl_is_described() -> None:
    header = (Path(contracts.schema_dir()) / "memlog.h").read_text(encoding="utf-8")
    defined = re.findall(r"define MEMLOG_IOC_(\w+)\s+_IO\w*\(MEMLOG_IOC_MAGIC, (\d)", header)
    assert [
        (name, number) for number, name in (row[0].split() for row in table_of("format.md", "The device"))
    ] == defined


def test_every_key_of_a_blob_is_described_in_its_order() -> None:
    schema = (Path(contracts.schema_dir()) / "record.cddl").read_text(encoding="utf-8")
    keys = re.findall(r'^  \??\s?"(\w+)":', schema.split("record = {")[1].split("\n}")[0], re.MULTILINE)
    told = [key for row in table_of("format.md", "A blob") for key in row[0].split(", ")]
    assert sorted(told) == sorted(keys) and told[0] == "v" and told[-1] == keys[-1] == "text"
