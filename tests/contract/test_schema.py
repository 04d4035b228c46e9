"""schema/ and contracts.py name the same things, and records are what record.cddl says."""

import re
import tomllib
from pathlib import Path
from typing import Any

import cbor2
import pytest

from memlog import contracts, record

SCHEMA = Path(contracts.schema_dir())
CDDL = (SCHEMA / "record.cddl").read_text(encoding="utf-8")
EVENTS = tomllib.loads((SCHEMA / "events.toml").read_text(encoding="utf-8"))


def keys(name: str) -> dict[str, bool]:
    """Keys of one map of record.cddl in order, and whether each must be there."""
    found = re.search(rf"^{name} = \{{\n(.*?)^\}}", CDDL, re.MULTILINE | re.DOTALL)
    assert found, name
    inside = re.sub(r";[^\n]*", "", found[1])
    return {key: not optional for optional, key in re.findall(r'(\?\s*)?"(\w+)":', inside)}


def words(name: str) -> tuple[str, ...]:
    """The texts a rule of record.cddl chooses from."""
    found = re.search(rf"^{name} = (.*?)\n(?:\n|\Z)", CDDL, re.MULTILINE | re.DOTALL)
    assert found, name
    return tuple(re.findall(r'"(\w+)"', re.sub(r";[^\n]*", "", found[1])))


FULL = record.Record(
    agent="a", session="s", source_id="i", block=1, kind="message", ts_ns=5, text="text", mac=bytes(8),
    role="user", tool="t", project="/p", parent_id="q", boundary="", at=3, error=True, omitted=("same",),
    redacted={"rule": 1}, rest={"k": 1}, part=1, parts=2,
)  # fmt: skip
LEAST = record.Record(
    agent="a", session="s", source_id="i", block=0, kind="meta", ts_ns=0, text="", mac=bytes(8)
)


def body(made: record.Record) -> dict[str, Any]:
    (blob,) = record.encode(made)
    value: dict[str, Any] = cbor2.loads(blob)
    return value


def test_a_record_has_the_keys_of_the_cddl_in_its_order() -> None:
    named = keys("record")
    assert list(body(FULL)) == list(named)
    assert list(body(LEAST)) == [key for key, needed in named.items() if needed]
    assert set(named) - {"v"} == set(record.Record._fields)


@pytest.mark.parametrize("made", [FULL, LEAST])
def test_a_record_comes_back_from_its_blob(made: record.Record) -> None:
    (blob,) = record.encode(made)
    assert record.decode(blob) == made


def test_a_record_without_a_needed_key_is_refused() -> None:
    for key, needed in keys("record").items():
        less = {k: v for k, v in body(FULL).items() if k != key}
        if key in ("v", "source_id"):  # without them it is somebody else's map
            assert record.decode(cbor2.dumps(less)) is None
        elif needed:
            with pytest.raises(record.DecodeError):
                record.decode(cbor2.dumps(less))
        else:
            assert isinstance(record.decode(cbor2.dumps(less)), record.Record)


def test_an_event_has_the_keys_of_the_cddl_in_its_order() -> None:
    named = keys("event")
    full = record.Event("Stop", "a", "s", 5, {"x": 1}, project="/p", redacted={"rule": 1})
    assert list(cbor2.loads(record.encode_event(full))) == list(named)
    assert list(cbor2.loads(record.encode_event(record.Event("Stop", "a", "s", 5, {})))) == [
        key for key, needed in named.items() if needed
    ]
    assert record.decode(record.encode_event(full)) == full


def test_the_text_is_the_last_bytes_of_every_blob() -> None:
    for blob in record.encode(FULL._replace(text="grüße\n" * 30_000, part=0, parts=1)):
        text = cbor2.loads(blob)["text"].encode()
        assert text
        assert blob.endswith(text)


def test_kinds_and_omissions_are_the_same_everywhere() -> None:
    assert words("kind") == contracts.KINDS == tuple(EVENTS["kinds"])
    assert words("omission") == contracts.OMISSIONS


def test_events_are_the_same_everywhere() -> None:
    own = {contracts.CAPTURED, contracts.CAPTURE_PENDING, contracts.DAMAGED_INPUT, contracts.PROBE}
    assert set(EVENTS["own"]) == own
    assert tuple(EVENTS[contracts.CLAUDE_CODE]) == contracts.CLAUDE_EVENTS
    assert tuple(EVENTS[contracts.CODEX]) == contracts.CODEX_EVENTS
    for agent, events in (
        (contracts.GEMINI_CLI, contracts.GEMINI_EVENTS),
        (contracts.COPILOT_CLI, contracts.COPILOT_EVENTS),
        (contracts.OPENCODE, contracts.OPENCODE_EVENTS),
    ):
        assert {name: facts["as"] for name, facts in EVENTS[agent].items()} == events
        assert set(events.values()) <= set(contracts.CLAUDE_EVENTS)
    assert set(EVENTS) == {"own", "kinds", *contracts.HOOKED}


def test_the_archive_version_is_the_number_of_migrations() -> None:
    scripts = sorted((SCHEMA / "migrations").glob("*.sql"))
    assert [int(s.name[:4]) for s in scripts] == list(range(1, contracts.ARCHIVE_VERSION + 1))
    assert f"PRAGMA user_version = {contracts.ARCHIVE_VERSION};" in scripts[-1].read_text(encoding="utf-8")
    assert f"PRAGMA application_id = {contracts.APPLICATION_ID};" in scripts[0].read_text(encoding="utf-8")
