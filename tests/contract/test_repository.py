"""What the files of the repository must and must not hold."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Put together here, so that this file does not hold what it looks for.
MACHINE = re.compile(r"(?<!\w)(?:/wor" + r"k/\w|/roo" + r"t/\w|/tmp/c" + "c|py" + "env/versions)")
REGISTRY = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "pythonhosted" + r"\.org",
            "index-" + "url",
            "go" + "proxy",
            "registry" + r"\.npmjs",
        ]
    )
)
BINARY = {".zdict", ".gz", ".bin", ".db", ".png"}


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def texts() -> dict[Path, str]:
    return {
        path: path.read_text(encoding="utf-8", errors="replace")
        for path in tracked()
        if path.suffix not in BINARY
    }


def holding(pattern: re.Pattern[str], found: dict[Path, str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path, text in found.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_path_of_one_machine() -> None:
    found = texts()
    assert holding(MACHINE, found) == []
    assert holding(MACHINE, {ROOT / "x": "see /wor" + "k/main"})


def test_no_file_names_a_package_registry() -> None:
    assert holding(REGISTRY, texts()) == []


def test_licences_are_whole_and_named() -> None:
    apache = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert apache == (ROOT / "LICENSES/Apache-2.0.txt").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in apache
    gpl = (ROOT / "LICENSES/GPL-2.0-only.txt").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in gpl
    assert (ROOT / "LICENSES/Linux-syscall-note.txt").is_file()
    named = {
        word.strip("(); \\")
        for text in texts().values()
        for tag in re.findall(r"^\W*SPDX-License-Identifier: ([^*\n]+)", text, re.MULTILINE)
        for word in re.split(r" (?:OR|WITH|AND) ", tag)
    }
    assert named <= {path.stem for path in (ROOT / "LICENSES").iterdir()}


LOGGED = {"blob", "text", "body", "raw", "line", "prompt", "payload", "data", "content"}


def leaks(source: str) -> list[str]:
    """Logging calls that hand over what may be a record's text."""
    found: list[str] = []
    if not re.search(r"\blog(?:ger|ging)?\.", source):
        return found
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in ("debug", "info", "warning", "error", "exception", "critical"):
            continue
        if ast.unparse(node.func.value) not in ("log", "logger", "logging", "self.log"):
            continue
        for given in node.args[1:]:
            name = (
                given.id
                if isinstance(given, ast.Name)
                else given.attr
                if isinstance(given, ast.Attribute)
                else ""
            )
            if name in LOGGED:
                found.append(ast.unparse(node))
    return found


def test_no_log_line_holds_the_text_of_a_record() -> None:
    for path in tracked():
        if path.suffix == ".py" and "tests" not in path.parts:
            assert leaks(path.read_text(encoding="utf-8")) == [], path
    assert leaks('log.info("got %s", blob)') and leaks('log.info("got %s", record.text)')
    assert leaks('log.info("got bytes=%d", len(blob))') == []


def test_errors_are_raised_from_where_they_came() -> None:
    """An error of ours raised in an `except` block says what caused it."""
    for path in tracked():
        if path.suffix != ".py" or not {"archiver", "datasette_plugins"} & set(path.parts):
            continue
        source = path.read_text(encoding="utf-8")
        if "except" not in source:
            continue
        for handler in (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ExceptHandler)):
            for node in ast.walk(handler):
                if (
                    isinstance(node, ast.Raise)
                    and isinstance(node.exc, ast.Call)
                    and ast.unparse(node.exc.func).endswith("Error")
                ):
                    assert node.cause is not None, f"{path}:{node.lineno}"


def test_the_map_names_every_module() -> None:
    told = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for folder in (ROOT / "archiver/memlog", ROOT / "datasette_plugins/datasette_memlog"):
        for path in folder.rglob("*.py"):
            name = path.relative_to(folder).with_suffix("").as_posix()
            name = name if name.startswith("capture/readers") else path.stem
            assert path.stem == "__init__" or f"`{name.removeprefix('capture/')}`" in told, path
