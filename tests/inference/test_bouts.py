"""Walking bouts by the Mobilise-D rules, and the figures of each and of all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from gateway.messages import Figure, Message, Place, Quality, SensorStatus, Side, Stride, Tick
from inference.gait.bouts import BINS, Bouts
from simulators.recording import SimulatedRecording
from tests.contract import assert_stage_contract, run
from tests.playing import played

GOOD = Quality(1.0)


def walk(
    start_s: float,
    steps: int,
    step_s: float = 0.5,
    length_m: float | None = 1.2,
    speed_name: str = "walking_speed",
) -> list[Message]:
    """Return the strides of a walk that begins with a left contact, and their lengths."""
    made: list[Message] = []
    for number in range(2, steps):
        side = Side.LEFT if number % 2 == 0 else Side.RIGHT
        begin_s, end_s = start_s + (number - 2) * step_s, start_s + number * step_s
        time_s = end_s - begin_s
        made.append(Stride("p", side, begin_s, end_s, time_s, 120 / time_s, 0.6, GOOD))
        if length_m is not None:
            speed = length_m / time_s
            made.append(Figure("p", end_s, "stride_length", side, length_m, "m", GOOD))
            made.append(Figure("p", end_s, speed_name, side, speed, "m/s", GOOD))
    return made


def reached(t_s: float) -> SensorStatus:
    """Return what the grid says when it has come to ``t_s``."""
    return SensorStatus("p", t_s, "s", Place.PELVIS, 100.0, 0.0, 0, 0, 0, 0, 0.0, 1.0)


def told(messages: Sequence[Message]) -> dict[str, Figure]:
    """Return the newest figure of every name."""
    return {m.name: m for m in run(Bouts(), messages) if isinstance(m, Figure)}


def test_a_bout() -> None:
    figures = told(walk(10.0, 44))
    assert figures["wb__duration_s"].value == pytest.approx(21.5)
    assert figures["wb__stride_count"].value == 42
    assert figures["wb__cadence_spm__avg"].value == pytest.approx(120.0)
    assert figures["wb__walking_speed_mps__avg"].value == pytest.approx(1.2)
    assert figures["wb__stride_length_m__max"].value == pytest.approx(1.2)
    assert figures["wb__stride_length_m__var"].value == pytest.approx(0.0)
    assert figures["wb_10_30__walking_speed_mps__avg"].value == pytest.approx(1.2)
    assert figures["wb_30__count"].value == 0
    assert figures["wb_30__walking_speed_mps__avg"].quality.withheld == "no bout of this length"
    assert figures["wb_all__duration_s__avg"].value == pytest.approx(21.5)


def test_a_bout_of_feet_has_a_speed_too() -> None:
    figures = told(walk(10.0, 44, speed_name="stride_speed"))
    assert figures["wb__walking_speed_mps__avg"].value == pytest.approx(1.2)


def test_too_few_strides_are_no_bout() -> None:
    assert not told(walk(0.0, 7))
    assert told(walk(0.0, 8))


def test_a_break_ends_a_bout() -> None:
    near, far = walk(7.9, 12), walk(8.6, 12)
    assert told([*walk(0.0, 12), *near])["wb_all__count"].value == 1
    assert told([*walk(0.0, 12), *far])["wb_all__count"].value == 2


def test_a_bout_is_told_when_it_is_over_and_not_before() -> None:
    stage = Bouts()
    for message in walk(0.0, 12):
        assert not list(stage.push(message))
    for second in range(13):
        assert not list(stage.push(reached(second)))
        assert not list(stage.push(Tick(0)))
    assert not list(stage.push(reached(13.0)))
    assert list(stage.push(Tick(0)))
    assert not list(stage.push(Tick(0)))


def test_few_strides_withhold_how_somebody_walks_but_not_that_they_walked() -> None:
    figures = told(walk(0.0, 10))
    assert math.isnan(figures["wb__cadence_spm__avg"].value)
    assert figures["wb__cadence_spm__avg"].quality.withheld == "only 4 of 6 strides of each foot"
    assert figures["wb__duration_s"].value == pytest.approx(4.5)
    assert "20 strides" in told(walk(0.0, 20))["wb__cadence_spm__var"].quality.withheld


def test_without_lengths_cadence_is_told() -> None:
    figures = told(walk(0.0, 20, length_m=None))
    assert "wb__walking_speed_mps__avg" not in figures
    assert figures["wb__cadence_spm__avg"].value == pytest.approx(120.0)
    assert figures["wb_all__walking_speed_mps__avg"].quality.withheld


def test_what_cannot_be_is_left_out() -> None:
    assert not told(walk(0.0, 20, length_m=0.1))
    figures = told(walk(0.0, 20, length_m=3.0))
    assert figures["wb__stride_length_m__avg"].quality.withheld == "its average is not plausible"
    assert figures["wb_all__stride_length_m__avg"].quality.withheld


@given(
    steps=st.lists(st.integers(0, 80), max_size=6),
    step_s=st.floats(0.1, 1.5),
    pause_s=st.floats(0.0, 10.0),
)
def test_every_bin_counts_the_bouts_of_its_length(
    steps: list[int], step_s: float, pause_s: float
) -> None:
    made: list[Message] = []
    at_s = 0.0
    for count in steps:
        made += walk(at_s, count, step_s)
        at_s += count * step_s + pause_s
    figures = [m for m in run(Bouts(), made) if isinstance(m, Figure)]
    durations = [figure.value for figure in figures if figure.name == "wb__duration_s"]
    for label, (longer_s, not_longer_s) in BINS.items():
        counted = [figure.value for figure in figures if figure.name == f"wb_{label}__count"]
        expected = sum(longer_s < duration_s <= not_longer_s for duration_s in durations)
        assert counted == ([expected] if durations else [])
    assert all(math.isfinite(f.value) != bool(f.quality.withheld) for f in figures)


def test_the_contract() -> None:
    made = played(SimulatedRecording("walk", 1, 80.0), 2.0)
    taken = [m for m in made if isinstance(m, Stride | Figure) and not m_is_of_a_bout(m)]
    times = [made for second in range(100) for made in (reached(second), Tick(0))]
    assert_stage_contract(Bouts, [*taken, *times], seed=61)


def m_is_of_a_bout(message: Message) -> bool:
    return isinstance(message, Figure) and message.name.startswith("wb_")
