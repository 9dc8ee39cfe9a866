"""Step times: on made contacts, and on the simulator's truth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest

from gateway.messages import Figure, GaitEvent, GaitEventKind, Quality, Side
from inference.measures.steps import Steps
from simulators.movement.motion import simulate_motion
from tests.contract import run
from tests.data import data_set
from tests.inference.gait_trials import FEET, Trial, found, simulated, voisard_trials

LAND, LEAVE = GaitEventKind.INITIAL_CONTACT, GaitEventKind.FINAL_CONTACT


def contact(t_s: float, side: Side, share: float = 1.0, kind: GaitEventKind = LAND) -> GaitEvent:
    return GaitEvent("p", t_s, t_s + 0.2, side, kind, Quality(share))


def figures(events: Iterable[GaitEvent]) -> list[Figure]:
    return [figure for figure in run(Steps(), list(events)) if isinstance(figure, Figure)]


def test_a_step_is_named_by_the_foot_that_lands() -> None:
    made = figures([
        contact(1.0, Side.LEFT), contact(1.1, Side.RIGHT, kind=LEAVE),
        contact(1.55, Side.RIGHT, 0.9), contact(2.15, Side.LEFT),
    ])  # fmt: skip
    assert [(f.side, f.t_s, f.unit) for f in made] == [
        (Side.RIGHT, 1.55, "s"), (Side.LEFT, 2.15, "s"),
    ]  # fmt: skip
    assert [f.value for f in made] == pytest.approx([0.55, 0.6])
    assert made[0].quality.real_share == 0.9


@pytest.mark.parametrize(
    "second",
    [
        contact(1.6, Side.LEFT),
        contact(1.6, Side.RIGHT, 0.0),
        contact(1.05, Side.RIGHT),
        contact(2.6, Side.RIGHT),
        contact(0.9, Side.RIGHT),
    ],
    ids=["same foot", "after a gap", "at once", "after a pause", "told late"],
)
def test_contacts_that_do_not_connect_are_no_step(second: GaitEvent) -> None:
    assert figures([contact(1.0, Side.LEFT), second]) == []


def test_a_step_of_which_too_little_was_measured_is_withheld() -> None:
    (step,) = figures([contact(1.0, Side.LEFT), contact(1.5, Side.RIGHT, 0.5)])
    assert math.isnan(step.value)
    assert step.quality.withheld == "only 50% of the samples were measured"


def test_step_times_agree_with_the_simulators_truth() -> None:
    motion = simulate_motion("walk", 40.0, 5)
    made = figures(found(simulated("walk", 40.0, 5, places=FEET).blocks))
    landings = sorted({(stride.start_s, stride.side) for stride in motion.truth.strides})
    error_s = [
        min((abs(step.value - (end_s - start_s)) for step in near(made, end_s, side)), default=9.0)
        for (start_s, other), (end_s, side) in pairwise(landings)
        if side is not other
    ]
    assert len(error_s) > 40
    assert np.percentile(error_s, 95) < 0.035


def test_step_times_of_voisard_walks() -> None:
    error_ms = [
        (step.value - (end_s - start_s)) * 1e3
        for trial in voisard_trials(data_set("voisard_healthy_gait"))
        for step, start_s, end_s in paired(trial)
    ]
    sizes = np.abs(error_ms)
    print(len(sizes), np.mean(error_ms), np.median(sizes), np.percentile(sizes, 95))  # noqa: T201, docs
    assert len(sizes) > 450
    assert abs(np.mean(error_ms)) < 5.0
    assert np.median(sizes) <= 20.0


def paired(trial: Trial) -> Iterator[tuple[Figure, float, float]]:
    """Steps found with the marked contacts that they begin and end at."""
    made = [step for step in figures(found(trial.blocks)) if not step.quality.withheld]
    landings = sorted((t_s, side) for side in Side for t_s in trial.truth[side, LAND])
    for (start_s, other), (end_s, side) in pairwise(landings):
        for step in near(made, end_s, side):
            if side is not other and abs(step.t_s - step.value - start_s) < 0.1:
                yield step, start_s, end_s


def near(made: Sequence[Figure], t_s: float, side: Side) -> list[Figure]:
    return [step for step in made if step.side is side and abs(step.t_s - t_s) < 0.1]
