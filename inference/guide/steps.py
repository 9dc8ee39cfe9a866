"""The steps of a guided calibration: each sees when it is done, and what is not good enough.

Sensors may be worn in any way and at any place, so a step looks at how far up has tipped in them
since the stance, and how fast they turn, and not at what they are said to be worn on.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np

from gateway.messages import BoolArray, FloatArray, Places, Side
from inference.calibration.alignment import angle_between, unit
from inference.calibration.nominal import nominal
from inference.calibration.stance import QUIET_ACC, QUIET_GYR, TICKS, Stance
from inference.calibration.walking_direction import push_evidence
from inference.calibration.walking_traits import WALKING_RAD_S

RAISES = 3
BEND, BOWS = "bend forward", 2
ARM_MOVES = 2
AWAY, BACK, RAISED, BENT, LIFTED = (float(np.radians(deg)) for deg in (12, 10, 30, 20, 50))
"""A sensor that tips beyond the first has left its stance, and is back within the second; a knee
was high enough beyond the third, a trunk bent beyond the fourth, an arm raised or its elbow bent
beyond the fifth."""

STRIDING_S = 5.0
"""So long somebody must walk: four strides or so."""

THE_SAME = 0.8
"""Movements whose rates of turn are so much alike, sensor by sensor, are the same."""

SLIPPED = np.radians(10)
"""Two stances of a person differ by some degrees; a sensor that is further off has slipped."""

IDLE_S = 8.0
"""After so long in which nothing is seen that is asked for, that is said."""

Tick = tuple[FloatArray, FloatArray, FloatArray]
"""Acceleration, rate of turn and up of half a second, in sensor axes, each (3, S, N)."""


@dataclasses.dataclass(frozen=True)
class Look:
    """What a step is shown: a ``tick`` of the sensors at ``places``, with those ``present`` (S,).

    ``standing`` (S, 3) is up in the sensors in the stance, all 0 before it; ``tick_s`` the length;
    ``arms`` (S,) those on an arm, as far as is known.
    """

    places: Places
    tick: Tick
    present: BoolArray
    standing: FloatArray
    tick_s: float
    arms: BoolArray


@dataclasses.dataclass(frozen=True)
class Seen:
    """How far a step has come (0..1), whether it is done, and why it is not good enough."""

    progress: float = 0.0
    hint: str = ""
    done: bool = False


class Step(Protocol):
    """One thing to do."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def instruction(self) -> str:
        """What to do."""

    def push(self, look: Look) -> Seen:
        """Take a tick in which all sensors are present."""


@dataclasses.dataclass
class Stand:
    """Stand still for two seconds; ``up`` (S, 3) is then what is up in the sensors.

    The second time, ``slipped`` are the names of sensors that are not as they were the first.
    """

    name: str
    instruction: str
    up: FloatArray | None = None
    slipped: list[str] = dataclasses.field(default_factory=list)
    still_ticks: int = 0
    stance: Stance = dataclasses.field(default_factory=Stance)

    def push(self, look: Look) -> Seen:
        """Wait until everybody is still."""
        acc, gyr, _ = look.tick
        found = self.stance.push(acc.T, gyr.T, look.present)
        restless = _restless(look)
        self.still_ticks = 0 if restless else self.still_ticks + 1
        if found is None:
            hint = _restless_text(look.places, restless) if restless else ""
            return Seen(min(self.still_ticks / TICKS, 0.9), hint)
        self.up = found[1]
        if look.standing.any():
            off = angle_between(self.up, look.standing) > SLIPPED
            if 2 * np.count_nonzero(off) > len(off) > 1:
                return Seen(
                    0.9, "You stand differently than at the beginning: stand upright, as then"
                )
            self.slipped = _names(look.places, off)
        return Seen(1.0, done=True)


@dataclasses.dataclass
class Repeat:
    """Do something ``times`` times, that tips some sensor beyond ``far`` (rad) and back.

    It begins with a moment of rest, so that what is still done of the step before does not count.
    ``turned`` (S,) sums up the squared rates of turn; where they are much like those of one of
    the ``others``, the same was done again, and ``wrong`` says so. ``side`` whose knee or arm it
    is; both elbows have none. ``arms`` tells a movement of the arms.
    """

    name: str
    instruction: str
    times: int
    far: float
    unseen: str
    too_small: str
    wrong: str
    others: tuple[Repeat, ...] = ()
    side: Side | None = None
    arms: bool = False
    count: int = 0
    peak: float = 0.0
    away: bool = False
    ready: bool = False
    idle_s: float = 0.0
    hint: str = ""
    ticks: int = 0
    turned: FloatArray = dataclasses.field(default_factory=lambda: np.zeros(0))

    def push(self, look: Look) -> Seen:
        """Count how often it was done."""
        which = ~look.arms | self.arms  # who raises a knee may hold on with an arm
        tipped = _tipped(look.tick[2], look.standing, which)
        if not self.ready:
            self.ready = bool(tipped.max() < BACK)
            return Seen(0.0, "" if self.ready else "Stand for a moment")
        gyr = look.tick[1]
        if not len(self.turned):
            self.turned = np.zeros(len(look.places))
        self.turned += np.einsum("csn,csn->s", gyr, gyr) / gyr.shape[2]
        self.ticks += 1
        self._follow(tipped, look.tick_s)
        if self.count < self.times:
            return Seen(self.count / self.times, self.hint)
        if any(_alike(self.turned, other.turned) > THE_SAME for other in self.others):
            self.ticks, self.turned, self.count = 0, np.zeros(len(self.turned)), 0
            self.ready, self.hint = False, self.wrong
            return Seen(0.0, self.hint)
        return Seen(1.0, done=True)

    def rates_rad_s(self) -> FloatArray:
        """Return the rate of turn (S,) of the sensors meanwhile, root mean square."""
        return np.asarray(np.sqrt(self.turned / self.ticks))

    def _follow(self, tipped: FloatArray, tick_s: float) -> None:
        """Follow how far (N,) the sensor that tips most does so."""
        self.idle_s = 0.0 if tipped.max() > AWAY else self.idle_s + tick_s
        if self.idle_s > IDLE_S:
            self.hint = self.unseen
        if self.away:
            back = tipped < BACK
            self.peak = max(self.peak, float(tipped.max()))
            if not back.any():
                return
            self._come_back()
            tipped = tipped[back.argmax() :]
        if tipped.max() > AWAY:
            self.away, self.peak = True, float(tipped.max())

    def _come_back(self) -> None:
        self.away = False
        if self.peak > self.far:
            self.count, self.hint = self.count + 1, ""
        else:
            self.hint = self.too_small


def raise_knee(side: Side, others: tuple[Repeat, ...] = ()) -> Repeat:
    """Return the raising of a knee, which tells the side, and the fronts of its leg."""
    return Repeat(
        f"raise the {side} knee",
        f"Raise your {side} knee {RAISES} times, slowly, as high as your hip if you can; put the "
        "foot down in between. Hold on to something if you need to",
        RAISES,
        RAISED,
        f"Your {side} knee has not been seen to rise yet",
        "A little higher, please: lift the whole foot off the ground",
        f"That was the same leg as before: now raise the {side} knee",
        others,
        side,
    )


def raise_arm(side: Side, others: tuple[Repeat, ...] = ()) -> Repeat:
    """Return the raising of a straight arm, which tells the sensors that are on it."""
    return Repeat(
        f"raise the {side} arm",
        f"Raise your {side} arm forward to the height of your shoulder and lower it again, "
        f"{ARM_MOVES} times, slowly, with the elbow straight; let the other arm hang",
        ARM_MOVES,
        LIFTED,
        f"Your {side} arm has not been seen to rise yet",
        "A little higher, please: up to the shoulder",
        f"That was the same arm as before: now raise the {side} arm",
        others,
        side,
        arms=True,
    )


def bend_elbows() -> Repeat:
    """Return the bending of the elbows, which tells forearms from upper arms."""
    return Repeat(
        "bend the elbows",
        f"Bend both elbows and stretch them again, {ARM_MOVES} times, slowly, with the upper "
        "arms hanging at your sides",
        ARM_MOVES,
        LIFTED,
        "Your elbows have not been seen to bend yet",
        "A little further, please",
        "",
        arms=True,
    )


def squat() -> Repeat:
    """Return squatting, for those who cannot stand on one leg; the sides are left to walking."""
    return Repeat(
        "squat",
        f"Squat {RAISES} times, slowly, as far as you like, and come up again; hold on to "
        "something if you need to",
        RAISES,
        BENT,
        "You have not been seen to squat yet",
        "A little deeper, please",
        "",
    )


def bend(others: tuple[Repeat, ...] = ()) -> Repeat:
    """Return bending forward, which tells the fronts of pelvis and trunk."""
    return Repeat(
        BEND,
        f"Bend forward from the hips and come up again, {BOWS} times, both feet on the ground",
        BOWS,
        BENT,
        "You have not been seen to bend yet",
        "A little further, please",
        "That was a leg: now bend forward, with both feet on the ground",
        others,
    )


@dataclasses.dataclass
class Walk:
    """Take some steps."""

    name: str = "walk"
    instruction: str = (
        "Walk some steps as you usually do, ten or more; turn round where there is no room"
    )
    walked_s: float = 0.0
    idle_s: float = 0.0

    def push(self, look: Look) -> Seen:
        """Add up for how long somebody has walked."""
        if _walks(look):
            self.walked_s, self.idle_s = self.walked_s + look.tick_s, 0.0
        else:
            self.idle_s += look.tick_s
        if self.walked_s >= STRIDING_S:
            return Seen(1.0, done=True)
        hint = ""
        if self.idle_s > IDLE_S:
            hint = "Some more steps are needed" if self.walked_s else "No steps have been seen yet"
        return Seen(self.walked_s / STRIDING_S, hint)


def _walks(look: Look) -> bool:
    acc, gyr, up = look.tick
    if (np.einsum("csn,csn->sn", gyr, gyr).mean(axis=1) > WALKING_RAD_S**2).any():
        return True
    trunk = np.flatnonzero(nominal(look.places).trunk)
    rate_hz = gyr.shape[2] / look.tick_s
    return bool(push_evidence(acc[:, trunk], up[:, trunk], rate_hz).any())


def _restless(look: Look) -> list[str]:
    acc, gyr, _ = look.tick
    moving = (np.ptp(gyr, axis=2) >= QUIET_GYR).any(axis=0)
    moving |= (np.ptp(acc, axis=2) >= QUIET_ACC).any(axis=0)
    return _names(look.places, moving & look.present)


def _restless_text(places: Places, restless: list[str]) -> str:
    if 2 * len(restless) > len(places):
        return "You are moving: stand quite still"
    return f"Not still yet: {', '.join(restless)}"


def _names(places: Places, which: BoolArray) -> list[str]:
    return [str(p).replace("_", " ") for p, named in zip(places, which, strict=True) if named]


def _tipped(up: FloatArray, standing: FloatArray, which: BoolArray) -> FloatArray:
    """Return how far (N,) the sensor that tips most of ``which`` is off its stance, in rad."""
    along = np.einsum("csn,sc->sn", up[:, which], standing[which])
    tipped: FloatArray = np.arccos(np.clip(np.nanmin(along, axis=0), -1.0, 1.0))
    return tipped


def _alike(one: FloatArray, other: FloatArray) -> float:
    return float((unit(one) * unit(other)).sum())
