"""One step as the lower back shows it: when the foot lands and the other leaves, and what moved.

Kernels on acceleration without gravity forward, to the left and up, (3, N) m/s².
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gateway.messages import FloatArray
from inference.gait.back_signals import Lengths, running_mean

LEANS = np.radians([45.0, 75.0])
"""Of two directions of load, from up towards back. A leg pushes up before the other lands, but
nothing brakes before: so more braking than carrying. Which of both tells sooner differs between
people, by less in the mean of two directions than in any one."""

BEFORE_S, AFTER_S, ONSET_S = 0.06, 0.08, 0.05
"""The load rises fastest this much around the smoothed rise; it begins this much earlier."""

DOUBLE_SUPPORT = (0.02, 0.45)
"""The other foot leaves so many seconds after a landing, and within this share of the step."""

SPARC_HIGHEST_HZ, SPARC_LEAST = 10.0, 0.05

HARMONICS = 20
"""Of a stride, for its harmonic ratios (H. B. Menz et al., Gait & Posture 2003, 18(1), 35-46)."""


def loads(moved: FloatArray, lengths: Lengths) -> FloatArray:
    """Return how much a leg carries and brakes (2, N), at the samples of ``moved`` (3, N)."""
    load = np.cos(LEANS)[:, None] * moved[2] - np.sin(LEANS)[:, None] * moved[0]
    return _in_place(load, lengths.contact)


def onward(moved: FloatArray, lengths: Lengths) -> FloatArray:
    """Return the acceleration forward (N,), smoothed; at the samples of ``moved`` (3, N)."""
    return _in_place(moved[0], lengths.braking)


def settling(lengths: Lengths) -> int:
    """Return how many samples more than of a rise must follow to find the contact near it."""
    smoothing = 3 * (lengths.contact - 1)
    needed = round(AFTER_S * lengths.rate_hz) + 1 + smoothing - smoothing // 2
    return max(0, needed - lengths.apart)


def contact_place(loads: FloatArray, at: int, rate_hz: float) -> tuple[int, float]:
    """Return the place in ``loads`` (2, N) where a foot lands, near the smoothed rise at ``at``.

    Also returns how fast the load rises then, in m/s³. Between two samples it is the later one.
    """
    (one, fast), (other, as_fast) = (_onset(load, at, rate_hz) for load in loads)
    return (one + other + 1) // 2, (fast + as_fast) / 2


def _onset(load: FloatArray, at: int, rate_hz: float) -> tuple[int, float]:
    """Return where ``load`` (N,) begins near ``at``, and how fast it rises, in m/s³.

    It begins where it bends upward most, before it rises fastest.
    """
    onset = max(1, round(ONSET_S * rate_hz))
    first = at - round(BEFORE_S * rate_hz) - onset
    part = load[first : at + round(AFTER_S * rate_hz) + 2]
    slope = part[1:] - part[:-1]
    steepest = onset + int(slope[onset:].argmax())
    start = steepest - onset
    bend = slope[start + 1 : steepest + 1] - slope[start:steepest]
    return first + start + int(bend.argmax()) + 1, float(slope[steepest]) * rate_hz


def foot_off_place(onward: FloatArray, landed: int, next_landed: int, rate_hz: float) -> int:
    """Return the place in ``onward`` (N,) where the other foot leaves after one has ``landed``.

    The leading leg brakes more and more until it carries everything alone.
    """
    first = landed + round(DOUBLE_SUPPORT[0] * rate_hz)
    last = max(first + 1, landed + round(DOUBLE_SUPPORT[1] * (next_landed - landed)))
    return first + int(onward[first : last + 1].argmin())


def excursion_m(up: FloatArray, rate_hz: float) -> float:
    """Return by how much the trunk rises and falls over a step, from ``up`` (N,) m/s².

    A step ends as fast and as high as it began, so its mean acceleration and speed are 0.
    """
    speed = _without_mean(up).cumsum() / rate_hz
    return float(np.ptp(_without_mean(speed).cumsum() / rate_hz))


def push_m_s2(left: FloatArray) -> float:
    """Return the mean acceleration to the left (N,): the foot on the ground pushes away from it."""
    return float(left.cumsum()[-1] / len(left))


def harmonic_ratios(moved: FloatArray) -> FloatArray:
    """Return the harmonic ratios (3,) of a stride (3, N): forward, sideways, up.

    Even over odd amplitudes, for sideways odd over even: high where both steps are alike.
    """
    waves = moved @ _waves(moved.shape[1])
    power = waves[:, :HARMONICS] ** 2 + waves[:, HARMONICS:] ** 2
    amplitude = np.sqrt(power)
    odd, even = amplitude[:, ::2].cumsum(axis=1)[:, -1], amplitude[:, 1::2].cumsum(axis=1)[:, -1]
    return np.array([even[0] / odd[0], odd[1] / even[1], even[2] / odd[2]])


def smoothness(moved: FloatArray, rate_hz: float) -> float:
    """Return the spectral arc length (SPARC) of the trunk's speed in a stride (3, N): -1 or less.

    The speed is that beside the walking speed. The longer the curve of its normalised spectrum is,
    as far as it reaches 5 % below 10 Hz, the less smooth is the movement (S. Balasubramanian et
    al., J. NeuroEng. Rehabil. 2015, 12, 112).
    """
    fluctuation = (moved - moved.cumsum(axis=1)[:, -1:] / moved.shape[1]).cumsum(axis=1) / rate_hz
    fluctuation -= fluctuation.cumsum(axis=1)[:, -1:] / moved.shape[1]
    speed = np.sqrt(fluctuation[0] ** 2 + fluctuation[1] ** 2 + fluctuation[2] ** 2)
    padded = 2 ** (int(np.ceil(np.log2(len(speed)))) + 4)
    below = int(SPARC_HIGHEST_HZ * padded / rate_hz) + 1
    spectrum = np.abs(np.fft.rfft(speed, padded))[:below]
    spectrum /= spectrum[0]
    reach = int(np.flatnonzero(spectrum >= SPARC_LEAST)[-1]) + 1
    change = spectrum[1:reach] - spectrum[: reach - 1]
    return -float(np.sqrt((1.0 / (reach - 1)) ** 2 + change**2).cumsum()[-1])


@lru_cache(maxsize=512)
def _waves(count: int) -> FloatArray:
    """Return cosines and sines (N, 2 HARMONICS) of the harmonics of ``count`` samples."""
    turn = np.arange(count)[:, None] * np.arange(1, HARMONICS + 1) * (2 * np.pi / count)
    return np.concatenate([np.cos(turn), np.sin(turn)], axis=1)


def _in_place(signal: FloatArray, count: int) -> FloatArray:
    """Return the running mean, taken three times, at the samples of ``signal`` (..., N).

    It is 0 near the ends.
    """
    mean, placed = running_mean(signal, count, times=3), np.zeros(signal.shape)
    lead = 3 * (count - 1) // 2
    placed[..., lead : lead + mean.shape[-1]] = mean
    return placed


def _without_mean(signal: FloatArray) -> FloatArray:
    centred: FloatArray = signal - signal.cumsum()[-1] / len(signal)
    return centred
