"""What makes a recording doubtful, told from its samples: units, rates, dead axes, losses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from gateway.app.validation import turning
from gateway.grid.stage import RIGHT_AGAIN
from gateway.messages import (
    BodyBlock,
    Calibration,
    FloatArray,
    Marker,
    Message,
    SensorSpec,
    SensorStatus,
)

KINDS = (BodyBlock, SensorStatus, Calibration, Marker)
"""The messages that doubts are told from."""

GRAVITY = (7.0, 13.0)
"""Standard gravity, give or take what scale errors and movement make of a median, in m/s²."""
IN_G = (0.7, 1.3)
IN_MG = (700.0, 1300.0)
SI_AS_G, MG_AS_G = (75.0, 120.0), (7.5e3, 1.2e4)
"""Where a set has g, and the file m/s² or mg."""
FASTEST_RAD_S = 80.0
"""No sensor here reaches 4,600°/s: more is a rate in degrees a second."""
SHAKEN_M_S2, TURNS_BY = 1.0, 0.1
"""A body that is shaken by more (standard deviation) turns at some time by more than this share of
it, in rad/s: in all recordings of the sets by more than 0.4."""
WORTH_TELLING = 0.01
EDGE_S = 0.5
NOT_RIGHT = ("sensor_exchanged", "sensor_moved", "sensor_wrong")


def unusable(messages: Sequence[Message]) -> list[str]:
    """Return what makes the samples of a recording useless, in sentences; empty where nothing."""
    sensors = list(_sensors(messages))
    if not sensors:
        return ["it has no sample"]
    found = {place: _of_one(acc, gyr) for place, acc, gyr in sensors}
    told = [f"{place}: {doubt}" for place, doubt in found.items() if doubt]
    if told:
        return told
    shares = _gravity_shares(messages)
    wrong = {place: share for place, share in shares.items() if abs(share - 1) > turning.WRONG}
    return [_disagree(*one) for one in wrong.items()] if 2 * len(wrong) > len(shares) else []


def remarks(messages: Sequence[Message], sensors: Sequence[SensorSpec]) -> list[str]:
    """Return what a reader of the figures should know of the recording, in sentences."""
    states = [message for message in messages if isinstance(message, SensorStatus)]
    told = [
        f"{spec.place.replace('_', ' ')}: {remark}"
        for spec in sensors
        if spec.place
        for remark in _losses([state for state in states if state.sensor == spec.sensor])
    ]
    told += [
        _disagree(place, share)
        for place, share in _gravity_shares(messages).items()
        if abs(share - 1) > turning.ODD
    ]
    if not any(isinstance(message, Calibration) for message in messages):
        told.append("nobody stands still in it, so there is no calibration")
    marked = (m.text for m in messages if isinstance(m, Marker) and m.kind in NOT_RIGHT)
    odd = [text.replace("_", " ") for text in dict.fromkeys(marked)]
    return [*told, *(text for text in odd if not text.endswith(RIGHT_AGAIN))]


def ends_early(ends_s: float, truth_ends_s: float, what: str) -> str:
    """Say so where samples end before the truth does."""
    if ends_s >= truth_ends_s - EDGE_S:
        return ""
    return (
        f"its samples end after {ends_s:.1f} s, {what} after {truth_ends_s:.1f} s: is it truncated?"
    )


def _sensors(messages: Sequence[Message]) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Yield place in words and samples (T, 3), NaN where missing, of each sensor that was heard."""
    blocks = [message for message in messages if isinstance(message, BodyBlock)]
    if not blocks:
        return
    acc = np.concatenate([block.acc for block in blocks])
    gyr = np.concatenate([block.gyr for block in blocks])
    for column, place in enumerate(blocks[0].places):
        if np.isfinite(acc[:, column]).any():
            yield place.replace("_", " "), acc[:, column], gyr[:, column]


def _gravity_shares(messages: Sequence[Message]) -> dict[str, float]:
    """Return what is left of gravity as each sensor turns, by place, where it turns enough."""
    rates_hz = [message.rate_hz for message in messages if isinstance(message, BodyBlock)]
    shares = {
        place: turning.gravity_share(acc, gyr, rates_hz[0], _at_rest(acc, gyr))
        for place, acc, gyr in _sensors(messages)
    }
    return {place: share for place, share in shares.items() if math.isfinite(share)}


def _disagree(place: str, share: float) -> str:
    return (
        f"{place}: gyroscope and accelerometer do not agree on how it turned (gravity comes out "
        f"as {share:.2f} of what it is at rest): are the sampling rate and the unit of the rate of "
        "turn right, does it clip, or is the accelerometer off?"
    )


def _at_rest(acc: FloatArray, gyr: FloatArray) -> float:
    """Return the median size of acceleration (T, 3) where it turns least, in m/s²."""
    there = np.isfinite(acc).all(axis=1) & np.isfinite(gyr).all(axis=1)
    speed = np.linalg.norm(gyr[there], axis=1)
    slow = speed <= np.percentile(speed, 20)
    return float(np.median(np.linalg.norm(acc[there], axis=1)[slow]))


def _of_one(acc: FloatArray, gyr: FloatArray) -> str:
    """Return what is wrong with one sensor's samples (T, 3) in m/s² and rad/s, or nothing."""
    there = np.isfinite(acc).all(axis=1) & np.isfinite(gyr).all(axis=1)
    acc, gyr = acc[there], gyr[there]
    return (
        _gravity(_at_rest(acc, gyr))
        or _rate_of_turn(acc, gyr)
        or _dead_axis("acceleration", acc)
        or _dead_axis("rate of turn", gyr)
    )


def _gravity(felt: float) -> str:
    """Return what is wrong with the acceleration ``felt`` where a sensor moves least, in m/s²."""
    if IN_G[0] < felt < IN_G[1]:
        return f"acceleration is {felt:.2f} where it moves least: is it in g, not in m/s²?"
    if IN_MG[0] < felt < IN_MG[1]:
        return f"acceleration is {felt:.0f} where it moves least: is it in mg, not in m/s²?"
    for unit, (least, most) in (("m/s²", SI_AS_G), ("mg", MG_AS_G)):
        if least < felt < most:
            return f"acceleration is {felt:.0f} m/s² where it moves least: is it in {unit}, not g?"
    if not GRAVITY[0] < felt < GRAVITY[1]:
        return f"acceleration is {felt:.3g} m/s² where it moves least, which is not gravity"
    return ""


def _rate_of_turn(acc: FloatArray, gyr: FloatArray) -> str:
    fastest = float(np.linalg.norm(gyr, axis=1).max())
    if fastest > FASTEST_RAD_S:
        return f"it turns at up to {fastest:.0f} rad/s: is that in degrees a second?"
    shaken = float(np.sqrt(acc.var(axis=0).sum()))
    if shaken > SHAKEN_M_S2 and 0.0 < fastest < TURNS_BY * shaken:
        return (
            f"it turns at {fastest:.2g} rad/s at most, though it is shaken: is its rate of turn in "
            "rad/s, not in degrees a second?"
        )
    return ""


def _dead_axis(what: str, values: FloatArray) -> str:
    dead = np.flatnonzero(np.ptp(values, axis=0) == 0.0)
    named = " and ".join("xyz"[axis] for axis in dead)
    return f"{what} along {named} never changes" if len(dead) and len(values) > 1 else ""


def _losses(states: Sequence[SensorStatus]) -> list[str]:
    if not states:
        return []
    loss = float(np.mean([state.loss for state in states if math.isfinite(state.loss)] or [0.0]))
    clipped = sum(state.clipped for state in states)
    refused = sum(state.refused for state in states)
    told = [f"{loss:.0%} of its samples are missing"] if loss > WORTH_TELLING else []
    if clipped:
        told.append(f"{clipped} samples at full scale")
    if refused:
        told.append(f"{refused} samples with an impossible time or value left out")
    return told
