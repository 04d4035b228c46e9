"""Which language's patterns a sentence is asked.

Chinese, Japanese, Korean and Russian are told by their letters; all that is Latin is asked in English, German,
Portuguese, French and Spanish at once, and in English alone where its small words are English.
"""

import re
from collections.abc import Sequence

from memlog.query.facts import (
    english_choices,
    english_objections,
    english_wishes,
    french,
    german,
    portuguese,
    shapes,
    spanish,
    stated,
)
from memlog.query.facts.chinese import CHINESE
from memlog.query.facts.cues import Cues, any_of, first_of
from memlog.query.facts.gate import words_of
from memlog.query.facts.japanese import JAPANESE
from memlog.query.facts.korean import KOREAN
from memlog.query.facts.russian import RUSSIAN

ENGLISH = Cues(
    any_of(*english_wishes.RULE),
    any_of(*english_wishes.REQUEST, *shapes.ENGLISH),
    any_of(*english_objections.CORRECTION),
    any_of(*english_objections.FAULT),
    any_of(*english_objections.COMPLAINT),
    any_of(*english_choices.DECISION),
    first_of(*english_choices.REASON),
    stated=stated.ENGLISH,
    by_words=True,
)
LATIN = Cues(
    any_of(*english_wishes.RULE, *german.RULE, *portuguese.RULE, *french.RULE, *spanish.RULE),
    any_of(
        *english_wishes.REQUEST,
        *german.REQUEST,
        *portuguese.REQUEST,
        *french.REQUEST,
        *spanish.REQUEST,
        *shapes.ENGLISH_OR_NOT,
        *shapes.GERMAN,
        *shapes.FRENCH,
        *shapes.PORTUGUESE,
    ),
    any_of(
        *english_objections.CORRECTION,
        *german.CORRECTION,
        *portuguese.CORRECTION,
        *french.CORRECTION,
        *spanish.CORRECTION,
    ),
    any_of(*english_objections.FAULT, *german.FAULT, *portuguese.FAULT, *french.FAULT, *spanish.FAULT),
    any_of(
        *english_objections.COMPLAINT,
        *german.COMPLAINT,
        *portuguese.COMPLAINT,
        *french.COMPLAINT,
        *spanish.COMPLAINT,
    ),
    any_of(
        *english_choices.DECISION, *german.DECISION, *portuguese.DECISION, *french.DECISION, *spanish.DECISION
    ),
    first_of(*english_choices.REASON, *german.REASON, *portuguese.REASON, *french.REASON, *spanish.REASON),
    stated=stated.LATIN,
    by_words=True,
)
# Two of these in a sentence and it is asked in English only, which takes half the time.
_COMMON = frozenset((
    "the", "is", "to", "and", "of", "this", "that", "it", "with", "be", "are", "should", "not", "i", "you", "we", "let",
    "can", "for", "have", "from", "but", "has", "they", "there", "if", "because", "since", "instead", "need", "just",
    "what", "which", "would", "could", "by", "on", "or", "use", "when", "then", "now", "only", "all",
    "ll", "my", "me", "so", "do", "does", "did", "why", "how", "there", "these", "those",
))  # fmt: skip
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def cues(sentence: str, words: Sequence[str] | None = None) -> Cues:
    """The cues of a sentence's script. words: those it has in lower case, where they are known."""
    if sentence.isascii():
        return _of_latin(sentence, words)
    if _KANA.search(sentence):
        return JAPANESE
    if _HANGUL.search(sentence):
        return KOREAN
    if _HAN.search(sentence):
        return CHINESE
    if _CYRILLIC.search(sentence):
        return RUSSIAN
    return _of_latin(sentence, words)


def _of_latin(sentence: str, words: Sequence[str] | None) -> Cues:
    known = words_of(sentence.lower()) if words is None else words
    return ENGLISH if len(_COMMON.intersection(known)) > 1 else LATIN
