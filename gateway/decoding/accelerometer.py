"""Bias and scale of a sensor's accelerometer, from a few poses at rest, and what they correct.

At rest an accelerometer reads gravity, however it lies: s ∘ (a − b) is g long for bias b, scale s
(I. Frosio, F. Pedersini and N. A. Borghese, IEEE Trans. Instrum. Meas. 2009, 58(6), 2034-2041). Six
poses, one on each side of the case, show all six unknowns; with fewer, what they do not show stays
near what a data sheet promises. 20 mg of bias is 1.2° of tilt.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gateway.decoding.streams import Streams
from gateway.messages import FloatArray, ImuBlock, Message, SensorSpec
from gateway.stage import Stage

GRAVITY = 9.80665
_BIAS_SD, _SCALE_SD = 0.5, 0.03
"""What a data sheet promises: zero-g offset in m/s², share of the scale."""
_POSE_SD = 0.02
"""How far the mean of a pose is off, in m/s², by noise and by hands."""
_ROUNDS = 12


@dataclasses.dataclass(frozen=True)
class Accelerometer:
    """Acceleration is ``scale`` (3,) times what is read less ``bias`` (3,) m/s².

    ``bias_sd`` (3,) m/s² is how far the bias may be off (standard deviation).
    """

    bias: FloatArray
    scale: FloatArray
    bias_sd: FloatArray

    def corrected(self, acc: FloatArray) -> FloatArray:
        """Return what readings (..., 3) m/s² come to."""
        return np.asarray((acc - self.bias) * self.scale)


def fitted(poses: FloatArray) -> Accelerometer:
    """Return the accelerometer that read the means ``poses`` (P, 3) m/s² at rest.

    Least squares of Gauss and Newton, with the data sheet as one more observation.
    """
    prior = np.array([0.0] * 3 + [1.0] * 3)
    doubt = np.array([_BIAS_SD] * 3 + [_SCALE_SD] * 3)
    found = prior.copy()
    information = np.diag(doubt**-2)
    for _ in range(_ROUNDS):
        bias, scale = found[:3], found[3:]
        true = (poses - bias) * scale
        length = np.linalg.norm(true, axis=1, keepdims=True)
        slope = np.hstack([-true * scale / length, true * (poses - bias) / length]) / _POSE_SD
        off = (GRAVITY - length[:, 0]) / _POSE_SD
        information = slope.T @ slope + np.diag(doubt**-2)
        found = found + np.linalg.solve(information, slope.T @ off + (prior - found) / doubt**2)
    sd = np.sqrt(np.diag(np.linalg.inv(information)))
    return Accelerometer(found[:3], found[3:], sd[:3])


class CorrectedDecode:
    """``decode``, with the accelerations of the sensors that are ``known`` corrected."""

    def __init__(
        self, decode: Stage, sensors: Sequence[SensorSpec], known: Mapping[str, Accelerometer]
    ) -> None:
        self.consumes = decode.consumes
        self._decode = decode
        streams = Streams.of(sensors)
        self._bias = np.zeros((len(streams.each), 3))
        self._scale = np.ones((len(streams.each), 3))
        for spec, stream in zip(sensors, streams.acc.tolist(), strict=True):
            if stream >= 0 and spec.sensor in known:
                self._bias[stream] = known[spec.sensor].bias
                self._scale[stream] = known[spec.sensor].scale

    def push(self, message: Message) -> Iterator[Message]:
        """Return what it decodes, corrected."""
        return map(self._corrected, self._decode.push(message))

    def flush(self) -> Iterator[Message]:
        """Return what it still holds, corrected."""
        return map(self._corrected, self._decode.flush())

    def snapshot(self) -> object:
        """Return its state: there is none besides."""
        return self._decode.snapshot()

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        self._decode.resume(snapshot)

    def _corrected(self, message: Message) -> Message:
        if not isinstance(message, ImuBlock):
            return message
        acc = (message.acc - self._bias[message.stream]) * self._scale[message.stream]
        return dataclasses.replace(message, acc=acc)
