"""Every command a hint, a remedy or a message names exists, with the options it is named with."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from memlog import errors
from memlog.cli import root

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("archiver/memlog/**/*.py"), *ROOT.glob("datasette_plugins/**/*.py")]
NAMED = re.compile(r"\bmemlog((?: +(?:--)?[a-z][a-z-]+)+)")
GAP = "\ufffc"  # where an f-string has a value


def text_of(node: ast.expr) -> str:
    """What a string of the source says."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) if isinstance(part, ast.Constant) else GAP for part in node.values)
    if isinstance(node, ast.IfExp):
        return f"{text_of(node.body)}\n{text_of(node.orelse)}"
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + text_of(node.right)
    return ""


def advice(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of hints, of remedies, and of whatever is said in backticks or after `next:`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("hint", "remedy"):
            yield node.value.lineno, text_of(node.value)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(
                isinstance(t, ast.Name) and t.id.lower().strip("_") in ("hint", "remedy") for t in targets
            ):
                yield node.value.lineno, text_of(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check":
            for argument in node.args[3:]:
                yield argument.lineno, text_of(argument)
        elif isinstance(node, (ast.Constant, ast.JoinedStr)):
            said = text_of(node)
            yield node.lineno, said.partition("next: ")[2]
            for quoted in re.findall(r"`(memlog [^`|]+)`", said):
                group = "".join(map(fault, map(str.strip, NAMED.findall(quoted))))
                yield node.lineno, "" if group.endswith("is a group") else quoted  # it speaks of the group


def fault(command: str) -> str:
    """Why this command line is none; "" for one that is."""
    words = command.removeprefix("memlog ").split()
    found: click.Command = root.memlog
    for at, word in enumerate(words):
        if word.startswith("--"):
            known = {flag for p in found.params for flag in (*p.opts, *p.secondary_opts)} | {"--help"}
            if word not in known:
                return f"{command!r}: no option {word}"
        elif isinstance(found, click.Group):
            inner = found.get_command(click.Context(found), word)
            if inner is None:
                return f"{command!r}: no command {' '.join(words[: at + 1])}"
            found = inner
    only_a_group = isinstance(found, click.Group) and not found.invoke_without_command
    return f"{command!r} is a group" if only_a_group and "--help" not in words else ""


def advised(source: str) -> list[tuple[int, str]]:
    """(line, command) of all that is advised."""
    if "memlog " not in source:
        return []
    return [
        (line, words.strip())
        for line, text in advice(ast.parse(source))
        for words in NAMED.findall(text.replace(GAP, " "))
    ]


def faults(source: str, name: str) -> list[str]:
    return [f"{name}:{line}: {why}" for line, words in advised(source) if (why := fault(words))]


def test_every_hint_of_an_error_class_names_a_command_that_exists() -> None:
    hints = {
        e.hint for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.MemlogError)
    }
    assert len(hints) > 8
    assert [why for hint in hints for words in NAMED.findall(hint) if (why := fault(words.strip()))] == []


def test_every_command_that_is_advised_in_the_code_exists() -> None:
    named = [
        (path.relative_to(ROOT), line, command)
        for path in SOURCES
        for line, command in advised(path.read_text(encoding="utf-8"))
    ]
    assert [(str(path), line, why) for path, line, command in named if (why := fault(command))] == []
    assert len(named) > 50


@pytest.mark.parametrize(
    "source",
    [
        'raise InputError("no", hint="memlog admin burn")',
        'raise InputError("no", hint=f"memlog query record {id} --rawest")',
        'class E: hint = "memlog quarry"',
        'say("done; next: memlog exprot sql")',
        'Check("a", BAD, "b", "memlog dotcor" if x else "memlog doctor")',
        '"after `memlog witness stpo`"',
        'raise InputError("no", hint="memlog admin")',
    ],
)
def test_a_command_that_does_not_exist_is_found(source: str) -> None:
    assert len(faults(source, "twin.py")) == 1
