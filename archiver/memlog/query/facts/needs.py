"""What a pattern cannot match without: sets of pieces of words, one of each of which stands in every match.

Read from the pattern's source. Whatever is not understood needs nothing, so a set may be missing and is
never wrong. Of the syntax of `re` it knows what our tables use: no flags, no back references.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple


class Fragment(NamedTuple):
    """Letters that follow each other. whole: they are a word of the text, not a part of one."""

    text: str
    whole: bool


Need = frozenset[Fragment]

_TOKEN = re.compile(
    r"(?P<open>\(\?:|\((?!\?)|\(\?P<\w+>)|(?P<look>\(\?(?:[=!]|<[=!]))|(?P<bar>\|)"
    r"|(?P<many>(?:[*+?]|\{\d*,?\d*\})[?+]?)|(?P<edge>\\[bAZ]|[$^])|(?P<gap>\\[sdW])|(?P<any>\.|\\[wSDB])"
    r"|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<lit>\\.|[^\\()\[|*+?{.^$]+(?![*+?{])|[^\\()\[])",
    re.S,
)
_BRACKET = re.compile(r"[^\\()\[]+|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<open>\()|(?P<close>\))", re.S)
_PLAIN_WAYS = re.compile(r"[^\W_][\w ']*(?:\|[^\W_][\w ']*)*(?=\||\Z)")  # as long lists of words are
_LETTERS = re.compile(r"[^\W\d_]+")
_SHORT = 2  # letters that may be in any word tell nothing
_FEW = 8  # spellings of a piece that are told apart
_PLAIN_SET = re.compile(r"\[([^\W\d_]{1,4})\]")
_DELIMITERS = re.compile(r"\[-?(?:[ ,.;:!()/*?+&–—'’\d]|\\[-sd.*?()'\]])+-?\]")
_COMMON = frozenset((
    "i", "we", "you", "it", "the", "a", "an", "is", "are", "was", "to", "of", "and", "or", "in", "on", "for",
    "with", "not", "no", "be", "do", "does", "this", "that", "have", "has", "had",
))  # fmt: skip


class Piece(NamedTuple):
    """A part of a pattern, in the order of the text it matches; it may be left out or come again.

    kind: lit, characters; edge, gap, any; group, whose text is the source of its alternatives.
    """

    kind: str
    text: str = ""
    least: int = 1
    most: int = 1


class _OddError(Exception):
    """Something in a pattern that is not understood."""


@lru_cache(1_024)
def needs(source: str) -> tuple[Need, ...]:
    """Sets of fragments, the most telling first; every match has one of each set."""
    try:
        ways = _ways(source)
        if len(ways) > 1:
            found = [one for one in (_of_group(source, False, False),) if one]
        else:
            found = list(_of_sequence(ways[0], False, False))
    except _OddError:
        return ()
    return tuple(sorted(found, key=_cost))


def alternatives(source: str) -> list[str]:
    """A pattern's alternatives, each a pattern; all in one where it is not understood."""
    found, begin, at = [], 0, 0
    while token := _TOKEN.match(source, at):
        at = token.end()
        if token.lastgroup == "bar":
            found.append(source[begin : at - 1])
            begin = at
        elif token.lastgroup in ("open", "look"):
            at = _closed(source, at) + 1
    return [*found, source[begin:]] if at == len(source) else [source]


@lru_cache(1_024)
def _ways(source: str) -> tuple[tuple[Piece, ...], ...]:
    """The alternatives of a source, each in pieces."""
    ways: list[list[Piece]] = [[]]
    at = 0
    while at < len(source):
        plain = None if ways[-1] else _PLAIN_WAYS.match(source, at)
        if plain:
            ways[-1:] = [[Piece("lit", text)] for text in plain.group().split("|")]
            at = plain.end()
            continue
        token = _TOKEN.match(source, at)
        if token is None:
            raise _OddError
        kind, text, at = token.lastgroup or "", token.group(), token.end()
        if kind == "bar":
            ways.append([])
        elif kind == "many":
            ways[-1][-1:] = [_repeated(ways[-1][-1], text)]
        elif kind in ("open", "look"):
            end = _closed(source, at)
            if kind == "open":
                ways[-1].append(Piece("group", source[at:end]))
            at = end + 1
        else:
            ways[-1].append(_piece(kind, text))
    return tuple(map(tuple, ways))


def _closed(source: str, at: int) -> int:
    """Where the bracket closes that opened before a place."""
    depth = 1
    for token in _BRACKET.finditer(source, at):
        depth += {"open": 1, "close": -1}.get(token.lastgroup or "", 0)
        if not depth:
            return token.start()
    raise _OddError


def _piece(kind: str, text: str) -> Piece:
    if kind == "set":
        plain = _PLAIN_SET.fullmatch(text)
        if plain:
            return Piece("group", "|".join(plain[1]))
        return Piece("gap" if _DELIMITERS.fullmatch(text) else "any")
    if kind == "lit" and text[0] == "\\":
        # \t and its like are letters in the source alone; a backslash before a digit points back
        return Piece("any") if text[1].isalnum() else Piece("lit", text[1])
    if kind == "lit":
        return Piece("lit", text)
    return Piece(kind)


def _repeated(piece: Piece, text: str) -> Piece:
    bounds = re.match(r"\{(\d*)(,?)(\d*)\}", text)
    if bounds:
        least = int(bounds[1] or 0)
        most = least if not bounds[2] else int(bounds[3] or 99)
    else:
        least, most = {"*": (0, 99), "+": (1, 99), "?": (0, 1)}[text[0]]
    return piece._replace(least=least * piece.least, most=most * piece.most)


@lru_cache(1_024)
def _of_group(source: str, left: bool, right: bool) -> Need | None:
    """What every alternative needs: of each its most telling set."""
    found: set[Fragment] = set()
    for way in _ways(source):
        text = _word(way)
        if text and (left and right or len(text) > _SHORT):
            found.add(Fragment(text, left and right))
            continue
        best = min(_of_sequence(way, left, right), key=_cost, default=None)
        if best is None:
            return None
        found |= best
    return frozenset(found)


def _word(way: tuple[Piece, ...]) -> str:
    """The word an alternative is, as most are."""
    one = way[0] if len(way) == 1 else Piece("any")
    return one.text if one.kind == "lit" and one.least == one.most == 1 and one.text.isalpha() else ""


def _of_sequence(pieces: tuple[Piece, ...], left: bool, right: bool) -> Iterator[Need]:
    """What a sequence needs. left, right: whether what stands beside it is known to be no letter."""
    run: list[tuple[str, ...]] = []
    begin, spellings = 0, 1
    for n, piece in enumerate((*pieces, Piece("end"))):
        spelt = _spelt(piece)
        if run and spelt and spellings * len(spelt) <= _FEW:
            run.append(spelt)
            spellings *= len(spelt)
            continue
        if run:
            before = _apart(pieces[:begin], -1, left)
            yield from _of_run(run, before, _apart(pieces[n:], 0, right))
            run = []
        if spelt:
            begin, run, spellings = n, [spelt], len(spelt)
        elif piece.kind == "group" and piece.least:
            behind = piece.most == 1 and _apart(pieces[n + 1 :], 0, right)
            found = _of_group(piece.text, _apart(pieces[:n], -1, left), behind)
            if found:
                yield found


def _spelt(piece: Piece) -> tuple[str, ...]:
    """The characters a piece may be, where they are few and it comes exactly once."""
    if (piece.least, piece.most) != (1, 1):
        return ()
    if piece.kind == "lit":
        return (piece.text,)
    if piece.kind == "group" and len(piece.text) < 2 * _FEW:
        ways = _ways(piece.text)
        if all([(one.kind, one.least, one.most) for one in way] == [("lit", 1, 1)] for way in ways):
            return tuple(way[0].text for way in ways)
    return ()


def _of_run(run: list[tuple[str, ...]], left: bool, right: bool) -> Iterator[Need]:
    """What characters in a row need: for each word of theirs a set of its spellings."""
    spellings = ["".join(one) for one in product(*run)]
    found = [list(_LETTERS.finditer(text)) for text in spellings]
    for n in range(min(len(one) for one in found)):
        fragments = set()
        for text, matches in zip(spellings, found, strict=True):
            match = matches[n]
            begins = left if match.start() == 0 else True
            ends = right if match.end() == len(text) else True
            fragments.add(Fragment(match.group(), begins and ends))
        if all(one.whole or len(one.text) > _SHORT for one in fragments):
            yield frozenset(fragments)


def _apart(pieces: tuple[Piece, ...], side: int, beyond: bool) -> bool:
    """Whether the character beside these pieces, on the inner side, is known to be no letter.

    side: 0 looks from the left into their first, -1 from the right into their last.
    """
    for piece in pieces if side == 0 else reversed(pieces):
        if piece.kind in ("edge", "gap"):
            known = True
        elif piece.kind == "lit":
            known = _LETTERS.match(piece.text[side]) is None
        elif piece.kind == "group":
            known = all(_apart(way, side, False) for way in _ways(piece.text))
        else:
            known = False
        if not known:
            return False
        # An edge is a place and no character, and holds whatever stands behind it.
        if piece.least:
            return True
    return beyond


@lru_cache(1_024)
def _cost(need: Need) -> float:
    """How often a text has one of them, roughly."""
    return sum(
        (40.0 if one.text in _COMMON else 1.0 if len(one.text) > 3 else 3.0)
        if one.whole
        else {3: 20.0, 4: 6.0}.get(len(one.text), 2.0)
        for one in need
    )
