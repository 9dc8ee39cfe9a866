"""Simulated people as examples to learn from: motion in segment axes, with its truth.

Each seed is another person with another routine: walks from slow to brisk, even and uneven, turns,
squats and seated knee extensions of differing depth and pace, in an order of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gateway.messages import BoolArray, FloatArray, GaitEventKind, Side, message
from gateway.quaternion import conjugate, rotate
from simulators.movement.motion import Habits, Motion, simulate_motion
from simulators.movement.scenarios import (
    KneeExtension,
    Part,
    Scenario,
    SitDown,
    Squat,
    Stand,
    StandUp,
    Turn,
    Walk,
    rest,
)

RATE_HZ = 100.0
DESCRIPTION = (
    "Simulated adults only, no recording of a person: standing, walking at 0.5 to 1.7 m/s with "
    "step-time asymmetry (SD 12 %), turns, squats to 40 to 120°, sitting down and rising, and "
    "seated knee extensions. Added to it: misalignment up to 8°, sensor bias, gain and noise, "
    "skin that moves on the bone, and missing sensors."
)
_SIDES = (Side.LEFT, Side.RIGHT)


@message
class Example:
    """One person's motion, free of noise and misalignment.

    ``acc`` (T, 8, 3) m/s² and ``gyr`` (T, 8, 3) rad/s in segment axes; ``angle_rad`` (T, 6) in
    the order of ``JOINTS``; ``contact`` (T, 2) left and right foot on the ground.
    """

    person: str
    rate_hz: float
    acc: FloatArray
    gyr: FloatArray
    angle_rad: FloatArray
    contact: BoolArray


def people(seeds: Iterable[int], seconds: float) -> Iterator[Example]:
    """Yield one example a seed, of at most ``seconds``."""
    for seed in seeds:
        rng = np.random.default_rng([seed, 7])
        habits = Habits(tilt_sd_rad=0.0, turn_sd_rad=0.0, tissue=float(rng.uniform(0.5, 2.0)))
        yield _example(
            f"simulated {seed}", simulate_motion(routine(rng), seconds, seed, RATE_HZ, habits)
        )


def routine(rng: np.random.Generator) -> Scenario:
    """Draw what a person does: two walks, squats and a seated exercise, in any order."""
    blocks = [_walk(rng), _walk(rng), _squats(rng), _seated(rng)]
    order = rng.permutation(len(blocks))
    parts = tuple(part for position in order for part in blocks[position])
    return Scenario("routine", (Stand(float(rng.uniform(1.0, 4.0))),), parts)


def contacts(motion: Motion) -> BoolArray:
    """Return which foot (T, 2), left and right, is on the ground.

    It leaves at a final contact until the next initial contact, and for a knee extension.
    """
    aloft = [
        (_SIDES.index(side), start, end) for side in _SIDES for start, end in _swings(motion, side)
    ]
    aloft += [
        (_SIDES.index(r.side), r.start_s, r.end_s)
        for r in motion.truth.repetitions
        if r.side is not None
    ]
    contact = np.ones((len(motion.t_s), 2), np.bool_)
    for column, start, end in aloft:
        contact[(start <= motion.t_s) & (motion.t_s < end), column] = False
    return contact


def _swings(motion: Motion, side: Side) -> list[tuple[float, float]]:
    events = [event for event in motion.truth.events if event.side == side]
    ends = [event.t_s for event in events[1:]] + [np.inf]
    return [
        (event.t_s, end)
        for event, end in zip(events, ends, strict=False)
        if event.kind == GaitEventKind.FINAL_CONTACT
    ]


def _example(person: str, motion: Motion) -> Example:
    to_segment = conjugate(motion.mounting)
    kept = _told(motion)
    return Example(
        person=person,
        rate_hz=motion.rate_hz,
        acc=rotate(to_segment, motion.acc[:kept]),
        gyr=rotate(to_segment, motion.gyr[:kept]),
        angle_rad=motion.truth.joint_rad[:kept].copy(),
        contact=contacts(motion)[:kept].copy(),
    )


def _told(motion: Motion) -> int:
    """Return how many samples have their truth: not a repetition that the end cuts off."""
    last = motion.truth.activities[-1]
    cut_off = last.name == "knee-extension"
    return int(last.start_s * motion.rate_hz) if cut_off else len(motion.t_s)


def _walk(rng: np.random.Generator) -> tuple[Part, ...]:
    asymmetry = float(np.clip(rng.normal(0.0, 0.12), -0.3, 0.3))
    straight = [
        Walk(float(rng.uniform(4.0, 9.0)), float(rng.uniform(0.5, 1.7)), asymmetry) for _ in "12"
    ]
    angle = float(rng.choice([-1.0, 1.0]) * rng.uniform(60.0, 180.0))
    turn = Turn(float(rng.uniform(2.0, 3.5)), angle, float(rng.uniform(0.4, 0.7)))
    return straight[0], turn, straight[1], rest(float(rng.uniform(0.5, 2.0)))


def _squats(rng: np.random.Generator) -> tuple[Part, ...]:
    depth, seconds = float(rng.uniform(40.0, 120.0)), float(rng.uniform(1.8, 5.0))
    return Squat(int(rng.integers(2, 4)), depth, seconds), rest(float(rng.uniform(0.5, 2.0)))


def _seated(rng: np.random.Generator) -> tuple[Part, ...]:
    peak, seconds = float(rng.uniform(0.0, 40.0)), float(rng.uniform(1.8, 5.0))
    sides = (Side.LEFT, Side.RIGHT) if rng.random() < 0.5 else (Side.RIGHT, Side.LEFT)
    return (
        SitDown(float(rng.uniform(1.5, 3.5))),
        rest(float(rng.uniform(0.5, 2.0))),
        *(KneeExtension(side, int(rng.integers(1, 3)), peak, seconds) for side in sides),
        rest(float(rng.uniform(0.5, 2.0))),
        StandUp(float(rng.uniform(1.5, 3.5))),
        rest(float(rng.uniform(0.5, 2.0))),
    )
