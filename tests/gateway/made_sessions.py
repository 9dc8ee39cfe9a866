"""Sessions with every kind of record, made up for the tests of the sinks."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from gateway.journal import Journal, SessionInfo, SessionRecorder
from gateway.messages import (
    JOINTS,
    BodyAngleBlock,
    Calibration,
    Cue,
    CueKind,
    EstimateBlock,
    Figure,
    GaitEvent,
    GaitEventKind,
    JointAngleBlock,
    Marker,
    Message,
    Place,
    Quality,
    Repetition,
    SensorStatus,
    Side,
    Stride,
)
from simulators.places import PLACES

RATE_HZ = 100.0
PERSON = "p-07"


def session_info(session: str = "s-01") -> SessionInfo:
    """Return the description of a session that began a minute ago."""
    return SessionInfo(
        session=session,
        person=PERSON,
        origin_ns=5_000_000_000,
        wall_origin_ns=time.time_ns() - 60_000_000_000,
        grid_rate_hz=RATE_HZ,
        sensors=(),
        configuration={},
        source="made up",
        truth=False,
        version="0",
    )


def second_of_records(second: int, rng: np.random.Generator) -> list[Message]:
    """Return what a second of walking leads to: its blocks of angles, estimates, and one each."""
    start, t_s = second * 100, float(second)
    return [
        _angles(start, rng),
        _body_angles(second, rng),
        _estimates(start, rng),
        GaitEvent(PERSON, t_s, t_s + 0.05, Side.LEFT, GaitEventKind.INITIAL_CONTACT, Quality(1.0)),
        Stride(PERSON, Side.LEFT, t_s, t_s + 1.0, 1.0, 120.0, 0.6, Quality(1.0)),
        Repetition(PERSON, "squat", None, 1, t_s, t_s + 0.9, 1.6, 1.7, 0.2, True, Quality(0.98)),
        Figure(PERSON, t_s + 0.5, "step_time", Side.RIGHT, 0.5, "s", Quality(1.0)),
        Cue(PERSON, t_s, CueKind.REPETITION, f"repetition {second}", "repetition", Quality(1.0)),
        SensorStatus(PERSON, t_s, "D4:22", Place.PELVIS, 60.0, 0.01, 1, 0, 0, 0, 1e-3, np.nan),
        Marker(PERSON, t_s, "note", f'second {second}, "quoted"'),
    ]


def calibration() -> Calibration:
    """Return a calibration of every place."""
    quat = np.tile([1.0, 0.0, 0.0, 0.0], (len(PLACES), 1))
    return Calibration(PERSON, 0.5, quat, np.ones(len(PLACES), bool), "standing")


class Session:
    """A session under way; ``seconds`` of it have been committed."""

    def __init__(self, folder: Path, name: str = "s-01") -> None:
        self.path = folder / f"{name}.gaitwire"
        self.info = session_info(name)
        self.seconds = 0
        self._rng = np.random.default_rng(7)
        self._recorder = SessionRecorder(
            Journal.create(self.path, self.info), origin_ns=self.info.origin_ns
        )

    def record(self, seconds: int) -> None:
        """Record and commit that many seconds more."""
        for _ in range(seconds):
            self._recorder.messages(second_of_records(self.seconds, self._rng))
            self.seconds += 1
        self._recorder.commit()

    def calibrate(self) -> None:
        """Record a calibration."""
        self._recorder.messages([calibration()])

    def close(self) -> None:
        """End the session."""
        self._recorder.close()


def _angles(start: int, rng: np.random.Generator) -> JointAngleBlock:
    angle_rad = rng.normal(0.4, 0.2, (100, len(JOINTS)))
    valid = np.ones(angle_rad.shape, bool)
    valid[:, 5] = False
    angle_rad[:, 5] = np.nan
    return JointAngleBlock(PERSON, start, RATE_HZ, 0, angle_rad, valid, valid.copy())


def _body_angles(second: int, rng: np.random.Generator) -> BodyAngleBlock:
    angle_rad = rng.normal(0.1, 0.05, (25, 2))
    valid = np.ones(angle_rad.shape, bool)
    return BodyAngleBlock(
        PERSON, second * 25, 25.0, 0, ("left_hip_adduction", "trunk_forward_tilt"), angle_rad,
        np.full(angle_rad.shape, 0.04), valid, valid.copy(),
    )  # fmt: skip


def _estimates(start: int, rng: np.random.Generator) -> EstimateBlock:
    mean = rng.normal(1.2, 0.1, (100, 2))
    names, units = ("speed_m_s", "phase"), ("m/s", "1")
    return EstimateBlock(
        PERSON, start, RATE_HZ, 0, names, units, mean, np.full((100, 2), 0.05), 0.1, "gait-1"
    )
