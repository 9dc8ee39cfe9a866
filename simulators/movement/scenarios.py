"""What the simulated person does: a scenario is a few lines, found by its name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.errors import UsageError
from gateway.messages import Side


@dataclass(frozen=True)
class Stand:
    """Stand, or stay seated, with nothing but postural sway."""

    seconds: float
    name: str = "stand"


@dataclass(frozen=True)
class Walk:
    """Walk straight on.

    ``speed_mps`` None is the person's usual speed. ``asymmetry`` is the symmetry index of the
    two step times, (right - left) / mean: positive when the right leg is spared, so that the
    left foot lands sooner, and the right leg's stance is short and its knee bends less.
    """

    seconds: float
    speed_mps: float | None = None
    asymmetry: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what nobody can walk; raises UsageError."""
        if self.speed_mps is not None and not 0.3 <= self.speed_mps <= 2.1:
            raise UsageError(f"people walk at 0.3 to 2.1 m/s here, not at {self.speed_mps:g} m/s")
        if not -0.4 <= self.asymmetry <= 0.4:
            raise UsageError(f"an asymmetry of {self.asymmetry:g} is outside -0.4 to 0.4")


@dataclass(frozen=True)
class Turn:
    """Turn on steps of ``step_m`` at the cadence of the walking before; positive to the left."""

    seconds: float = 3.2
    angle_deg: float = 180.0
    step_m: float = 0.36


@dataclass(frozen=True)
class Squat:
    """Squat ``repetitions`` times to ``depth_deg`` of knee flexion."""

    repetitions: int
    depth_deg: float = 92.0
    seconds: float = 3.0


@dataclass(frozen=True)
class SitDown:
    """Sit down on a chair behind."""

    seconds: float = 2.2


@dataclass(frozen=True)
class KneeExtension:
    """Seated: straighten one knee ``repetitions`` times to ``peak_deg`` of flexion."""

    side: Side
    repetitions: int
    peak_deg: float = 8.0
    seconds: float = 3.0


@dataclass(frozen=True)
class KneeRaise:
    """Standing: raise one knee ``repetitions`` times until the thigh is at ``peak_deg``."""

    side: Side
    repetitions: int
    peak_deg: float = 70.0
    seconds: float = 3.0


@dataclass(frozen=True)
class Bow:
    """Standing: bend forward ``repetitions`` times until the trunk leans by ``depth_deg``."""

    repetitions: int
    depth_deg: float = 50.0
    seconds: float = 3.0


@dataclass(frozen=True)
class HeelRaise:
    """Standing: rise on the toes ``repetitions`` times, the feet pointing down by ``peak_deg``."""

    repetitions: int
    peak_deg: float = 35.0
    seconds: float = 3.0


@dataclass(frozen=True)
class Lunge:
    """Step forward with the foot of ``side``, go down ``repetitions`` times, and step back.

    ``depth_deg`` is the front knee's flexion.
    """

    side: Side
    repetitions: int
    depth_deg: float = 92.0
    seconds: float = 3.5


@dataclass(frozen=True)
class Stairs:
    """Climb ``steps`` of ``rise_m``, or go down where that is negative, from standing to standing.

    The feet go step over step, and stand together at the end. ``cadence_spm`` None is usual.
    """

    steps: int = 8
    rise_m: float = 0.17
    tread_m: float = 0.29
    cadence_spm: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no stair; raises UsageError."""
        if self.steps < 2:
            raise UsageError(f"a flight has 2 steps at least, not {self.steps}")
        if not 0.10 <= abs(self.rise_m) <= 0.22 or not 0.22 <= self.tread_m <= 0.40:
            raise UsageError(
                f"steps are 0.10 to 0.22 m high and 0.22 to 0.40 m deep here, "
                f"not {self.rise_m:g} and {self.tread_m:g} m"
            )
        if self.cadence_spm is not None and not 50 <= self.cadence_spm <= 140:
            raise UsageError(
                f"people climb 50 to 140 steps a minute here, not {self.cadence_spm:g}"
            )


@dataclass(frozen=True)
class SitToStand:
    """Seated: stand up and sit down again ``repetitions`` times."""

    repetitions: int
    seconds: float = 4.0


@dataclass(frozen=True)
class StandUp:
    """Stand up from the chair."""

    seconds: float = 2.0


Seated = SitDown | KneeExtension | SitToStand | StandUp
Part = Stand | Walk | Turn | Squat | KneeRaise | Bow | HeelRaise | Lunge | Stairs | Seated


@dataclass(frozen=True)
class Scenario:
    """``opening`` once, then ``cycle`` again and again; both begin and end standing."""

    name: str
    opening: tuple[Part, ...]
    cycle: tuple[Part, ...]

    def walking(self, speed_mps: float | None, asymmetry: float | None) -> Scenario:
        """Return the scenario with every straight walk at this speed and asymmetry."""
        changes: dict[str, float] = {}
        if speed_mps is not None:
            changes["speed_mps"] = speed_mps
        if asymmetry is not None:
            changes["asymmetry"] = asymmetry
        cycle = tuple(replace(p, **changes) if isinstance(p, Walk) else p for p in self.cycle)
        return replace(self, cycle=cycle)


def rest(seconds: float) -> Stand:
    """Rest in the posture at hand."""
    return Stand(seconds, name="rest")


_CALIBRATION = (Stand(6.0),)
_THERE_AND_BACK = (Walk(12.0), Turn(), Walk(12.0), Turn(), rest(2.0))
_SEATED = (
    SitDown(),
    rest(1.0),
    KneeExtension(Side.RIGHT, 4),
    rest(1.0),
    KneeExtension(Side.LEFT, 4),
    rest(1.0),
    StandUp(),
)

_KNEES = (KneeRaise(Side.LEFT, 3), rest(3.0), KneeRaise(Side.RIGHT, 3))
_BOW_AND_WALK = (rest(3.0), Bow(2), rest(3.0), Walk(9.0), rest(5.0))

_EXERCISES = (
    *(Walk(8.0), rest(2.0), HeelRaise(4), rest(2.0)),
    *(Lunge(Side.LEFT, 3), rest(2.0), Lunge(Side.RIGHT, 3), rest(2.0)),
    *(SitDown(), rest(1.5), SitToStand(4), rest(1.5), StandUp(), rest(2.0)),
)

_STAIRS = (
    *(Walk(8.0), rest(1.0), Stairs(), rest(1.0), Walk(6.0), Turn(), Walk(6.0), rest(1.0)),
    *(Stairs(rise_m=-0.17), rest(1.0), Walk(8.0), Turn(), rest(2.0)),
)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "clinic",
            _CALIBRATION,
            (
                *(Walk(9.0), Turn(), Walk(7.0), rest(1.5), Squat(4), rest(1.5)),
                *(*_SEATED, rest(4.0)),
            ),
        ),
        Scenario("walk", _CALIBRATION, _THERE_AND_BACK),
        Scenario("squat", _CALIBRATION, (Squat(5), rest(3.0))),
        Scenario("knee-extension", _CALIBRATION, (*_SEATED, rest(2.0))),
        Scenario("calibration", _CALIBRATION, (rest(1.0), *_KNEES, *_BOW_AND_WALK)),
        Scenario("calibration-squats", _CALIBRATION, (rest(1.0), Squat(3), *_BOW_AND_WALK)),
        Scenario("exercises", _CALIBRATION, _EXERCISES),
        Scenario("stairs", _CALIBRATION, _STAIRS),
    )
}


def scenario(name: str) -> Scenario:
    """Return the scenario called ``name``; raises UsageError with the known names."""
    if name not in SCENARIOS:
        raise UsageError(
            f"there is no scenario {name!r}; choose one of {', '.join(sorted(SCENARIOS))}"
        )
    return SCENARIOS[name]
