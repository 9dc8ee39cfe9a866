"""How much a leg trembles rather than walks: the freeze index of Parkinson's disease.

Moore et al. (J. Neurosci. Methods 2008, 167(2), 340-348): while feet are glued to the ground the
leg trembles at 3-8 Hz, where walking has less power; so the power of the acceleration along the
shank in that band over that in the band of locomotion, 0.5-3 Hz, rises. A foot is stopped harder
at every landing, so its index is higher than the shank's, and thresholds do not carry over. It is
a number to compare with the same leg's at other times, and no verdict on freezing.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gateway.messages import (
    BoolArray,
    Figure,
    FloatArray,
    Message,
    Place,
    Places,
    Quality,
    SegmentBlock,
)
from gateway.worn import at_places
from inference.gait.foot_rest import GRAVITY_M_S2
from inference.gait.leg_motion import FEET, SHANKS, SIDES
from inference.gait.recent_motion import RecentMotion
from inference.gait.strides import LEAST_REAL_SHARE
from inference.measures import Measure

EVERY_S, STEPS, PHASE_S = 1.0, 6, 0.4
"""The index is told once a second, of the last six; not as a second ends: others do much then."""

LOCOMOTION_HZ, FREEZE_HZ = (0.5, 3.0), (3.0, 8.0)
LEAST_RATE_HZ = 20.0

ENOUGH_HZ = 50.0
"""Faster samples are averaged down to about this, which is enough for 8 Hz."""

STILL_M_S2 = 0.3
"""A leg that moves along itself less than this, as a root mean square of both bands, neither walks
nor trembles: what is left is breath and noise, whose ratio means nothing."""


@dataclass(frozen=True)
class Windows:
    """How windows are cut at one rate, and how they become power.

    ``thin`` samples are averaged to one; windows are ``length`` samples long and ``step`` apart,
    and end ``phase`` after multiples of that on the grid.
    ``taper`` weights the averages, ``scale`` makes power, m²/s⁴, of each frequency's square.
    """

    thin: int
    step: int
    phase: int
    length: int
    taper: FloatArray
    locomotion: slice
    freezing: slice
    scale: FloatArray

    @classmethod
    @cache
    def at(cls, rate_hz: float) -> Windows:
        """Return the windows for ``rate_hz``."""
        thin = max(1, int(rate_hz / ENOUGH_HZ))
        step, phase = (thin * round(each * rate_hz / thin) for each in (EVERY_S, PHASE_S))
        count = STEPS * step // thin
        hz = np.arange(count // 2 + 1) * rate_hz / (STEPS * step)
        low, middle, high = np.searchsorted(hz, [*LOCOMOTION_HZ, FREEZE_HZ[1]]).tolist()
        taper = np.hanning(count + 1)[:-1]
        kept = np.sinc(hz[:high] * thin / rate_hz) / np.sinc(hz[:high] / rate_hz)
        scale = 2.0 / (count * (taper**2).sum() * kept**2)
        bands = slice(low, middle), slice(middle, high)
        return cls(thin, step, phase, STEPS * step, taper, *bands, scale)


class FreezeIndex:
    """SegmentBlock → Figure ``freeze_index`` (1) of each leg, once a second.

    It is that of the shank, or of the foot on a side whose shank wears no sensor. Of a leg that is
    still there is none; where too few samples were measured it is withheld.
    """

    consumes: tuple[type, ...] = (SegmentBlock,)

    def __init__(self) -> None:
        self._recent: RecentMotion | None = None

    def push(self, message: Message) -> Iterable[Message]:
        """Take a block and return the indices of the seconds that it completes."""
        assert isinstance(message, SegmentBlock)
        count = len(message.valid)
        if not count or not _legs(message.places) or message.rate_hz < LEAST_RATE_HZ:
            return []
        recent = self._recent
        if recent is None or recent.end != message.start:
            recent = self._recent = RecentMotion.beginning(message.start, len(SIDES))
        recent.add(message)
        step, phase = Windows.at(message.rate_hz).step, Windows.at(message.rate_hz).phase
        before = message.start
        ends = range(before - (before - phase) % step + step, recent.end + 1, step)
        return list(_told(recent, ends, message)) if ends else []

    def flush(self) -> Iterable[Message]:
        """Return nothing: a second that is not complete has no index."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return copy.deepcopy(self._recent)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert snapshot is None or isinstance(snapshot, RecentMotion)
        self._recent = copy.deepcopy(snapshot)


def _told(recent: RecentMotion, ends: Sequence[int], newest: SegmentBlock) -> Iterator[Figure]:
    """Yield the figures of the windows that end before the samples ``ends``."""
    windows = Windows.at(newest.rate_hz)
    recent.gather(_along)
    ends = [end for end in ends if end - windows.length >= recent.start]
    if ends:
        whole = slice(ends[0] - windows.length - recent.start, ends[-1] - recent.start)
        walking, freezing = band_powers(recent.values[:, whole], windows)
        real = recent.real[:, whole].reshape(2, -1, windows.step)
        measured = sliding_window_view(np.count_nonzero(real, axis=2), STEPS, axis=1).sum(axis=2)
        moves = (walking > 0.0) & (walking + freezing >= STILL_M_S2**2)
        for number, leg in np.argwhere(moves.T).tolist():
            if leg in _legs(newest.places):
                ratio = float(freezing[leg, number] / walking[leg, number])
                share = float(measured[leg, number] / windows.length)
                yield _figure(newest, ends[number], leg, ratio, share)
    recent.keep(windows.length)


def _along(blocks: Sequence[SegmentBlock]) -> tuple[FloatArray, BoolArray]:
    """Return the acceleration along both legs (2, T) m/s², and whether it was measured (2, T)."""
    acc, real = (
        np.concatenate([getattr(block, name) for block in blocks]) for name in ("acc", "real")
    )
    places = blocks[0].places
    worn = _worn(places)
    along = at_places(acc, places, worn)[..., 1].T
    along = np.where(np.isfinite(along), along, GRAVITY_M_S2)  # as of a leg that stands
    return along, at_places(real, places, worn).T


def band_powers(along: FloatArray, windows: Windows) -> FloatArray:
    """Return the powers (2, legs, windows), m²/s⁴, of acceleration ``along`` (legs, N) m/s².

    That of locomotion first, then that of freezing. A Hann window keeps what is strong in one band,
    or does not change, from leaking into the other.
    """
    thin = windows.thin
    averages = sum((along[:, k::thin] for k in range(1, thin)), along[:, ::thin]) / thin
    parts = sliding_window_view(averages, windows.length // thin, axis=1)
    parts = parts[:, :: windows.step // thin]
    wave = np.fft.rfft(parts * windows.taper)[..., : windows.freezing.stop]
    power = (wave.real**2 + wave.imag**2) * windows.scale
    return np.stack([power[..., b].sum(axis=2) for b in (windows.locomotion, windows.freezing)])


@cache
def _worn(places: Places) -> tuple[Place, ...]:
    """Return where the left and the right leg are looked at."""
    return tuple(
        foot if shank not in places else shank for shank, foot in zip(SHANKS, FEET, strict=True)
    )


@cache
def _legs(places: Places) -> tuple[int, ...]:
    """Return which legs, 0 the left one, wear a sensor."""
    return tuple(leg for leg, place in enumerate(_worn(places)) if place in places)


def _figure(newest: SegmentBlock, end: int, leg: int, ratio: float, share: float) -> Figure:
    poor = share < LEAST_REAL_SHARE
    withheld = f"only {share:.0%} of the samples were measured" if poor else ""
    value = math.nan if poor else ratio
    t_s, side = end / newest.rate_hz, SIDES[leg]
    quality = Quality(share, withheld)
    return Figure(newest.person, t_s, "freeze_index", side, value, "1", quality)


MEASURE = Measure("freeze_index", FreezeIndex)
