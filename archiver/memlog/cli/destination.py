"""Where the rows of a command go: standard output, or the file that -o names, whole or not at all."""

import os
import sys
from io import TextIOWrapper
from types import TracebackType

from memlog.errors import InputError, RefusedError
from memlog.export import place

_BY_ENDING = {
    ".json": "json", ".jsonl": "nl", ".ndjson": "nl", ".csv": "csv", ".tsv": "tsv", ".txt": "table",
}  # fmt: skip


def style_of(path: str | None) -> str | None:
    """The format of rows that the ending of a file's name means; None for a name without one.

    Raises: InputError for another ending.
    """
    if path is None or path == "-":
        return None
    ending = os.path.splitext(path)[1].lower()
    if not ending:
        return None
    if ending not in _BY_ENDING:
        hint = f"-o FILE with {', '.join(_BY_ENDING)}; or --json, --nl, --csv, --tsv, --table"
        raise InputError(f"{path}: the ending {ending} says no format", hint=hint)
    return _BY_ENDING[ending]


class Destination:
    """Standard output is this file inside of `with`; None and "-" leave it where it is.

    Raises: RefusedError when there is such a file.
    """

    def __init__(self, path: str | None) -> None:
        self._path = None if path == "-" else path

    def __enter__(self) -> None:
        if self._path is None:
            return
        self._file = place.opened(self._path, force=False)
        try:
            raw = self._file.__enter__()
        except RefusedError as exc:
            raise RefusedError(str(exc), hint="-o with another name") from exc
        self._before = sys.stdout
        self._text = TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)
        sys.stdout = self._text

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._path is None:
            return
        sys.stdout = self._before
        try:
            self._text.flush()
            self._text.detach()
        except OSError as failed:  # told by the file, which takes what it wrote away again
            self._file.__exit__(type(failed), failed, failed.__traceback__)
            raise
        self._file.__exit__(kind, exc, trace)
