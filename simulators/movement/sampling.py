"""Read a motion at a sensor's own instants, between the samples of the fine grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

import numpy as np

from gateway.messages import FloatArray
from simulators.movement.motion import Window

_TAIL = 4


@dataclass(frozen=True)
class Stitched:
    """A window with the end of the one before, readable for times in [from_s, until_s)."""

    window: Window
    from_s: float
    until_s: float


def stitch(windows: Iterable[Window]) -> Iterator[Stitched]:
    """Yield windows that can be read without a gap: each until two samples before its end."""
    before: Window | None = None
    from_s = 0.0
    for window in windows:
        joined = window if before is None else _map(before, window)
        until_s = float(joined.t_s[-_TAIL + 1])
        yield Stitched(joined, from_s, until_s)
        before, from_s = joined, until_s


def sample(window: Window, slot: int, t_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return acc (N, 3), gyr (N, 3) and unit quaternions (N, 4) of sensor ``slot`` at ``t_s``.

    Lagrange's cubic through the four neighbours on the fine grid; at either end of the session
    through the nearest four.
    """
    step = window.t_s[1] - window.t_s[0]
    place = (t_s - window.t_s[0]) / step
    left = np.clip(np.floor(place).astype(np.int64), 1, len(window.t_s) - 3)
    x = place - left
    weights = np.stack(
        [
            -x * (x - 1) * (x - 2) / 6,
            (x + 1) * (x - 1) * (x - 2) / 2,
            -(x + 1) * x * (x - 2) / 2,
            (x + 1) * x * (x - 1) / 6,
        ],
        axis=1,
    )
    rows = left[:, None] + np.arange(-1, 3)
    acc, gyr, quat = (
        np.einsum("nk,nki->ni", weights, values[:, slot][rows])
        for values in (window.acc, window.gyr, window.sensor_quat)
    )
    return acc, gyr, quat / np.linalg.norm(quat, axis=1)[:, None]


def _map(before: Window, window: Window) -> Window:
    names = [field.name for field in fields(Window)]
    return Window(
        *(np.concatenate([getattr(before, n)[-_TAIL:], getattr(window, n)]) for n in names)
    )
