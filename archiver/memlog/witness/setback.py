"""Why the archive takes nothing, and when it is tried again."""

import time

_BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)


class Setback:
    """True while there is one. words: what a person is told of it."""

    def __init__(self) -> None:
        self.words = ""
        self._met = 0
        self._again_at = 0.0

    def __bool__(self) -> bool:
        return bool(self.words)

    def meet(self, words: str) -> bool:
        """It failed once more; True where it failed for another reason before. Waits longer each time."""
        is_news, self.words = words != self.words, words
        self._again_at = time.monotonic() + _BACK_OFF_S[min(self._met, len(_BACK_OFF_S) - 1)]
        self._met += 1
        return is_news

    def left_s(self) -> float:
        """Seconds until it is tried again."""
        return max(self._again_at - time.monotonic(), 0.0) if self.words else 0.0

    def pass_by(self) -> str:
        """It is over; what it was."""
        was, self.words, self._met = self.words, "", 0
        return was
