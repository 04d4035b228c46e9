"""Tables that fit, and JSON a terminal does not obey."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from memlog.cli.encode import to_json
from memlog.cli.table import fitted, table
from memlog.cli.terminal import obeyed, safe_text
from memlog.cli.width import columns


def test_a_table_fits_its_width_and_keeps_short_columns_whole() -> None:
    rows = [[37815844864, "2026-03-04T14:30:00.000Z", "x" * 300, "word " * 90]]
    text = table(["id", "ts", "long", "longer"], rows, 100)
    assert all(len(line) <= 100 for line in text.splitlines())
    assert "2026-03-04T14:30:00.000Z" in text and "37815844864" in text
    assert text.count("…") == 2
    assert "x" * 300 in table(["long"], [["x" * 300]], None)


def test_what_says_nothing_when_cut_is_cut_last() -> None:
    rows = [["2026-03-04T14:30:00.000Z", n, "some words of a text " * n, "a path " * n] for n in (9, 10)]
    text = table(["ts", "n", "text", "path"], rows, 50)
    assert all(columns(line) <= 50 and "00.000Z" in line for line in text.splitlines()[2:])
    assert max(map(len, table(["ts", "n", "text", "path"], rows, 24).splitlines())) <= 24


def test_wide_characters_count_as_two_columns() -> None:
    text = table(["a", "b"], [["漢字" * 30, "e\u0301nd"]], 40)
    assert all(columns(line) <= 40 for line in text.splitlines())


def test_numbers_stand_right_and_headers_can_be_left_out() -> None:
    assert table(["n", "x"], [[1, "a"], [100, None]], 80).splitlines()[2:] == ["  1  a", "100"]
    assert table(["n"], [[1]], 80, headers=False) == "1\n"


@given(st.lists(st.integers(0, 500), min_size=1, max_size=12), st.integers(1, 300))
def test_columns_are_cut_until_they_fit_or_cannot_be_cut_further(widths: list[int], room: int) -> None:
    found = fitted(widths, room)
    assert all(new <= old for new, old in zip(found, widths, strict=True))
    assert sum(found) <= room or max(found) <= 1
    if sum(widths) <= room:
        assert found == widths


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_our_json_reads_back_as_what_it_was_and_holds_nothing_a_terminal_obeys(value: Any) -> None:
    text = to_json(value)
    assert json.loads(text) == value
    assert not any(obeyed(c) for c in text)


def test_what_json_cannot_say_is_said_otherwise() -> None:
    assert to_json(float("nan")) == '"NaN"'
    assert to_json(b"\x00\xff") == '"00ff"'
    assert json.loads(to_json("\ud800")) == "\ud800"


@given(st.text())
def test_safe_text_holds_nothing_a_terminal_obeys(text: str) -> None:
    safe = safe_text(text)
    assert not any(obeyed(c) for c in safe if c not in "\n\t")
    assert safe_text(safe) == safe
