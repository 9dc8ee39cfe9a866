"""Every measure in the folder: the contract of a stage, and what any figure must say."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

import inference.measures
from gateway.messages import Cue, Figure, Message
from inference.measures import Measure, measures
from simulators.recording import SimulatedRecording
from tests.contract import assert_stage_contract, run
from tests.playing import played

UNITS = {"1", "s", "Hz", "m", "m/s", "m/s²", "rad", "rad/s", "rad/s²"}
every_measure = pytest.mark.parametrize("measure", measures().values(), ids=lambda m: m.name)


@pytest.fixture(scope="module")
def clinic() -> list[Message]:
    """What the stages before feedback say of a person who walks and exercises."""
    made = played(SimulatedRecording("clinic", 1, 80.0), 2.0)
    return [message for message in made if not isinstance(message, Cue)]


def test_every_file_of_the_folder_is_a_measure_by_its_name() -> None:
    files = {path.stem for path in Path(*inference.measures.__path__).glob("[a-z]*.py")}
    assert files == set(measures())


@every_measure
def test_a_measure_keeps_the_contract(measure: Measure, clinic: list[Message]) -> None:
    consumes = measure.make().consumes
    assert_stage_contract(measure.make, [m for m in clinic if isinstance(m, consumes)], seed=31)


@every_measure
def test_a_figure_has_a_name_a_unit_and_a_value_or_a_reason(
    measure: Measure, clinic: list[Message]
) -> None:
    for figure in run(measure.make(), clinic):
        assert isinstance(figure, Figure)
        assert re.fullmatch(r"[a-z][a-z0-9_]*", figure.name)
        assert figure.unit in UNITS
        assert 0.0 <= figure.quality.real_share <= 1.0
        assert math.isfinite(figure.value) != bool(figure.quality.withheld)


@every_measure
def test_the_pipe_runs_the_measure(measure: Measure, clinic: list[Message]) -> None:
    names = {figure.name for figure in run(measure.make(), clinic) if isinstance(figure, Figure)}
    assert names <= {message.name for message in clinic if isinstance(message, Figure)}
