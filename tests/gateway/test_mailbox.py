"""The mailbox of the live topics: bounded, latest wins, nothing told twice without need."""

from __future__ import annotations

import asyncio

import pytest

from gateway.sinks.live_documents import LIVE_TOPICS
from gateway.sinks.mailbox import Mailbox, Part
from tests.gateway.made_frames import frame


async def test_the_newest_frame_replaces_what_waits() -> None:
    mailbox = Mailbox(rate_hz=50.0)
    for number in range(5):
        mailbox.put(frame(number * 0.02, cue=1))
    taken = await mailbox.take()
    assert taken["motion"].t_s == 0.08
    assert taken["gait"].t_s == 0.0
    assert mailbox.dropped == 4


async def test_the_rate_is_bounded_but_a_cue_never_waits() -> None:
    mailbox = Mailbox(rate_hz=10.0)
    told: dict[str, list[float]] = {"motion": [], "cue": []}
    for number in range(26):
        mailbox.put(frame(number * 0.02, cue=2 if number >= 13 else 1))
        for topic, part in (await offered(mailbox)).items():
            told.setdefault(topic, []).append(part.t_s)
    assert told["motion"] == [0.0, 0.1, 0.2, 0.26, 0.36, 0.46]
    assert told["cue"] == [0.0, 0.26]


async def test_an_unchanged_part_is_told_once_a_second_and_a_cue_once() -> None:
    mailbox = Mailbox(rate_hz=50.0)
    told: dict[str, list[float]] = {}
    for number in range(126):
        mailbox.put(frame(number * 0.02, cue=1))
        for topic, part in (await mailbox.take()).items():
            told.setdefault(topic, []).append(part.t_s)
    assert len(told["motion"]) == 126
    assert told["gait"] == told["sensors"] == [0.0, 1.0, 2.0]
    assert told["cue"] == [0.0]


async def test_what_is_stale_after_an_outage_is_not_told_but_the_state_is() -> None:
    mailbox = Mailbox(rate_hz=50.0)
    mailbox.put(frame(0.0, cue=1))
    mailbox.clear()
    mailbox.put(frame(0.02, cue=1))
    assert (await mailbox.take()).keys() == LIVE_TOPICS.keys() - {"cue"}


async def test_taking_waits_for_a_frame() -> None:
    mailbox = Mailbox(rate_hz=50.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(mailbox.take(), 0.01)


async def offered(mailbox: Mailbox) -> dict[str, Part]:
    """Return what waits now, which may be nothing."""
    try:
        return await asyncio.wait_for(mailbox.take(), 0.001)
    except TimeoutError:
        return {}
