"""The stage that runs the model: segments in, estimates with their uncertainty out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from gateway.messages import BoolArray, EstimateBlock, FloatArray, Message, SegmentBlock
from inference.model.contract import FEATURES
from inference.model.loading import PLACE_COUNT, Array, Model, State
from inference.model.reading import Reading
from inference.model.resampling import Resampler, Tap, every, weighted

LEAST_GRID_SHARE = 0.5
"""A grid slower than this share of the model's rate says too little of an impact or a swing."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Grid samples from ``start`` on: ``acc`` and ``gyr`` (T, 8, 3), ``present`` (T, 8)."""

    start: int
    acc: FloatArray
    gyr: FloatArray
    present: BoolArray

    @property
    def end(self) -> int:
        return self.start + len(self.present)


@dataclass(frozen=True, slots=True)
class _Progress:
    """Where the stream stands: grid rows still needed, the next output, what the model remembers.

    ``untold`` of the next outputs speak of times before the stream; ``seen`` (look-ahead,) tells
    whether any sensor was present at the samples that are yet to be spoken of.
    """

    grid_rate_hz: float
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
        resampler = Resampler(message.rate_hz, rate_hz)
        before = self._progress
        if before is None or (before.grid_rate_hz, before.rows.end) != (
            message.rate_hz,
            message.start,
        ):
            before = self._beginning(message, resampler)
        rows = _extended(before.rows, message)
        count = resampler.ready(before.output, rows.end)
        if count == 0:
            self._progress = replace(before, rows=rows)
            return []
        return self._estimate(message, resampler, before, rows, count)

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

    def _beginning(self, block: SegmentBlock, resampler: Resampler) -> _Progress:
        nothing = np.empty((0, PLACE_COUNT, 3))
        rows = _Rows(block.start, nothing, nothing, np.empty((0, PLACE_COUNT), np.bool_))
        look_ahead = self._model.metadata.look_ahead
        return _Progress(
            grid_rate_hz=block.rate_hz,
            rows=rows,
            output=resampler.first_output(block.start),
            untold=look_ahead,
            seen=np.zeros(look_ahead, np.bool_),
            state=self._model.initial_state(),
        )

    def _estimate(
        self,
        block: SegmentBlock,
        resampler: Resampler,
        before: _Progress,
        rows: _Rows,
        count: int,
    ) -> Iterable[Message]:
        x, mask = _model_input(rows, resampler.taps(rows.start, before.output, count))
        mean, log_variance, state = self._model.run(x, mask.astype(np.float32), before.state)
        seen = np.concatenate([before.seen, mask.any(axis=1)])
        following = before.output + count
        skipped = min(before.untold, count)
        self._progress = _Progress(
            grid_rate_hz=block.rate_hz,
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
    return _Rows(
        rows.start,
        np.concatenate([rows.acc, block.acc]),
        np.concatenate([rows.gyr, block.gyr]),
        np.concatenate([rows.present, block.valid & block.calibrated]),
    )


def _from(rows: _Rows, start: int) -> _Rows:
    kept = max(0, start - rows.start)
    acc, gyr, present = rows.acc[kept:].copy(), rows.gyr[kept:].copy(), rows.present[kept:].copy()
    return _Rows(rows.start + kept, acc, gyr, present)


def _model_input(rows: _Rows, taps: list[Tap]) -> tuple[Array, BoolArray]:
    """Return ``x`` (N, 48) with 0 where no sensor is present, and ``mask`` (N, 8).

    Only places that are worn at all are worked on: with two sensors that is a quarter.
    """
    anywhere = rows.present.any(axis=0)
    worn = slice(None) if anywhere.all() else np.flatnonzero(anywhere)
    present = every(rows.present[:, worn], taps)
    values = np.empty((*present.shape, 6), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        values[:, :, :3] = weighted(rows.acc[:, worn], taps)
        values[:, :, 3:] = weighted(rows.gyr[:, worn], taps)
    present &= np.isfinite(values).all(axis=2)
    np.copyto(values, np.float32(0.0), where=~present[:, :, None])
    x = np.zeros((len(values), PLACE_COUNT, 6), np.float32)
    mask = np.zeros((len(values), PLACE_COUNT), np.bool_)
    x[:, worn], mask[:, worn] = values, present
    return x.reshape(len(x), FEATURES), mask
