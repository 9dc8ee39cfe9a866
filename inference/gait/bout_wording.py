"""What the figures of walking bouts are called where people read them."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.wording import Wording
from inference.gait.bouts import BINS, UNITS

_BINS = {
    "all": "All bouts",
    "10_30": "Bouts of 10 to 30 s",
    "10": "Bouts over 10 s",
    "30": "Bouts over 30 s",
    "60": "Bouts over 60 s",
}

_OUTCOMES = {
    "cadence_spm": Wording("cadence", "steps/min"),
    "walking_speed_mps": Wording("walking speed"),
    "stride_length_m": Wording("stride length"),
    "stride_duration_s": Wording("stride time"),
}

_DURATION = Wording("duration")


def bout_wordings() -> dict[str, Wording]:
    """Return the wording of each figure of `inference.gait.bouts`, by its name."""
    named = {
        "wb__duration_s": Wording("Last bout: duration"),
        "wb__stride_count": Wording("Last bout: strides", "count"),
        "wb_all__stride_count__sum": Wording("All bouts: strides", "count"),
        "wb_all__duration_s__sum": Wording("All bouts: duration, total"),
        **dict(_statistics("wb_all__duration_s", "All bouts", _DURATION)),
    }
    for outcome in UNITS:
        named |= _statistics(f"wb__{outcome}", "Last bout", _OUTCOMES[outcome])
    for label in BINS:
        named[f"wb_{label}__count"] = Wording(f"{_BINS[label]}: number", "count")
        for outcome in UNITS:
            named |= _statistics(f"wb_{label}__{outcome}", _BINS[label], _OUTCOMES[outcome])
    return named


def _statistics(name: str, whose: str, outcome: Wording) -> Iterator[tuple[str, Wording]]:
    """Yield names and wordings of the statistics of an outcome, as Mobilise-D has them."""
    what = f"{whose}: {outcome.title}"
    yield f"{name}__avg", Wording(f"{what}, mean", outcome.unit)
    yield f"{name}__max", Wording(f"{what}, 90th percentile", outcome.unit)
    yield f"{name}__var", Wording(f"{what}, variation", "%")
