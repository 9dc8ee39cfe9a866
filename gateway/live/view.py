"""The live view: what the pipe says, kept until people and MQTT clients are shown it."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gateway.battery import Charge
from gateway.live.frame import (
    BodyAngleView,
    CueView,
    EstimateView,
    EventView,
    ExerciseView,
    FigureView,
    GaitView,
    GuideView,
    LiveFrame,
    SensorView,
    number,
)
from gateway.messages import (
    JOINTS,
    BatteryLevel,
    BodyAngleBlock,
    Calibration,
    Cue,
    EstimateBlock,
    Execution,
    ExerciseState,
    Figure,
    GaitEvent,
    GuideState,
    JointAngleBlock,
    Marker,
    Message,
    Place,
    Quality,
    Repetition,
    SegmentBlock,
    SensorStatus,
    Stride,
)
from gateway.sensor_condition import condition
from gateway.wording import Wording, reading_of, title_of

EVENTS_KEPT = 20
ANGLES_KEPT = 16
"""Hops of angles that are kept to be shown beside estimates of the same moment."""


@dataclass
class LiveView:
    """Keeps the newest of every message; ``update`` is cheap, ``frame`` is asked for when sent.

    ``wordings`` say how figures are worded for people, by their names.
    """

    person: str
    wordings: Mapping[str, Wording] = field(default_factory=dict)
    repetitions: int = 0
    strides: int = 0
    cues: int = 0
    _newest: dict[Any, Any] = field(default_factory=dict)
    _angles: deque[JointAngleBlock] = field(default_factory=lambda: deque(maxlen=ANGLES_KEPT))
    _turned: dict[tuple[str, ...], BodyAngleBlock] = field(default_factory=dict)
    _figures: dict[tuple[str, str], FigureView] = field(default_factory=dict)
    _events: deque[EventView] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    _charges: defaultdict[str, Charge] = field(default_factory=lambda: defaultdict(Charge))
    _event_seq: int = 0
    _cue: CueView | None = None

    def update(self, message: Message) -> None:
        """Take one message of the pipe."""
        match message:
            case (
                SegmentBlock()
                | JointAngleBlock()
                | EstimateBlock()
                | ExerciseState()
                | GuideState()
            ):
                self._newest[type(message)] = message
                if isinstance(message, JointAngleBlock):
                    self._angles.append(message)
            case BodyAngleBlock():
                self._turned[message.names] = message
            case SensorStatus():
                self._newest[SensorStatus, message.sensor] = message
            case BatteryLevel():
                self._charges[message.sensor].take(message)
            case Stride():
                self.strides += 1
                self._newest[Stride, message.side] = message
            case Figure():
                self._figures[message.name, message.side or ""] = figure_view(
                    message, self.wordings.get(message.name)
                )
            case _:
                self._list(message)

    def _list(self, message: Message) -> None:
        """Take a message that belongs in the list of events, if it does."""
        match message:
            case GaitEvent():
                # A share of 0 says that nothing leads up to it, not that it was not measured.
                first = message.quality.real_share == 0.0
                text = f"{message.side} {message.kind.replace('_', ' ')}{', first known' * first}"
                self._event(message.t_s, message.kind, text, None if first else message.quality)
            case Repetition():
                self.repetitions += 1
                self._event(message.end_s, "repetition", _told(message), message.quality)
            case Cue():
                self.cues += 1
                self._cue = CueView(self.cues, str(message.kind), message.text, message.t_s)
                self._event(message.t_s, "cue", message.text, message.quality)
            case Marker():
                self._event(message.t_s, message.kind, message.text)
            case Calibration():
                self._event(message.t_s, "calibration", f"calibrated by {message.method}")
            case _:
                pass

    def frame(self) -> LiveFrame | None:
        """Return the view now; None before the first angle block."""
        angles: JointAngleBlock | None = self._newest.get(JointAngleBlock)
        if angles is None:
            return None
        segments: SegmentBlock | None = self._newest.get(SegmentBlock)
        end = angles.start + len(angles.angle_rad)
        return LiveFrame(
            person=self.person,
            t_s=round((end - 1) / angles.rate_hz, 4),
            ready_ns=angles.ready_ns,
            calibrated=segments is not None and bool(segments.calibrated.any()),
            angles_deg=_angle_view(angles),
            body_angles=_body_angle_view(self._turned.values()),
            segments={} if segments is None else _segment_view(segments),
            estimates=_estimate_view(self._newest.get(EstimateBlock), self._angles),
            exercise=_exercise_view(self._newest.get(ExerciseState)),
            cue=self._cue,
            gait=self._gait_view(end / angles.rate_hz),
            figures=[figure for _, figure in sorted(self._figures.items())],
            events=list(self._events),
            sensors=self.sensor_table(),
            guide=_guide_view(self._newest.get(GuideState)),
        )

    def sensor_table(self) -> list[SensorView]:
        """Return one line a sensor, in the order of ``Place``, those without one last."""
        statuses = [
            m
            for key, m in self._newest.items()
            if isinstance(key, tuple) and key[0] is SensorStatus
        ]
        return [
            _sensor_view(status, self._charges[status.sensor].left_s)
            for status in sorted(statuses, key=_place_order)
        ]

    def _event(self, t_s: float, kind: str, text: str, quality: Quality | None = None) -> None:
        self._event_seq += 1
        share = None if quality is None else round(quality.real_share, 3)
        withheld = "" if quality is None else quality.withheld
        self._events.append(
            EventView(self._event_seq, round(t_s, 3), str(kind), text, share, withheld)
        )

    def _gait_view(self, now_s: float) -> GaitView:
        newest = [
            m
            for key, m in self._newest.items()
            if isinstance(key, tuple) and key[0] is Stride and now_s - m.end_s < 3.0
        ]
        withheld = "" if newest else "not walking"
        withheld = next((s.quality.withheld for s in newest if s.quality.withheld), withheld)
        mean = _mean_of(newest)
        return GaitView(
            strides=self.strides,
            cadence_spm=mean("cadence_spm"),
            stride_time_s=mean("stride_time_s"),
            stance_share={str(s.side): number(s.stance_share) for s in newest},
            real_share=min((s.quality.real_share for s in newest), default=0.0),
            withheld=withheld,
        )


def figure_view(figure: Figure, wording: Wording | None = None) -> FigureView:
    """Return a figure as people see it; without a wording by its name, in its own unit."""
    wording = wording or Wording(title_of(figure.name))
    reading = reading_of(wording.unit or figure.unit)
    return FigureView(
        name=figure.name,
        side=None if figure.side is None else str(figure.side),
        t_s=round(figure.t_s, 3),
        value=number(figure.value),
        unit=figure.unit,
        real_share=round(figure.quality.real_share, 3),
        withheld=figure.quality.withheld,
        half_width=number(figure.half_width),
        title=wording.title,
        read_in=reading.unit,
        factor=reading.factor,
        decimals=reading.decimals,
    )


def _mean_of(strides: list[Stride]) -> Any:
    def mean(attribute: str) -> float | None:
        values = [getattr(stride, attribute) for stride in strides]
        known = [value for value in values if np.isfinite(value)]
        return number(float(np.mean(known))) if known else None

    return mean


def _angle_view(block: JointAngleBlock) -> dict[str, float | None]:
    degrees = np.degrees(block.angle_rad[-1]).tolist()
    return {str(joint): number(angle) for joint, angle in zip(JOINTS, degrees, strict=True)}


def _body_angle_view(blocks: Iterable[BodyAngleBlock]) -> dict[str, BodyAngleView]:
    view: dict[str, BodyAngleView] = {}
    for block in blocks:
        newest = (np.degrees(values[-1]).tolist() for values in (block.angle_rad, block.sd_rad))
        for name, angle, sd in zip(block.names, *newest, strict=True):
            view[name] = BodyAngleView(number(angle), number(sd))
    return view


def _segment_view(block: SegmentBlock) -> dict[str, list[float]]:
    quats, valid = block.quat[-1].round(4).tolist(), block.valid[-1].tolist()
    rows = zip(block.places, quats, valid, strict=True)
    return {str(place): quat for place, quat, valid in rows if valid}


def _estimate_view(
    block: EstimateBlock | None, recent: Iterable[JointAngleBlock]
) -> dict[str, EstimateView]:
    if block is None or len(block.mean) == 0:
        return {}
    at_s = (block.start + len(block.mean) - 1) / block.rate_hz
    measured = _angles_at(at_s, recent)
    rows = zip(
        block.names, block.mean[-1].tolist(), block.sd[-1].tolist(), block.units, strict=True
    )
    return {
        name: EstimateView(
            round(mean, 3), round(sd, 3), unit, measured.get(name.removesuffix("_flexion"))
        )
        for name, mean, sd, unit in rows
        if math.isfinite(mean)
    }


def _angles_at(t_s: float, recent: Iterable[JointAngleBlock]) -> dict[str, float | None]:
    """Return the angles in rad at ``t_s``, by joint; nothing where they are not kept."""
    for block in recent:
        row = round(t_s * block.rate_hz) - block.start
        if 0 <= row < len(block.angle_rad):
            return dict(zip(map(str, JOINTS), map(number, block.angle_rad[row]), strict=True))
    return {}


def _exercise_view(state: ExerciseState | None) -> ExerciseView | None:
    if state is None or not state.exercise:
        return None
    return ExerciseView(
        name=state.exercise,
        side=None if state.side is None else str(state.side),
        count=state.count,
        value_deg=number(np.degrees(state.value_rad)),
        target_low_deg=round(float(np.degrees(state.target_low_rad)), 1),
        target_high_deg=round(float(np.degrees(state.target_high_rad)), 1),
        progress=round(state.progress, 3),
        how=state.how,
        seated=state.seated,
    )


def _guide_view(state: GuideState | None) -> GuideView | None:
    if state is None:
        return None
    return GuideView(
        state.number, state.steps, state.instruction, state.hint, state.progress, state.done
    )


def _told(repetition: Repetition) -> str:
    """Return a repetition in words: which, how far, how fast, and what was wrong with it.

    Of one whose figures are withheld only which it was.
    """
    side = "" if repetition.side is None else f" {repetition.side}"
    which = f"{repetition.exercise}{side} {repetition.count}"
    if repetition.quality.withheld:
        return which
    parts = [which]
    if math.isfinite(repetition.rom_rad):
        rom, half = np.degrees([repetition.rom_rad, repetition.rom_half_width_rad])
        parts.append(f"range {rom:.0f}°" + (f" ± {half:.0f}°" if math.isfinite(half) else ""))
    if math.isfinite(repetition.outward_s):
        out, held, back = repetition.outward_s, repetition.hold_s, repetition.return_s
        parts.append(f"{out:.1f} s out, {held:.1f} s held, {back:.1f} s back")
    if repetition.execution is not Execution.AS_ASKED:
        parts.append(repetition.execution.replace("_", " "))
    return ", ".join(parts)


def _sensor_view(status: SensorStatus, left_s: float) -> SensorView:
    state, why = condition(status)
    return SensorView(
        sensor=status.sensor,
        place=status.place,
        rate_hz=number(status.rate_hz),
        loss=number(status.loss),
        battery=number(status.battery),
        battery_left_h=number(left_s / 3600),
        clock_error_ms=number(status.clock_error_s * 1e3),
        state=state,
        why=why,
    )


_ORDER = tuple(Place)


def _place_order(status: SensorStatus) -> int:
    return len(_ORDER) if status.place is None else _ORDER.index(status.place)
