"""What calibration knows of each sensor, and how it changes by a stance and by movement."""

from __future__ import annotations

import dataclasses

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray, Places
from gateway.worn import anywhere, everywhere
from inference.calibration import alignment
from inference.calibration.nominal import nominal
from inference.calibration.remounting import InMotion, Rested
from inference.calibration.tick_evidence import TickEvidence

TICK_S = 0.5
"""While a sensor waits for a stance, it is looked for at multiples of this on the grid."""

LONG_TICK_S, PHASE_S = 1.0, 0.2
"""Once all stand calibrated, only movement is looked at, so much after multiples of the first: in
the hop that ends a second others have enough to do."""

EVIDENCE_S = (1.0, 5.0)
"""Seconds of clear tilt after which the forward axis is set, and set again."""

RENEW_AFTER_S = 30.0
"""A sensor that was silent for longer may have been taken off: the next stance renews it."""

LEAST_TURN = np.radians(2)
"""A forward axis that would turn by less stays, so that the angles make no needless step."""


@dataclasses.dataclass
class CalibrationState:
    """What is known of each sensor, all in sensor axes, rows in the order of ``places``.

    ``axes`` and ``known`` are replaced, never written to: segments already made hold on to them.
    """

    places: Places
    axes: FloatArray
    up: FloatArray
    known: BoolArray
    tick_s: float
    silent_s: FloatArray
    stale: BoolArray
    tilt: FloatArray
    weight: FloatArray
    clear: FloatArray
    pushed: FloatArray
    refined: IntArray
    suspect: BoolArray
    odd: BoolArray
    strode: BoolArray
    moved: IntArray

    @classmethod
    def nominal(cls, places: Places) -> CalibrationState:
        """Know nothing but how sensors are meant to be worn."""
        axes, count = nominal(places).axes, len(places)
        return cls(
            places=places,
            axes=axes,
            up=axes[:, :, 1].copy(),
            known=np.zeros(count, dtype=bool),
            tick_s=TICK_S,
            silent_s=np.zeros(count),
            stale=np.zeros(count, dtype=bool),
            tilt=np.zeros((count, 3)),
            weight=np.zeros(count),
            clear=np.zeros(count),
            pushed=np.zeros(count),
            refined=np.zeros(count, dtype=np.int64),
            suspect=np.zeros(count, dtype=bool),
            odd=np.zeros(count, dtype=bool),
            strode=np.zeros(count, dtype=bool),
            moved=np.zeros(count, dtype=np.int64),
        )

    @property
    def phase_s(self) -> float:
        """Where a tick begins, beyond a multiple of its length."""
        return PHASE_S if self.tick_s == LONG_TICK_S else 0.0

    def usable(self) -> BoolArray:
        """Return (S,) which places are known, and have not been silent for too long since."""
        return self.known & ~self.stale

    def settled(self) -> bool:
        """Say whether no place waits for a stance, so that ticks are long."""
        return self.tick_s == LONG_TICK_S and everywhere(self.usable())

    def hear(self, heard: BoolArray) -> None:
        """Be told which places (S,) were heard in a tick."""
        self.silent_s = np.where(heard, 0.0, self.silent_s + self.tick_s)
        self.stale |= self.silent_s > RENEW_AFTER_S
        waiting = anywhere(heard & ~self.usable())
        self.tick_s = TICK_S if waiting else LONG_TICK_S

    def gather(self, told: TickEvidence, tick: int) -> None:
        """Gather what one of the ticks that were ``told`` says of the fronts."""
        if told.tilted is not None:
            tilt, weight, clear = told.tilted
            self.tilt[told.wanted] += tilt[tick]
            self.weight[told.wanted] += weight[tick]
            self.clear[told.wanted] += clear[tick]
        effort = told.effort[tick]
        if anywhere(effort):
            forward_sign = nominal(self.places).forward_sign[told.trunk, None]
            self.tilt[told.trunk] += forward_sign * told.push[tick] * told.size
            self.weight[told.trunk] += effort * told.size
            pushed = np.where(effort > 0, told.size, 0)
            self.clear[told.trunk] += pushed
            self.pushed[told.trunk] += pushed

    def align(self, places: BoolArray, up: FloatArray) -> None:
        """Take ``up`` (S, 3) of a stance as the long axis of ``places`` (S,)."""
        standing = alignment.axes_from_standing(nominal(self.places), up)
        self.axes = np.where(places[:, None, None], standing, self.axes)
        self.up[places] = up[places]
        self.known = self.known | places
        self.stale &= ~places
        self.refined[places] = 0
        self.forget_movement(places)

    def take_fronts(self, kept: BoolArray, forward: FloatArray) -> None:
        """Take ``forward`` (S, 3) as the fronts of places that are ``kept`` (S,)."""
        axes = self.axes.copy()
        axes[kept] = alignment.axes_from(self.up[kept], forward[kept])
        self.axes = axes
        self.refined[kept] = 1

    def refine(self, places: BoolArray, signed: BoolArray) -> bool:
        """Take the gathered tilt of ``places`` (S,) as the direction of their movement.

        Where it is not ``signed`` (S,) front stays where it was, within a quarter turn. Returns
        whether that changed anything.
        """
        forward = nominal(self.places).forward_sign[:, None] * self.tilt
        flip = ~signed & ((forward * self.axes[:, :, 0]).sum(axis=1) < 0)
        forward = np.where(flip[:, None], -forward, forward)
        self.refined[places] += 1
        axes = self.axes.copy()
        axes[places] = alignment.axes_from(self.up[places], forward[places])
        turned = alignment.angle_between(axes[:, :, 0], self.axes[:, :, 0])
        if not (turned > LEAST_TURN).any():
            return False
        self.axes = axes
        return True

    def unfinished(self) -> BoolArray:
        """Return (S,) which places a stance or movement could still tell more about."""
        return ~self.usable() | self.unrefined()

    def unrefined(self) -> BoolArray:
        """Return (S,) which places movement could still tell more about."""
        return nominal(self.places).sagittal & (self.refined < len(EVIDENCE_S))

    def lose(self, places: BoolArray) -> None:
        """Know nothing of how the sensors at ``places`` (8,) sit any more."""
        self.known = self.known & ~places
        self.suspect = np.zeros_like(places)
        self.odd, self.strode = self.odd & ~places, self.strode & ~places
        self.moved[places] += 1

    def rest(self, told: Rested, tick: int) -> BoolArray:
        """Take what a tick says that is a rest; return which sensors (S,) were moved."""
        moved: BoolArray = told.moved[tick] | (told.odd[tick] & self.strode)
        self.odd = told.odd[tick] | (told.off[tick] & self.odd)
        self.strode = self.strode & self.odd
        return moved

    def move(self, told: InMotion, tick: int) -> BoolArray:
        """Take what a tick says that is no rest; return which sensors (S,) were moved.

        Two ticks in a row must say so. One that is odd shows by itself nothing of walking.
        """
        suspect: BoolArray = told.moved[tick]
        moved, self.suspect = suspect & self.suspect, suspect
        if told.upright[tick]:
            self.odd = self.strode = np.zeros_like(moved)
        elif anywhere(told.strides[tick] & ~self.odd):
            self.strode = self.odd
        return moved

    def forget_movement(self, places: BoolArray) -> None:
        """Begin anew to gather what movement tells of ``places`` (S,)."""
        for gathered in (self.tilt, self.weight, self.clear, self.pushed):
            gathered[places] = 0.0

    def keep_open(self, places: BoolArray) -> None:
        """Go on looking for the fronts of ``places`` (S,), from here on."""
        self.refined[places] = 1
        self.forget_movement(places)
