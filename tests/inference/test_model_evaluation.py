from __future__ import annotations

import numpy as np
import pytest

from gateway.errors import ModelError
from inference.model.augmentation import (
    SUBSETS,
    mirrored,
    misalignment,
    place_mask,
    sensor_masks,
    skin_motion,
    worn,
)
from inference.model.card import card
from inference.model.contract import PLACES, TARGETS, Target
from inference.model.evaluation import SCORED, angle_score, contact_score, evaluate
from inference.model.loading import load
from inference.model.seeds import evaluation_seeds
from simulators.training_data import DESCRIPTION, people
from tests.inference.model_support import metadata, swinging, untrained

SEED = 20


def test_score_of_an_angle() -> None:
    truth = np.radians(np.full(5, 10.0))
    mean = np.radians([10.0, 13.0, 7.0, 19.0, np.nan])
    score = angle_score("knee", mean, np.radians(np.full(5, 4.0)), truth)
    assert (score.given, score.mean_sd_deg) == (0.8, 4.0)
    assert score.rmse_deg == pytest.approx(np.sqrt((9 + 9 + 81) / 4), abs=0.01)
    assert (score.within_1sd, score.within_2sd) == (0.75, 0.75)


def test_score_of_an_angle_that_is_never_given() -> None:
    score = angle_score("knee", np.full(3, np.nan), np.full(3, np.nan), np.zeros(3))
    assert (score.given, score.rmse_deg, score.within_1sd) == (0.0, None, None)


def test_score_of_a_contact() -> None:
    truth = np.array([True, True, True, False])
    score = contact_score("foot", np.array([True, True, False, False]), truth)
    assert score.accuracy == 0.75
    assert score.f1_contact == pytest.approx(0.8)
    assert score.f1_swing == pytest.approx(2 / 3, abs=1e-4)


def test_a_target_without_truth_is_refused() -> None:
    speed = Target("speed", "m/s", "gaussian", 1.0)
    model = untrained(targets=(*TARGETS[:7], speed))
    with pytest.raises(ModelError, match="no truth to score speed by"):
        evaluate(model, [swinging(1)], "none")


def test_the_shipped_model_on_people_it_never_saw() -> None:
    """Bounds a little beyond docs/model.md, because these are only four people."""
    scores = evaluate(load(), people(evaluation_seeds(4), 40.0), DESCRIPTION, SEED)
    assert (scores.people, scores.look_ahead_ms) == (4, 40.0)
    subsets = {subset.name: subset for subset in scores.subsets}
    assert set(subsets) == set(SCORED)
    for angle in subsets["all"].angles:
        assert angle.given > 0.95, angle
        assert angle.rmse_deg is not None
        assert angle.rmse_deg < 6.0, angle
        assert angle.within_2sd is not None
        assert angle.within_2sd > 0.88, angle
    for name in ("all", "feet"):
        for contact in subsets[name].contacts:
            assert contact.f1_swing > 0.9, (name, contact)


def test_the_score_in_the_file_is_for_the_file() -> None:
    stored = load().metadata.evaluation
    assert stored is not None
    again = evaluate(load(), people(evaluation_seeds(6), 40.0), DESCRIPTION)
    for said, found in zip(stored.subsets, again.subsets, strict=True):
        for one, other in zip(said.contacts, found.contacts, strict=True):
            assert one.accuracy == pytest.approx(other.accuracy, abs=0.015)


def test_the_card_tells_figures_and_limits() -> None:
    text = card(load().metadata)
    stored = load().metadata.evaluation
    assert stored is not None
    knee = stored.subsets[0].angles[2]
    assert f"| all | left knee flexion | {100 * knee.given:.0f} % | {knee.rmse_deg:.1f}° |" in text
    for sentence in ("Not for diagnosis", "Simulated adults only", "held-out people", "40 ms"):
        assert sentence in text
    assert "Never scored" in card(metadata())


def test_the_mirror_keeps_the_laws_of_motion() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 5, 8, 6)).astype(np.float32)
    truth = rng.normal(size=(2, 5, 8)).astype(np.float32)
    image, truth_image = mirrored(x, truth)
    left, right = PLACES.index("left_foot"), PLACES.index("right_foot")
    whirl = np.cross(x[:, :, left, 3:], x[:, :, left, :3])
    np.testing.assert_allclose(
        np.cross(image[:, :, right, 3:], image[:, :, right, :3]), whirl * [1, 1, -1], rtol=1e-5
    )
    assert np.array_equal(truth_image[..., 3], truth[..., 2])
    back, truth_back = mirrored(image, truth_image)
    assert np.array_equal(back, x)
    assert np.array_equal(truth_back, truth)


def test_misalignment_stays_within_its_limit() -> None:
    turns = misalignment((2000,), np.random.default_rng(0))
    angle = 2 * np.degrees(np.arccos(np.clip(np.abs(turns[:, 0]), 0, 1)))
    assert angle.max() < 8.0
    assert angle.mean() > 2.0
    np.testing.assert_allclose(np.linalg.norm(turns, axis=1), 1.0)


def test_worn_sensors_differ_from_ideal_ones_by_little() -> None:
    x = np.zeros((6, 100, 8, 6), np.float32)
    x[..., 1] = 9.81
    found = worn(x, 50.0, np.random.default_rng(1))
    assert found.dtype == np.float32
    assert 0.05 < np.abs(found - x).mean() < 0.5


def test_skin_turns_as_fast_as_it_moves() -> None:
    turn, rate = skin_motion((2, 400, 8), 1000.0, np.random.default_rng(4))
    np.testing.assert_allclose(np.gradient(turn, 1e-3, axis=1)[:, 1:-1], rate[:, 1:-1], atol=1e-3)
    assert 0.3 < np.degrees(turn).std() < 3.0


def test_masks_cover_all_one_and_any_sensors() -> None:
    masks = sensor_masks(3000, 4, np.random.default_rng(2))
    assert set(np.unique(masks)) == {0.0, 1.0}
    patterns = {tuple(row) for row in masks[:, 0]}
    assert all(tuple(place_mask(places)) in patterns for places in SUBSETS.values())
    assert len(patterns) > 150
    assert (masks[:, 0] != masks[:, -1]).any(axis=1).mean() > 0.05
