"""Who may import whom, and what a hook and a search may load."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import Run
from memlog.paths import Home

ROOT = Path(__file__).parents[2]
SOURCES = {
    "memlog": ROOT / "archiver/memlog",
    "datasette_memlog": ROOT / "datasette_plugins/datasette_memlog",
}

LAYER_0 = {
    "errors", "contracts", "paths", "settings", "record", "wire", "redact", "private_keys", "portable", "peer",
}  # fmt: skip
# ARCHITECTURE.md, "Who may import whom". A stage may always import itself.
STAGES = {
    "ring": LAYER_0,
    "capture": LAYER_0 | {"ring"},
    "archive": LAYER_0,
    "query": LAYER_0 | {"archive.connection", "archive.body", "archive.prepare"},
    "witness": LAYER_0 | {"ring", "capture", "archive"},
    "export": LAYER_0 | {"archive.connection", "archive.body", "archive.chain", "archive.anchor", "query"},
    "cli": LAYER_0 | {"ring", "capture", "archive", "query", "witness", "export"},
    "datasette_memlog": LAYER_0 | {"query", "export"},
}
# Packages that only some modules may name; what is not listed comes with Python or is refused.
PACKAGES = {
    "cbor2": (
        "record",
        "redact",
        "portable",
        "archive",
        "capture",
        "ring",
        "witness",
        "query",
        "export",
        "cli",
    ),
    "sqlite3": ("archive.connection",),
    "_sqlite3": ("archive.connection",),
    "pysqlite3": ("archive.connection",),
    "zstandard": ("archive.body",),
    "sqlite_utils": ("archive",),
    "click": ("cli",),
    "tabulate": ("cli",),
    "datasette": ("cli", "datasette_memlog"),
    "uvicorn": ("cli",),
    "httpx": ("cli",),
    "jinja2": ("datasette_memlog",),
    "markdown_it": ("datasette_memlog",),
    "markupsafe": ("datasette_memlog",),
    "pyarrow": ("export.parquet",),
    "tqdm": (),
}
BUILT_IN = {"_sha256", "_sha2"}  # of Python 3.11, of 3.12
CORES = {"cli", "datasette_memlog"}  # the only places that talk to a person

HOOK_LOADS_NOT = {
    "argparse", "asyncio", "click", "dataclasses", "datasette", "inspect", "logging", "pathlib", "pysqlite3",
    "sqlite3", "sqlite_utils", "subprocess", "tempfile", "tomllib", "uuid", "zstandard", "_sqlite3", "memlog.archive",
    "memlog.query", "memlog.witness", "memlog.cli",
}  # fmt: skip
SEARCH_LOADS_NOT = {
    "argparse", "cbor2", "click", "dataclasses", "datasette", "datetime", "inspect", "json", "pathlib", "re",
    "sqlite_utils", "typing", "uuid", "memlog.capture", "memlog.ring", "memlog.witness", "memlog.record",
}  # fmt: skip


class Import(NamedTuple):
    """One imported module: by which of ours (`capture.hook`), in which line, its whole name."""

    by: str
    line: int
    name: str


def modules() -> Iterator[tuple[str, Path]]:
    """(`capture.hook`, file) of every module of ours; the plugin's start with its package's name."""
    for package, folder in SOURCES.items():
        for file in sorted(folder.rglob("*.py")):
            parts = list(file.relative_to(folder).with_suffix("").parts)
            if parts[-1] == "__init__":
                parts.pop()
            yield ".".join([package, *parts] if package != "memlog" else parts), file


def imports(by: str, source: str) -> Iterator[Import]:
    """What a source imports, in functions too; blocks for the type checker do not count."""
    for node in _walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(by, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield Import(by, node.lineno, "." * node.level)
            for alias in node.names:
                yield Import(by, node.lineno, f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Call) and _name(node.func) in ("import_module", "__import__"):
            yield from (
                Import(by, node.lineno, str(a.value)) for a in node.args[:1] if isinstance(a, ast.Constant)
            )


def _name(node: ast.AST) -> str:
    return str(getattr(node, "id", getattr(node, "attr", "")))


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
            for other in node.orelse:
                yield other
                yield from _walk(other)
            continue
        yield node
        yield from _walk(node)


def below(name: str, roots: set[str] | tuple[str, ...]) -> bool:
    """Whether a dotted name is one of these or lies below one."""
    return any(name == root or name.startswith(root + ".") for root in roots)


def broken(found: Import) -> str | None:
    """Why an import is not allowed; None where it is."""
    where = f"{found.by}:{found.line} imports {found.name}"
    if found.name.startswith("."):
        return f"{where}: relative"
    top = found.name.split(".")[0]
    if top in SOURCES:
        name = found.name.removeprefix("memlog.")
        stage = found.by.split(".")[0]
        allowed = STAGES.get(stage, LAYER_0) | ({stage} if stage in STAGES else set())
        if name in ("", "memlog", "memlog.__version__", "__version__") or below(name, allowed):
            return None
        if (
            not found.by and name == "capture.writer.open_ring"
        ):  # what the package offers, loaded when asked for
            return None
        return f"{where}: {stage or 'memlog'} may not"
    if top in sys.stdlib_module_names | BUILT_IN and top not in PACKAGES:
        return None
    return None if below(found.by, PACKAGES.get(top, ())) else f"{where}: not here"


def all_imports() -> list[Import]:
    return [found for by, file in modules() for found in imports(by, file.read_text(encoding="utf-8"))]


def test_imports_go_one_way_along_the_flow() -> None:
    found = all_imports()
    assert len(found) > 100
    assert [why for each in found if (why := broken(each))] == []


@pytest.mark.parametrize(
    ("by", "source"),
    [
        ("ring.shm", "def f():\n    from memlog.archive import store\n"),
        ("capture.hook", "import sqlite3\n"),
        ("query.search", "from memlog.archive.store import Archive\n"),
        ("query.search", "from pysqlite3 import dbapi2\n"),
        ("export.sql", "if x:\n    import click\n"),
        ("record", "from memlog.ring import shm\n"),
        ("witness.drain", "from memlog.query import search\n"),
        ("witness.drain", "import requests\n"),
        ("archive.store", "from importlib import import_module\nimport_module('memlog.cli.root')\n"),
        ("datasette_memlog.pages", "from memlog.archive.connection import sqlite3\n"),
        ("query.search", "from . import words\n"),
    ],
)
def test_a_planted_violation_is_found(by: str, source: str) -> None:
    assert [why for each in imports(by, source) if (why := broken(each))]


def test_what_the_type_checker_alone_reads_does_not_count() -> None:
    source = "if TYPE_CHECKING:\n    from memlog.archive import store\nelse:\n    import os\n"
    assert [each.name for each in imports("ring.shm", source)] == ["os"]


def test_a_package_is_a_docstring_and_a_list_of_names() -> None:
    for by, file in modules():
        if file.name != "__init__.py" or by == "datasette_memlog":
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            plain = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            named = isinstance(node, (ast.Assign, ast.AnnAssign)) and ast.unparse(node).startswith(
                ("__all__", "__version__")
            )
            # The one name it offers is loaded when it is asked for.
            lazy = not by and ast.unparse(node).startswith(
                ("TYPE_CHECKING", "if TYPE_CHECKING", "def __getattr__")
            )
            assert plain or named or lazy, f"{file}: {ast.unparse(node)}"


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "processor", "misc"}
    assert [str(file) for _, file in modules() if file.stem in empty] == []


def talks(source: str) -> list[str]:
    """Calls that only a command may make."""
    if not re.search(r"\b(?:print|exit|quit|input)\s*\(", source):
        return []
    return [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("print", "sys.exit", "exit", "quit", "input")
    ]


def test_nothing_below_the_commands_prints_or_exits() -> None:
    for by, file in modules():
        if by.split(".")[0] in CORES or by == "capture.hook":
            continue
        assert talks(file.read_text(encoding="utf-8")) == [], str(file)
    assert talks("def f():\n    sys.exit(2)\n") == ["sys.exit"]


# Runs a module as `python -m` does and notes what it imports, however it ends and whatever it does to stderr.
WATCHED = """
import os, runpy, sys
note = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.argv = sys.argv[2:]
sys.addaudithook(lambda event, given: event == "import" and os.write(note, f"{given[0]}\\n".encode()) and None)
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def loaded(folder: Path, *words: str, stdin: str = "") -> set[str]:
    """Modules that running a module of ours imports, beyond what starting any module does."""
    note = folder / "imported"
    command = [sys.executable, "-c", WATCHED, str(note), *words]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=50, cwd=folder)
    assert done.returncode == 0, done.stderr[-2_000:]
    return set(note.read_text(encoding="utf-8").split())


def test_a_hook_loads_nothing_heavy(home: Home, tmp_path: Path) -> None:
    transcript = tmp_path / "t.jsonl"
    transcript.write_text(
        '{"type":"user","uuid":"u1","sessionId":"s","message":{"role":"user","content":"hello"}}\n'
    )
    given = f'{{"session_id":"s","transcript_path":"{transcript}","hook_event_name":"PreCompact","trigger":"auto"}}'
    names = loaded(tmp_path, "memlog.capture.hook", "PreCompact", stdin=given)
    assert "memlog.capture.transcript" in names  # it did read the transcript
    assert {name for name in names if below(name, HOOK_LOADS_NOT)} == set()


def test_a_search_loads_nothing_heavy(home: Home, run_memlog: Run, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text(
        '{"id":"a","session":"s","ts":"2026-01-01T00:00:00Z","role":"user","text":"the late tide"}\n'
    )
    run_memlog("import", "jsonl", str(lines), check=0)
    names = loaded(tmp_path, "memlog.cli.start", "query", "search", "tide")
    assert "memlog.query.search" in names
    assert {name for name in names if below(name, SEARCH_LOADS_NOT)} == set()


def test_a_heavy_module_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(
        "import memlog.wire\n\ndef f():\n    import dataclasses, sqlite3\nf()\n"
    )
    names = loaded(tmp_path, "planted")
    assert {name for name in names if below(name, HOOK_LOADS_NOT)} >= {"dataclasses", "sqlite3"}
