"""Postures that are held for long: no sensor was moved, and every repetition counts."""

from __future__ import annotations

import pytest

from gateway.config.settings import Config
from gateway.messages import Marker, Message, Place, Repetition, Side
from simulators.movement.scenarios import (
    HeelRaise,
    KneeExtension,
    KneeRaise,
    Lunge,
    Part,
    Scenario,
    SitDown,
    Squat,
    Stand,
    StandUp,
    Walk,
    rest,
)
from simulators.places import PLACES
from simulators.recording import Equipment, SimulatedRecording
from tests.playing import played

WITHOUT_MODEL = Config.model_validate({"model": {"enabled": False}})
ONE_LEG = (Place.LEFT_THIGH, Place.LEFT_SHANK, Place.LEFT_FOOT)
OPENING = (Stand(6.0), Walk(6.0), rest(2.0))


def made(
    seed: int, seconds: float, parts: tuple[Part, ...], places: tuple[Place, ...]
) -> list[Message]:
    """What comes of a person who does ``parts``, for ``seconds`` after the opening."""
    recording = SimulatedRecording(
        Scenario("held", (*OPENING, *parts), (Stand(30.0),)),
        seed,
        seconds + 16.0,
        equipment=Equipment(places=places),
    )
    return played(recording, 20.0, WITHOUT_MODEL)


def counted(messages: list[Message]) -> list[str]:
    """Return the exercises that were counted, where no sensor is said to have been moved."""
    assert not [m.text for m in messages if isinstance(m, Marker)]
    return [m.exercise for m in messages if isinstance(m, Repetition)]


@pytest.mark.parametrize("places", [PLACES, ONE_LEG])
@pytest.mark.parametrize(("seed", "seconds"), [(12, 5.0), (13, 6.0), (11, 8.0), (13, 10.0)])
def test_held_squats_are_counted(seed: int, seconds: float, places: tuple[Place, ...]) -> None:
    messages = made(seed, 3 * seconds, (Squat(3, seconds=seconds),), places)
    assert counted(messages) == ["squat"] * 3


@pytest.mark.parametrize("places", [PLACES, ONE_LEG])
@pytest.mark.parametrize(("seed", "seconds"), [(12, 6.0), (11, 10.0)])
def test_held_heel_raises_are_counted(seed: int, seconds: float, places: tuple[Place, ...]) -> None:
    messages = made(seed, 3 * seconds, (HeelRaise(3, seconds=seconds),), places)
    assert counted(messages) == ["heel-raise"] * 3


@pytest.mark.parametrize("seconds", [6.0, 10.0])
def test_held_lunges_are_counted(seconds: float) -> None:
    messages = made(13, 2 * seconds + 4.0, (Lunge(Side.LEFT, 2, seconds=seconds),), PLACES)
    assert counted(messages) == ["lunge"] * 2


@pytest.mark.parametrize("seconds", [6.0, 10.0])
def test_held_knee_extensions_are_counted(seconds: float) -> None:
    parts = (SitDown(), rest(1.0), KneeExtension(Side.LEFT, 2, seconds=seconds))
    assert counted(made(12, 2 * seconds + 4.0, parts, PLACES)) == ["knee-extension"] * 2


@pytest.mark.parametrize("places", [PLACES, ONE_LEG])
def test_a_foot_on_a_step_moves_no_sensor(places: tuple[Place, ...]) -> None:
    parts = (KneeRaise(Side.LEFT, 2, peak_deg=40.0, seconds=8.0), Walk(6.0), rest(3.0))
    assert not counted(made(11, 25.0, parts, places))


def test_who_sits_for_a_minute_and_walks_has_moved_no_sensor() -> None:
    parts = (SitDown(), rest(60.0), StandUp(), Walk(8.0), rest(3.0))
    assert not counted(made(12, 76.0, parts, PLACES))
