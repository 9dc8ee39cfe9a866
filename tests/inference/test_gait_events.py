"""Foot contacts against the simulator's truth and against recordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.spatial.transform import Rotation

from gateway.messages import (
    BodyBlock,
    BoolArray,
    GaitEvent,
    GaitEventKind,
    Place,
    Side,
    Stride,
)
from inference.gait.contact_kernels import LOOK_AHEAD_S, signals, windows
from inference.gait.contact_rules import Candidate, Leg, Verdict
from inference.gait.events import GaitEvents
from inference.gait.strides import Strides
from simulators.places import PLACE_INDEX
from tests.contract import assert_stage_contract, piece, push_all, run
from tests.data import data_set
from tests.inference.gait_trials import (
    FEET,
    SHANKS,
    Trial,
    by_kind,
    changed,
    found,
    gaitmap_trial,
    oriented,
    physical_therapy_ankles,
    score,
    simulated,
    voisard_trials,
    with_places,
)

BOTH = tuple(GaitEventKind)


@pytest.fixture(scope="module")
def walk() -> Trial:
    return simulated("walk", 20.0, seed=3)


@pytest.mark.parametrize("rate_hz", [25.0, 60.0, 100.0, 285.0])
def test_feet_agree_with_truth(rate_hz: float) -> None:
    trials = [simulated("walk", 40.0, seed, rate_hz, places=FEET) for seed in (1, 2)]
    _assert_agrees(trials, p95_ms=max(40.0, 1300.0 / rate_hz))


@pytest.mark.parametrize("speed_mps", [0.6, 0.9, 1.7, 2.1])
def test_feet_agree_with_truth_at_any_speed(speed_mps: float) -> None:
    _assert_agrees([simulated("walk", 40.0, seed, speed_mps=speed_mps) for seed in (1, 2)])


def test_shanks_stand_in_for_feet() -> None:
    _assert_agrees([simulated("walk", 40.0, seed, places=SHANKS) for seed in (1, 2)])


def _assert_agrees(trials: Sequence[Trial], p95_ms: float = 30.0) -> None:
    """Assert times for 95 of 100; a first step has hardly a push-off, so not every one is found."""
    for kind in BOTH:
        result = score(trials, kind, 0.1)
        print(kind, result)  # noqa: T201, the figures of docs/gait.md
        assert result.f1 >= 0.94, result
        assert result.p95_ms <= p95_ms, result


@pytest.mark.parametrize("seed", [97, 122, 125, 217, 252])
def test_the_foot_that_closes_a_walk_lands_once(seed: int) -> None:
    trial = simulated("clinic", 26.5, seed, places=FEET)
    assert not [event for event in found(trial.blocks) if not _is_known(event, trial)]


@pytest.mark.parametrize(("seed", "foot"), [(97, FEET[0]), (122, FEET[0]), (125, FEET[1])])
def test_a_landing_is_doubted_where_no_foot_is_seen_to_stand(seed: int, foot: Place) -> None:
    trial = simulated("clinic", 26.5, seed, places=(foot,))
    strange = [event for event in found(trial.blocks) if not _is_known(event, trial)]
    assert ["the other one" in event.quality.withheld for event in strange] == [True]


def _is_known(event: GaitEvent, trial: Trial) -> bool:
    return bool(np.abs(trial.truth[event.side, event.kind] - event.t_s).min() < 0.15)


@pytest.mark.parametrize("scenario", ["squat", "knee-extension"])
@pytest.mark.parametrize("places", [FEET, SHANKS])
def test_exercises_are_no_steps(scenario: str, places: Sequence[Place]) -> None:
    assert found(simulated(scenario, 40.0, seed=4, places=places).blocks) == []


def test_standing_makes_no_steps(walk: Trial) -> None:
    first_step = min(times.min() for times in walk.truth.values())
    assert min(event.t_s for event in found(walk.blocks)) > first_step - 0.05


def test_lying_and_seated_exercises_make_no_stride() -> None:
    sessions = physical_therapy_ankles(data_set("uci_physical_therapy"))
    assert len(sessions) >= 4
    for name, block in sessions:
        strides = run(Strides(), found([block]))
        assert strides == [], name


def test_optical_contacts_of_gaitmap() -> None:
    trial = gaitmap_trial(data_set("gaitmap_foot"))
    for kind, median_ms in ((BOTH[0], 8.0), (BOTH[1], 8.0)):
        result = score([trial], kind, 0.1)
        print(kind, result)  # noqa: T201, the figures of docs/gait.md
        assert result.f1 >= 0.97
        assert result.median_ms <= median_ms


def test_marked_contacts_of_voisard() -> None:
    trials = voisard_trials(data_set("voisard_healthy_gait"))
    for kind, least in ((BOTH[0], 0.97), (BOTH[1], 0.955)):
        wide, close = (score(trials, kind, window_s) for window_s in (0.25, 0.1))
        print(kind, wide, close)  # noqa: T201, the figures of docs/gait.md
        assert wide.f1 >= least
        assert close.f1 >= least - 0.02
        assert wide.median_ms <= 11.0


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_mounting_does_not_matter(walk: Trial, seed: int) -> None:
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    turned = [changed(b, b.acc @ turn.T, b.gyr @ turn.T, b.valid, b.real) for b in walk.blocks]
    events = found(turned)
    assert [(e.side, e.kind) for e in events] == [(e.side, e.kind) for e in found(walk.blocks)]
    times = np.array([e.t_s for e in events])
    np.testing.assert_allclose(times, [e.t_s for e in found(walk.blocks)], atol=2e-3)


def test_a_side_without_sensor_is_absent(walk: Trial) -> None:
    left_only = [with_places(block, [Place.LEFT_FOOT]) for block in walk.blocks]
    assert {event.side for event in found(left_only)} == {Side.LEFT}
    assert found([with_places(block, [Place.PELVIS]) for block in walk.blocks]) == []


def test_shank_takes_over_when_the_foot_falls_silent(walk: Trial) -> None:
    blocks = [_silenced(block, PLACE_INDEX[Place.LEFT_FOOT], 9.0, np.inf) for block in walk.blocks]
    kind = GaitEventKind.INITIAL_CONTACT
    times = by_kind(found(blocks))[Side.LEFT, kind]
    truth = walk.truth[Side.LEFT, kind]
    late = truth[truth > 11.0]
    assert len(late) >= 5
    assert np.sum((times > 9.0) & (times < 10.0)) == 0
    assert np.abs(late[:, None] - times).min(axis=1).max() < 0.05


def test_a_gap_makes_the_foot_forget(walk: Trial) -> None:
    blocks = [_silenced(block, PLACE_INDEX[Place.RIGHT_FOOT], 10.0, 10.3) for block in walk.blocks]
    right = [event for event in found(blocks) if event.side is Side.RIGHT]
    first = next(event for event in right if event.t_s > 10.0)
    assert all(not 10.0 <= event.t_s <= 10.3 for event in right)
    assert first.quality.real_share == 0.0
    assert right[right.index(first) + 1].quality.real_share == 1.0


def test_bridged_samples_lower_the_real_share(walk: Trial) -> None:
    blocks = []
    for block in walk.blocks:
        real = block.real.copy()
        real[::4] = False
        blocks.append(changed(block, block.acc, block.gyr, block.valid, real))
    shares = [event.quality.real_share for event in found(blocks)][4:]
    assert len(shares) > 10
    np.testing.assert_allclose(shares, 0.75, atol=0.04)


@pytest.mark.parametrize(("at_s", "lasts_s", "sure"), [
    (-0.12, 0.04, True), (-0.08, 0.04, False), (0.01, 0.04, False), (0.06, 0.08, True),
])  # fmt: skip
def test_only_what_is_missing_at_a_contact_makes_its_time_a_guess(
    walk: Trial, at_s: float, lasts_s: float, sure: bool
) -> None:
    land, left = GaitEventKind.INITIAL_CONTACT, PLACE_INDEX[Place.LEFT_FOOT]
    whole = by_kind(found(walk.blocks))[Side.LEFT, land][3]
    holes = [_bridged(b, left, whole + at_s, whole + at_s + lasts_s) for b in walk.blocks]
    (event,) = (e for e in found(holes) if (e.side, e.t_s, e.kind) == (Side.LEFT, whole, land))
    assert (not event.quality.withheld) is sure


def test_a_landing_after_a_clipped_swing_is_a_guess(walk: Trial) -> None:
    left = PLACE_INDEX[Place.LEFT_FOOT]
    landing = walk.truth[Side.LEFT, GaitEventKind.INITIAL_CONTACT][3]
    blocks = [_clipped(block, left, landing - 0.38, landing - 0.30) for block in walk.blocks]
    doubted = [event.t_s for event in found(blocks) if "turned" in event.quality.withheld]
    np.testing.assert_allclose(doubted, [landing], atol=0.2)


def test_contacts_are_told_within_the_look_ahead(walk: Trial) -> None:
    delays = np.array([event.detected_s - event.t_s for event in found(walk.blocks)])
    assert delays.min() > 0.1
    assert np.percentile(delays, 95) <= LOOK_AHEAD_S + 0.05


def test_events_of_a_foot_are_in_order() -> None:
    for trial in voisard_trials(data_set("voisard_healthy_gait")):
        events = found(trial.blocks)
        told = [event.detected_s for event in events]
        assert told == sorted(told)
        for side in Side:
            own = [event.t_s for event in events if event.side is side]
            assert np.diff(own).min() >= 0.149


def test_contract(walk: Trial) -> None:
    assert_stage_contract(GaitEvents, oriented(walk.blocks), seed=11)


def test_contract_with_gaps_and_shanks(walk: Trial) -> None:
    column = PLACE_INDEX[Place.LEFT_FOOT]
    blocks = [_silenced(_silenced(b, column, 8.0, 12.0), column, 14.0, 14.2) for b in walk.blocks]
    assert_stage_contract(GaitEvents, oriented(blocks), seed=12)


@pytest.mark.parametrize("rate_hz", [60.0, 100.0, 204.8])
@pytest.mark.parametrize("places", [FEET, SHANKS], ids=["feet", "shanks"])
def test_contract_at_any_rate(rate_hz: float, places: Sequence[Place]) -> None:
    trial = simulated("walk", 25.0, 7, rate_hz, places=places)
    assert_stage_contract(GaitEvents, oriented(trial.blocks), seed=13)


def test_a_jump_of_the_grid_starts_anew(walk: Trial) -> None:
    body, orientation = oriented(walk.blocks[:2])[2:]
    events = GaitEvents()
    before, after = (
        push_all(events, [piece(body, first, last), piece(orientation, first, last)])
        for first, last in ((0, 400), (600, 1000))
    )
    firsts = {event.side: event for event in reversed(after) if isinstance(event, GaitEvent)}
    assert len(before) > 8
    assert len(firsts) == 2
    assert all(event.quality.real_share == 0.0 for event in firsts.values())


@given(rate_hz=st.floats(20.0, 300.0), count=st.integers(0, 40))
def test_windows_lie_inside_the_buffer(rate_hz: float, count: int) -> None:
    lengths = windows(rate_hz)
    size = lengths.back + lengths.ahead + count + 1
    rng = np.random.default_rng(count)
    whole = rng.normal(size=(8, 2, size + 50))
    part, longer = signals(whole[..., :size], lengths), signals(whole, lengths)
    known = slice(lengths.back + lengths.swing[0], size - lengths.ahead)
    for name, last in (("level", lengths.rest[1]), ("reversal", lengths.reversal_span[1]),
                       ("jolt", lengths.landing[1]), ("burst", lengths.stop[1]),
                       ("rise", lengths.touch[1])):  # fmt: skip
        reach = slice(known.start, known.stop + last)
        np.testing.assert_array_equal(
            getattr(part, name)[:, reach], getattr(longer, name)[:, reach]
        )


def test_turning_about_the_vertical_reverses_nothing() -> None:
    """A foot that pitches to and fro while the body turns on."""
    lengths = windows(100.0)
    motion = np.zeros((8, 2, 200))
    motion[4] = 3.0 * np.sin(np.arange(200) / 8.0)
    straight = signals(motion, lengths).reversal
    motion[5] = motion[7] = 6.0
    np.testing.assert_allclose(signals(motion, lengths).reversal, straight, atol=1e-9)
    assert straight.min() < -1.0


@pytest.mark.parametrize(("rests", "least_s"), [(False, 0.2), (True, 0.15)])
def test_a_swing_that_ends_in_rest_may_be_brief(rests: bool, least_s: float) -> None:
    landing = Candidate(0, 0, GaitEventKind.INITIAL_CONTACT, 0, 0.0, sure=True, rests=rests)
    for swing_s, verdict in ((least_s - 0.01, Verdict.NOTHING), (least_s + 0.01, Verdict.EVENT)):
        assert Leg(foot_off=0.0).lands(swing_s, 1.0, landing, None) is verdict


def test_strides_follow_from_contacts(walk: Trial) -> None:
    strides = [s for s in run(Strides(), found(walk.blocks)) if isinstance(s, Stride)]
    times = np.array([stride.stride_time_s for stride in strides])
    assert len(strides) >= 16
    assert np.all((times > 0.8) & (times < 1.6))


def _during(block: BodyBlock, first_s: float, last_s: float) -> BoolArray:
    t_s = (block.start + np.arange(len(block.valid))) / block.rate_hz
    during: BoolArray = (t_s >= first_s) & (t_s < last_s)
    return during


def _bridged(block: BodyBlock, column: int, first_s: float, last_s: float) -> BodyBlock:
    """Mark the samples of a sensor between two times as not measured."""
    real = block.real.copy()
    real[_during(block, first_s, last_s), column] = False
    return changed(block, block.acc, block.gyr, block.valid, real)


def _clipped(block: BodyBlock, column: int, first_s: float, last_s: float) -> BodyBlock:
    """Have a gyroscope of 2000°/s at its full scale between two times."""
    gyr = block.gyr.copy()
    gyr[_during(block, first_s, last_s), column] = np.radians(2000)
    block = changed(block, block.acc, gyr, block.valid, block.real)
    return _bridged(block, column, first_s, last_s)


def _silenced(block: BodyBlock, column: int, first_s: float, last_s: float) -> BodyBlock:
    """Take the samples of a sensor away between two times."""
    t_s = (block.start + np.arange(len(block.valid))) / block.rate_hz
    valid = block.valid.copy()
    valid[(t_s >= first_s) & (t_s <= last_s), column] = False
    return changed(block, block.acc, block.gyr, valid, block.real & valid)
