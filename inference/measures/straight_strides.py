"""How alike strides straight ahead are: those of one foot to each other, and those of both feet.

Which limb is the involved one is for people to say, so limb symmetry is told of each as if it were.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import NamedTuple

from gateway.messages import Figure, Message, OrientationBlock, Quality, Side, Stride
from gateway.wording import Wording
from inference.gait.events import LEGS
from inference.gait.stride_turns import KEPT_S, Courses, Headings
from inference.gait.symmetry import limb_symmetry_index, symmetry_angle, symmetry_index
from inference.gait.variation import coefficient_of_variation
from inference.measures import Measure

STRIDES = 12
"""It is told over so many strides of each foot: six, the least for any figure of gait (PMC7558375),
are too few for it."""

COMPARED: Mapping[str, str] = {
    "step_time": "Step time",
    "stride_length": "Stride length",
    "knee_range_of_motion": "Knee range of motion",
    "knee_peak_flexion": "Knee peak flexion",
}
"""Figures of each stride that are compared, with what people call them; all are positive."""

VARIED: Mapping[str, str] = {"stride_time": "Stride time", "stride_length": "Stride length"}
"""Those whose variability is told."""

FROM_THE_BACK = "the lower back alone does not tell when a foot lands well enough"
"""Its contacts are off by 0.06 s (mobgap), which is 5 % of a stride and 11 % of a step: healthy
stride times vary by 4 %, and step time asymmetry matters from 14 %. In voisard_healthy_gait it was
off by 13 % in 95 of 100 walks, in which it was no larger."""

_Key = tuple[Side, float]
"""The foot of a stride and when it ended."""


class _Series(NamedTuple):
    """The newest figures of one kind of each foot's strides straight ahead, in one bout."""

    bout: int
    of: Mapping[Side, tuple[Figure, ...]]

    def after(self, figure: Figure, side: Side) -> _Series:
        """Return what they are when ``figure`` has followed."""
        return _Series(self.bout, {**self.of, side: (*self.of[side], figure)[-STRIDES:]})


class _Verdict(NamedTuple):
    """In which bout a stride was, and whether it was straight ahead."""

    bout: int
    straight: bool


class StraightStrides:
    """OrientationBlock, Stride and Figures of strides → Figures (1), told with the next stride.

    Over the last `STRIDES` strides straight ahead in one bout: ``stride_time_cv``
    and ``stride_length_cv`` of each foot; and of the means of both feet, with each stride of the
    left one, for each of `COMPARED` ``…_asymmetry`` (the symmetry index), ``…_symmetry_angle``
    (positive where the right is more) and, of each side as the involved one, ``…_limb_symmetry``.
    Withheld while these are too few, and where only the lower back tells of strides.
    """

    consumes: tuple[type, ...] = (OrientationBlock, Stride, Figure)

    def __init__(self) -> None:
        self._headings, self._courses = Headings(), Courses()
        self._on_legs = True
        self._waiting: list[Figure] = []
        self._verdicts: dict[_Key, _Verdict] = {}
        self._series: dict[str, _Series] = {}

    def push(self, message: Message) -> list[Message]:
        """Take a message; return the figures of the strides that can now be judged."""
        match message:
            case OrientationBlock():
                self._headings.take(message)
                self._on_legs = not LEGS.isdisjoint(message.places)
            case Stride():
                return list(self._stride(message))
            case Figure() if message.name in COMPARED:
                return list(self._taken(message))
        return []

    def flush(self) -> list[Message]:
        """Return nothing: a stride without the next one is the last of a walk, unlike others."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        known = self._waiting, self._verdicts, self._series
        return self._headings.blocks(), self._courses, self._on_legs, copy.deepcopy(known)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        blocks, self._courses, self._on_legs, known = snapshot
        self._headings = Headings(blocks)
        self._waiting, self._verdicts, self._series = copy.deepcopy(known)

    def _stride(self, stride: Stride) -> Iterator[Figure]:
        """Judge the strides before this one, and yield what waited for that."""
        self._forget(stride.end_s - KEPT_S)
        turned_rad = self._headings.turned_rad(stride)
        self._courses, judged = self._courses.after(stride, turned_rad)
        for own, straight in judged:
            self._verdicts[own.side, own.end_s] = _Verdict(own.bout, straight)
        waiting, self._waiting = [*self._waiting, _time(stride)], []
        for figure in waiting:
            yield from self._taken(figure)

    def _forget(self, before_s: float) -> None:
        self._waiting = [figure for figure in self._waiting if figure.t_s >= before_s]
        while (oldest := next(iter(self._verdicts), None)) and oldest[1] < before_s:
            del self._verdicts[oldest]

    def _taken(self, figure: Figure) -> Iterator[Figure]:
        """Yield what a figure of a stride leads to; where that is not judged yet it has to wait."""
        if figure.side is None:
            return
        key = figure.side, figure.t_s
        verdict = self._verdicts.get(key)
        if verdict is None:
            self._waiting.append(figure)
            return
        series = self._series.get(figure.name)
        if series is None or series.bout != verdict.bout:
            series = _Series(verdict.bout, dict.fromkeys(Side, ()))
        if verdict.straight and not figure.quality.withheld:
            series = series.after(figure, figure.side)
        self._series[figure.name] = series
        withheld = "" if self._on_legs else FROM_THE_BACK
        if figure.name in VARIED:
            yield _variability(figure, series.of[figure.side], withheld)
        if figure.name in COMPARED and figure.side is Side.LEFT:
            yield from _symmetry(figure, series.of, withheld)


def _time(stride: Stride) -> Figure:
    at = stride.person, stride.end_s
    return Figure(*at, "stride_time", stride.side, stride.stride_time_s, "s", stride.quality)


def _variability(newest: Figure, strides: tuple[Figure, ...], withheld: str) -> Figure:
    """Return the coefficient of variation of ``strides``, withheld while these are too few."""
    quality = _quality(strides, withheld or _too_few(len(strides), "strides straight ahead"))
    value = (
        math.nan
        if quality.withheld
        else coefficient_of_variation([stride.value for stride in strides])
    )
    return _figure(newest, "cv", newest.side, value, quality)


def _symmetry(
    newest: Figure, strides: Mapping[Side, tuple[Figure, ...]], withheld: str
) -> Iterator[Figure]:
    """Yield how alike both sides' ``strides`` are, withheld while these are too few."""
    fewest = min(len(own) for own in strides.values())
    withheld = withheld or _too_few(fewest, "strides straight ahead of each foot")
    quality = _quality(sum(strides.values(), ()), withheld)
    left, right = (math.nan if withheld else _mean(strides[side]) for side in Side)
    for name, side, value in (
        ("asymmetry", None, symmetry_index(left, right)),
        ("symmetry_angle", None, symmetry_angle(left, right)),
        ("limb_symmetry", Side.LEFT, limb_symmetry_index(left, right)),
        ("limb_symmetry", Side.RIGHT, limb_symmetry_index(right, left)),
    ):
        yield _figure(newest, name, side, value, quality)


def _figure(newest: Figure, name: str, side: Side | None, value: float, quality: Quality) -> Figure:
    return Figure(newest.person, newest.t_s, f"{newest.name}_{name}", side, value, "1", quality)


def _quality(strides: tuple[Figure, ...], withheld: str) -> Quality:
    shares = [stride.quality.real_share for stride in strides]
    return Quality(fmean(shares) if shares else 0.0, withheld)


def _too_few(count: int, of_what: str) -> str:
    return f"only {count} of {STRIDES} {of_what}" if count < STRIDES else ""


def _mean(strides: tuple[Figure, ...]) -> float:
    return fmean(stride.value for stride in strides)


MEASURE = Measure(
    "straight_strides",
    StraightStrides,
    {f"{name}_cv": Wording(f"{title}, variation", "%") for name, title in VARIED.items()}
    | {
        f"{name}_{kind}": Wording(f"{title}, {kind.replace('_', ' ')}", "%")
        for name, title in COMPARED.items()
        for kind in ("asymmetry", "symmetry_angle", "limb_symmetry")
    },
)
