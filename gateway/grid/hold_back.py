"""How long the grid waits for a sensor: as long as the slowest of those worn needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.drivers import driver
from gateway.messages import SensorSpec

LINK_S = 0.06
"""Within which a packet comes on a link that does not stall."""
LONGEST_S = 1.0
"""Nobody waits longer for feedback."""


@dataclass(frozen=True)
class HoldBack:
    """How long is waited, in a sentence for people, and which sensors will be late all the same."""

    seconds: float
    told: str
    warnings: tuple[str, ...]


def gathering_s(spec: SensorSpec) -> float:
    """Return for how long a sensor gathers samples before it sends them in one packet."""
    streams = driver(spec.driver).streams(spec.settings, spec.rate_hz)
    return max(((s.per_packet - 1) / s.rate_hz for s in streams), default=0.0)


def hold_back(configured_ms: float | None, sensors: Sequence[SensorSpec]) -> HoldBack:
    """Return the hold-back of a session with ``sensors``; a configured one wins."""
    slowest = max(sensors, key=gathering_s, default=None)
    longest_s = 0.0 if slowest is None else gathering_s(slowest)
    if configured_ms is not None:
        seconds, why = configured_ms * 1e-3, "as configured"
    elif slowest is not None and longest_s > 0:
        seconds = min(LINK_S + longest_s, LONGEST_S)
        why = f"for {_named(slowest)} gathers samples for {longest_s * 1e3:.0f} ms before it sends"
    else:
        seconds, why = LINK_S, "for every sensor sends each sample at once"
    late = [spec for spec in sensors if gathering_s(spec) > seconds]
    return HoldBack(
        seconds,
        f"a sample is waited for {seconds * 1e3:.0f} ms, {why}",
        tuple(_warning(spec, seconds) for spec in late),
    )


def _warning(spec: SensorSpec, seconds: float) -> str:
    longest_ms = gathering_s(spec) * 1e3
    needed_ms = longest_ms + LINK_S * 1e3
    advice = (
        f"set pipe.hold_back_ms to {needed_ms:.0f}, or leave it out"
        if needed_ms <= LONGEST_S * 1e3
        else "give it a higher rate"
    )
    return (
        f"{_named(spec)} gathers samples for {longest_ms:.0f} ms before it sends them, so that "
        f"most of them are always later than the {seconds * 1e3:.0f} ms that are waited: {advice}"
    )


def _named(spec: SensorSpec) -> str:
    where = spec.place.replace("_", " ") if spec.place else spec.sensor
    return f"{where} ({spec.driver} at {spec.rate_hz:g} Hz)"
