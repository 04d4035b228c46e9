"""Work a verb asks for: stepped in bounded batches, so that rings are drained in between."""

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from memlog import errors
from memlog.errors import InputError, MemlogError

if TYPE_CHECKING:
    from memlog.archive.store import Archive
    from memlog.settings import Settings


class Progress(NamedTuple):
    """How far a job is, in a unit of its own; total 0: not known. note: what it is at."""

    done: int
    total: int
    note: str


# A generator: each next() does one bounded batch; its return value is the result, JSON-safe.
Job = Callable[["Archive", "Settings", dict[str, Any]], Iterator[Progress]]


class Running:
    """A job asked for. step() does one batch of it; afterwards `result` or `error` is set."""

    def __init__(self, name: str, job: Job, args: dict[str, Any]) -> None:
        self.name = name
        self.progress = Progress(0, 0, "")
        self.result: dict[str, Any] | None = None
        self.error: Exception | None = None
        self._job = job
        self._args = args
        self._steps: Iterator[Progress] | None = None

    @property
    def finished(self) -> bool:
        return self.result is not None or self.error is not None

    def step(self, archive: "Archive", settings: "Settings") -> None:
        """One batch. Whatever the job raises is its result, not the witness's end."""
        try:
            if self._steps is None:
                self._steps = self._job(archive, settings, self._args)
            self.progress = Progress(*next(self._steps))
        except StopIteration as stop:
            self.result = stop.value if isinstance(stop.value, dict) else {}
        except Exception as exc:
            self.error = exc

    def cancel(self, error: MemlogError) -> None:
        """Stop between two batches."""
        if isinstance(self._steps, Generator):
            self._steps.close()
        self.error = error


def find(jobs: Mapping[str, Job], name: object, args: object) -> Running:
    """The job of this name, before its first batch.

    Raises: InputError when no job is called so.
    """
    if not isinstance(name, str) or name not in jobs:
        raise InputError(
            f"the witness knows no job {name!r}; it may be older than this command",
            hint="memlog witness restart",
        )
    if not isinstance(args, dict):
        raise InputError("a job's arguments are one object")
    return Running(name, jobs[name], args)


def error_to_wire(exc: Exception) -> dict[str, Any]:
    """What a client is told of an error."""
    if isinstance(exc, MemlogError):
        return {"type": type(exc).__name__, "message": str(exc), "hint": exc.hint, "exit_code": exc.exit_code}
    return {
        "type": "MemlogError", "message": f"internal error: {type(exc).__name__}: {exc}",
        "hint": "see witness.log", "exit_code": 1,
    }  # fmt: skip


def error_from_wire(body: object) -> MemlogError:
    """The same error, to be raised where the person is."""
    told = body if isinstance(body, dict) else {}
    found = getattr(errors, str(told.get("type")), MemlogError)
    kind = found if isinstance(found, type) and issubclass(found, MemlogError) else MemlogError
    return kind(str(told.get("message") or "") or None, hint=str(told.get("hint") or kind.hint))
