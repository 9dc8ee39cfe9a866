"""Walks with known foot contacts, simulated and recorded, and how found ones are scored."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gateway.messages import (
    BodyBlock,
    BoolArray,
    FloatArray,
    GaitEvent,
    GaitEventKind,
    Message,
    Place,
    Side,
)
from gateway.orientation.stage import Orientation
from inference.gait.events import GaitEvents
from simulators.body import body_blocks
from simulators.movement.motion import Habits, simulate_motion
from simulators.places import PLACE_INDEX, PLACES
from tests.contract import run

FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)
SHANKS = (Place.LEFT_SHANK, Place.RIGHT_SHANK)
LONGEST_BRIDGE = 10

Contacts = dict[tuple[Side, GaitEventKind], FloatArray]


@dataclass(frozen=True)
class Trial:
    """A walk: its blocks, and the times in s of the contacts that it is known to have.

    Contacts found more than ``judged_s`` from every known one lie where nothing was marked, and
    those after ``end_s`` where the recording ends too soon to know.
    """

    blocks: Sequence[BodyBlock]
    truth: Contacts
    judged_s: float = np.inf
    end_s: float = np.inf


def by_kind(events: Sequence[GaitEvent]) -> Contacts:
    """Return the events' times by side and kind."""
    return {
        (side, kind): np.array([e.t_s for e in events if (e.side, e.kind) == (side, kind)])
        for side in Side
        for kind in GaitEventKind
    }


def found(blocks: Sequence[BodyBlock]) -> list[GaitEvent]:
    """Return the contacts that the stage finds."""
    return [e for e in run(GaitEvents(), oriented(blocks)) if isinstance(e, GaitEvent)]


def oriented(blocks: Sequence[BodyBlock]) -> list[Message]:
    """Return ``blocks``, each followed by the orientation of its samples."""
    orientation = Orientation()
    return [message for block in blocks for message in (block, *orientation.push(block))]


def errors(times: FloatArray, truth: FloatArray, window_s: float) -> tuple[FloatArray, int, int]:
    """Return (errors of matched times, false ones, missed ones); each truth is matched once."""
    distance = np.abs(times[:, None] - truth)
    matched: list[float] = []
    while distance.size and distance.min() <= window_s:
        row, column = np.unravel_index(distance.argmin(), distance.shape)
        matched.append(times[row] - truth[column])
        distance[row], distance[:, column] = np.inf, np.inf
    return np.array(matched), len(times) - len(matched), len(truth) - len(matched)


@dataclass(frozen=True)
class Score:
    """Found against true contacts: F1, and median and 95th percentile of |error| in ms."""

    count: int
    f1: float
    bias_ms: float
    median_ms: float
    p95_ms: float


def score(trials: Sequence[Trial], kind: GaitEventKind, window_s: float) -> Score:
    """Return the score of all contacts of a kind, both feet."""
    matched, wrong, count = [], 0, 0
    for trial in trials:
        contacts = by_kind(found(trial.blocks))
        for side in Side:
            times, truth = contacts[side, kind], trial.truth[side, kind]
            near = np.abs(times[:, None] - truth).min(axis=1, initial=np.inf) <= trial.judged_s
            judged = times[near & (times < trial.end_s)]
            hit, false, missed = errors(judged, truth, window_s)
            matched.append(hit)
            wrong += false + missed
            count += len(truth)
    error_ms = np.concatenate(matched) * 1e3
    size = np.abs(error_ms)
    f1 = 2 * len(size) / (2 * len(size) + wrong)
    centre = float(np.median(error_ms))
    return Score(count, f1, centre, float(np.median(size)), float(np.percentile(size, 95)))


def with_places(block: BodyBlock, places: Sequence[Place]) -> BodyBlock:
    """Return ``block`` as if only ``places`` had sensors."""
    worn = np.array([place in places for place in PLACES])
    return changed(block, block.acc, block.gyr, block.valid & worn, block.real & worn)


def changed(
    block: BodyBlock, acc: FloatArray, gyr: FloatArray, valid: BoolArray, real: BoolArray
) -> BodyBlock:
    """Return ``block`` with other samples; those that are not valid become NaN."""
    return BodyBlock(
        person=block.person,
        start=block.start,
        rate_hz=block.rate_hz,
        ready_ns=block.ready_ns,
        places=block.places,
        acc=np.where(valid[..., None], acc, np.nan),
        gyr=np.where(valid[..., None], gyr, np.nan),
        valid=valid.copy(),
        real=real.copy(),
    )


def simulated(
    scenario: str,
    seconds: float,
    seed: int,
    rate_hz: float = 100.0,
    speed_mps: float | None = None,
    places: Sequence[Place] = PLACES,
) -> Trial:
    """Return a simulated walk; contacts too near its end to be judged are left out."""
    motion = simulate_motion(scenario, seconds, seed, rate_hz, Habits(speed_mps=speed_mps))
    end_s = seconds - 0.5
    known = [event for event in motion.truth.events if event.t_s < end_s]
    blocks = [with_places(block, places) for block in body_blocks(motion, 10.0, seed)]
    return Trial(blocks, by_kind(known), end_s=end_s)


def recorded(legs: Sequence[tuple[FloatArray, BoolArray]], rate_hz: float) -> BodyBlock:
    """Return one block of two feet, each (samples (N, 6), real (N,)), NaN where missing."""
    count = min(len(samples) for samples, _ in legs)
    motion = np.full((count, 8, 6), np.nan)
    real = np.zeros((count, 8), bool)
    for place, (samples, measured) in zip(FEET, legs, strict=True):
        motion[:, PLACE_INDEX[place]] = samples[:count]
        real[:, PLACE_INDEX[place]] = measured[:count]
    valid = ~np.isnan(motion[..., 0])
    return BodyBlock(
        person="p",
        start=0,
        rate_hz=rate_hz,
        ready_ns=0,
        places=PLACES,
        acc=motion[..., :3].copy(),
        gyr=motion[..., 3:].copy(),
        valid=valid,
        real=real,
    )


def gaitmap_trial(folder: Path) -> Trial:
    """Return the walk of gaitmap_foot with its optical contacts; 204.8 Hz.

    Truth covers whole strides of straight walking only.
    """
    lines = (folder / "imu_sample_not_rotated.csv").read_text().splitlines()
    columns = list(zip(lines[0].split(","), lines[1].split(","), strict=True))
    table = np.array([line.split(",") for line in lines[2:]], dtype=float)
    unit = {"acc": 1.0, "gyr": np.pi / 180}
    legs = []
    for side in Side:
        names = [(f"{side}_sensor", f"{k}_{axis}") for k in ("acc", "gyr") for axis in "xyz"]
        samples = table[:, [columns.index(name) for name in names]]
        samples *= np.repeat([unit["acc"], unit["gyr"]], 3)
        legs.append((samples, np.ones(len(samples), bool)))
    rows = list(csv.DictReader((folder / "stride_events_sample.csv").read_text().splitlines()))
    truth: Contacts = {}
    for side in Side:
        own = [row for row in rows if row["foot"] == side]
        landings = {float(row[name]) for row in own for name in ("pre_ic", "ic")}
        truth[side, GaitEventKind.INITIAL_CONTACT] = np.array(sorted(landings)) / 204.8
        lifts = [float(row["tc"]) for row in own]
        truth[side, GaitEventKind.FINAL_CONTACT] = np.array(lifts) / 204.8
    return Trial([recorded(legs, 204.8)], truth, judged_s=0.8)


def voisard_trials(folder: Path) -> list[Trial]:
    """Return every trial of voisard_healthy_gait, its losses kept, those up to 0.1 s bridged."""
    return [_voisard_trial(path) for path in sorted((folder / "GaitData").glob("*.json"))]


def _voisard_trial(path: Path) -> Trial:
    marks = json.loads(path.read_text())
    legs = [_voisard_foot(path.with_name(f"{path.stem}_{foot}.txt")) for foot in ("lf", "rf")]
    truth: Contacts = {}
    for side, name in ((Side.LEFT, "LeftFootEvents"), (Side.RIGHT, "RightFootEvents")):
        lift, land = np.array(marks[name], dtype=float).T / 100.0
        truth[side, GaitEventKind.FINAL_CONTACT] = lift
        truth[side, GaitEventKind.INITIAL_CONTACT] = land
    return Trial([recorded(legs, 100.0)], truth)


def _voisard_foot(path: Path) -> tuple[FloatArray, BoolArray]:
    table = np.loadtxt(path, delimiter="\t", skiprows=2)
    counter = table[:, 0].astype(int)
    every = np.arange(counter[-1] + 1)
    samples = np.stack([np.interp(every, counter, table[:, 1 + i]) for i in range(6)], axis=1)
    real = np.isin(every, counter)
    nearest = np.searchsorted(counter, every)
    bridge = counter[nearest] - counter[np.maximum(nearest - 1, 0)] - 1
    samples[~real & (bridge > LONGEST_BRIDGE)] = np.nan
    return samples, real


def physical_therapy_ankles(folder: Path) -> list[tuple[str, BodyBlock]]:
    """Return the sessions of exercise with an ankle sensor, lying or seated: 25 Hz, no step.

    The right ankle's sensor stands for the right shank; the left one is there where recorded.
    """
    sessions = []
    for path in sorted(folder.glob("s*/e[1345]/u2/test.txt")):
        left = path.parents[1] / "u1" / "test.txt"
        legs = {Place.RIGHT_SHANK: _ankle(path)} | (
            {Place.LEFT_SHANK: _ankle(left)} if left.exists() else {}
        )
        motion = np.full((len(legs[Place.RIGHT_SHANK]), 8, 6), np.nan)
        for place, samples in legs.items():
            motion[:, PLACE_INDEX[place]] = samples
        valid = ~np.isnan(motion[..., 0])
        acc, gyr = motion[..., :3].copy(), motion[..., 3:].copy()
        block = BodyBlock("p", 0, 25.0, 0, PLACES, acc, gyr, valid, valid.copy())
        sessions.append((str(path.relative_to(folder).parent), block))
    return sessions


def _ankle(path: Path) -> FloatArray:
    return np.loadtxt(path, delimiter=";", skiprows=1)[:, 1:7]
