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
    ``look_ahead_s`` of a session have no estimate: what they would need never came.
    """

    consumes: tuple[type, ...] = (SegmentBlock,)

    def __init__(self, model: Model) -> None:
        self._model = model
        self._label = f"{model.metadata.name} {model.metadata.version}"
        self._names = tuple(target.name for target in model.metadata.targets)
        self._units = tuple(target.unit for target in model.metadata.targets)
        self._reading = Reading(model.metadata)
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
        rows = _extended(before.rows, message)
        count = before.resampler.ready(before.output, rows.end)
        if count == 0:
            self._progress = before._replace(rows=rows)
            return []
        return self._estimate(message, before, rows, count)

    def flush(self) -> Iterable[Message]:
        """Return nothing: an estimate without its look-ahead would be a poorer one."""
        return []

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
            resampler=resampler,
            rows=rows,
            output=resampler.first_output(block.start),
            untold=look_ahead,
            seen=np.zeros(look_ahead, np.bool_),
            state=self._model.initial_state(),
        )

    def _estimate(
        self, block: SegmentBlock, before: _Progress, rows: _Rows, count: int
    ) -> Iterable[Message]:
        resampler = before.resampler
        x, mask, seen_now = _model_input(rows, resampler.taps(rows.start, before.output, count))
        mean, log_variance, state = self._model.run(x, mask, before.state)
        seen = np.concatenate([before.seen, seen_now])
        following = before.output + count
        skipped = min(before.untold, count)
        self._progress = _Progress(
            resampler=resampler,
            rows=_from(rows, resampler.first_sample(following)),
            output=following,
            untold=before.untold - skipped,
            seen=seen[count:],
            state=state,
        )
        if skipped == count:
            return []
        estimated = self._reading.read(mean[skipped:], log_variance[skipped:], seen[skipped:count])
        start = before.output + skipped - self._model.metadata.look_ahead
        return [self._block(block, resampler, start, *estimated)]

    def _block(
        self,
        block: SegmentBlock,
        resampler: Resampler,
        start: int,
        mean: FloatArray,
        sd: FloatArray,
    ) -> EstimateBlock:
        rate_hz = self._model.metadata.rate_hz
        return EstimateBlock(
            person=block.person,
            start=start,
            rate_hz=rate_hz,
            ready_ns=block.ready_ns,
            names=self._names,
            units=self._units,
            mean=mean,
            sd=sd,
            look_ahead_s=self._model.metadata.look_ahead / rate_hz + resampler.delay_s,
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
