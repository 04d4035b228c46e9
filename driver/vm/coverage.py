#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Lines and branches of the driver that a guest ran: `coverage.py OBJECTS COUNTS [LEAST]`.

OBJECTS holds the build's .gcno, COUNTS the .gcda the guest's kernel gave. Prints a table, and what
was never run; exits 1 under LEAST per cent of the lines.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

Lines = dict[int, tuple[int, list[bool]]]  # number -> times run, each branch taken


def counted(objects: Path, counts: Path) -> dict[str, Lines]:
    """By file of the driver; a header's lines are those of all objects together."""
    found: dict[str, Lines] = {}
    with tempfile.TemporaryDirectory() as folder:
        for gcda in sorted(counts.glob("*.gcda")):
            shutil.copy(gcda, folder)
            shutil.copy(objects / f"{gcda.stem}.gcno", folder)
            done = subprocess.run(
                ["gcov", "--json-format", "--stdout", "-b", gcda.name],
                cwd=folder, check=True, capture_output=True,
            )  # fmt: skip
            for text in done.stdout.splitlines():
                for file in json.loads(text)["files"]:
                    name = Path(file["file"]).name
                    if name.startswith("memlog_") and "/include/" not in file["file"]:
                        _add(found.setdefault(name, {}), file["lines"])
    return found


def _add(lines: Lines, more: list[dict[str, object]]) -> None:
    for line in more:
        number, count = int(line["line_number"]), int(line["count"])  # type: ignore[call-overload]
        taken = [branch["count"] > 0 for branch in line["branches"]]  # type: ignore[attr-defined]
        before, known = lines.get(number, (0, []))
        if len(known) == len(taken):
            taken = [one or other for one, other in zip(known, taken, strict=True)]
        lines[number] = (before + count, taken)


def main(objects: Path, counts: Path, least: float) -> int:
    found = counted(objects, counts)
    total = [0, 0, 0, 0]
    never = []
    for name, lines in sorted(found.items()):
        branches = [taken for _, each in lines.values() for taken in each]
        row = [sum(n > 0 for n, _ in lines.values()), len(lines), sum(branches), len(branches)]
        total = [a + b for a, b in zip(total, row, strict=True)]
        _say(_row(name, row))
        never += [f"{name}:{number}" for number, (n, _) in sorted(lines.items()) if not n]
    _say(_row("the driver", total))
    _say(f"never run: {' '.join(never) or 'nothing'}")
    if not total[1] or 100 * total[0] / total[1] < least:
        _say(f"under {least:g} % of the lines")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _row(name: str, row: list[int]) -> str:
    lines, of_lines, branches, of_branches = row
    return (
        f"{name:20} lines {100 * lines / max(of_lines, 1):5.1f} % ({lines} of {of_lines})"
        f"  branches {100 * branches / max(of_branches, 1):5.1f} % ({branches} of {of_branches})"
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), float((sys.argv[3:] or ["0"])[0])))
