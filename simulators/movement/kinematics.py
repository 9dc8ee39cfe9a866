"""Orientation and position of the segments and of the sensors on them, as functions of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gateway.messages import FloatArray, IntArray
from gateway.quaternion import rotate
from simulators.movement.footing import Footing
from simulators.movement.person import Person
from simulators.movement.pose import FEET, PELVIS, SHANKS, STERNUM, THIGHS, pose
from simulators.movement.segments import (
    hips,
    orientations,
    rockers,
    shank_vectors,
    thigh_vectors,
)
from simulators.movement.timeline import Timeline
from simulators.movement.tracks import smootherstep

SMOOTHING_S = 0.035
"""Standard deviation of the smoothing that stands for the give of hips and soft tissue."""
MARGIN_S = 5 * SMOOTHING_S
"""Samples this close to either end of a request are not final."""


@dataclass(frozen=True)
class Movement:
    """Where everything is, in metres from where the session began (ENU).

    ``quat`` (N, 8, 4) segment → earth; ``sensor_m`` (N, 8, 3), ``pelvis_m`` (N, 3) the middle of
    the hips and ``ankle_m`` (N, 2, 3).
    """

    quat: FloatArray
    sensor_m: FloatArray
    pelvis_m: FloatArray
    ankle_m: FloatArray


def move(
    person: Person, timeline: Timeline, footing: Footing, t: FloatArray, rate_hz: float
) -> Movement:
    """Return the movement at evenly spaced times ``t`` (N,).

    The pelvis follows the planted foot through the leg's chain, changes from one leg to the other
    in double support, and is smoothed; the feet stay where they are put. What the smoothing
    takes away, a centimetre, is left in the hip joints.
    """
    posed = pose(person, timeline, footing.yaw, footing.reach, t)
    quat = orientations(posed)
    thighs, shanks = thigh_vectors(person, quat), shank_vectors(person, quat)
    span = hips(person, quat) - thighs - shanks
    pitch = posed.pitch[:, FEET]
    standing = _plants(person, quat, pitch, footing, _rows(footing, t, "land_s"))
    carried = standing - span
    share = footing.support.at(t)[:, None]
    follow = carried[:, 0] + share * (carried[:, 1] - carried[:, 0])
    pelvis = _smoothed(follow, SMOOTHING_S * rate_hz)
    settled = _rows(footing, t, "settled_s")
    before = _plants(person, quat, pitch, footing, settled)
    after = _plants(person, quat, pitch, footing, settled + 1)
    ankle = _travel(footing, t, settled, (before, pelvis[:, None] + span, after))
    return Movement(quat, _sensors(person, quat, pelvis, ankle, ankle + shanks), pelvis, ankle)


def _smoothed(values: FloatArray, width: float) -> FloatArray:
    """Return ``values`` (N, 3) under a Gaussian of ``width`` samples, cut off at four widths."""
    reach = int(4.0 * width + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    windows = sliding_window_view(padded, 2 * reach + 1, axis=0)
    smooth: FloatArray = np.einsum("ncw,w->nc", windows, weights / weights.sum())
    return smooth


def _rows(footing: Footing, t: FloatArray, passed: str) -> IntArray:
    """Return how many swings (N, 2) of each foot have ``passed``."""
    sides = [np.searchsorted(getattr(path, passed), t) for path in footing.paths]
    return np.stack(sides, axis=1)


def _pick(footing: Footing, name: str, rows: IntArray) -> FloatArray:
    """Return a field of both paths (N, 2, ...) at their rows."""
    values = [getattr(path, name) for path in footing.paths]
    picked = [value[np.minimum(rows[:, s], len(value) - 1)] for s, value in enumerate(values)]
    return np.stack(picked, axis=1)


def _plants(
    person: Person, quat: FloatArray, pitch: FloatArray, footing: Footing, rows: IntArray
) -> FloatArray:
    """Return the ankles (N, 2, 3) of feet that rock on their plants ``rows``."""
    yaw = _pick(footing, "yaw_rad", rows)
    return _pick(footing, "spot_m", rows) + rockers(person, quat, pitch, yaw)


def _travel(
    footing: Footing, t: FloatArray, rows: IntArray, ways: tuple[FloatArray, FloatArray, FloatArray]
) -> FloatArray:
    """Return the ankles (N, 2, 3): on the plant, along the leg's chain in swing, on the next."""
    before, chain, after = ways
    leave, arrive = _pick(footing, "leave_s", rows), _pick(footing, "arrive_s", rows)
    slip = _pick(footing, "slip_m", rows)
    lift, land = _pick(footing, "lift_s", rows), _pick(footing, "land_s", rows)
    swung = _passage(t, lift, land)
    free = chain + slip[:, :, 0] + swung * (slip[:, :, 1] - slip[:, :, 0])
    leaving = before + _passage(t, leave[..., 0], leave[..., 1]) * (free - before)
    ankle: FloatArray = leaving + _passage(t, arrive[..., 0], arrive[..., 1]) * (after - leaving)
    return ankle


def _passage(t: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    return smootherstep((t[:, None] - start) / (end - start))[..., None]


def _sensors(
    person: Person, quat: FloatArray, pelvis: FloatArray, ankle: FloatArray, knee: FloatArray
) -> FloatArray:
    """Return the sensors' places (N, 8, 3) from their segments' and the levers."""
    lumbar = rotate(quat[:, PELVIS], np.array([0.0, person.lumbar_m, 0.0]))
    origin = np.empty((len(quat), 8, 3))
    origin[:, PELVIS], origin[:, STERNUM] = pelvis, pelvis + lumbar
    origin[:, THIGHS], origin[:, SHANKS], origin[:, FEET] = knee, ankle, ankle
    sensors: FloatArray = origin + rotate(quat, person.sensor_lever_m)
    return sensors
