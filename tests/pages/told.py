"""A session's records, made a line each, and the address of its page."""

from typing import Any

from memlog.record import Record

START = 1_780_000_000_000_000_000


def said(n: int, kind: str, role: str, text: str, **fields: Any) -> Record:
    more = {"boundary": "", **fields}
    return Record(
        agent="claude-code", session="one", source_id=f"line-{n}", block=0, kind=kind, ts_ns=START + n * 1_000_000_000, text=text,
        mac=bytes([n % 250] * 8), role=role, **more,
    )  # fmt: skip


async def folder(client: Any, name: str = "last") -> str:
    """The address of a session's page."""
    answer = await client.get(f"/archive/-/session/{name}")
    assert answer.status_code == 302
    return str(answer.headers["location"])
