"""The stage that runs the model: segments in, estimates with their uncertainty out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from gateway.messages import BoolArray, EstimateBlock, FloatArray, Message, Places, SegmentBlock
from gateway.worn import columns, everywhere
from inference.model.contract import FEATURES, PLACES
from inference.model.loading import PLACE_COUNT, Array, Model, State
from inference.model.reading import Reading
from inference.model.resampling import Resampler, Tap, every, weighted

KNOWN = frozenset(PLACES)

LEAST_GRID_SHARE = 0.5
"""A grid slower than this share of the model's rate says too little of an impact or a swing."""


AT_ONCE_S, PHASE_S = 0.1, 0.04
"""Estimates are made so many seconds at once: a run costs as much for one sample as for five, and
who reads a figure does not see it change faster. Not at full tenths: others do much then."""


class _Rows(NamedTuple):
    """Grid samples from ``start`` on, components first.

    ``motion`` (6, K, T) is acceleration, then angular rate, of those ``places`` that the model
    knows; ``present`` (T, K).
    """

    start: int
    places: Places
    motion: FloatArray
    present: BoolArray

    @property
    def end(self) -> int:
        return self.start + len(self.present)


class _Progress(NamedTuple):
    """Where the stream stands: grid rows still needed, the next output, what the model remembers.

    ``resampler`` is the plan from the grid's rate to the model's. ``untold`` of the next outputs
    speak of times before the stream; ``seen`` (look-ahead,) tells whether any sensor was present
    at the samples that are yet to be spoken of.
    """

    person: str
    ready_ns: int
    resampler: Resampler
    rows: _Rows
    output: int
    untold: int
    seen: BoolArray
    state: State


class Estimates:
    """SegmentBlock → EstimateBlock at the model's rate.

    A sensor counts as present where it is valid and its alignment to the segment was measured:
    the model was trained on aligned segments, so what it says of others would be wrong. Rows at
    which no sensor was present are NaN, and so is a figure whose standard deviation is above
    the target's limit. On a grid slower than half the model's rate nothing is estimated. The last
    ``look_ahead_s`` of a session have no estimate: what they would need never came. Estimates come
    ``AT_ONCE_S`` at once, so up to that much later than their look-ahead.
    """

    consumes: tuple[type, ...] = (SegmentBlock,)

    def __init__(self, model: Model) -> None:
        self._model = model
        self._label = f"{model.metadata.name} {model.metadata.version}"
        self._names = tuple(target.name for target in model.metadata.targets)
        self._units = tuple(target.unit for target in model.metadata.targets)
        self._reading = Reading(model.metadata)
        rate_hz = model.metadata.rate_hz
        self._at_once, self._phase = max(1, round(AT_ONCE_S * rate_hz)), round(PHASE_S * rate_hz)
        self._progress: _Progress | None = None

    def push(self, message: Message) -> Iterable[Message]:
        """Take a block; return the estimates that it completes."""
        assert isinstance(message, SegmentBlock)
        rate_hz = self._model.metadata.rate_hz
        if not len(message.acc) or message.rate_hz < LEAST_GRID_SHARE * rate_hz:
            return []
        if KNOWN.isdisjoint(message.places):
            return []
        before = self._progress
        if before is None or (before.resampler.grid_rate_hz, before.rows.end) != (
            message.rate_hz,
            message.start,
        ):
            before = self._beginning(message)
        now = before._replace(
            person=message.person,
            ready_ns=message.ready_ns,
            rows=_extended(before.rows, message),
        )
        count = now.resampler.ready(now.output, now.rows.end)
        return self._estimate(now, count - (now.output + count - self._phase) % self._at_once)

    def flush(self) -> Iterable[Message]:
        """Return what waits; an estimate without its look-ahead would be a poorer one."""
        now = self._progress
        return (
            []
            if now is None
            else self._estimate(now, now.resampler.ready(now.output, now.rows.end))
        )

    def snapshot(self) -> object:
        """Return the state; nothing in it is ever changed in place."""
        return self._progress

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert snapshot is None or isinstance(snapshot, _Progress)
        self._progress = snapshot

    def _beginning(self, block: SegmentBlock) -> _Progress:
        known = tuple(place for place in block.places if place in KNOWN)
        motion, present = np.empty((6, len(known), 0)), np.empty((0, len(known)), np.bool_)
        rows = _Rows(block.start, known, motion, present)
        look_ahead = self._model.metadata.look_ahead
        resampler = Resampler(block.rate_hz, self._model.metadata.rate_hz)
        return _Progress(
            person=block.person,
            ready_ns=block.ready_ns,
            resampler=resampler,
            rows=rows,
            output=resampler.first_output(block.start),
            untold=look_ahead,
            seen=np.zeros(look_ahead, np.bool_),
            state=self._model.initial_state(),
        )

    def _estimate(self, now: _Progress, count: int) -> Iterable[Message]:
        """Make the next ``count`` estimates, and go on from there."""
        self._progress = now
        if count <= 0:
            return []
        x, mask, seen_now = _model_input(
            now.rows, now.resampler.taps(now.rows.start, now.output, count)
        )
        mean, log_variance, state = self._model.run(x, mask, now.state)
        seen = np.concatenate([now.seen, seen_now])
        following = now.output + count
        skipped = min(now.untold, count)
        self._progress = now._replace(
            rows=_from(now.rows, now.resampler.first_sample(following)),
            output=following,
            untold=now.untold - skipped,
            seen=seen[count:],
            state=state,
        )
        if skipped == count:
            return []
        estimated = self._reading.read(mean[skipped:], log_variance[skipped:], seen[skipped:count])
        start = now.output + skipped - self._model.metadata.look_ahead
        return [self._block(now, start, *estimated)]

    def _block(self, now: _Progress, start: int, mean: FloatArray, sd: FloatArray) -> EstimateBlock:
        rate_hz = self._model.metadata.rate_hz
        return EstimateBlock(
            person=now.person,
            start=start,
            rate_hz=rate_hz,
            ready_ns=now.ready_ns,
            names=self._names,
            units=self._units,
            mean=mean,
            sd=sd,
            look_ahead_s=self._model.metadata.look_ahead / rate_hz + now.resampler.delay_s,
            model=self._label,
        )


def _extended(rows: _Rows, block: SegmentBlock) -> _Rows:
    known, held = columns(block.places, rows.places), len(rows.present)
    present = np.empty((held + len(block.acc), len(rows.places)), np.bool_)
    present[:held] = rows.present
    np.logical_and(block.valid[:, known], block.calibrated[known], out=present[held:])
    motion = np.empty((6, *present.T.shape))
    motion[..., :held] = rows.motion
    motion[:3, :, held:] = block.acc.T[:, known]
    motion[3:, :, held:] = block.gyr.T[:, known]
    return rows._replace(motion=motion, present=present)


def _from(rows: _Rows, start: int) -> _Rows:
    kept = max(0, start - rows.start)
    motion, present = rows.motion[..., kept:].copy(), rows.present[kept:].copy()
    return rows._replace(start=rows.start + kept, motion=motion, present=present)


def _model_input(rows: _Rows, taps: list[Tap]) -> tuple[Array, Array, BoolArray]:
    """Return ``x`` (N, 48) with 0 where no sensor is present, and ``mask`` (N, 8).

    The third result (N,) tells where any sensor is present.
    """
    values = _single(rows.motion, taps)
    count, worn = len(values), columns(PLACES, rows.places)
    # None silent is so usual that it is spared the work on masks, all worn that of placing them.
    if everywhere(rows.present) and everywhere(np.isfinite(values)):
        present, seen = np.ones(values.shape[:2], np.bool_), np.ones(count, np.bool_)
    else:
        present = every(rows.present.T, taps).T
        present &= np.isfinite(values).all(axis=2)
        np.copyto(values, np.float32(0.0), where=~present[:, :, None])
        seen = np.logical_or.reduce(present, axis=1)
    if len(rows.places) == PLACE_COUNT:
        return values.reshape(count, FEATURES), present.astype(np.float32), seen
    x = np.zeros((count, PLACE_COUNT, 6), np.float32)
    mask = np.zeros((count, PLACE_COUNT), np.float32)
    x[:, worn], mask[:, worn] = values, present
    return x.reshape(count, FEATURES), mask, seen


def _single(motion: FloatArray, taps: list[Tap]) -> Array:
    """Return the weighted means (N, K, 6) of ``motion`` (6, K, T); infinite if too large."""
    with np.errstate(invalid="ignore", over="ignore"):
        return weighted(motion, taps).T.astype(np.float32, order="C")
