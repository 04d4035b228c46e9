"""What a transcript said already, for hosts that write it twice: digests, few, and keyed.

They travel in the watermark, so that a file read in pieces gives what it gives as a whole.
"""

from memlog.capture.agents import State
from memlog.capture.identity import Hmac

EVENT, ITEM = 1, -1

SHORTEST = 24  # what is shorter may be said again by chance, and costs nothing
_MOST_TEXTS = 128
_MOST_OPEN = 32  # said on one channel, and not yet on the other


class Echo:
    """`text in echo`: an earlier line holds it, as far as that is remembered."""

    __slots__ = ("_hmac", "_state")

    def __init__(self, hmac: Hmac, state: State) -> None:
        self._hmac = hmac
        self._state = state

    def __contains__(self, text: object) -> bool:
        known: dict[str, int] = self._state.get("texts", {})
        return isinstance(text, str) and len(text) >= SHORTEST and bool(known) and self._key(text) in known

    def remember(self, text: str) -> None:
        """An earlier line holds this, from now on."""
        if len(text) >= SHORTEST:
            _put(self._state.setdefault("texts", {}), self._key(text), 1, _MOST_TEXTS)

    def heard(self, role: str, kind: str, text: str, channel: int) -> bool:
        """True when the other channel has said this already, and this one answers to it."""
        open_: dict[str, int] = self._state.setdefault("said", {})
        key = self._key(f"{role}\0{kind}\0{text}")
        count = open_.pop(key, 0)
        is_answer: bool = count * channel < 0
        if count + channel:
            _put(open_, key, count + channel, _MOST_OPEN)
        if not is_answer:
            self.remember(text)
        return is_answer

    def _key(self, text: str) -> str:
        return self._hmac.digest(text.encode("utf-8", "surrogatepass"))[:6].hex()


def _put(among: dict[str, int], key: str, value: int, most: int) -> None:
    among.pop(key, None)
    while len(among) >= most:
        del among[next(iter(among))]
    among[key] = value
