"""A wall clock somebody sets is told from one that runs."""

import pytest

from memlog.witness.clock import Clock

S = 10**9


@pytest.mark.parametrize("jump_s", [3_600, -3_600, 6, -6])
def test_a_jump_is_noticed_once_with_its_size(jump_s: int) -> None:
    clock = Clock(1_000 * S, 10 * S)
    assert clock.look(1_001 * S, 11 * S) == 0 and clock.last == {}
    assert clock.look((1_002 + jump_s) * S, 12 * S) == jump_s
    assert clock.last == {"jump_s": jump_s, "jumped": clock.last["jumped"]}
    assert clock.look((1_003 + jump_s) * S, 13 * S) == 0


def test_a_clock_that_drifts_or_sleeps_with_its_machine_does_not_jump() -> None:
    clock = Clock(0, 0)
    assert [clock.look(n * S + n * S // 500, n * S) for n in range(0, 4_000, 100)] == [0.0] * 40
    assert clock.look(90_000 * S, 89_990 * S) == 0  # both went on while it slept
