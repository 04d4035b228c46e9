"""Credentials out of blobs that others wrote: of CBOR its strings, of other bytes what is a text in them."""

from collections.abc import Mapping, Sequence
from typing import Any

from cbor2 import CBORTag, dumps

from memlog.record import load_cbor
from memlog.redact import Counts, Rule, put_markers, redact_value, rules_for


def redact_blob_bytes(blob: bytes) -> tuple[bytes, Counts]:
    """A blob somebody else wrote, without credentials; the same bytes where there are none.

    CBOR stays CBOR: its strings are redacted and it is encoded again. Other bytes are treated as
    text. The result may be longer than a ring would take: a marker can be longer than its secret.
    """
    rules = rules_for(blob)
    counts: Counts = {}
    if not rules:
        return blob, counts
    try:
        value = load_cbor(blob)
    except Exception:  # not CBOR, whatever the decoder says of it
        text = put_markers(blob.decode("latin-1"), rules, counts, raw=True)
        return (text.encode("latin-1") if counts else blob), counts
    value = _redact_cbor(value, rules, counts)
    if not counts:
        return blob, counts
    if isinstance(value, dict) and "source_id" in value:
        before = value.get("redacted")
        text_last = value.pop("text", None)  # record.cddl: text stays the last key
        value["redacted"] = _sum(before if isinstance(before, dict) else {}, counts)
        if text_last is not None:
            value["text"] = text_last
    packed: bytes = dumps(value)
    return packed, counts


def _redact_cbor(value: Any, rules: Sequence[Rule], counts: Counts) -> Any:
    """As redact_value, for what CBOR has beyond JSON; a slice of a rest is left whole, it would not join."""
    if isinstance(value, bytes):
        return put_markers(value.decode("latin-1"), rules, counts, raw=True).encode("latin-1")
    if isinstance(value, dict):
        slice_of_ours = "source_id" in value and isinstance(value.get("rest"), bytes)
        return {
            k: v if slice_of_ours and k == "rest" else _named(k, v, rules, counts) for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_redact_cbor(v, rules, counts) for v in value]
    if isinstance(value, CBORTag):
        return CBORTag(value.tag, _redact_cbor(value.value, rules, counts))
    return redact_value(value, rules, counts)


def _named(key: Any, value: Any, rules: Sequence[Rule], counts: Counts) -> Any:
    if isinstance(value, str):
        return redact_value(value, rules, counts, key if isinstance(key, str) else "")
    return _redact_cbor(value, rules, counts)


def _sum(one: Mapping[Any, Any], other: Counts) -> Counts:
    total = {str(k): v for k, v in one.items() if isinstance(v, int)}
    for name, count in other.items():
        total[name] = total.get(name, 0) + count
    return total
