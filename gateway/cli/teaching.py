"""What ``gaitwire teach`` does: find what is shown in a recording, and write it down."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from gateway.app.teaching import up_in_recording
from gateway.config.settings import Config
from gateway.errors import UsageError
from gateway.messages import Side
from gateway.recordings import open_recording
from inference.exercises import exercises
from inference.taught.file import NAME, NAME_WORDING, write_taught
from inference.taught.teaching import Shown, at_rest, found_repetitions, teach

TIMES = 3


class Taught(msgspec.Struct, frozen=True):
    """What was learned, and where it was written."""

    file: str
    exercise: str
    places: list[str]
    repetitions: int
    range_deg: float
    duration_s: float
    too_small_below_deg: float
    too_fast_below_s: float


def teach_from(
    file: Path,
    name: str,
    side: Side | None,
    between_s: tuple[float, float | None],
    target: Path,
    config: Config,
) -> Taught:
    """Write what is shown in ``file`` to ``target``; raises GaitwireError."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name}: {NAME_WORDING}")
    if name in exercises():
        raise UsageError(f"{name}: there is an exercise of that name already; choose another")
    recording = open_recording(file)
    places, up = up_in_recording(recording, config)
    rate_hz = recording.grid_rate_hz
    first_s, last_s = between_s
    if last_s is not None and last_s <= first_s:
        raise UsageError(f"--to {last_s:g} does not come after --from {first_s:g}")
    end = len(up) if last_s is None else round(last_s * rate_hz)
    up = up[round(first_s * rate_hz) : end]
    up = up[~np.isnan(up).any(axis=(1, 2))]
    if len(up) < rate_hz:
        raise UsageError(
            f"{file}: there is no second in which all its sensors are there; show it again"
        )
    spans = found_repetitions(up, rate_hz)
    if len(spans) != TIMES:
        raise UsageError(
            f"{file}: {len(spans)} repetitions are seen where {TIMES} are to be shown, beginning "
            "and ending at rest; cut out what else is in it with --from and --to"
        )
    for where, moment in (("begins", up), ("ends", up[::-1])):
        if not at_rest(moment, rate_hz):
            raise UsageError(
                f"{file}: what is shown {where} in the middle of a movement; it must begin and end "
                "at rest: choose --from and --to so"
            )
    exercise = teach(name, side, places, up, Shown(spans), rate_hz)
    write_taught(target, exercise)
    return Taught(
        file=str(target),
        exercise=name,
        places=[str(place) for place in places],
        repetitions=len(spans),
        range_deg=round(exercise.range_deg, 1),
        duration_s=round(exercise.duration_s, 2),
        too_small_below_deg=round(exercise.least_deg, 1),
        too_fast_below_s=round(exercise.least_s, 2),
    )
