"""The angles beside flexion: how trunk and arms are inclined, and joints in their other two planes.

Flexion is told at once, for feedback. These come up to ``TOLD_S`` later and ``TOLD_HZ`` times a
second: they are slower than it is, and nothing is cheap for two samples. Inclinations need
gravity only, and of the trunk that movement has shown its front. A joint's adduction and rotation
need to know which way its two segments face (``joint_headings``), and are absent where the error
that this may cause is too large.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from gateway import quaternion
from gateway.messages import (
    BodyAngleBlock,
    BoolArray,
    Calibration,
    FloatArray,
    Message,
    OrientationBlock,
    SegmentBlock,
)
from gateway.worn import everywhere
from inference.inclination import up_in_sensor
from inference.joints.angle_columns import AngleColumns, angle_columns
from inference.joints.flexion import ON_ITS_SIDE
from inference.joints.headings import Facings, JointHeadings
from inference.joints.planes import frontal_and_transverse
from inference.pairing import Pairing

TOLD_HZ = 25.0
TOLD_S = 0.2

SEGMENT_SD = np.radians(2.0)
"""Skin, inclination and the zero of the stance leave so much in any angle."""
FRONT_SD = np.radians(5.0)
"""Movement shows where a segment's front is so well; what is off appears as the joint bends."""
WORST_SD = np.radians(10.0)
"""An angle that may be off by more is not given."""
MOVING_RAD_S = 0.1
"""Who stands or sits still sways more slowly."""

_RIGHT = np.array([0.0, 0.0, 1.0])
_UPRIGHT = np.array([[0.0], [1.0], [0.0]])
_UNKNOWN = np.zeros(1, np.bool_)
_TINY = 1e-300


class BodyAngles:
    """Turns orientation, segments and their calibration into ``BodyAngleBlock``.

    Nothing comes of sensors that tell none of these angles.
    """

    consumes: tuple[type, ...] = (OrientationBlock, SegmentBlock, Calibration)

    def __init__(self) -> None:
        self._pairing = Pairing(OrientationBlock, SegmentBlock)
        self._alignment: _Alignment | None = None
        self._held: list[_Piece] = []
        self._headings: JointHeadings | None = None
        self._followed: _Alignment | None = None

    def push(self, message: Message) -> list[Message]:
        """Return the angles of the samples that are complete with the message."""
        if isinstance(message, Calibration):
            right = quaternion.rotate(message.quat, _RIGHT).T[..., None].copy()
            self._alignment = _Alignment(right, message.front)
            return []
        assert isinstance(message, OrientationBlock | SegmentBlock)
        if not angle_columns(message.places).names:
            return []
        due = False
        for orientation, segments in self._pairing.push(message):
            self._held.append(_Piece.of(orientation, segments, self._alignment))
            due |= _due(segments)
        return self.flush() if due else []

    def flush(self) -> list[Message]:
        """Return the angles of the samples held back."""
        held, self._held = [piece for piece in self._held if len(piece.valid)], []
        runs = itertools.groupby(
            held, key=lambda piece: (id(piece.alignment), id(piece.calibrated))
        )
        return [self._told(_joined(list(run))) for _, run in runs]

    def snapshot(self) -> object:
        """Return a copy of the state."""
        held = self._pairing.snapshot()
        return (
            held,
            self._alignment,
            list(self._held),
            copy.deepcopy(self._headings),
            self._followed,
        )

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        held, self._alignment, pieces, headings, self._followed = snapshot
        self._pairing.resume(held)
        self._held = list(pieces)
        self._headings = copy.deepcopy(headings)

    def _told(self, piece: _Piece) -> BodyAngleBlock:
        columns = angle_columns(piece.segments.places)
        known = (piece.valid & piece.calibrated).T
        up = up_in_sensor(piece.inclination).T
        front = _UNKNOWN if piece.alignment is None else piece.alignment.front
        known &= (np.abs(up[2]) < ON_ITS_SIDE) | columns.any_way[:, None]
        up = _upright_where_unknown(up, known)
        one, other = columns.rests_on
        told = known & (front | columns.any_way)[:, None]
        valid = told[one] & told[other]
        angle, sd = np.empty((2, *valid.shape))
        joints = columns.ends.size
        sd[joints:] = SEGMENT_SD
        if joints:
            angle[:joints], sd[:joints] = self._planes(piece, columns, up, known)
        angle[joints:] = _inclinations(columns, up)
        valid &= sd < WORST_SD
        angle[~valid] = sd[~valid] = np.nan
        real = piece.real.T
        return BodyAngleBlock(
            person=piece.segments.person,
            start=piece.start,
            rate_hz=piece.segments.rate_hz / thinning(piece.segments.rate_hz),
            ready_ns=piece.segments.ready_ns,
            names=columns.names,
            angle_rad=angle.T,
            sd_rad=sd.T,
            valid=valid.T,
            real=(real[one] & real[other] & valid).T,
        )

    def _planes(
        self, piece: _Piece, columns: AngleColumns, up: FloatArray, known: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return J adductions and J rotations (2 J, T) and their standard deviations."""
        above, below = columns.ends
        facing, facing_sd = self._headings_of(piece, columns).follow(
            _facings(piece, columns, up, known)
        )
        angle, slopes = frontal_and_transverse(up[:, above], up[:, below], facing)
        angle *= columns.mirrored
        sd = np.sqrt(SEGMENT_SD**2 + slopes**2 * (FRONT_SD**2 + facing_sd**2))
        return angle.reshape(-1, len(known[0])), sd.reshape(-1, len(known[0]))

    def _headings_of(self, piece: _Piece, columns: AngleColumns) -> JointHeadings:
        """Return what is known of the headings, as the alignment of ``piece`` has them."""
        if self._headings is None:
            rate_hz = piece.segments.rate_hz / thinning(piece.segments.rate_hz)
            self._headings = JointHeadings(columns.ends.shape[1], rate_hz)
        before, self._followed = self._followed, piece.alignment
        if before is not None and piece.alignment is not None and piece.alignment is not before:
            first = piece.heading[:1]
            old, new = (
                np.arctan2(*_level(first, right)[::-1])
                for right in (before.right, piece.alignment.right)
            )
            above, below = columns.ends
            turn = np.nan_to_num(new - old)[:, 0]
            self._headings.realign(turn[below] - turn[above])
        return self._headings


class _Alignment(NamedTuple):
    """How sensors sit: ``right`` (3, S, 1) the right axis of each segment in sensor axes.

    ``front`` (S,) movement has shown where its front is; standing alone does not.
    """

    right: FloatArray
    front: BoolArray


def _due(segments: SegmentBlock) -> bool:
    """Say whether a block ends what is told at once.

    That is three quarters of the way from one multiple of ``TOLD_S`` on the grid to the next: other
    stages are at work at both, and half-way.
    """
    count, told = len(segments.valid), max(1, round(TOLD_S * segments.rate_hz))
    return (segments.start + count - 3 * told // 4) % told < count


@dataclass(frozen=True)
class _Piece:
    """Samples of a block, thinned, from index ``start`` of the thinned grid on.

    ``heading`` and ``inclination`` (T, S, 4) are sensor and segment → earth, the latter without
    heading; ``turning`` (T, S, 3) rad/s. ``alignment`` is None before a
    calibration; ``calibrated`` (S,). ``segments`` is the block
    that they are from.
    """

    start: int
    heading: FloatArray
    inclination: FloatArray
    turning: FloatArray
    valid: BoolArray
    real: BoolArray
    alignment: _Alignment | None
    calibrated: BoolArray
    segments: SegmentBlock

    @classmethod
    def of(
        cls, orientation: OrientationBlock, segments: SegmentBlock, alignment: _Alignment | None
    ) -> _Piece:
        thin = thinning(segments.rate_hz)
        rows = slice(-segments.start % thin, None, thin)
        return cls(
            start=-(-segments.start // thin),
            heading=orientation.quat[rows],
            inclination=segments.quat[rows],
            turning=segments.gyr[rows],
            valid=segments.valid[rows],
            real=segments.real[rows],
            alignment=alignment,
            calibrated=segments.calibrated,
            segments=segments,
        )

    def sits(self) -> tuple[int, int]:
        """Return what is the same in pieces whose sensors are known to sit in the same way."""
        return id(self.alignment), id(self.calibrated)


def thinning(rate_hz: float) -> int:
    """Return of how many samples one is told."""
    return max(1, round(rate_hz / TOLD_HZ))


def _joined(pieces: Sequence[_Piece]) -> _Piece:
    """Return consecutive pieces as one."""
    if len(pieces) == 1:
        return pieces[0]
    sampled = ("heading", "inclination", "turning", "valid", "real")
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(p, name) for p in pieces]) for name in sampled
    }
    return replace(pieces[0], segments=pieces[-1].segments, **arrays)


def _upright_where_unknown(up: FloatArray, known: BoolArray) -> FloatArray:
    """Return ``up`` (3, S, T), and upright where it is not ``known`` (S, T)."""
    return up if everywhere(known) else np.where(known, up, _UPRIGHT[..., None])


def _facings(piece: _Piece, columns: AngleColumns, up: FloatArray, known: BoolArray) -> Facings:
    """Return where the right axes of the segments at each joint point, seen from above."""
    axes = np.zeros((3, len(known), 1)) if piece.alignment is None else piece.alignment.right
    east, north = _level(piece.heading, axes)
    length = np.sqrt(east * east + north * north + _TINY)
    east /= length
    north /= length
    above, below = columns.ends
    x, y, x_below, y_below = east[above], north[above], east[below], north[below]
    across, ahead, about = piece.turning.T
    moving = across * across + ahead * ahead + about * about > MOVING_RAD_S**2
    return Facings(
        between=np.stack([x * x_below + y * y_below, x * y_below - y * x_below]),
        above=np.stack([x, y]),
        pitch=np.arctan2(up[0, columns.swings], up[1, columns.swings]),
        known=known[above] & known[below],
        moving=moving[above] | moving[below],
    )


def _level(heading: FloatArray, axis: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far east and north (S, T) an ``axis`` (3, S, 1) in sensor axes points.

    ``heading`` (T, S, 4) sensor → earth. It is the level part of ``quaternion.rotate``.
    """
    w, x, y, z = heading.T
    a, b, c = axis
    scalar, i = x * a + y * b + z * c, w * a + y * c - z * b
    j, k = w * b + z * a - x * c, w * c + x * b - y * a
    return w * i + x * scalar + y * k - z * j, w * j + y * scalar + z * i - x * k


def _inclinations(columns: AngleColumns, up: FloatArray) -> FloatArray:
    """Return how far (2 B + A, T) the trunk leans forward and to the right, and arms are raised."""
    x, y, z = up[:, columns.trunk]
    level = np.sqrt(x * x + y * y)
    x_arm, y_arm, z_arm = up[:, columns.arms]
    out = np.sqrt(x_arm * x_arm + z_arm * z_arm)
    return np.concatenate([-np.arctan2(x, y), -np.arctan2(z, level), np.arctan2(out, y_arm)])
