"""How well the sensors agree in time, told from the motion alone: a check beside the clock fit.

Neighbouring segments are compared by their joint (``joint_lag``), and what no joint connects, feet
with the pelvis, by the jolts of walking (``impact_lag``). The lags between pairs are brought
together by least squares; the body's common time is the median sensor's, so that one that is off
does not move the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import correlate
from scipy.sparse.csgraph import connected_components

from gateway.messages import (
    BodyBlock,
    BoolArray,
    FloatArray,
    IntArray,
    Place,
)
from inference.synchrony.impact_lag import LEAST_RATE_HZ, TRAVEL_SD_S, impact_lag, jolts, walks
from inference.synchrony.joint_lag import (
    FARTHEST_S,
    RigidMotion,
    joint_lags,
    rigid_motion,
    thinning,
)

WINDOW_S = 10.0
SHORTEST_WINDOW_S = 5.0

JOINTS_SD_S: Mapping[tuple[Place, Place], float] = {
    (Place.PELVIS, Place.STERNUM): 0.010,
    (Place.PELVIS, Place.LEFT_THIGH): 0.010,
    (Place.PELVIS, Place.RIGHT_THIGH): 0.010,
    (Place.LEFT_THIGH, Place.LEFT_SHANK): 0.007,
    (Place.RIGHT_THIGH, Place.RIGHT_SHANK): 0.007,
    (Place.LEFT_SHANK, Place.LEFT_FOOT): 0.005,
    (Place.RIGHT_SHANK, Place.RIGHT_FOOT): 0.005,
}
"""What soft tissue and a joint that is no point leave (standard deviation), however long is
averaged; from recordings whose sensors are known to agree (docs/validation.md)."""

STRIKES = ((Place.LEFT_FOOT, Place.PELVIS), (Place.RIGHT_FOOT, Place.PELVIS))

_PACE_S = 0.1
_LEAST_PACE_RAD_S = 0.1
_NEAR_S, _FAR_S = 0.4, 3.0
_LEAST_CORRELATION = 0.3
_LARGEST_FIT_SD_S = 0.010
_WINDOW_SD_S = 0.008
"""One window differs from the next by at least so much."""
_LARGEST_SD_S = 0.050
_LONGEST_FILLED_S = 0.05
_LEAST_MEASURED = 0.5

Pair = tuple[Place, Place]

_PLACES = tuple(Place)
_INDEX = {place: index for index, place in enumerate(_PLACES)}


@dataclass(frozen=True)
class SensorSync:
    """How far the sensor at ``place`` is off the body's common time.

    ``lag_s`` positive: its samples are stamped too late. ``uncertainty_s`` holds for 95 %.
    ``compared_with`` are the sensors that common time rests on; of two alone, ``lag_s`` is against
    the other one. ``withheld`` is empty, or the reason why there is no lag (NaN then).
    """

    place: Place
    lag_s: float
    uncertainty_s: float
    compared_with: tuple[Place, ...]
    withheld: str = ""


class MotionSync:
    """Gathers what the blocks of one person say, and tells it at the end.

    Each block is worked on by itself, in windows: blocks of a minute are a good length.
    """

    def __init__(self) -> None:
        self._joint_lags: dict[Pair, list[float]] = {pair: [] for pair in JOINTS_SD_S}
        self._strike_lags: dict[Pair, list[float]] = {pair: [] for pair in STRIKES}
        self._apart_s: dict[Pair, float] = {}

    def add(self, block: BodyBlock) -> None:
        """Take the motion of ``block``; what is shorter than a window is left out."""
        if len(block.acc) < (SHORTEST_WINDOW_S + 2 * FARTHEST_S) * block.rate_hz:
            return
        filled = {place: _filled(block, place) for place in block.places}
        tracks = {place: track for place, track in filled.items() if track is not None}
        self._add_joints(tracks, block.rate_hz)
        if block.rate_hz >= LEAST_RATE_HZ:
            self._add_strikes(tracks, block.rate_hz)

    def result(self, worn: Sequence[Place]) -> list[SensorSync]:
        """Return how well the sensors ``worn`` agree, in the order of ``Place``."""
        joints = dict(_links(self._joint_lags, JOINTS_SD_S))
        group = _groups(joints)
        strikes = {
            pair: link
            for pair, link in _links(self._strike_lags, dict.fromkeys(STRIKES, TRAVEL_SD_S))
            if group[_INDEX[pair[0]]] != group[_INDEX[pair[1]]]
        }
        told = {sync.place: sync for sync in _solve({**joints, **strikes})}
        return [told.get(place) or self._withheld(place, worn) for place in Place if place in worn]

    def _add_joints(self, tracks: Mapping[Place, _Track], rate_hz: float) -> None:
        motions = {
            place: rigid_motion(track.acc, track.gyr, track.measured, rate_hz)
            for place, track in tracks.items()
        }
        thinned_hz = rate_hz / thinning(rate_hz)
        margin = int(np.ceil(FARTHEST_S * thinned_hz)) + 1
        for pair, lags in self._joint_lags.items():
            if self._together(pair, tracks, rate_hz):
                one, other = (_windows(motions[place], thinned_hz, margin) for place in pair)
                lag_s, sd_s = joint_lags(one, other, thinned_hz, margin)
                lags.extend(lag_s[sd_s < _LARGEST_FIT_SD_S].tolist())

    def _add_strikes(self, tracks: Mapping[Place, _Track], rate_hz: float) -> None:
        for pair, lags in self._strike_lags.items():
            if not self._together(pair, tracks, rate_hz):
                continue
            foot, pelvis = tracks[pair[0]], tracks[pair[1]]
            felt = jolts(foot.acc, rate_hz), jolts(pelvis.acc, rate_hz)
            measured = foot.measured & pelvis.measured
            for rows in np.array_split(np.arange(len(measured)), _count(len(measured), rate_hz)):
                if walks(foot.gyr[rows]):
                    lag_s = impact_lag(felt[0][rows], felt[1][rows], measured[rows], rate_hz)
                    lags.extend([] if lag_s is None else [lag_s])

    def _together(self, pair: Pair, tracks: Mapping[Place, _Track], rate_hz: float) -> bool:
        """Tell whether both move, at about the same times; remember by how much they do not."""
        if pair[0] not in tracks or pair[1] not in tracks:
            return False
        one, other = (_pace(tracks[place].gyr, rate_hz) for place in pair)
        if min(np.std(one), np.std(other)) < _LEAST_PACE_RAD_S:
            return False
        likeness, at_s = _likeness(one, other, rate_hz)
        best = int(np.argmax(likeness))
        if likeness[best] < _LEAST_CORRELATION:
            return False
        if abs(at_s[best]) > _NEAR_S:
            self._apart_s[pair] = float(at_s[best])
            return False
        return True

    def _withheld(self, place: Place, worn: Sequence[Place]) -> SensorSync:
        """Return that nothing can be told of ``place``, and why."""
        pairs = [pair for pair in (*JOINTS_SD_S, *STRIKES) if place in pair]
        near = {pair: pair[pair[0] is place] for pair in pairs if pair[pair[0] is place] in worn}
        names = " and ".join(str(other).replace("_", " ") for other in near.values())
        apart_s = [abs(self._apart_s[pair]) for pair in near if pair in self._apart_s]
        if apart_s:
            why = (
                f"it fits {names} best when shifted by {max(apart_s):.1f} s: "
                "it is off by so much, or one step looks like the next"
            )
        elif near:
            why = f"too little motion in common with {names}"
        else:
            why = "no sensor is worn that it could be compared with"
        return SensorSync(place, np.nan, np.nan, (), why)


@dataclass(frozen=True)
class _Track:
    """One sensor of a block, its missing samples filled in: (T, 3), (T, 3) and (T,)."""

    acc: FloatArray
    gyr: FloatArray
    measured: BoolArray


def _filled(block: BodyBlock, place: Place) -> _Track | None:
    """Return the sensor at ``place``, None where too little was measured.

    A sample beside a gap too short to matter counts as measured.
    """
    column = block.places.index(place)
    real = block.real[:, column]
    if real.mean() < _LEAST_MEASURED:
        return None
    known, rows = np.flatnonzero(real), np.arange(len(real))
    both = np.concatenate([block.acc[:, column], block.gyr[:, column]], axis=1)
    filled = np.stack([np.interp(rows, known, axis[known]) for axis in both.T], axis=1)
    after = known[np.minimum(np.searchsorted(known, rows), len(known) - 1)]
    before = known[np.maximum(np.searchsorted(known, rows, "right") - 1, 0)]
    measured = (after - before) <= _LONGEST_FILLED_S * block.rate_hz
    return _Track(filled[:, :3], filled[:, 3:], measured & (rows >= known[0]) & (rows <= known[-1]))


def _pace(gyr: FloatArray, rate_hz: float) -> FloatArray:
    """Return how fast ``gyr`` (T, 3) turns, smoothed, thinned and without its mean."""
    pace: FloatArray = gaussian_filter1d(np.linalg.norm(gyr, axis=1), _PACE_S * rate_hz)
    thinned: FloatArray = (pace - pace.mean())[:: thinning(rate_hz)]
    return thinned


def _likeness(one: FloatArray, other: FloatArray, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """Return the correlation (2 K + 1,) of two paces (N,), and how much later ``other`` is (s)."""
    thinned_hz = rate_hz / thinning(rate_hz)
    reach = min(int(_FAR_S * thinned_hz), len(one) // 4)
    norm = np.sqrt(np.sum(one**2) * np.sum(other**2)) + 1e-12
    whole = correlate(other, one, "full") / norm
    middle = len(one) - 1
    at_s = np.arange(-reach, reach + 1) / thinned_hz
    return whole[middle - reach : middle + reach + 1], at_s


def _count(samples: int, rate_hz: float) -> int:
    return max(1, int(samples / (WINDOW_S * rate_hz)))


def _windows(motion: RigidMotion, rate_hz: float, margin: int) -> RigidMotion:
    """Cut windows of equal length, with ``margin`` samples more at both ends of each."""
    inner = len(motion.acc) - 2 * margin
    count = _count(inner, rate_hz)
    length = inner // count
    return motion.at(np.arange(count)[:, None] * length + np.arange(length + 2 * margin))


def _links(
    lags: Mapping[Pair, Sequence[float]], least_sd_s: Mapping[Pair, float]
) -> Iterable[tuple[Pair, tuple[float, float]]]:
    """Yield the pairs of which something can be told, with the median lag and its sd."""
    for pair, of_windows in lags.items():
        if not of_windows:
            continue
        middle = float(np.median(of_windows))
        scatter = max(
            1.4826 * float(np.median(np.abs(np.array(of_windows) - middle))), _WINDOW_SD_S
        )
        sd_s = float(np.hypot(least_sd_s[pair], 1.25 * scatter / np.sqrt(len(of_windows))))
        if sd_s < _LARGEST_SD_S:
            yield pair, (middle, sd_s)


def _groups(links: Iterable[Pair]) -> IntArray:
    """Return the number of the connected group of each place, in the order of ``Place``."""
    joined = np.zeros((len(Place), len(Place)), np.bool_)
    for one, other in links:
        joined[_INDEX[one], _INDEX[other]] = True
    return np.asarray(connected_components(joined, directed=False)[1], np.int64)


def _solve(links: Mapping[Pair, tuple[float, float]]) -> Iterable[SensorSync]:
    """Yield every place that is linked, from weighted least squares over the links."""
    if not links:
        return
    group = _groups(links)
    ends = np.array([[_INDEX[place] for place in pair] for pair in links], np.int64)
    values = np.array(list(links.values()))
    for number in np.unique(group[ends]):
        members = np.flatnonzero(group == number)
        own = group[ends[:, 0]] == number
        late_s, sd_s = _offsets(np.searchsorted(members, ends[own]), values[own], len(members))
        common_s = late_s[::-1] if len(members) == 2 else np.median(late_s)
        places = [_PLACES[member] for member in members]
        for place, lag_s, sd in zip(places, late_s - common_s, sd_s, strict=True):
            others = tuple(other for other in places if other is not place)
            yield SensorSync(place, float(lag_s), 2 * float(sd), others)


def _offsets(ends: IntArray, links: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Return the offsets (N,) that fit ``links`` (L, 2) best, and their sd against the others.

    ``ends`` (L, 2) are the earlier and the later sensor of a link, and its two figures the lag
    and its sd.
    """
    rows, difference = np.arange(len(ends)), np.zeros((len(ends), count))
    difference[rows, ends[:, 0]], difference[rows, ends[:, 1]] = -1.0, 1.0
    weighted = difference / links[:, 1:]
    covariance = np.linalg.pinv(np.einsum("li,lj->ij", weighted, weighted))
    right = np.einsum("li,l->i", weighted, links[:, 0] / links[:, 1])
    sd_s = np.sqrt(np.diag(covariance)) * count / (count - 1)
    return np.einsum("ij,j->i", covariance, right), sd_s
