"""The motion in a recording from which an exercise is taught: where up is, sensor by sensor."""

from __future__ import annotations

import numpy as np

from gateway.app.playing import CHUNK_S
from gateway.config.settings import Config
from gateway.decoding.stage import Decode
from gateway.grid.hold_back import hold_back
from gateway.grid.stage import Align
from gateway.messages import (
    BodyBlock,
    FloatArray,
    Message,
    OrientationBlock,
    Places,
    Tick,
)
from gateway.orientation.stage import Orientation
from gateway.recordings import Recording, chunk_end_ns
from gateway.stage import Chain
from inference.inclination import up_in_sensor
from inference.taught import unit


def up_in_recording(recording: Recording, config: Config) -> tuple[Places, FloatArray]:
    """Return the places worn and earth's up (T, S, 3) in the frames of their sensors.

    Where the orientation has not settled yet, up is where the accelerometer has it: somebody who
    shows an exercise begins at rest. NaN where a sensor is missing.
    """
    messages = _oriented(recording, config)
    bodies = [message for message in messages if isinstance(message, BodyBlock)]
    acc = np.concatenate([body.acc for body in bodies])
    quat = np.concatenate([m.quat for m in messages if isinstance(m, OrientationBlock)])
    up = up_in_sensor(quat)
    return bodies[0].places, np.where(np.isnan(up), unit(acc), up)


def _oriented(recording: Recording, config: Config) -> list[Message]:
    pipe = config.pipe
    align = Align(
        recording.person,
        recording.sensors,
        recording.origin_ns,
        recording.grid_rate_hz,
        hold_back_s=hold_back(pipe.hold_back_ms, recording.sensors).seconds,
        bridge_s=pipe.bridge_ms / 1000,
        hop_samples=round(CHUNK_S * recording.grid_rate_hz),
    )
    chain = Chain([Decode(recording.sensors), align, Orientation()])
    messages: list[Message] = []
    for number, blocks in enumerate(recording.chunks(CHUNK_S), start=1):
        for block in blocks:
            messages += chain.push(block)
        messages += chain.push(Tick(chunk_end_ns(recording, number, CHUNK_S)))
    return messages + chain.flush()
