"""The same thing said again as one hit: a file read ten times, a line of every build."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from memlog.query.hit import Hit
    from memlog.query.passage import Passage

    Key = tuple[Any, ...]

# Of what stands in more different lines than this, lines are told apart by less and less of what is around
# the match: of a phrase as it was typed, and of other words.
FEW, PAGE = 5, 20


def fold(found: "list[tuple[Hit, Passage]]", most: int, least: int = 0) -> "list[Hit]":
    """One hit for those whose line around the match is the same; the first stands for the others.

    Where these are more than `most`, also for those that differ only away from the match, as long as `least`
    are left.
    """
    groups: list[list[Hit]] = []
    for keys in _FINENESS:
        coarser = _grouped(found, keys)
        if groups and len(coarser) < least:
            break
        groups = coarser
        if len(groups) <= most:
            break
    for first, *others in groups:
        first.same = sorted({other.id for other in others}, reverse=True)
    return [group[0] for group in groups]


def _grouped(
    found: "list[tuple[Hit, Passage]]", keys: "Sequence[Callable[[Passage], Key]]"
) -> "list[list[Hit]]":
    """Those that share one of the keys with the first of a group, in order."""
    groups: list[list[Hit]] = []
    known: dict[tuple[int, Key], list[Hit]] = {}
    for hit, place in found:
        mine = [(n, key(place)) for n, key in enumerate(keys)] if place.middle else []
        group = next((known[one] for one in mine if one in known), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(hit)
        for one in mine:
            known.setdefault(one, group)
    return groups


def _line(place: "Passage") -> "Key":
    return place.left, place.middle, place.right


def _without_numbers(place: "Passage") -> "Key":
    return _bare(place.left), _bare(place.middle), _bare(place.right)


def _two(place: "Passage") -> "Key":
    return _bare(place.left[-2:]), _bare(place.middle), _bare(place.right[:2])


def _one(place: "Passage") -> "Key":
    return _bare(place.left[-1:]), _bare(place.middle), _bare(place.right[:1])


def _before(place: "Passage") -> "Key":
    return _bare(place.left[-1:]), _bare(place.middle)


def _after(place: "Passage") -> "Key":
    return _bare(place.middle), _bare(place.right[:1])


def _bare(words: "tuple[str, ...]") -> "tuple[str, ...]":
    for word in words:
        if word.isdigit():
            return tuple("0" if word.isdigit() else word for word in words)
    return words


_FINENESS = ((_line,), (_without_numbers,), (_two,), (_one,), (_before, _after))
