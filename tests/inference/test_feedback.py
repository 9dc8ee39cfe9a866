"""Feedback: the right cue at the right moment, and no more of them than helps."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest

from gateway.errors import ConfigError
from gateway.messages import (
    Cue,
    CueKind,
    Execution,
    ExerciseState,
    Message,
    Quality,
    Repetition,
    Side,
    Stride,
)
from gateway.rules import DEFAULT_RULES, CadenceRule, FormRule, RangeRule, RepetitionRule, Rule
from inference.feedback.stage import Feedback
from tests.contract import assert_stage_contract, run

SQUAT = RangeRule(kind="range", exercise="squat", low_deg=70, high_deg=110)
KNEE = RangeRule(kind="range", exercise="knee-extension", low_deg=-10, high_deg=20)
CADENCE = CadenceRule(kind="cadence", low_spm=90, high_spm=120)
STEP_S = 0.02


def state(t_s: float, angle_deg: float, exercise: str, side: Side | None) -> ExerciseState:
    return ExerciseState("p", t_s, exercise, side, 1, math.radians(angle_deg), 0.0, 1.0, 0.5)


def course(
    angles_deg: list[float], exercise: str = "squat", side: Side | None = None, start_s: float = 0
) -> list[Message]:
    """States along straight lines between the angles, a second each, and the repetition."""
    t = np.arange(0, len(angles_deg) - 1, STEP_S)
    values = np.interp(t, np.arange(len(angles_deg)), angles_deg)
    told: list[Message] = [
        state(start_s + float(a), float(v), exercise, side) for a, v in zip(t, values, strict=True)
    ]
    extreme = min(angles_deg) if exercise == "knee-extension" else max(angles_deg)
    end_s = start_s + len(angles_deg) - 1
    return [*told, repetition(end_s, extreme, exercise, side)]


def repetition(
    end_s: float, peak_deg: float, exercise: str = "squat", side: Side | None = None, count: int = 1
) -> Repetition:
    peak = math.radians(peak_deg)
    reached = bool(peak_deg >= 70) if exercise == "squat" else bool(peak_deg <= 20)
    return Repetition(
        "p", exercise, side, count, end_s - 1, end_s, abs(peak), peak, 0.0, reached, Quality(1.0)
    )  # fmt: skip


def strides(cadences: Sequence[float], start_s: float = 0.0, withheld: str = "") -> list[Message]:
    """Strides of alternating feet, half a stride apart."""
    told: list[Message] = []
    for number, cadence in enumerate(cadences):
        time_s = 120 / cadence
        begin_s = start_s + number * time_s / 2
        side = Side.LEFT if number % 2 else Side.RIGHT
        quality = Quality(0.9, withheld)
        told.append(Stride("p", side, begin_s, begin_s + time_s, time_s, cadence, 0.6, quality))
    return told


def cues(rules: Sequence[Rule], messages: Sequence[Message]) -> list[Cue]:
    return [m for m in run(Feedback(rules), messages) if isinstance(m, Cue)]


def kinds(rules: Sequence[Rule], messages: Sequence[Message]) -> list[CueKind]:
    return [cue.kind for cue in cues(rules, messages)]


def test_keeps_the_contract() -> None:
    squat, lift = course([0, 90, 0]), course([90, 40, 90], "knee-extension", Side.LEFT, 3)
    walk = strides([70] * 8, start_s=10)
    assert_stage_contract(lambda: Feedback(DEFAULT_RULES), [*squat, *lift, *walk], seed=1)


def test_the_target_is_told_the_moment_it_is_reached() -> None:
    (cue,) = cues([SQUAT], course([0, 90, 0]))
    assert cue.kind is CueKind.TARGET_REACHED
    assert 70 / 90 <= cue.t_s <= 70 / 90 + STEP_S
    assert cue.rule == "range:squat"


def test_a_missed_target_is_told_at_the_end_with_what_to_do() -> None:
    (cue,) = cues([SQUAT], course([0, 60, 0]))
    assert (cue.kind, cue.text, cue.t_s) == (CueKind.TARGET_MISSED, "Bend a little further", 2.0)
    (cue,) = cues([KNEE], course([90, 35, 90], "knee-extension", Side.RIGHT))
    assert cue.text == "Stretch a little further"


def test_too_far_is_told_too() -> None:
    told = cues([SQUAT], course([0, 125, 0]))
    assert [c.kind for c in told] == [CueKind.TARGET_REACHED, CueKind.TARGET_MISSED]
    assert told[1].text == "Not quite so deep"


def test_an_extension_reaches_its_target_from_above() -> None:
    (cue,) = cues([KNEE], course([90, 5, 90], "knee-extension", Side.LEFT))
    assert cue.kind is CueKind.TARGET_REACHED
    assert 70 / 85 <= cue.t_s <= 70 / 85 + STEP_S


def test_wavering_at_the_edge_is_one_visit() -> None:
    assert kinds([SQUAT], course([0, 72, 67, 72, 67, 72, 0])) == [CueKind.TARGET_REACHED]
    assert kinds([SQUAT], course([0, 72, 60, 72, 0])) == [CueKind.TARGET_REACHED] * 2


def test_a_hold_is_told_once_it_is_long_enough() -> None:
    rule = SQUAT.model_copy(update={"hold_s": 2.0})
    told = cues([rule], course([0, 70, 80, 80, 80, 80, 0]))
    assert [c.kind for c in told] == [CueKind.TARGET_REACHED, CueKind.HOLD_DONE]
    assert math.isclose(told[1].t_s - told[0].t_s, 2.0, abs_tol=STEP_S)
    assert kinds([rule], course([0, 80, 80, 0])) == [CueKind.TARGET_REACHED]


def test_cues_of_a_rule_keep_their_distance() -> None:
    rule = SQUAT.model_copy(update={"min_interval_s": 5.0})
    messages = [*course([0, 60, 0]), *course([0, 60, 0], start_s=2), *course([0, 60, 0], start_s=6)]
    assert [c.t_s for c in cues([rule], messages)] == [2.0, 8.0]


def test_an_unknown_angle_says_nothing() -> None:
    unknown = [state(0.1 * k, math.nan, "squat", None) for k in range(50)]
    assert cues([SQUAT], [*course([0, 80])[:-1], *unknown, repetition(9, math.nan)])[1:] == []


def test_a_repetition_whose_figures_are_withheld_is_counted_without_judgement() -> None:
    poor = Quality(0.4, "only 40% of its samples were measured")
    rules: list[Rule] = [RepetitionRule(kind="repetition"), FormRule(kind="form")]
    for execution in Execution:
        done = dataclasses.replace(repetition(3, 90), quality=poor, execution=execution)
        assert [(c.text, c.quality) for c in cues(rules, [done])] == [("1", poor)]


def test_repetitions_are_counted_aloud() -> None:
    told = cues(
        [RepetitionRule(kind="repetition")],
        [repetition(2.0, 90), repetition(4.0, 50, count=2), repetition(4.1, 60, count=3)],
    )
    assert [c.text for c in told] == ["Good: 1", "2"]


def test_a_repetition_rule_may_watch_one_exercise() -> None:
    rule = RepetitionRule(kind="repetition", exercise="knee-extension")
    messages = [repetition(2, 90), repetition(4, 10, "knee-extension", Side.LEFT)]
    (cue,) = cues([rule], messages)
    assert cue.rule == "repetition:knee-extension"


@pytest.mark.parametrize(
    ("cadence", "kind"), [(80, CueKind.CADENCE_LOW), (140, CueKind.CADENCE_HIGH)]
)
def test_cadence_is_told_after_several_strides(cadence: float, kind: CueKind) -> None:
    (cue,) = cues([CADENCE], strides([cadence] * 12))
    assert cue.kind is kind
    assert cue.quality.real_share == 0.9
    assert cues([CADENCE], strides([cadence] * 5)) == []


def test_one_odd_stride_says_nothing() -> None:
    assert cues([CADENCE], strides([100.0] * 6 + [60.0] + [100.0] * 6)) == []


def test_cadence_must_come_back_inside_before_it_is_told_again() -> None:
    again = [80.0] * 20 + [91.0] * 20 + [80.0] * 20
    assert kinds([CADENCE], strides(again)) == [CueKind.CADENCE_LOW]
    better = [80.0] * 20 + [100.0] * 20 + [80.0] * 20
    assert kinds([CADENCE], strides(better)) == [CueKind.CADENCE_LOW] * 2


def test_withheld_strides_are_not_judged() -> None:
    assert cues([CADENCE], strides([60] * 12, withheld="too many gaps")) == []


def test_a_break_begins_a_new_bout() -> None:
    apart = [*strides([80] * 4), *strides([80] * 4, start_s=20)]
    assert cues([CADENCE], apart) == []


def test_a_rule_for_an_unknown_exercise_is_refused() -> None:
    rule = SQUAT.model_copy(update={"exercise": "sqat"})
    with pytest.raises(ConfigError, match=r"'sqat'.*knee-extension, .*squat"):
        Feedback([rule])


def test_how_a_repetition_was_done_is_told_once_by_whoever_watches_it() -> None:
    done = [
        dataclasses.replace(repetition(end_s, 60), execution=execution)
        for end_s, execution in enumerate(Execution, start=1)
    ]
    form = FormRule(kind="form")
    assert kinds([form], done) == [CueKind.TOO_FAST, CueKind.TOO_SMALL]
    assert kinds([form, SQUAT], done).count(CueKind.TOO_SMALL) == 0
    assert kinds([FormRule(kind="form", exercise="knee-extension")], done) == []
    assert kinds([FormRule(kind="form", min_interval_s=5)], done) == [CueKind.TOO_FAST]
