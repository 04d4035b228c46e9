"""Snippets are cut from the original text around what answers the question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlog.query.snippet import CLOSE, CUT, OPEN, WIDTH, marked, snippet

FILLER = "Lorem ipsum dolor sit amet. " * 40


def show(text: str, *words: str) -> str:
    return marked(snippet(text, list(words)))


def test_the_window_lies_where_most_of_the_words_meet() -> None:
    text = f"a ring here {FILLER} and the Ring was FULL when the witness slept {FILLER} full"
    found = show(text, "ring", "full", "witness")
    assert "the «Ring» was «FULL» when the «witness» slept" in found
    assert found.startswith(CUT) and found.endswith(CUT)


def test_whole_words_are_marked_before_parts_of_words() -> None:
    assert show("start the art of charts", "art") == "start the «art» of charts"
    assert show("getUserName()", "user") == "get«User»Name()"
    assert show("a well-known fact", "(well-known)") == "a «well-known» fact"
    assert show("well, it is known", "well-known") == "«well», it is «known»"


def test_a_word_with_signs_is_marked_as_it_was_typed_where_it_stands_so() -> None:
    code = "env := NewEnv(env); env.Use(env) " * 9
    assert "a «.env» file" in show(f"{code} {FILLER} a .env file {FILLER}", ".env"), (
        "not where env is densest"
    )
    assert show("15 of 3, #15 and 15", "#15,") == "15 of 3, «#15» and 15"
    assert show("i++ in C++, or c", "C++") == "i++ in «C++», or c"
    assert show("cmd.env = 1", ".env") == "cmd.«env» = 1", "where it stands otherwise only"
    assert show("it's --forced, force it", "--force") == "it's --forced, «force» it"


def test_accents_and_scripts_without_spaces_are_found() -> None:
    assert show("Das Café Größe", "cafe", "größe") == "Das «Café» «Größe»"
    assert show("内存日志记录器的环形缓冲区", "环形缓冲") == "内存日志记录器的«环形缓冲»区"
    assert show("\u0130stanbul ring", "ring") == "\u0130stanbul «ring»"  # a letter whose lower case is two


def test_a_text_without_a_match_shows_its_begin() -> None:
    found = show("  first line\n\tsecond\n" + FILLER, "absent")
    assert found.startswith("first line second Lorem")
    assert len(found) <= WIDTH + 32
    assert show("", "x") == ""


def test_a_long_line_of_one_word_is_still_cut() -> None:
    assert len(show("x" * 50_000, "y")) <= WIDTH + 32
    assert len(show("ring " * 50_000, "ring")) < 3 * WIDTH


@given(st.text(max_size=600), st.lists(st.text(max_size=8), max_size=4))
def test_a_snippet_is_text_of_the_record_and_little_of_it(text: str, words: list[str]) -> None:
    pieces = snippet(text, words)
    joined = "".join(piece for piece, _ in pieces)
    assert len(joined) <= WIDTH + max(map(len, words), default=0) + 32
    folded = " ".join(text.split())
    assert joined.removeprefix(CUT).removesuffix(CUT).strip() in folded or CUT in text
    assert marked(pieces).count(OPEN) - joined.count(OPEN) == marked(pieces).count(CLOSE) - joined.count(
        CLOSE
    )


@pytest.mark.parametrize(
    ("text", "word", "shown"),
    [
        ("the server, an error", "e", "the server, an error"), ("the server", "serv*", "the «serv»er"), ("parseRecords", "records", "parse«Records»"),
        ("the MCP 搜索工具 is", "MCP搜索", "the «MCP» «搜索»工具 is"), ("اسم مُحَمَّد هنا", "محمد", "اسم «مُحَمَّد» هنا"),
        ("คำว่า สวัสดี ครับ", "สวัสดี", "คำว่า «สวัสดี» ครับ"), ("cc error[E0308]: bad", "error[E0308]", "cc «error[E0308]»: bad"),
        ("le cafe\u0301 noir", "caf\u00e9", "le «cafe\u0301» noir"), ("Größe", "grösse", "Größe"),
    ],
)  # fmt: skip
def test_a_match_is_marked_from_its_first_letter_to_its_last_sign(text: str, word: str, shown: str) -> None:
    assert marked(snippet(text, [word])) == shown
