"""Writes the pages of docs/ that the code already says: cli.md, settings.md, errors.md, memlog.1.

`python docs/generate.py` writes them; `--check` prints what would change and exits 1.
"""

import ast
import difflib
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from memlog import errors, settings
from memlog.cli import man, root

HERE = Path(__file__).parent
NOTE = "<!-- written by docs/generate.py; run `make docs` -->"

CLI_HEAD = f"""\
# Commands
{NOTE}

How rows are printed: [on a terminal](terminal.md). Exit codes: [errors.md](errors.md). What deletes does
nothing without `--apply`. `--home DIR` and `--no-pager` go before the command: `memlog --home DIR status`.
"""

SETTINGS_HEAD = f"""\
# Settings
{NOTE}

A value is looked for in this order, and the last one found counts: the default, `<home>/config.toml`,
the variable `MEMLOG_…`, the flag of a command that has one. A wrong type stops the command, and so does
a wrong name in the file; file and line are named. Of a variable with a wrong name commands say on stderr
that it sets nothing. `memlog doctor --settings` shows every value and where it came from, and
what is wrong.

```toml
# ~/.claude/memlog/config.toml
ring_bytes = 16777216
start_witness = false
```
"""

ERRORS_HEAD = f"""\
# Errors and exit codes
{NOTE}

On an error memlog says on stderr what went wrong and, after `next:`, what to try; it exits with the
code of the error's branch. `memlog-hook` exits 0 whatever happens.

| exit code | meaning |
|---|---|
| 0 | done; no rows is 0 |
| 1 | done, and the answer is bad news (doctor, status, verify); or an error nobody foresaw |
"""


def cli_page() -> str:
    """Every command with its usage, help and options."""
    context = click.Context(root.memlog, info_name="memlog")
    lines = [CLI_HEAD]
    for command, inner in _commands(root.memlog, context):
        lines += _command(command, inner)
    return "\n".join(lines).rstrip() + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        yield command, inner
        if isinstance(command, click.Group):
            yield from _commands(command, inner)


def _command(command: click.Command, context: click.Context) -> list[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"## {context.command_path}", "```", usage, "```", *_help(command.help or ""), ""]
    records = [record for p in command.params if (record := p.get_help_record(context)) is not None]
    if records:
        lines += ["| option | |", "|---|---|"]
        lines += [f"| `{_cell(flags)}` | {_cell(text)} |" for flags, text in records]
        lines.append("")
    return lines


def _help(text: str) -> list[str]:
    r"""Markdown of a command's help; what follows `Example:` is code, as are paragraphs marked \b."""
    lines: list[str] = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        first, _, rest = paragraph.partition("\n")
        if first.strip() == "\b":
            lines += ["```", rest, "```"]
        elif first.startswith(("Example:", "Examples:")):
            commands = [line.strip() for line in paragraph.partition(":")[2].split("\n") if line.strip()]
            lines += ["```sh", *commands, "```"]
        else:
            lines += [*paragraph.split("\n"), ""]
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def settings_page() -> str:
    """Every setting with its default, its variable and what it does."""
    lines = [SETTINGS_HEAD]
    for name, meaning in _meanings().items():
        default = json.dumps(settings.Settings._field_defaults[name])  # TOML and JSON spell these alike
        where = " or `memlog --home DIR`; not in `config.toml`, which lies in it" if name == "home" else ""
        lines += [
            f"## {name}",
            f"{meaning}.",
            "",
            f"Default `{default}` · `MEMLOG_{name.upper()}`{where}",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def _meanings() -> dict[str, str]:
    """Setting → the comment behind it in settings.py."""
    source = inspect.getsource(settings)
    (found,) = [n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "Settings"]
    rows = source.splitlines()
    named = {}
    for node in found.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            comment = rows[(node.end_lineno or node.lineno) - 1][node.end_col_offset or 0 :].strip()
            if not comment.startswith("# "):
                raise SystemExit(f"settings.py: {node.target.id} has no comment to document it")
            named[node.target.id] = comment[2:].rstrip(".")
    return named


def errors_page() -> str:
    """Every error with its exit code, its message and what to try next."""
    lines = [ERRORS_HEAD.rstrip()]
    branches = [e for e in errors.MemlogError.__subclasses__() if e.exit_code > 1]
    lines += [f"| {e.exit_code} | {(e.__doc__ or '').splitlines()[0]} |" for e in branches]
    lines += ["| 130 | stopped with Ctrl-C |", ""]
    for error in _errors(errors.MemlogError):
        paragraphs = inspect.cleandoc(error.__doc__ or "").split("\n\n")
        lines += [
            f"## {error.__name__}",
            *paragraphs,
            "",
            f"Exit code {error.exit_code} · next: `{error.hint}`",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def _errors(above: type[errors.MemlogError]) -> Iterator[type[errors.MemlogError]]:
    yield above
    for error in above.__subclasses__():
        if error.__module__ == errors.__name__:
            yield from _errors(error)


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "memlog.1": man.page,
}


def main(arguments: list[str]) -> int:
    """0; with --check 1 when a page is not what the code says."""
    stale = 0
    for name, page in PAGES.items():
        path, text = HERE / name, page()
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if before == text:
            continue
        stale = 1
        if "--check" in arguments:
            names = (f"docs/{name}", "from the code")
            sys.stdout.writelines(
                difflib.unified_diff(before.splitlines(True), text.splitlines(True), *names)
            )
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/{name}")
    return stale if "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
