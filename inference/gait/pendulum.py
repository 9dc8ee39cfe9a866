"""Stride length and walking speed from how the trunk rises and falls: an inverted pendulum.

Over a step the trunk is carried over the standing leg on an arc: with a leg of length l, a rise of
h takes 2 √(2 l h − h²) of way. Measured step lengths are longer by a quarter, as the other leg
carries the trunk on in double support (W. Zijlstra and A. L. Hof, Gait & Posture 2003, 18(2),
1-10; W. Zijlstra, Eur. J. Appl. Physiol. 2004, 92(1-2), 39-44). In place of the leg stands the
height of the sensor, as in A. Soltani et al. (IEEE Trans. Neural Syst. Rehabil. Eng. 2021, 29,
1955-1964). A part of the rise belongs to stepping itself and carries nobody on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from gateway.messages import BodySize, Figure, Message, Quality, Stride

CARRIED_ON = 1.25
"""Way over that of the pendulum (Zijlstra 2004)."""

IN_PLACE_M = 0.006
"""Of every rise: so much the trunk rises too when a step leads nowhere, as in small turns."""

PELVIS_SHARE = 0.6
"""Height of the iliac crest over stature (ANSUR II, both sexes), where a lower-back sensor sits."""

SHORTEST_M = 0.15
"""A shorter stride is none (Mobilise-D)."""

_KEPT_S = 6.0
_NO_HEIGHT = "the person's height is not known: set person.height_m"


class PendulumStrides:
    """Stride and Figure ``vertical_excursion`` → Figure ``stride_length`` m, ``walking_speed`` m/s.

    Told with each stride of which the lower back told both steps. Withheld where the stride is,
    or where neither the person's height nor that of the sensor is known.
    """

    consumes: tuple[type, ...] = (Stride, Figure)

    def __init__(self, size: BodySize) -> None:
        share_m = PELVIS_SHARE * size.height_m
        self._leg_m = share_m if math.isnan(size.pelvis_height_m) else size.pelvis_height_m
        self._rises: tuple[Figure, ...] = ()

    def push(self, message: Message) -> Iterable[Message]:
        """Take what the lower back says of a step, or a stride."""
        if isinstance(message, Figure):
            if message.name == "vertical_excursion":
                self._rises = (*self._rises, message)
            return []
        assert isinstance(message, Stride)
        steps = [rise for rise in self._rises if message.start_s < rise.t_s <= message.end_s]
        if len(steps) != 2 or steps[1].t_s != message.end_s:
            return []
        self._rises = tuple(rise for rise in self._rises if rise.t_s > message.end_s - _KEPT_S)
        return self._figures(message, steps)

    def flush(self) -> Iterable[Message]:
        """Return nothing: a stride without its end is none."""
        return []

    def snapshot(self) -> object:
        """Return the state."""
        return self._rises

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        self._rises = snapshot

    def _figures(self, stride: Stride, steps: list[Figure]) -> Iterator[Figure]:
        length_m = math.fsum(step_length_m(rise.value, self._leg_m) for rise in steps)
        withheld = stride.quality.withheld
        if math.isnan(self._leg_m):
            withheld = withheld or _NO_HEIGHT
        elif length_m < SHORTEST_M:
            withheld = withheld or f"shorter than {SHORTEST_M} m: no stride forward"
        given = math.nan if withheld else 1.0
        quality = Quality(stride.quality.real_share, withheld)
        for name, value, unit in (
            ("stride_length", length_m, "m"),
            ("walking_speed", length_m / (stride.end_s - stride.start_s), "m/s"),
        ):
            yield Figure(
                stride.person, stride.end_s, name, stride.side, value * given, unit, quality
            )


def step_length_m(excursion_m: float, leg_m: float) -> float:
    """Return the length of a step in which the trunk rises and falls by ``excursion_m``."""
    rise_m = min(max(excursion_m - IN_PLACE_M, 0.0), leg_m)
    return CARRIED_ON * 2 * math.sqrt(2 * leg_m * rise_m - rise_m**2)
