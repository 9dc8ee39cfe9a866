"""One drawn session through the whole pipe, and what does not hold of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gateway.messages import BodyBlock, Message
from simulators.plans import Plan
from simulators.plans.recording import PlannedRecording
from tests.faults import checks
from tests.faults.drawing import draw, without_faults
from tests.playing import played

WHOLE_S = 30.0


def failures(seed: int) -> list[str]:
    """Return, in sentences, what does not hold of the session of ``seed``."""
    return list(_failures(draw(seed), seed))


def _failures(plan: Plan, seed: int) -> Iterator[str]:
    recording, alone = PlannedRecording(plan), PlannedRecording(without_faults(plan))
    produced, undisturbed = played(recording, WHOLE_S), played(alone, WHOLE_S)
    for of, what in ((recording, produced), (alone, undisturbed)):
        yield from checks.bounded(of, what)
        yield from checks.conserved(of, what)
        yield from checks.explained(of, what)
        yield from checks.true_figures(of, what)
    yield from checks.undisturbed(plan, produced, undisturbed)
    hop_s = float(np.random.default_rng([seed, 101]).choice([0.2, 0.5, 1.7]))
    yield from _same_however_cut(produced, played(recording, hop_s), hop_s)


def _same_however_cut(whole: list[Message], cut: list[Message], hop_s: float) -> Iterator[str]:
    for field in ("acc", "gyr", "valid", "real"):
        one, other = (checks.joined(m, BodyBlock, field) for m in (whole, cut))
        if not np.array_equal(one, other, equal_nan=one.dtype == np.float64):
            yield f"{field} in hops of {hop_s:g} s is another than at once"


def told(plan: Plan) -> str:
    """Return a plan in a few lines, for people."""
    worn = "".join(
        f"  {w.place} {w.driver} {w.rate_hz:g} Hz, clock {w.clock_s:.0f} s\n" for w in plan.sensors
    )
    faults = "".join(
        f"  {f.kind} {f.place or 'all'} from {f.at_s:g} s for {f.seconds:g} s\n"
        for f in plan.faults
    )
    return f"{plan.scenario}, loss {plan.radio.loss:g}\n{worn}{faults}"
