"""The embedded curves against the published figures, and their passages."""

from __future__ import annotations

import json

import numpy as np
import pytest

from simulators.movement.gait_curves import (
    FINAL_CONTACT_PHASE,
    foot_curve,
    hip_curve,
    knee_curve,
    stance_share,
    warp,
)
from tests.data import data_set

PHASE = np.arange(51) / 50


@pytest.fixture(scope="module")
def published() -> dict[str, dict[str, list[float]]]:
    text = (data_set("normative") / "fukuchi_gait-reference.json").read_text(encoding="utf-8")
    joints: dict[str, dict[str, list[float]]] = json.loads(text)["walk"]["joints"]
    return joints


def test_hip_and_knee_are_the_published_means(published: dict[str, dict[str, list[float]]]) -> None:
    hip = np.degrees(hip_curve(PHASE)) + 11.0
    knee = np.degrees(knee_curve(PHASE))
    assert np.abs(hip - published["hip"]["mean"]).max() < 0.5
    assert np.abs(knee - published["knee"]["mean"]).max() < 0.8


def test_the_ankle_that_follows_lies_in_the_published_band(
    published: dict[str, dict[str, list[float]]],
) -> None:
    ankle = np.degrees(foot_curve(PHASE) - hip_curve(PHASE) + knee_curve(PHASE))
    off = np.abs(ankle - published["ankle"]["mean"]) / published["ankle"]["sd"]
    assert off.max() < 1.6
    assert np.sqrt(np.mean(off**2)) < 0.7


def test_the_foot_lies_flat_in_mid_stance_only() -> None:
    phase = np.linspace(0, 1, 1001)
    flat = foot_curve(phase) == 0.0
    assert flat[(phase > 0.1) & (phase < 0.315)].all()
    assert not flat[(phase < 0.08) | (phase > 0.34)].any()


def test_the_heel_rises_ever_faster_and_no_more_suddenly_than_published() -> None:
    phase = np.linspace(0.33, 0.56, 231)
    published = foot_curve(phase[phase > 0.48])
    gain, known = (-np.diff(pitch, 2) for pitch in (foot_curve(phase), published))
    assert gain.min() > -0.01 * gain.max()
    assert gain.max() <= known.max()


def test_foot_strikes_heel_first_and_leaves_toe_last() -> None:
    heel, toe = np.degrees(foot_curve(np.array([0.0, FINAL_CONTACT_PHASE])))
    assert 15 < heel < 30
    assert -70 < toe < -45


@pytest.mark.parametrize("share", [0.56, 0.62, 0.7])
def test_warp_puts_final_contact_where_it_belongs(share: float) -> None:
    phase = np.array([-1.0, 0.0, share, 1.0, 1.0 + share, 2.0])
    expected = [-1.0, 0.0, FINAL_CONTACT_PHASE, 1.0, 1.0 + FINAL_CONTACT_PHASE, 2.0]
    assert warp(phase, np.array(share)) == pytest.approx(expected)
    assert (np.diff(warp(np.linspace(0, 1, 500), np.array(share))) > 0).all()


def test_stance_grows_as_walking_slows() -> None:
    shares = stance_share(np.array([0.5, 1.26, 2.0]))
    assert (np.diff(shares) < 0).all()
    assert shares[1] == pytest.approx(0.62)
