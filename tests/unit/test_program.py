"""What found what a bundle says: every source of it, and the looks of its report."""

from typing import Any

import pytest

from memlog.export import program


def test_whatever_a_bundle_is_made_by_is_in_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def spied(path: str, *rest: Any, **named: Any) -> Any:
        read.append(path)
        return open(path, *rest, **named)

    monkeypatch.setattr(program, "open", spied, raising=False)
    assert program.digest.__wrapped__() == program.digest()
    for name in (
        "export/report.css",
        "export/script.py",
        "query/facts/extract.py",
        "archive/body.py",
        "incident.sql",
    ):
        assert any(path.endswith(name) for path in read), name
