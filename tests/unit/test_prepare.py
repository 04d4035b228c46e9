import random
import re
import unicodedata

import pytest

from memlog.archive import identifiers
from memlog.archive.connection import sqlite3
from memlog.archive.prepare import (
    EMOJI,
    MARKS,
    RANGES,
    SEAM,
    SIGNS,
    WIDE,
    match_terms,
    prepare,
    query_terms,
    searchable,
)

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


def plainly(text: str) -> str:
    """The prepared form of a text, character by character and word by word."""
    text = "".join(c for c in text if ord(c) not in MARKS)
    wide = f"[{chr(WIDE[0])}-{chr(WIDE[1])}]+"
    text = re.sub(wide, lambda run: unicodedata.normalize("NFKC", run[0]), text)
    out = []
    for c in text:
        n = ord(c)
        if SIGNS[0] <= n <= SIGNS[1]:
            out.append(f" {chr(0xF1000 + n - SIGNS[0])} ")
        elif EMOJI[0] <= n <= EMOJI[1]:
            out.append(f" {chr(0xF0000 + n - EMOJI[0])} ")
        else:
            out.append(f" {c} " if any(a <= n <= b for a, b in RANGES) else c)
    text = "".join(out)
    words = [w for w in re.findall(rb"[0-9A-Za-z\x80-\xff]+", text.encode()) if len(w) <= identifiers.LONGEST]
    lower = rb"[a-z\x80-\xff]"
    humps = (lower + rb"[A-Z]", rb"[A-Z][A-Z]" + lower + lower)
    named = dict.fromkeys(word.decode() for hump in humps for word in words if re.search(hump, word))
    apart = [
        (word, re.sub(r"(?<=[^A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-zß-ÿ]{2})", " ", word)) for word in named
    ]
    kept = [parts for word, parts in apart if parts != word and len(word) / (parts.count(" ") + 1) >= 2.6]
    return text + SEAM + "\n".join(kept) if kept else text


def test_the_quick_way_gives_what_the_plain_one_gives() -> None:
    choose = random.Random(8)
    pool = [
        "parseRecords", "HTTPServer", "records.py:42", "aB", "AbCdEf", "XMLHttpRequest2", "x" * 70 + "Y", "v1.2.3", "a/bC/d.rs",
        "東京", "ｶﾞ", "ＡＢＣ", "🚀", "✅", "مُحَمَّد", "ไทย", "straßeGröße", "é", "—", " ", "\n", "_", "-", "(", "__initCall__", "ABcd", "ABc",
    ]  # fmt: skip
    changed = 0
    for _ in range(1_500):
        text = "".join(choose.choices(pool, k=choose.randint(1, 30)))
        assert prepare(text) == plainly(text), text
        changed += prepare(text) != text
    assert changed > 1_000
