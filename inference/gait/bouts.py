"""Walking bouts and what is told of them, by the rules of Mobilise-D.

It follows the rules and the pattern of the names, and is not the reference pipeline. A stride
takes 0.2 to 3 s and 0.15 m; a bout has at least four strides, three of each foot, and no break
longer than 3 s (F. Kluge et al., PLoS ONE 2021, 16(8), e0256541). Over bouts, averages are means of
the bouts' means, ``max`` is the 90th percentile, ``var`` the coefficient of variation, and the
usual duration the median.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median, quantiles

from gateway.messages import Figure, Message, Quality, SensorStatus, Side, Stride, Tick
from inference.gait.variation import coefficient_of_variation

BREAK_S = 3.0
SHORTEST_M = 0.15
LEAST_STRIDES, LEAST_OF_A_FOOT = 4, 3

ENOUGH_OF_A_FOOT = 6
"""Fewer strides of a foot say nothing of how somebody walks (PMC7558375)."""

ENOUGH_TO_VARY = 20
"""Variability needs more strides than a mean."""

_LATEST_S = 7.0
"""A stride that begins within the break may take 3 s, and some time until it is told."""

BINS: Mapping[str, tuple[float, float]] = {
    "all": (0.0, math.inf),
    "10_30": (10.0, 30.0),
    "10": (10.0, math.inf),
    "30": (30.0, math.inf),
    "60": (60.0, math.inf),
}
"""Bouts longer than the first and not longer than the second duration, in s."""

PLAUSIBLE: Mapping[str, tuple[float, float]] = {
    "cadence_spm": (40.0, 173.0),
    "walking_speed_mps": (0.08, 2.22),
    "stride_length_m": (0.15, 2.19),
    "stride_duration_s": (0.46, 3.0),
}
"""What a bout's average can be (Mobilise-D); anything else is left out."""

VOLUMES = ("count", "stride_count__sum", "duration_s__sum")
"""Outcomes, without their bin, that say how much somebody walked, not how."""

UNITS: Mapping[str, str] = {
    "cadence_spm": "1/min",
    "walking_speed_mps": "m/s",
    "stride_length_m": "m",
    "stride_duration_s": "s",
}

_MEASURED = {
    "walking_speed": "walking_speed_mps",  # from the lower back
    "stride_speed": "walking_speed_mps",  # from feet
    "stride_length": "stride_length_m",
    "step_on_the_spot": "stride_length_m",  # too short for a stride, which it takes out of a bout
}
_OUTCOMES = tuple(dict.fromkeys(_MEASURED.values()))
_RISE = "stride_rise"


@dataclass(frozen=True)
class _Timed:
    """When a stride was, of which foot, and how much of it was measured."""

    side: Side
    start_s: float
    end_s: float
    real_share: float


@dataclass(frozen=True)
class Bout:
    """A bout that is over: its times, its strides' outcomes, and how many of each foot."""

    start_s: float
    end_s: float
    real_share: float
    of_a_foot: int
    outcomes: Mapping[str, tuple[float, ...]]

    @property
    def duration_s(self) -> float:
        """How long it was."""
        return self.end_s - self.start_s

    def mean(self, name: str) -> float:
        """Return the mean of an outcome over its strides; NaN where none is plausible."""
        values = self.outcomes[name]
        average = fmean(values) if values else math.nan
        low, high = PLAUSIBLE[name]
        return average if low <= average <= high else math.nan


@dataclass
class _State:
    """The strides ``under_way`` and of bouts that are ``over``, with what was measured of them."""

    person: str = ""
    reached_s: float = 0.0
    under_way: list[_Timed] = field(default_factory=list)
    over: list[list[_Timed]] = field(default_factory=list)
    measured: dict[tuple[Side | None, float], dict[str, float]] = field(default_factory=dict)
    bouts: list[Bout] = field(default_factory=list)


class Bouts:
    """Stride, Figure (stride length, speed and rise), SensorStatus and Tick → Figure.

    Of a bout, told when it is over: ``wb__duration_s``, ``wb__stride_count`` and, as
    ``wb__OUTCOME__avg``, ``…__max`` and ``…__var``, its cadence, stride duration, walking speed and
    stride length. Of the session, when it ends: ``wb_BIN__OUTCOME__STATISTIC`` for the bins of
    `BINS`. A figure that rests on too few strides or bouts is withheld.

    ``SensorStatus`` says how far the grid has come. A ``Tick`` comes after all that it led to, so
    whatever is known of strides up to there is known then.
    """

    consumes: tuple[type, ...] = (Stride, Figure, SensorStatus, Tick)

    def __init__(self) -> None:
        self._state = _State()

    def push(self, message: Message) -> Iterable[Message]:
        """Take a stride, a figure of one, or the time."""
        state = self._state
        match message:
            case Stride() if not message.quality.withheld:
                self._take(message)
            case Figure() if message.name in _MEASURED or message.name == _RISE:
                key = (message.side, message.t_s)
                name = _MEASURED.get(message.name, message.name)
                state.measured.setdefault(key, {})[name] = message.value
            case SensorStatus():
                state.reached_s = message.t_s
            case Tick() if state.over or state.under_way:
                return self._due(state.reached_s)
        return []

    def flush(self) -> Iterable[Message]:
        """End the bout under way, and tell of all."""
        ended = list(self._due(math.inf))
        return [*ended, *outcomes(self._state.bouts, self._state.person)]

    @property
    def bouts(self) -> list[Bout]:
        """The bouts that are over."""
        return list(self._state.bouts)

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return copy.deepcopy(self._state)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, _State)
        self._state = copy.deepcopy(snapshot)

    def _take(self, stride: Stride) -> None:
        state = self._state
        state.person = stride.person
        if state.under_way and stride.start_s > state.under_way[-1].end_s + BREAK_S:
            state.over.append(state.under_way)
            state.under_way = []
        timed = _Timed(stride.side, stride.start_s, stride.end_s, stride.quality.real_share)
        state.under_way.append(timed)

    def _due(self, reached_s: float) -> Iterable[Message]:
        """Tell of the bouts that are over: what was measured of their strides has come by now."""
        state = self._state
        if state.under_way and reached_s > state.under_way[-1].end_s + _LATEST_S:
            state.over.append(state.under_way)
            state.under_way = []
        made: list[Message] = []
        for strides in state.over:
            bout = _bout(strides, state.measured)
            if bout is not None:
                state.bouts.append(bout)
                made += _of_one(bout, state.person)
        if state.over:
            state.over, newest_s = [], state.over[-1][-1].end_s
            state.measured = {key: of for key, of in state.measured.items() if key[1] > newest_s}
        return made


def bouts_of(messages: Iterable[Stride | Figure]) -> list[Bout]:
    """Return the bouts that these strides and figures of one person make, in order of time."""
    stage = Bouts()
    for message in messages:
        stage.push(message)
    stage.flush()
    return stage.bouts


def _bout(
    strides: Sequence[_Timed], measured: Mapping[tuple[Side | None, float], Mapping[str, float]]
) -> Bout | None:
    """Return the bout of these strides; None where they are too few."""
    found = [(s, measured.get((s.side, s.end_s), {})) for s in strides]
    found = [(s, of) for s, of in found if _walked(of)]
    of_a_foot = min(sum(s.side is side for s, _ in found) for side in Side)
    if len(found) < LEAST_STRIDES or of_a_foot < LEAST_OF_A_FOOT:
        return None
    durations = [s.end_s - s.start_s for s, _ in found]
    outcomes = {
        "cadence_spm": [120.0 / duration_s for duration_s in durations],
        "stride_duration_s": durations,
        **{name: [of.get(name, math.nan) for _, of in found] for name in _OUTCOMES},
    }
    return Bout(
        start_s=min(s.start_s for s, _ in found),
        end_s=max(s.end_s for s, _ in found),
        real_share=fmean(s.real_share for s, _ in found),
        of_a_foot=of_a_foot,
        outcomes={
            name: tuple(value for value in values if math.isfinite(value))
            for name, values in outcomes.items()
        },
    )


def _walked(measured: Mapping[str, float]) -> bool:
    """Tell whether a stride led somewhere, and not up or down stairs, as far as is known."""
    return not (
        measured.get("stride_length_m", 1.0) < SHORTEST_M or abs(measured.get(_RISE, 0)) > 0
    )


def _of_one(bout: Bout, person: str) -> Iterator[Figure]:
    """Yield the figures of a bout."""
    quality = Quality(bout.real_share)
    count = len(bout.outcomes["stride_duration_s"])
    yield Figure(person, bout.end_s, "wb__duration_s", None, bout.duration_s, "s", quality)
    yield Figure(person, bout.end_s, "wb__stride_count", None, count, "1", quality)
    for name, values in bout.outcomes.items():
        if values:
            yield from _of_outcome(bout, name, values, person)


def _of_outcome(bout: Bout, name: str, values: Sequence[float], person: str) -> Iterator[Figure]:
    average = bout.mean(name)
    few = _too_few(bout.of_a_foot, ENOUGH_OF_A_FOOT, "strides of each foot")
    vary = _too_few(bout.of_a_foot, ENOUGH_TO_VARY, "strides of each foot")
    odd = "" if math.isfinite(average) else "its average is not plausible"
    for statistic, value, unit, withheld in (
        ("avg", average, UNITS[name], few or odd),
        ("max", _p90(values), UNITS[name], few or odd),
        ("var", coefficient_of_variation(values), "1", vary or odd),
    ):
        yield _figure(person, bout.end_s, f"wb__{name}__{statistic}", value, unit, withheld, bout)


def outcomes(bouts: Sequence[Bout], person: str) -> Iterator[Figure]:
    """Yield the figures of all bouts, of a session or a day, bin by bin."""
    if not bouts:
        return
    for label, (longer_s, not_longer_s) in BINS.items():
        chosen = [bout for bout in bouts if longer_s < bout.duration_s <= not_longer_s]
        for name, value, unit, withheld in _of_bin(label, chosen):
            last = bouts[-1]
            yield _figure(person, last.end_s, f"wb_{label}__{name}", value, unit, withheld, last)


def _of_bin(label: str, bouts: Sequence[Bout]) -> Iterator[tuple[str, float, str, str]]:
    """Yield name, value, unit and reason to withhold of each figure of one bin."""
    yield "count", float(len(bouts)), "1", ""
    none = "" if bouts else "no bout of this length"
    durations = [bout.duration_s for bout in bouts]
    if label == "all":
        strides = sum(len(bout.outcomes["stride_duration_s"]) for bout in bouts)
        yield "stride_count__sum", float(strides), "1", none
        yield "duration_s__sum", math.fsum(durations), "s", none
        yield "duration_s__avg", median(durations) if durations else math.nan, "s", none
        yield "duration_s__max", _p90(durations), "s", none
        yield (
            "duration_s__var",
            coefficient_of_variation(durations),
            "1",
            _too_few(len(bouts), 2, "bouts"),
        )
    of_a_foot = sum(bout.of_a_foot for bout in bouts)
    few_strides = none or _too_few(of_a_foot, ENOUGH_OF_A_FOOT, "strides of each foot")
    for name, unit in UNITS.items():
        values = [value for bout in bouts if math.isfinite(value := bout.mean(name))]
        few = few_strides or _too_few(len(values), 1, "bouts with a plausible figure")
        yield f"{name}__avg", fmean(values) if values else math.nan, unit, few
        yield f"{name}__max", _p90(values), unit, few
        yield (
            f"{name}__var",
            coefficient_of_variation(values),
            "1",
            few or _too_few(len(values), 2, "bouts"),
        )


def _figure(
    person: str, t_s: float, name: str, value: float, unit: str, withheld: str, bout: Bout
) -> Figure:
    given = math.nan if withheld else value
    return Figure(person, t_s, name, None, given, unit, Quality(bout.real_share, withheld))


def _too_few(count: int, enough: int, of_what: str) -> str:
    return f"only {count} of {enough} {of_what}" if count < enough else ""


def _p90(values: Sequence[float]) -> float:
    if len(values) < 2:
        return values[0] if values else math.nan
    return quantiles(values, n=10, method="inclusive")[8]
