"""Find the frames of a WitMotion sensor in its notifications: 20 bytes each, without a checksum.

Frames normally lie whole and end to end in a notification. Where they do not, they are looked
for: a frame begins ``55 61`` or ``55 71``, and another frame, or the end of the notification,
follows it. One that is cut by the end of a notification goes on in the next, unless that begins
with a frame of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.drivers.packets import bounds, payloads
from gateway.messages import IntArray, PacketBlock, message

SIZE = 20
SAMPLE, REPLY = 0x61, 0x71
_HEADS = (b"\x55\x61", b"\x55\x71")


@message
class Frames:
    """Frames as rows (N, 20) and the packet (N,) in which each ended.

    ``skipped`` counts the stretches of bytes between them that are no frame; the last ``kept``
    packets hold a frame that is not complete, and none of ``rows`` begins in them.
    """

    rows: NDArray[np.uint8]
    packet: IntArray
    skipped: int = 0
    kept: int = 0


def find_frames(block: PacketBlock) -> Frames:
    """Return the frames of a block of one sensor."""
    _, lengths = bounds(block)
    if not (lengths % SIZE).any():
        rows = np.frombuffer(block.payload, np.uint8).reshape(-1, SIZE)
        kind = rows[:, 1]
        if (rows[:, 0] == _HEADS[0][0]).all() and ((kind == SAMPLE) | (kind == REPLY)).all():
            return Frames(rows, np.repeat(np.arange(len(lengths)), lengths // SIZE))
    return _look_for_frames(payloads(block))


def _look_for_frames(packets: list[bytes]) -> Frames:
    found: list[tuple[bytes, int, int]] = []
    skipped: list[int] = []
    rest, since = b"", 0
    for index, payload in enumerate(packets):
        if rest and (not payload or _begins(payload, 0)):
            skipped.append(since)
            rest = b""
        since = since if rest else index
        data, border = rest + payload, len(rest)
        starts, gaps, rest_at = _walk(data, in_step=bool(rest))
        first = min([*starts, rest_at])
        # The end of a frame that was read already may come first of all.
        read_before = index == 0 and 0 < first < min(SIZE, len(data))
        skipped += [index] * (len(gaps) - read_before)
        found += [(data[s : s + SIZE], since if s < border else index, index) for s in starts]
        since = since if rest_at < border else index
        rest = data[rest_at:]
    kept_from = since if rest else len(packets)
    whole = [(frame, end) for frame, begin, end in found if begin < kept_from]
    return Frames(
        rows=np.frombuffer(b"".join(frame for frame, _ in whole), np.uint8).reshape(-1, SIZE),
        packet=np.array([end for _, end in whole], np.int64),
        skipped=sum(at < kept_from for at in skipped),
        kept=len(packets) - kept_from,
    )


def _walk(data: bytes, *, in_step: bool) -> tuple[list[int], list[int], int]:
    """Return where frames start, where bytes are that are none, and where an unfinished one is.

    While ``in_step`` with the frames, the first bytes are enough to know one.
    """
    starts: list[int] = []
    gaps: list[int] = []
    at = 0
    while at < len(data):
        if not (_begins(data, at) if in_step else _fits(data, at)):
            gaps.append(at)
            at, in_step = _next(data, at + 1), True
        elif len(data) - at < SIZE:
            return starts, gaps, at
        else:
            starts.append(at)
            at, in_step = at + SIZE, True
    return starts, gaps, at


def _next(data: bytes, at: int) -> int:
    """Return the first place from ``at`` on where a frame fits, or the end."""
    while 0 <= (at := data.find(_HEADS[0][0], at)) < len(data):
        if _fits(data, at):
            return at
        at += 1
    return len(data)


def _fits(data: bytes, at: int) -> bool:
    """Say whether a frame may begin here, and the next one, or nothing, comes after it."""
    return _begins(data, at) and (at + SIZE >= len(data) or _begins(data, at + SIZE))


def _begins(data: bytes, at: int) -> bool:
    return data[at : at + 2] in _HEADS or (at == len(data) - 1 and data[at] == _HEADS[0][0])
