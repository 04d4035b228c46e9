"""Which lines of some functions ran, and in which order: what guides a fuzzer to new ones."""

import sys
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any


def lines_of(functions: Iterable[Any]) -> set[tuple[CodeType, int]]:
    """Every line of these functions, and of what is defined in them, that can run."""
    found = set()
    codes = [function.__code__ for function in functions]
    while codes:
        code = codes.pop()
        codes += [const for const in code.co_consts if isinstance(const, CodeType)]
        found |= {(code, line) for _, _, line in code.co_lines() if line and line != code.co_firstlineno}
    return found


class Coverage:
    """Which steps from line to line of these functions were taken, while it is on."""

    def __init__(self, functions: Iterable[Any]) -> None:
        self.codes = {code for code, _ in lines_of(functions)}
        self.lines: set[tuple[CodeType, int]] = set()
        self.steps: set[tuple[CodeType, int, int]] = set()
        self._last: dict[int, int] = {}

    def run(self, parser: Callable[[bytes], None], data: bytes) -> bool:
        """True when this input took a step none had taken."""
        before = len(self.steps)
        sys.settrace(self._call)
        try:
            parser(data)
        finally:
            sys.settrace(None)
            self._last.clear()
        return len(self.steps) > before

    def _call(self, frame: FrameType, event: str, _: Any) -> Any:
        return self._line if frame.f_code in self.codes else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            code, line, key = frame.f_code, frame.f_lineno, id(frame)
            self.lines.add((code, line))
            self.steps.add((code, self._last.get(key, 0), line))
            self._last[key] = line
        return self._line
