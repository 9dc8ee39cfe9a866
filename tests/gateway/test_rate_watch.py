"""A sensor without a clock that does not keep the rate it was asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.decoding.stage import Decode
from gateway.grid.stage import Align
from gateway.link_state import settings_packet
from gateway.messages import Marker, Message, Place, RawPacket, SensorSpec, SensorStatus, Tick
from gateway.stage import Chain
from tests.contract import assert_stage_contract, run

SAMPLE = b"\x55\x61" + bytes(18)
SPEC = SensorSpec("w", Place.PELVIS, "witmotion", 100.0)
SECOND_NS = 10**9


def arrivals(rate_hz: float, seconds: float, stall_at_s: float = -1.0) -> list[int]:
    """When packets come on a link that bunches, and that for 0.7 s lets nothing through."""
    sent_s = np.arange(int(rate_hz * seconds)) / rate_hz
    stalled = (sent_s >= stall_at_s) & (sent_s < stall_at_s + 0.7)
    came_s = np.where(stalled, stall_at_s + 0.7, np.ceil(sent_s / 0.015) * 0.015)
    return [int(at) for at in SECOND_NS + came_s * SECOND_NS]


def told(at_ns: Sequence[int], *first: RawPacket) -> tuple[list[str], str]:
    """What is remarked of a sensor whose packets come so, and what is wrong with it at the end."""
    made: list[Message] = []
    chain = Chain([Decode([SPEC]), Align("p", [SPEC], 0, 100.0, 0.06, 0.1, 2)])
    packets = [*first, *(RawPacket("w", at, SAMPLE, "motion") for at in at_ns)]
    for second in range(0, at_ns[-1] + SECOND_NS, SECOND_NS):
        own = [p for p in packets if second <= p.arrival_ns < second + SECOND_NS]
        for block in gathered(own):
            made += chain.push(block)
        made += chain.push(Tick(second + SECOND_NS))
    marks = [m.text for m in made if isinstance(m, Marker) and m.kind == "sensor_rate"]
    return marks, [m.wrong for m in made if isinstance(m, SensorStatus)][-1]


@pytest.mark.parametrize("rate_hz", [50.0, 90.0, 200.0])
def test_another_rate_is_told(rate_hz: float) -> None:
    (mark,), wrong = told(arrivals(rate_hz, 30.0))
    assert f"about {rate_hz:g} samples a second, where 100 were expected" in mark
    assert "set its rate_hz" in wrong


def test_the_rate_that_was_asked_for_is_not_though_the_link_stalls() -> None:
    assert told(arrivals(101.0, 60.0, stall_at_s=19.8)) == ([], "")


def test_a_rate_that_the_sensor_tells_itself_is_expected() -> None:
    settings = dataclasses.replace(settings_packet("w", {"rate_hz": 50.0}), arrival_ns=0)
    assert told(arrivals(50.0, 30.0), settings) == ([], "")


def test_it_is_told_when_it_is_right_again() -> None:
    slow, right = arrivals(50.0, 45.0), arrivals(100.0, 50.0)
    marks, wrong = told([*slow, *(at + 46 * SECOND_NS for at in right)])
    assert ["about 50" in marks[0], marks[-1].endswith("it is right again")] == [True, True]
    assert wrong == ""


def test_it_keeps_the_contract_of_stages() -> None:
    packets = [RawPacket("w", at, SAMPLE, "motion") for at in arrivals(50.0, 24.0)]
    messages: list[Message] = [*gathered(packets), Tick(30 * SECOND_NS)]
    assert_stage_contract(lambda: Decode([SPEC]), messages, seed=3)
    assert run(Decode([SPEC]), messages)
