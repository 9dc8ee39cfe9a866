"""Back-off: waits grow, have a limit, and start again after success."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, strategies as st

from gateway.errors import GaitwireError, ServiceError
from gateway.retry import Backoff, Healthy, keep_trying

QUICK = Backoff(first_s=0.001, most_s=0.004)


@given(failures=st.integers(1, 10_000), seed=st.integers(0, 99))
def test_waits_double_up_to_the_limit_with_half_of_it_left_to_chance(
    failures: int, seed: int
) -> None:
    wait_s = Backoff(0.5, 30.0, random.Random(seed)).wait_s(failures)
    longest = min(30.0, 0.5 * 2 ** min(failures - 1, 10))
    assert longest / 2 <= wait_s <= longest


async def test_tries_until_it_succeeds_and_tells_each_failure() -> None:
    told: list[str] = []
    attempts = iter([ServiceError("down"), ServiceError("still down"), None])

    async def attempt(_: Healthy) -> None:
        error = next(attempts)
        if error is not None:
            raise error

    await keep_trying(attempt, lambda error, _: told.append(str(error)), QUICK)
    assert told == ["down", "still down"]


async def test_a_failure_after_success_starts_from_the_shortest_wait() -> None:
    waits: list[float] = []
    steps = iter(["down", "down", "down", "works, then down", "done"])

    async def attempt(healthy: Healthy) -> None:
        step = next(steps)
        if step.startswith("works"):
            healthy()
        if step != "done":
            raise ServiceError(step)

    def failed(_: GaitwireError, wait_s: float) -> None:
        waits.append(wait_s)

    await keep_trying(attempt, failed, QUICK)
    assert waits[2] > QUICK.first_s >= waits[3]


async def test_any_other_exception_passes_through() -> None:
    async def attempt(_: Healthy) -> None:
        raise KeyError("a defect")

    with pytest.raises(KeyError, match="a defect"):
        await keep_trying(attempt, lambda *_: None, QUICK)
