"""How hip, knee and foot move over a stride of level walking.

The curves are Fourier series fitted to the mean sagittal joint angles of nine adults walking at
1.26 m/s, computed from the data of Fukuchi, Fukuchi & Duarte 2018, "A public dataset of overground
and treadmill walking kinematics and kinetics in healthy individuals", PeerJ 6:e4640 (CC BY 4.0).
The fit leaves at most 0.3° (hip), 0.6° (knee) and 1° (ankle). Phase 0 is initial contact, and
final contact is at 0.62 of the published stride.

Angles here are relative to standing, where the anterior tilt of the pelvis (about 11°, the value
at which the published foot lies level in mid-stance) counts as zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.messages import FloatArray
from simulators.movement.tracks import smootherstep

REFERENCE_SPEED_MPS = 1.26
FINAL_CONTACT_PHASE = 0.62
_PELVIC_TILT_RAD = np.radians(11.0)

# Complex amplitudes of harmonics 0..7 in 1e-4 rad: angle = Re Σ c_k exp(2πi k phase).
_HIP = np.array([
    2731, 3565 + 403j, -516 + 383j, -121 - 231j, -51 + 25j, -66 - 20j, -19 + 8j, 18j,
], np.complex128)  # fmt: skip
_KNEE = np.array([
    3919, 14 + 3733j, -2844 - 825j, -323 - 727j, -251 - 55j, -154 - 145j, -41j, -3 - 1j,
], np.complex128)  # fmt: skip
_ANKLE = np.array([
    661, -324 - 795j, 110 + 1011j, -583 + 43j, 268 - 59j, 48 + 175j, 57 - 67j, 130 + 11j,
], np.complex128)  # fmt: skip

# The share of the published stride in which the foot lies flat, with the passages beside it. The
# heel's is so long that the heel rises as gradually as in the published curves, ever faster.
_FLAT_FROM, _FLAT_PASSAGE = 0.09, 0.07
_FLAT_UNTIL, _HEEL_PASSAGE = 0.32, 0.16


def hip_curve(phase: FloatArray) -> FloatArray:
    """Return hip flexion from standing in rad at ``phase`` (any shape; whole strides repeat)."""
    flexion: FloatArray = _series(_HIP, phase) - _PELVIC_TILT_RAD
    return flexion


def knee_curve(phase: FloatArray) -> FloatArray:
    """Return knee flexion in rad at ``phase``."""
    return _series(_KNEE, phase)


def foot_curve(phase: FloatArray) -> FloatArray:
    """Return the foot's pitch to the ground in rad (toes up positive) at ``phase``.

    It follows from the three joint curves, and is held at zero between heel rocker and heel
    rise, where the published curves give 0 ± 2°.
    """
    free = hip_curve(phase) - knee_curve(phase) + _series(_ANKLE, phase)
    own = phase - np.floor(phase)
    landing = 1.0 - smootherstep((own - _FLAT_FROM + _FLAT_PASSAGE) / _FLAT_PASSAGE)
    rising = smootherstep((own - _FLAT_UNTIL) / _HEEL_PASSAGE)
    return free * (landing + rising)


def stance_share(speed_mps: FloatArray) -> FloatArray:
    """Return the share of stance in the stride, which falls with speed.

    That swing takes more of a faster stride is from Grieve & Gear 1966, Ergonomics 9(5):379-399;
    the line through the published 0.62 at 1.26 m/s, 6 % of the stride per m/s, is ours.
    """
    share: FloatArray = 0.62 + 0.06 * (REFERENCE_SPEED_MPS - np.clip(speed_mps, 0.3, 2.2))
    return share


def warp(phase: FloatArray, share: FloatArray) -> FloatArray:
    """Map a stride's own phase to that of the curves, so that final contact falls at ``share``."""
    bend = (FINAL_CONTACT_PHASE - share) / np.sin(np.pi * share) ** 2
    warped: FloatArray = phase + bend * np.sin(np.pi * phase) ** 2
    return warped


def _series(amplitudes: NDArray[np.complex128], phase: FloatArray) -> FloatArray:
    turn = np.exp(2j * np.pi * phase)
    total = np.full_like(turn, amplitudes[-1])
    for amplitude in amplitudes[-2::-1]:
        total *= turn
        total += amplitude
    real: FloatArray = 1e-4 * total.real
    return real
