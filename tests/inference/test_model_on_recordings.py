"""The model behind the whole pipe on real walks: evaluation only, nothing is fitted to them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from gateway.messages import BoolArray, EstimateBlock, FloatArray
from gateway.recordings import open_recording
from tests.data import data_set
from tests.playing import played

PEOPLE = 10
FLOOR = 0.7
SIDES = (("left_foot_contact", "LeftFootEvents"), ("right_foot_contact", "RightFootEvents"))


def estimates(trial: Path) -> list[EstimateBlock]:
    """What the shipped model says of a recording."""
    said = played(open_recording(trial), 1.0)
    return [message for message in said if isinstance(message, EstimateBlock)]


def swings(t_s: FloatArray, events: FloatArray) -> BoolArray:
    """Which times (N,) lie in a swing; ``events`` (E, 2) are lifts and landings in seconds."""
    lifts, landings = (np.searchsorted(column, t_s, side="right") for column in events.T)
    swing: BoolArray = lifts > landings
    return swing


def tally(trial: Path) -> np.ndarray:
    """Swing samples found and true, found, true, over both feet from first to last event."""
    blocks = estimates(trial)
    truth = json.loads(trial.read_text())
    mean = np.concatenate([block.mean for block in blocks])
    t_s = (blocks[0].start + np.arange(len(mean))) / blocks[0].rate_hz
    counts = np.zeros(3)
    for name, key in SIDES:
        contact = mean[:, blocks[0].names.index(name)]
        events = np.array(truth[key]) / 100.0
        scored = (t_s > events[0, 0]) & (t_s < events[-1, 1]) & np.isfinite(contact)
        found, true = (contact < 0.5)[scored], swings(t_s, events)[scored]
        counts += [np.count_nonzero(found & true), np.count_nonzero(found), np.count_nonzero(true)]
    return counts


def test_swings_of_real_walks() -> None:
    """Voisard: healthy people, feet and lower back, hand-checked events; one walk each."""
    folder = data_set("voisard_healthy_gait")
    trials = sorted(folder.glob("GaitData/**/*-1.json"))
    assert len(trials) == PEOPLE
    both, found, true = np.sum([tally(trial) for trial in trials], axis=0)
    f1 = 2 * both / (found + true)
    print(f"swing F1 {f1:.3f} over {true / 50:.0f} s of swing, {len(trials)} people")  # noqa: T201, the figure of docs/model.md
    assert f1 > FLOOR
