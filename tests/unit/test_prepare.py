import random

import pytest

from memlog.archive.connection import sqlite3
from memlog.archive.prepare import match_terms, prepare, query_terms, searchable

TEXTS = {
    1: "The quick brown fox said don't \"quote\" me: a-b_c/d.e",
    2: "東京都は日本の首都です。カタカナとﾊﾝｶｸも",
    3: "한국어 문장도 찾을 수 있다",
    4: "ภาษาไทยไม่มีช่องว่าง",
    5: "Café naïve ÜBER — ✓ done 🤖 emoji",
    6: "nul\0inside and after",
    7: "Привет, мир: кэш очищен",
    8: "𠮷野家 supplementary 中文mixed混ぜると",
}  # fmt: skip


@pytest.fixture
def index() -> sqlite3.Connection:
    con = sqlite3.connect(":memory:")
    con.execute("CREATE VIRTUAL TABLE fts USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2')")
    con.executemany(
        "INSERT INTO fts (rowid, text) VALUES (?, ?)", [(n, prepare(t)) for n, t in TEXTS.items()]
    )
    return con


def found(con: sqlite3.Connection, word: str) -> list[int]:
    rows = con.execute("SELECT rowid FROM fts WHERE fts MATCH ? ORDER BY rowid", (match_terms(word),))
    return [n for (n,) in rows]


@pytest.mark.parametrize(
    ("word", "row"),
    [
        ("東", 2), ("東京", 2), ("日本の首都", 2), ("カナ", 2), ("ﾊﾝ", 2), ("한국", 3), ("국어", 3), ("수", 3),
        ("ภาษา", 4), ("ไทย", 4), ("cafe", 5), ("über", 5), ("emoji", 5), ("inside", 6), ("after", 6),
        ("МИР", 7), ("кэш", 7), ("𠮷", 8), ("中文", 8), ("混", 8), ("mixed", 8), ("a-b_c", 1), ("don't", 1),
        ('said don\'t "quote"', 1),
    ],
)  # fmt: skip
def test_a_word_of_any_script_is_found_however_short(index: sqlite3.Connection, word: str, row: int) -> None:
    assert found(index, word) == [row]


def test_an_unprepared_index_would_not_find_a_chinese_word() -> None:
    con = sqlite3.connect(":memory:")
    con.execute("CREATE VIRTUAL TABLE fts USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2')")
    con.execute("INSERT INTO fts (rowid, text) VALUES (2, ?)", (TEXTS[2],))
    assert found(con, "東京") == []


def test_no_string_is_a_syntax_error(index: sqlite3.Connection) -> None:
    choose = random.Random(4)
    pool = ['"', "'", "*", "^", "(", ")", "{", "}", ":", "-", "+", ".", "\0", "\ud800", "\udfff", "NEAR", "AND",
            "OR", "NOT", "text:", "a", "東", "é", "\n", "\\", "%", "\x1b", "🤖", "\ufeff"]  # fmt: skip
    for _ in range(2_000):
        word = "".join(choose.choices(pool, k=choose.randint(0, 12)))
        found(index, word)
        found(index, word * 40)  # long words take the other path


def test_short_and_long_words_are_split_alike(index: sqlite3.Connection) -> None:
    word = "日本の首都です。カタカナと"
    assert found(index, word) == [2]
    padded = word + " ." * 200
    assert len(padded) > 256 and found(index, padded) == [2]


def test_what_holds_no_letter_or_digit_is_not_searchable() -> None:
    assert query_terms(["***", "x", "-", "東", ""]) == ['"x"', '" 東 "']
    assert not searchable("—…") and searchable("\ue000") and searchable("✓")


def test_ascii_text_is_the_same_object() -> None:
    text = "plain " * 100
    assert prepare(text) is text
