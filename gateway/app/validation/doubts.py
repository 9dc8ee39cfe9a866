"""What makes a recording doubtful, told from its samples: units, dead axes, losses, no rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.messages import (
    BodyBlock,
    Calibration,
    FloatArray,
    Message,
    SensorSpec,
    SensorStatus,
)

KINDS = (BodyBlock, SensorStatus, Calibration)
"""The messages that doubts are told from."""

GRAVITY = (7.0, 13.0)
"""Standard gravity, give or take what scale errors and movement make of a median, in m/s²."""
IN_G = (0.7, 1.3)
IN_MG = (700.0, 1300.0)
FASTEST_RAD_S = 80.0
"""No sensor here reaches 4,600°/s: more is a rate in degrees a second."""
WORTH_TELLING = 0.01


def unusable(messages: Sequence[Message]) -> list[str]:
    """Return what makes the samples of a recording useless, in sentences; empty where nothing."""
    blocks = [message for message in messages if isinstance(message, BodyBlock)]
    if not blocks:
        return ["it has no sample"]
    acc = np.concatenate([block.acc for block in blocks])
    gyr = np.concatenate([block.gyr for block in blocks])
    heard = np.isfinite(acc).any(axis=(0, 2))
    if not heard.any():
        return ["it has no sample"]
    found = {
        place: _of_one(acc[:, column], gyr[:, column])
        for column, place in enumerate(blocks[0].places)
        if heard[column]
    }
    return [f"{place.replace('_', ' ')}: {doubt}" for place, doubt in found.items() if doubt]


def remarks(messages: Sequence[Message], sensors: Sequence[SensorSpec]) -> list[str]:
    """Return what a reader of the figures should know of the recording, in sentences."""
    states = [message for message in messages if isinstance(message, SensorStatus)]
    told = [
        f"{spec.place.replace('_', ' ')}: {remark}"
        for spec in sensors
        for remark in _losses([state for state in states if state.sensor == spec.sensor])
    ]
    if not any(isinstance(message, Calibration) for message in messages):
        told.append("nobody stands still in it, so there is no calibration")
    return told


def _of_one(acc: FloatArray, gyr: FloatArray) -> str:
    """Return what is wrong with one sensor's samples (T, 3) in m/s² and rad/s, or nothing."""
    there = np.isfinite(acc).all(axis=1) & np.isfinite(gyr).all(axis=1)
    acc, gyr = acc[there], gyr[there]
    turning = np.linalg.norm(gyr, axis=1)
    gravity = float(np.median(np.linalg.norm(acc, axis=1)[turning <= np.percentile(turning, 20)]))
    if IN_G[0] < gravity < IN_G[1]:
        return f"acceleration is {gravity:.2f} where it moves least: is it in g, not in m/s²?"
    if IN_MG[0] < gravity < IN_MG[1]:
        return f"acceleration is {gravity:.0f} where it moves least: is it in mg, not in m/s²?"
    if not GRAVITY[0] < gravity < GRAVITY[1]:
        return f"acceleration is {gravity:.3g} m/s² where it moves least, which is not gravity"
    if turning.max() > FASTEST_RAD_S:
        return f"it turns at up to {turning.max():.0f} rad/s: is that in degrees a second?"
    return _dead_axis("acceleration", acc) or _dead_axis("rate of turn", gyr)


def _dead_axis(what: str, values: FloatArray) -> str:
    dead = np.flatnonzero(np.ptp(values, axis=0) == 0.0)
    named = " and ".join("xyz"[axis] for axis in dead)
    return f"{what} along {named} never changes" if len(dead) and len(values) > 1 else ""


def _losses(states: Sequence[SensorStatus]) -> list[str]:
    if not states:
        return []
    loss = float(np.mean([state.loss for state in states]))
    clipped = sum(state.clipped for state in states)
    refused = sum(state.refused for state in states)
    told = [f"{loss:.0%} of its samples are missing"] if loss > WORTH_TELLING else []
    if clipped:
        told.append(f"{clipped} samples at full scale")
    if refused:
        told.append(f"{refused} samples with an impossible time or value left out")
    return told
