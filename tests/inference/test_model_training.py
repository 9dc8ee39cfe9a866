from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.errors import ModelError
from inference.model.checkpoint import Checkpoint, read_checkpoint, to_bytes
from inference.model.examples import motion_of
from inference.model.export import to_onnx
from inference.model.loading import load_bytes
from inference.model.making import make, metadata_of, model_bytes
from inference.model.network import Parameters, forward
from inference.model.seeds import calibration_seeds, evaluation_seeds, training_seeds
from inference.model.training import TrainingConfig, train, training_hash
from inference.model.uncertainty import rescaled
from tests.inference.model_support import ARCHITECTURE, Swinging, metadata, parameters, swinging

CONFIG = TrainingConfig(
    people=3,
    calibration_people=2,
    evaluation_people=2,
    seconds=12.0,
    steps=240,
    batch=8,
    window=100,
    learning_rate=5e-3,
    architecture=ARCHITECTURE,
)


def crowd(seeds: Iterable[int], seconds: float) -> Iterator[Swinging]:
    return (swinging(seed, seconds) for seed in seeds)


def silent(done: int, steps: int, loss: float) -> None:
    assert 0 < done <= steps
    assert np.isfinite(loss)


@pytest.fixture(scope="module")
def made() -> Checkpoint:
    return make(crowd, "Swinging hips.", CONFIG, silent)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_exported_model_is_the_trained_one(seed: int) -> None:
    learned = parameters(seed)
    model = load_bytes(to_onnx(learned, ARCHITECTURE, metadata()), "m")
    rng = np.random.default_rng(seed)
    x = rng.normal(0.0, 20.0, (300, 48)).astype(np.float32)
    mask = (rng.random((300, 8)) < 0.7).astype(np.float32)
    here = forward(learned, ARCHITECTURE, jnp.asarray(x[None]), jnp.asarray(mask[None]))
    mean, log_variance, _ = model.run(x, mask, model.initial_state())
    np.testing.assert_allclose(np.asarray(here[0][0]), mean, atol=1e-5)
    np.testing.assert_allclose(np.asarray(here[1][0]), log_variance, atol=1e-5)


def test_it_learns_what_there_is_to_learn(made: Checkpoint) -> None:
    assert made.evaluation is not None
    knee = made.evaluation.subsets[0].angles[2]
    assert knee.rmse_deg is not None
    assert knee.rmse_deg < 6.0  # the angle swings by ± 29°
    assert knee.within_2sd is not None
    assert 0.8 < knee.within_2sd <= 1.0
    assert made.evaluation.subsets[0].contacts[0].accuracy > 0.9
    assert made.evaluation.people == CONFIG.evaluation_people


def test_a_seed_makes_one_model() -> None:
    short = msgspec.structs.replace(CONFIG, steps=5)
    one, again = (train(crowd(range(2), 12.0), short, silent) for _ in range(2))
    assert same(one, again)
    other = msgspec.structs.replace(short, seed=2)
    assert not same(one, train(crowd(range(2), 12.0), other, silent))


def same(one: Parameters, other: Parameters) -> bool:
    pairs = zip(
        (one.entry, *one.layers, one.head), (other.entry, *other.layers, other.head), strict=True
    )
    return all(
        np.array_equal(a.weight, b.weight) and np.array_equal(a.bias, b.bias) for a, b in pairs
    )


def test_a_checkpoint_survives_its_file(made: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    path.write_bytes(to_bytes(made))
    read = read_checkpoint(path)
    assert same(read.parameters, made.parameters)
    assert (read.config, read.description, read.evaluation) == (
        made.config,
        made.description,
        made.evaluation,
    )
    assert model_bytes(read) == model_bytes(made)


def test_the_file_says_what_it_was_trained_on(made: Checkpoint) -> None:
    said = load_bytes(model_bytes(made), "m").metadata
    assert said == metadata_of(made)
    assert said.training == "Swinging hips."
    assert said.evaluation == made.evaluation
    assert said.training_hash == training_hash(CONFIG, "Swinging hips.")
    assert said.version.endswith(said.training_hash[:8])
    assert training_hash(CONFIG, "Others.") != said.training_hash


@given(content=st.binary(max_size=200))
def test_not_a_checkpoint(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.npz: not a checkpoint"):
        read_checkpoint(path)


def test_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        read_checkpoint(tmp_path / "none.npz")
    path = tmp_path / "other.npz"
    np.savez(path, entry_weight=np.zeros(3))
    with pytest.raises(ModelError, match="not a checkpoint"):
        read_checkpoint(path)


def test_motion_at_an_odd_rate_is_refused() -> None:
    with pytest.raises(ModelError, match="at a multiple of 50 Hz, not at 60 Hz"):
        train([swinging(1, rate_hz=60.0)], CONFIG, silent)


def test_motion_shorter_than_a_window_is_refused() -> None:
    with pytest.raises(ModelError, match="longer than 100 samples"):
        train([swinging(1, seconds=1.5)], CONFIG, silent)


def test_truth_lies_where_the_output_speaks_of_it() -> None:
    """The pitch that the accelerometer shows now is the truth of ``look_ahead`` rows later."""
    motion = motion_of(swinging(3), 50.0, 4)
    shown = np.arctan2(motion.x[:-4, 0, 0], motion.x[:-4, 0, 1])
    np.testing.assert_allclose(shown, motion.truth[4:, 0], atol=0.01)


def test_rescaling_moves_only_the_variance() -> None:
    scale = np.array([4.0] * 6 + [1.0] * 2)
    plain, wider = parameters(), rescaled(parameters(), scale)
    x, mask = jnp.ones((1, 9, 48)), jnp.ones((1, 9, 8))
    (mean, spread), (mean_after, spread_after) = (
        forward(p, ARCHITECTURE, x, mask) for p in (plain, wider)
    )
    assert np.array_equal(mean, mean_after)
    np.testing.assert_allclose(spread_after - spread, np.log(scale) * np.ones((1, 9, 1)), atol=1e-5)


def test_teachers_judges_and_strangers_are_different_people() -> None:
    groups = [training_seeds(seed, 10_000) for seed in (0, 1, 7)]
    groups += [calibration_seeds(10_000), evaluation_seeds(10_000)]
    everyone = [seed for group in groups for seed in group]
    assert len(set(everyone)) == len(everyone)


def test_the_default_network_is_small() -> None:
    default = TrainingConfig().architecture
    learned = sum(leaf.size for leaf in jax.tree.leaves(parameters(0, default)))
    assert learned < 20_000
