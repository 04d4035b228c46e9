"""The jobs a witness can be asked for: name → what does it. A job's module is loaded when it is asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from memlog.witness.jobs import Job

_JOBS = {
    "forget": "memlog.witness.forget:forget_job",
    "retention": "memlog.witness.keep:retention_job",
    "compact": "memlog.witness.keep:compact_job",
    "secrets": "memlog.witness.forget:secrets_job",
    "import": "memlog.witness.backfill:import_job",
    "tree": "memlog.archive.tree_check:rewrite",
}


class _Jobs(Mapping[str, "Job"]):
    def __getitem__(self, name: str) -> "Job":
        module, attribute = _JOBS[name].split(":")
        return cast("Job", getattr(import_module(module), attribute))

    def __iter__(self) -> Iterator[str]:
        return iter(_JOBS)

    def __len__(self) -> int:
        return len(_JOBS)

    def __contains__(self, name: object) -> bool:
        return name in _JOBS


JOBS = _Jobs()
