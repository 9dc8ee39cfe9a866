"""Stance, swing and double support: on made contacts, and on the simulator's truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import pytest

from gateway.messages import Figure, GaitEvent, GaitEventKind, Message, Quality, Side
from inference.measures.support import Support
from simulators.recording import SimulatedRecording
from tests.contract import assert_same, run
from tests.playing import played

LAND, LEAVE = GaitEventKind.INITIAL_CONTACT, GaitEventKind.FINAL_CONTACT
GOOD = Quality(1.0)


def contact(
    t_s: float, side: Side, kind: GaitEventKind, quality: Quality = GOOD, late_s: float = 0.2
) -> GaitEvent:
    return GaitEvent("p", t_s, t_s + late_s, side, kind, quality)


def stride(share: float = 1.0) -> list[GaitEvent]:
    """A stride of the left foot of 1.1 s, both feet standing for 0.1 and 0.12 s."""
    return [
        contact(1.0, Side.LEFT, LAND),
        contact(1.1, Side.RIGHT, LEAVE),
        contact(1.55, Side.RIGHT, LAND),
        contact(1.67, Side.LEFT, LEAVE),
        contact(2.1, Side.LEFT, LAND, Quality(share)),
    ]


def told(events: Sequence[Message]) -> dict[str, Figure]:
    return {f.name: f for f in run(Support(), events) if isinstance(f, Figure)}


def test_a_stride() -> None:
    figures = told(stride())
    assert {f.side for f in figures.values()} == {Side.LEFT}
    assert {f.t_s for f in figures.values()} == {2.1}
    assert figures["stance_time"].value == pytest.approx(0.67)
    assert figures["swing_time"].value == pytest.approx(0.43)
    assert figures["double_support"].value == pytest.approx(0.22 / 1.1)


def test_contacts_that_are_told_late_are_put_in_their_place() -> None:
    first, leaves, lands, left, last = stride()
    assert_same(run(Support(), [first, lands, leaves, left, last]), run(Support(), stride()))


def test_without_the_other_foot_there_is_no_double_support() -> None:
    assert set(told([e for e in stride() if e.side is Side.LEFT])) == {"stance_time", "swing_time"}


def test_running_has_no_double_support() -> None:
    first, _, _, _, last = stride()
    made = told([first, contact(1.3, Side.LEFT, LEAVE), contact(1.5, Side.RIGHT, LAND), last])
    assert set(made) == {"stance_time", "swing_time"}


def test_contacts_that_do_not_connect_tell_nothing() -> None:
    events = stride()
    assert not told([*events[:3], events[4]])
    assert not told([*events[:4], contact(2.1, Side.LEFT, LAND, Quality(0.0))])
    assert not told([*events[:4], contact(5.0, Side.LEFT, LAND)])


def test_what_was_hardly_measured_is_withheld() -> None:
    figures = told(stride(share=0.2))
    assert all(math.isnan(figure.value) for figure in figures.values())
    assert figures["swing_time"].quality.withheld == "only 69% of the samples were measured"


def test_the_simulated_person_stands_on_both_feet_as_people_do() -> None:
    made = played(SimulatedRecording("walk", 2, 40.0), 20.0)
    shares = [f.value for f in made if isinstance(f, Figure) and f.name == "double_support"]
    assert len(shares) > 20
    assert 0.18 < median(shares) < 0.30
