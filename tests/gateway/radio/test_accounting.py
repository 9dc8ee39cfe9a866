"""The books of eight makers' sensors balance; ``accounting`` keeps them for as long as asked."""

from __future__ import annotations

import pytest

from simulators.radio_world.hosted import Conditions
from tests.gateway.radio.accounting import KINDS, keep_books

SEED = 3
OVERFLOWING = Conditions(buffer=6, stall_every_s=2.0, stall_s=0.2, loss=0.02)


@pytest.mark.parametrize("conditions", [Conditions(), OVERFLOWING], ids=["steady", "lossy"])
async def test_every_sample_that_was_made_came_or_was_declared_lost(conditions: Conditions) -> None:
    drop_every_s = 1.2 if conditions is OVERFLOWING else float("inf")
    books = await keep_books(3.0, conditions, drop_every_s=drop_every_s, seed=SEED)
    assert [one.kind for one in books] == list(KINDS)
    for one in books:
        assert one.balanced, one
        assert one.received > 100
    declared = sum(one.declared for one in books)
    # On a machine that is busy the buffers of others run over, too.
    assert declared > 0 or conditions is not OVERFLOWING
    # A link may end again before anything came over it.
    again = sum(one.connections for one in books) - len(KINDS)
    assert again in ({1, 2} if conditions is OVERFLOWING else {0})


async def test_a_process_that_stood_still_loses_nothing_that_it_does_not_tell() -> None:
    books = await keep_books(4.0, Conditions(), still_s=4.0, seed=SEED)
    for one in books:
        assert one.balanced, one
        assert one.received > 100
