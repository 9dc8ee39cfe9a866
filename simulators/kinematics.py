"""Orientation and position of the segments and of the sensors on them, as functions of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from gateway.messages import FloatArray
from gateway.quaternion import rotate
from simulators.footing import Footing, FootPath
from simulators.person import Person
from simulators.pose import FEET, PELVIS, SHANKS, STERNUM, THIGHS, pose
from simulators.segments import (
    hips,
    orientations,
    rockers,
    shank_vectors,
    thigh_vectors,
)
from simulators.timeline import Timeline
from simulators.tracks import smootherstep

SMOOTHING_S = 0.035
"""Standard deviation of the smoothing that stands for the give of hips and soft tissue."""
MARGIN_S = 5 * SMOOTHING_S
"""Samples this close to either end of a request are not final."""

_BLEND = 0.3


@dataclass(frozen=True)
class Movement:
    """``quat`` (N, 8, 4) segment → earth; ``sensor_m`` (N, 8, 3), ``pelvis_m`` (N, 3) the middle
    of the hips and ``ankle_m`` (N, 2, 3), in metres from where the session began (ENU).
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
    feet = _Feet.at(footing, t)
    before, after = (
        spot + rockers(person, quat, posed.pitch[:, FEET], yaw)
        for spot, yaw in ((feet.spot_m, feet.yaw), (feet.next_spot_m, feet.next_yaw))
    )
    carried = before - span
    share = footing.support.at(t)[:, None]
    follow = carried[:, 0] + share * (carried[:, 1] - carried[:, 0])
    pelvis = gaussian_filter1d(follow, SMOOTHING_S * rate_hz, axis=0)
    ankle = feet.travel(before, pelvis[:, None] + span, after)
    return Movement(quat, _sensors(person, quat, pelvis, ankle, ankle + shanks), pelvis, ankle)


@dataclass(frozen=True)
class _Feet:
    """What each foot is at over time: its plant, the next one, and how far it is between.

    ``off`` and ``on`` (N, 2, 1) rise from 0 to 1 as the foot gives up its plant and takes the
    next; ``slip_m`` (N, 2, 3) is added to the chain's ankle in between.
    """

    spot_m: FloatArray
    yaw: FloatArray
    next_spot_m: FloatArray
    next_yaw: FloatArray
    off: FloatArray
    on: FloatArray
    slip_m: FloatArray

    @classmethod
    def at(cls, footing: Footing, t: FloatArray) -> _Feet:
        """Look up both feet at times (N,)."""
        sides = [_foot(path, t) for path in footing.paths]
        return cls(*(np.stack(both, axis=1) for both in zip(*sides, strict=True)))

    def travel(self, before: FloatArray, chain: FloatArray, after: FloatArray) -> FloatArray:
        """Return the ankles (N, 2, 3): planted, along the leg's chain in swing, planted."""
        free = chain + self.slip_m
        leaving = before + self.off * (free - before)
        ankle: FloatArray = leaving + self.on * (after - leaving)
        return ankle


def _foot(path: FootPath, t: FloatArray) -> tuple[FloatArray, ...]:
    plant = np.searchsorted(path.land_s, t)
    coming = np.minimum(plant + 1, len(path.spot_m) - 1)
    lift, land = path.lift_s[plant], path.land_s[plant]
    share = (t - lift) / (land - lift)
    slip = path.slip_m[plant]
    slipped = slip[:, 0] + smootherstep(share)[:, None] * (slip[:, 1] - slip[:, 0])
    return (
        path.spot_m[plant],
        path.yaw_rad[plant],
        path.spot_m[coming],
        path.yaw_rad[coming],
        smootherstep(share / _BLEND)[:, None],
        smootherstep((share - 1 + _BLEND) / _BLEND)[:, None],
        slipped,
    )


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
