"""What learned weights tell of a set they were not learned from."""

from bench.told_bound import Labelled, bound

from memlog.query.facts.fact import Said

_THINGS = ("button", "margin", "title", "footer", "menu", "logo", "table", "form")


def _record(name: str, text: str, *, asks: bool) -> Labelled:
    said = Said(1, "s", "claude-code", 0, 0, "message", "user", None, text, False, "")
    return Labelled(name, said, [("instruction", 0, len(text))] if asks else [], [])


def _told(left_out: str) -> list[str]:
    every = [_record(name, f"please {do} the {t}", asks=True)
             for name in "ab" for t in _THINGS for do in ("widen", "hide")]  # fmt: skip
    every += [_record(name, f"today the {t} is {what}", asks=False)
              for name in "ab" for t in _THINGS for what in ("wide", "blue")]  # fmt: skip
    every += [_record("c", left_out, asks=True), _record("c", "today the page is blue", asks=False)]
    return next(line for line in bound("instruction", every) if line.startswith("c ")).split()


def test_a_word_learned_from_other_sets_tells_what_is_asked_in_the_one_left_out() -> None:
    assert _told("please hide the logo")[2:4] == ["1.00/1.00", "1.00"]


def test_words_no_other_set_has_are_not_told() -> None:
    assert _told("shrink a page")[2].endswith("/0.00")
