"""Simulated people who exercise: every repetition is counted, measured, and taken for no other."""

from __future__ import annotations

import itertools
import math

import pytest

from gateway.config.settings import Config
from gateway.messages import Execution, ExerciseState, Repetition
from simulators.recording import SimulatedRecording
from tests.playing import played

SECONDS = 84.0
WITHOUT_MODEL = Config.model_validate({"model": {"enabled": False}})
WITHIN_DEG = {"heel-raise": 2.0, "lunge": 6.0, "sit-to-stand": 5.0}


@pytest.mark.parametrize("seed", [1, 5])
def test_all_repetitions_are_found_and_nothing_else(seed: int) -> None:
    recording = SimulatedRecording("exercises", seed, SECONDS)
    made = played(recording, 5.0, WITHOUT_MODEL)
    found = [m for m in made if isinstance(m, Repetition)]
    truth = sorted(recording.truth().repetitions, key=lambda r: r.end_s)
    assert len(truth) == 14
    assert [(r.exercise, r.side, r.count) for r in found] == [
        (r.exercise, r.side, r.count) for r in truth
    ]
    states = [m for m in made if isinstance(m, ExerciseState)]
    _assert_shown([m for m in states if m.exercise], found)
    for one, true in zip(found, truth, strict=True):
        assert one.execution is Execution.AS_ASKED
        assert true.start_s < one.start_s < one.end_s < true.end_s
        if one.quality.withheld:
            continue
        for value, half, wanted in (
            (one.peak_rad, one.peak_half_width_rad, true.peak_rad),
            (one.rom_rad, one.rom_half_width_rad, true.rom_rad),
        ):
            assert abs(value - wanted) < math.radians(WITHIN_DEG[one.exercise])
            assert abs(value - wanted) < half
        assert 0.2 < one.outward_s < 1.5
        assert 0.2 < one.return_s < 1.5
        assert -2.5 < one.smoothness < -1.0


def _assert_shown(states: list[ExerciseState], found: list[Repetition]) -> None:
    """Assert that what is shown is each set from none to its last count, and nothing between."""
    shown = [(m.exercise, m.side, m.count) for m in states]
    wanted = []
    for one in found:
        begins = [(one.exercise, one.side, 0)] if one.count == 1 else []
        wanted += [*begins, (one.exercise, one.side, one.count)]
    assert [state for state, _ in itertools.groupby(shown)] == wanted
