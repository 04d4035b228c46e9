"""The same thing said again as one hit: a file read ten times, a line of every build."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from memlog.query.passage import Passage, Words
    from memlog.query.rank import Weighed

    Key = tuple[Any, ...]

# Of what stands in more different lines than this, lines are told apart by less and less of what is around
# the match: of a phrase as it was typed, and of other words.
FEW, PAGE = 5, 20
# Of more hits than a page, those so many records apart in one session are one place.
STRETCHES: tuple[int, ...] = (5, 10, 20)


def fold(found: "list[Weighed]", most: int, least: int = 0) -> "list[Weighed]":
    """One hit for those whose line around the match is the same; the first stands for the others.

    Where these are more than `most`, also for those that differ only away from the match, as long as `least`
    are left.
    """
    groups = [[one] for one in found]
    for n, keys in enumerate(_FINENESS):
        # what is the same by a finer key is so by a coarser one: the first of each group is compared
        coarser = _grouped(groups, keys)
        if n and len(coarser) < least:
            break
        groups = coarser
        if len(groups) <= most:
            break
    for first, *others in groups:
        first.same = sorted({other.id for other in others}, reverse=True)
    return [group[0] for group in groups]


def places(found: "list[Weighed]", least: int) -> "list[Weighed]":
    """One hit for those of a session within so many records of a better one, as long as `least` are left.

    Limits: found is in order, the best first; how near is told from ids, which are given in order of time.
    """
    kept, members = found, dict[int, list[int]]()
    for records in STRETCHES:
        shown: list[Weighed] = []
        here: dict[int, list[int]] = {}
        of_session: dict[int, list[Weighed]] = {}
        for one in found:
            better = of_session.setdefault(one.identity[0], [])
            for best in better:
                if abs(best.id - one.id) <= records:
                    here.setdefault(best.id, []).extend((one.id, *one.same))
                    break
            else:
                better.append(one)
                shown.append(one)
        if len(shown) < least:
            break
        kept, members = shown, here
    for one in kept:
        one.here = members.get(one.id, [])
    return kept


def _grouped(
    groups: "list[list[Weighed]]", keys: "tuple[Callable[[Passage], Key], ...]"
) -> "list[list[Weighed]]":
    """Groups joined whose first share one of the keys, in order."""
    joined: list[list[Weighed]] = []
    known: dict[Key, list[Weighed]] = {}
    for group in groups:
        place = group[0].passage
        if not place.middle:
            joined.append(group)
            continue
        mine = place.keys.get(keys)
        if mine is None:  # a page that is not full yet is folded again with more
            mine = place.keys[keys] = [key(place) for key in keys]
        for one in mine:
            if one in known:
                same = known[one]
                same += group
                break
        else:
            same = list(group)
            joined.append(same)
        for one in mine:
            known.setdefault(one, same)
    return joined


def _line(place: "Passage") -> "Key":
    return place.left, place.middle, place.right


def _without_numbers(place: "Passage") -> "Key":
    if not place.numbers:
        return place.left, place.middle, place.right
    return _bare(place.left), _bare(place.middle), _bare(place.right)


def _two(place: "Passage") -> "Key":
    if not place.numbers:
        return place.left[-2:], place.middle, place.right[:2]
    return _bare(place.left[-2:]), _bare(place.middle), _bare(place.right[:2])


def _one(place: "Passage") -> "Key":
    if not place.numbers:
        return place.left[-1:], place.middle, place.right[:1]
    return _bare(place.left[-1:]), _bare(place.middle), _bare(place.right[:1])


def _before(place: "Passage") -> "Key":
    return _bare(place.left[-1:]), _bare(place.middle), None


def _after(place: "Passage") -> "Key":
    return None, _bare(place.middle), _bare(place.right[:1])


def _bare(words: "Words") -> "Words":
    if True in map(bytes.isdigit, words):
        return tuple(b"0" if word.isdigit() else word for word in words)
    return words


_FINENESS = ((_line,), (_without_numbers,), (_two,), (_one,), (_before, _after))
