"""How many credentials of real shapes capture takes out of real transcripts, and what else it marks."""

import pytest
from bench import redaction

from memlog import redact


def test_of_credentials_in_transcripts_capture_finds_nineteen_in_twenty_at_least() -> None:
    cases = redaction.cases(redaction.plain, 16)
    found = redaction.found(cases)
    assert len(redaction.SHAPES) >= 20 and len(cases) >= 500
    assert found.total() / len(cases) >= 0.95
    assert {shape for shape in redaction.SHAPES if found[shape] < 15} == set()


def test_without_the_rules_the_measure_would_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "RULES", ())
    assert redaction.found(redaction.cases(redaction.plain, 1)).total() == 0


def test_a_line_that_is_split_into_parts_is_redacted_before_it_is_split() -> None:
    cases = redaction.cases(redaction.parts, 2)
    assert redaction.found(cases).total() >= 0.95 * len(cases)


@pytest.mark.data
@pytest.mark.slow
def test_clean_text_has_at_most_one_false_mark_in_ten_megabytes() -> None:
    seen, marks = redaction.false_marks()
    assert seen >= 50_000_000 and marks.total() <= seen / 10e6
