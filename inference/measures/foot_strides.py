"""What each stride of a foot was like: how long, how fast, how high, and how the foot landed.

A stride goes from one initial contact to the next of the same foot, and its length is the way
between the places where the foot stood: from the rest after the one contact to the rest after the
other. Its figures are therefore told when the foot has rested for a while.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from gateway.messages import Figure, FootStep, Message, Quality, Side
from gateway.wording import Wording
from inference.gait.strides import LEAST_REAL_SHARE, LONGEST_S, SHORTEST_S
from inference.measures import Measure

LEAST_LENGTH_M = 0.15
"""A shorter one is no stride (Mobilise-D): the foot was moved on the spot."""


class FootStrides:
    """FootStep → Figures of the stride that it completes.

    ``stride_rise`` (m; 0 on the level, else on stairs) and ``stride_turn`` (rad, to the left);
    on the level ``stride_length`` (m, along the ground), ``stride_speed`` (m/s),
    ``foot_clearance`` (m, how high the sensor came), ``foot_angle_at_contact`` and
    ``foot_angle_at_lift`` (rad, toes up positive). Of a step that led nowhere there is nothing but
    ``step_on_the_spot`` (m), its length.
    """

    consumes: tuple[type, ...] = (FootStep,)

    def __init__(self) -> None:
        self._last: Mapping[Side, FootStep] = {}

    def push(self, message: Message) -> list[Message]:
        """Take a step and return the figures of the stride that ends with it, if any."""
        assert isinstance(message, FootStep)
        last = self._last.get(message.side)
        self._last = {**self._last, message.side: message}
        time_s = math.nan if last is None else message.contact_s - last.contact_s
        length_m = math.hypot(*message.displacement_m[:2])
        if not SHORTEST_S <= time_s <= LONGEST_S:
            return []
        if length_m < LEAST_LENGTH_M:
            return [_on_the_spot(message, length_m)]
        poor = message.quality.real_share < LEAST_REAL_SHARE
        if message.displacement_m[2] != 0.0:
            return _told(message, _way(message), poor=poor)
        return _told(
            message, {**_way(message), **_on_the_level(message, length_m, time_s)}, poor=poor
        )

    def flush(self) -> list[Message]:
        """Return nothing: a stride without its end is none."""
        return []

    def snapshot(self) -> object:
        """Return the state: it is never changed in place."""
        return self._last

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, dict)
        self._last = snapshot


def _way(step: FootStep) -> Mapping[str, tuple[float, str]]:
    """Return where a stride led, as values with their units by name."""
    return {
        "stride_rise": (float(step.displacement_m[2]), "m"),
        "stride_turn": (step.turn_rad, "rad"),
    }


def _on_the_level(
    step: FootStep, length_m: float, time_s: float
) -> Mapping[str, tuple[float, str]]:
    return {
        "stride_length": (length_m, "m"),
        "stride_speed": (length_m / time_s, "m/s"),
        "foot_clearance": (step.peak_m, "m"),
        "foot_angle_at_contact": (step.contact_angle_rad, "rad"),
        "foot_angle_at_lift": (step.lift_angle_rad, "rad"),
    }


def _told(step: FootStep, figures: Mapping[str, tuple[float, str]], *, poor: bool) -> list[Message]:
    """Return the figures of one stride; those that nothing is known for are left out."""
    share = step.quality.real_share
    quality = Quality(share, f"only {share:.0%} of the samples were measured" if poor else "")
    return [
        _figure(step, name, math.nan if poor else value, unit, quality)
        for name, (value, unit) in figures.items()
        if not math.isnan(value)
    ]


def _on_the_spot(step: FootStep, length_m: float) -> Figure:
    """Return the figure by which `inference.gait.bouts` knows what was no stride."""
    share = step.quality.real_share
    return _figure(step, "step_on_the_spot", length_m, "m", Quality(share))


def _figure(step: FootStep, name: str, value: float, unit: str, quality: Quality) -> Figure:
    return Figure(step.person, step.contact_s, name, step.side, value, unit, quality)


MEASURE = Measure(
    "foot_strides",
    FootStrides,
    {
        "stride_rise": Wording("Rise of a stride"),
        "stride_turn": Wording("Turn in a stride"),
        "foot_angle_at_contact": Wording("Foot angle on landing"),
        "foot_angle_at_lift": Wording("Foot angle on lifting"),
    },
)
